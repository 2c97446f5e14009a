"""The world of the order tests."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from orders_world import World

from sync.application import open_application


@pytest.fixture
def world(new_home: Path) -> Iterator[World]:
    """Shop and Sentos, linked, with the order flow switched on since yesterday."""
    ws = open_application({"COUNTERPART_HOME": str(new_home)})
    try:
        yield World(ws)
    finally:
        ws.close()
