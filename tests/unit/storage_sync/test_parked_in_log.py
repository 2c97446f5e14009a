"""What is parked is told in the log once, with its SKU, so that it is found there, too."""

from __future__ import annotations

from typing import Any

from storage.attention import Attention
from storage.logs import Logs
from storage.search import LogFilter
from sync.model.entity import Entity
from sync.model.flow import Link
from sync.model.plan import Park
from sync.model.text import say


def park(cause: str) -> Park:
    return Park(Entity.PRODUCT, "77", "Elbise", cause, say("{sku} has no price.", sku="EL-1"), "EL-1")


def test_a_parked_record_is_logged_when_it_opens_and_not_again(store: Any, link: Link) -> None:
    logs = Logs(store.db)
    attention = Attention(store.db, logs)
    for run in ("r1", "r2"):
        with store.db.write() as tx:
            attention.park(tx, link.id, store.flow().id, run, [park("price.zero"), park("product.refused")])
    rows = logs.page(LogFilter(text="EL-1")).rows
    assert sorted((r.level, r.record, r.sku, r.run_id) for r in rows) == [
        ("error", "77", "EL-1", "r1"),
        ("warning", "77", "EL-1", "r1"),
    ]
