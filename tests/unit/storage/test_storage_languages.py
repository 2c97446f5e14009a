"""A PostgreSQL database that was made for Turkish folds I to ı: what is looked for is found all the same."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.database import Database
from storage.logs import LogRow, Logs
from storage.opening import open_database
from storage.search import LogFilter
from storage.vault import Vault
from sync.model.stock import Match
from sync.model.text import say
from tests import postgres
from tests.unit.storage_sync.conftest import Store
from tests.unit.storage_sync.stock import item, stock_of


@pytest.fixture
def turkish() -> Iterator[Database]:
    with postgres.server().database(migrated=False, language="tr-TR") as url:
        db = open_database(url)
        yield db
        db.close()


def test_the_log_is_found_in_capitals_and_small_letters(turkish: Database) -> None:
    logs = Logs(turkish)
    logs.write([LogRow("info", say("TISORT İpek kırmızı IŞIK"), sku="TI-1")])
    for typed in ("tisort", "TISORT", "ti-1", "TI-1", "ipek", "İPEK", "Ipek", "kırmızı", "isik"):
        assert len(logs.page(LogFilter(text=typed)).rows) == 1, typed


def test_the_match_is_found_by_part_of_a_sku(turkish: Database, tmp_path: Path) -> None:
    stock = stock_of(Store(turkish, Vault.open(tmp_path, {}, db=turkish), tmp_path))
    stock.sweep("a", [item("a1", "TI-100"), item("a2", "ti-200", tags=("YENI",))])
    stock.sweep("b", [item("b1", "ti-100"), item("b2", "TI-200")])
    assert stock.refresh() == {"matched": 2}
    for typed, found in (("ti-1", 1), ("TI-", 2), ("i-2", 1), ("ti-200", 1)):
        assert stock.match.listed_count(stock.flow, stock.link, Match.MATCHED, typed, 9) == found, typed
    stock.settings(tags=("yeni",))
    assert stock.refresh() == {"matched": 1}
