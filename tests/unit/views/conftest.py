"""A workspace of its own with two linked connections."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.application import Application
from tests.pages import seed


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Application]:
    opened = seed.open_at(tmp_path / "home")
    yield opened
    opened.close()


@pytest.fixture
def shop(ws: Application) -> seed.Shop:
    return seed.connect(ws)
