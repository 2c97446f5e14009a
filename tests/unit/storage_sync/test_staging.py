"""Staged records: streamed in the order they were read, replaced when read again, found by their keys."""

from __future__ import annotations

from sync.model.flow import Link
from sync.model.product import Product
from tests.unit.storage_sync import made
from tests.unit.storage_sync.conftest import Store


def put(store: Store, run_id: str, *ids: str, side: str = "a", title: str = "T") -> None:
    records = [
        (Product(i, title=title), [("sku", f"sku-{i}", f"v-{i}"), ("handle", "same", "")]) for i in ids
    ]
    store.staging.put(run_id, side, records)


def test_records_stream_in_the_order_they_were_read(store: Store, run_id: str) -> None:
    wanted = [f"p{n}" for n in range(1050)]
    for start in range(0, 1050, 250):
        put(store, run_id, *wanted[start : start + 250])
    put(store, run_id, "other", side="b")
    assert [r.id for r in store.staging.each(run_id, "a", page=100)] == wanted
    assert [len(p) for p in store.staging.pages(run_id, "a", page=500)] == [500, 500, 50]
    assert (store.staging.count(run_id, "a"), store.staging.count(run_id, "b")) == (1050, 1)
    assert len(store.staging.get(run_id, "a", [*wanted, "missing"])) == 1050


def test_a_record_read_again_replaces_the_older_one_with_its_keys(store: Store, run_id: str) -> None:
    put(store, run_id, "p1", "p2")
    put(store, run_id, "p1", title="New")
    put(store, run_id, "p3", "p4")
    assert [r.id for r in store.staging.each(run_id, "a")] == ["p2", "p1", "p3", "p4"]
    assert store.staging.get(run_id, "a", ["p1"])["p1"].title == "New"  # type: ignore[union-attr]
    assert store.staging.find(run_id, "a", "sku", ["sku-p1"]) == [("sku-p1", "p1", "v-p1")], (
        "keys are not doubled"
    )


def test_a_record_twice_in_one_page_is_staged_once(store: Store, run_id: str) -> None:
    put(store, run_id, "p1", "p1")
    assert store.staging.find(run_id, "a", "sku", ["sku-p1"]) == [("sku-p1", "p1", "v-p1")]


def test_keys_find_every_record_that_carries_them(store: Store, run_id: str) -> None:
    put(store, run_id, *(f"p{n}" for n in range(900)))
    put(store, run_id, "q", side="b")
    found = store.staging.find(run_id, "a", "sku", [f"sku-p{n}" for n in range(900)])
    assert len(found) == 900 and ("sku-p7", "p7", "v-p7") in found
    assert len(store.staging.find(run_id, "a", "handle", ["same"])) == 900
    assert store.staging.find(run_id, "b", "handle", ["same"]) == [("same", "q", "")]
    assert not store.staging.find(run_id, "a", "barcode", ["same"])


def test_orders_and_products_come_back_as_what_they_are(store: Store, run_id: str) -> None:
    store.staging.put(run_id, "b", [(made.ORDER, [("reference", "r", "")])])
    store.staging.put(run_id, "a", [(made.PRODUCT, [])])
    assert list(store.staging.each(run_id, "b")) == [made.ORDER]
    assert list(store.staging.each(run_id, "a")) == [made.PRODUCT]


def test_a_run_forgets_only_what_it_read(store: Store, link: Link, run_id: str) -> None:
    put(store, run_id, "p1")
    store.runs.update(run_id, status="done")
    other = store.run()
    put(store, other, "p1")
    store.staging.clear(run_id)
    assert (store.staging.ids(run_id, "a"), store.staging.ids(other, "a")) == ([], ["p1"])
    assert store.staging.find(other, "a", "sku", ["sku-p1"])
