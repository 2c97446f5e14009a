"""Needs you: one open row per record and cause, closed by itself when the cause goes."""

from __future__ import annotations

import pytest
from sqlalchemy import insert, select
from sqlalchemy.exc import IntegrityError

from storage.tables.sync import attention
from sync.model.entity import Entity
from sync.model.flow import Link
from sync.model.plan import Park
from sync.model.text import say
from tests.unit.storage_sync.conftest import Store


def park(
    store: Store, link: Link, run_id: str, *records: str, cause: str = "product.ambiguous", text: str = "Two."
) -> None:
    with store.db.write() as tx:
        store.attention.park(
            tx,
            link.id,
            "flow",
            run_id,
            [Park(Entity.PRODUCT, r, f"P {r}", cause, say(text), f"SKU-{r}") for r in records],
        )


def test_a_cause_found_again_refreshes_its_open_row(store: Store, link: Link) -> None:
    park(store, link, "r1", "p1")
    [first] = store.attention.list()
    park(store, link, "r2", "p1", text="Three.")
    [again] = store.attention.list()
    assert (again.id, again.opened_at, again.run_id) == (first.id, first.opened_at, "r2")
    assert again.message.english() == "Three." and again.seen_at >= first.seen_at


def test_other_causes_and_closed_rows_stand_beside_it(store: Store, link: Link) -> None:
    park(store, link, "r1", "p1")
    park(store, link, "r1", "p1", cause="price.zero")
    assert {p.cause for p in store.attention.list()} == {"product.ambiguous", "price.zero"}
    store.attention.close([p.id for p in store.attention.list()], "ayşe")
    park(store, link, "r2", "p1")
    assert store.attention.open_count() == 1 and len(store.attention.list(closed=True)) == 2
    assert {p.closed_by for p in store.attention.list(closed=True)} == {"ayşe"}


def test_the_database_refuses_a_second_open_row(store: Store, link: Link) -> None:
    park(store, link, "r1", "p1")
    with store.db.read() as tx:
        row = dict(tx.execute(select(attention)).mappings().one())
    del row["id"]
    with pytest.raises(IntegrityError), store.db.write() as tx:
        tx.execute(insert(attention).values(row))


def test_causes_that_a_run_did_not_find_again_close(store: Store, link: Link) -> None:
    park(store, link, "r1", "p1", "p2", "p3")
    park(store, link, "r2", "p2")
    with store.db.write() as tx:
        assert store.attention.close_gone(tx, "flow", "product", "r2", record_ids=["p1"]) == 1
    with store.db.write() as tx:
        assert store.attention.close_gone(tx, "flow", "order", "r2") == 0
        assert store.attention.close_gone(tx, "other", "product", "r2") == 0
        assert store.attention.close_gone(tx, "flow", "product", "r2") == 1
    assert [p.record_id for p in store.attention.list()] == ["p2"]
    assert {p.closed_by for p in store.attention.list(closed=True)} == {"sync"}


def test_rows_are_found_by_cause_link_and_text(store: Store, link: Link) -> None:
    park(store, link, "r1", *(f"p{n}" for n in range(12)))
    park(store, link, "r1", "x%", cause="price.zero")
    found = store.attention
    assert (
        len(found.list(cause="price.zero")) == 1
        and len(found.list(link_id=link.id)) == 13
        and not found.list(link_id="other")
    )
    assert [p.record_id for p in found.list(text="SKU-p11")] == ["p11"] and [
        p.record_id for p in found.list(text="p3")
    ] == ["p3"]
    assert [p.record_id for p in found.list(text="%")] == ["x%"], "a percent sign is no wildcard"
    assert [p.record_id for p in found.list(limit=2)] == ["x%", "p11"] and not found.list(entity="order")
    one = found.list()[0]
    assert found.get(one.id) == one and found.get(10**9) is None


def test_hundreds_of_rows_close_together(store: Store, link: Link) -> None:
    park(store, link, "r1", *(f"p{n}" for n in range(1200)))
    store.attention.close([p.id for p in store.attention.list(limit=5000)], "ayşe")
    assert store.attention.open_count() == 0
