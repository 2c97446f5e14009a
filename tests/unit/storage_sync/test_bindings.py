"""Identity, baselines and decisions keep their promises in the database itself."""

from __future__ import annotations

import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import IntegrityError

from storage.tables.sync import bindings, stock_baselines
from sync.model.flow import Link
from sync.model.plan import Bind, Settle
from tests.unit.storage_sync.conftest import Store


def bind(store: Store, link: Link, *binds: Bind) -> None:
    with store.db.write() as tx:
        store.bindings.bind(tx, link.id, binds)


def settle(store: Store, link: Link, *settles: Settle) -> None:
    with store.db.write() as tx:
        store.bindings.settle(tx, link.id, settles)


def count(store: Store, table: object) -> int:
    with store.db.read() as tx:
        return tx.execute(select(func.count()).select_from(table)).scalar_one()  # type: ignore[arg-type]


def test_a_record_is_bound_once_on_either_side(store: Store, link: Link) -> None:
    bind(store, link, Bind("product", "a1", "b1", label="One"))
    bind(
        store,
        link,
        Bind("product", "a1", "b2"),
        Bind("product", "a2", "b1"),
        Bind("product", "a1", "b1", label="Other"),
    )
    found = store.bindings.by_a(link.id, "product", ["a1", "a2"])
    assert {k: (b.id_b, b.label) for k, b in found.items()} == {"a1": ("b1", "One")}
    assert store.bindings.by_b(link.id, "product", ["b1", "b2"]).keys() == {"b1"}
    bind(store, link, Bind("variant", "a1", "b1"))
    assert count(store, bindings) == 2


def test_children_hang_on_their_parent_and_go_with_it(store: Store, link: Link) -> None:
    bind(
        store,
        link,
        Bind("product", "a1", "b1"),
        Bind("variant", "va", "vb", parent_a="a1"),
        Bind("variant", "v2", "w2", parent_a="a1"),
    )
    parent = store.bindings.by_a(link.id, "product", ["a1"])["a1"]
    assert [c.id_a for c in store.bindings.children([parent.id, 999])[parent.id]] == ["va", "v2"]
    settle(store, link, Settle("variant", "va", {"available": (3, 4)}, "loc-1"))
    store.bindings.unbind(link.id, "product", "a1")
    assert (count(store, bindings), count(store, stock_baselines)) == (0, 0)


def test_settling_merges_pairs_and_raises_the_version(store: Store, link: Link) -> None:
    bind(store, link, Bind("product", "a1", "b1"))
    settle(store, link, Settle("product", "a1", {"title": ("A", None), "tags": ("x", "y")}))
    settle(
        store,
        link,
        Settle("product", "a1", {"title": ("A", "A!")}),
        Settle("product", "unbound", {"title": ("q", "q")}),
    )
    found = store.bindings.by_a(link.id, "product", ["a1"])["a1"]
    assert dict(found.baseline) == {"title": ("A", "A!"), "tags": ("x", "y")} and found.version == 3


def test_stock_settles_by_variant_and_place(store: Store, link: Link) -> None:
    bind(store, link, Bind("product", "a1", "b1"), Bind("variant", "va", "vb", parent_a="a1"))
    variant = store.bindings.by_a(link.id, "variant", ["va"])["va"]
    settle(
        store,
        link,
        Settle("variant", "va", {"available": (3, 4)}, "loc-1"),
        Settle("variant", "va", {"available": (1, None)}, "loc-2"),
    )
    settle(store, link, Settle("variant", "va", {"available": (5, 5)}, "loc-1"))
    assert store.bindings.stock([variant.id]) == {
        (variant.id, "loc-1"): (5, 5),
        (variant.id, "loc-2"): (1, 0),
    }
    assert store.bindings.by_a(link.id, "variant", ["va"])["va"].version == 1, (
        "stock is not a field of the variant"
    )


def test_all_streams_more_than_a_page_and_only_its_link(store: Store, link: Link) -> None:
    bind(store, link, *(Bind("order", f"a{n}", f"b{n}") for n in range(2300)))
    assert [b.id_a for b in store.bindings.all(link.id, "order")] == [f"a{n}" for n in range(2300)]
    assert not list(store.bindings.all("other", "order"))
    assert len(store.bindings.by_b(link.id, "order", [f"b{n}" for n in range(2300)])) == 2300


def test_a_binding_without_its_link_is_refused(store: Store, link: Link) -> None:
    with pytest.raises(IntegrityError), store.db.write() as tx:
        store.bindings.bind(tx, "nowhere", [Bind("product", "a", "b")])


def test_everything_goes_with_its_connection(store: Store, link: Link, run_id: str) -> None:
    bind(store, link, Bind("product", "a1", "b1"))
    store.connections.delete(link.a)
    assert count(store, bindings) == 0 and not store.links.all() and not store.runs.list()


def test_a_decision_is_replaced_and_forgotten(store: Store, link: Link) -> None:
    store.decisions.decide(link.id, "product", "p1", "bind", "t1", "ayşe")
    store.decisions.decide(link.id, "product", "p1", "skip", "", "ayşe")
    store.decisions.decide(link.id, "order", "p1", "create", "", "ayşe")
    assert store.decisions.of(link.id, "product") == {"p1": ("skip", "")}
    store.decisions.forget(link.id, "product", "p1")
    assert not store.decisions.of(link.id, "product") and store.decisions.of(link.id, "order")
