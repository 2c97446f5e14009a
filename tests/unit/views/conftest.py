"""A workspace of its own with two linked connections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.workspace import Workspace
from tests.pages import seed


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Workspace]:
    opened = seed.open_at(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def shop(ws: Workspace) -> seed.Shop:
    return seed.connect(ws)
