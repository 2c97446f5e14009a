"""Plans: what was decided comes back word for word, in its order, with its fate."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from sqlalchemy.exc import IntegrityError

from storage.plans import signature
from sync.model.call import Body, Change, State
from sync.model.entity import Entity
from sync.model.flow import Link
from sync.model.plan import Bind, Park, Settle
from sync.model.text import say
from tests.unit.storage_sync import made
from tests.unit.storage_sync.conftest import Store


def add(store: Store, run_id: str, *numbers: int) -> None:
    store.plans.add(run_id, [made.planned(n, made.price_change(n)) for n in numbers], min(numbers))


@pytest.mark.parametrize("body", [made.PRODUCT, made.VARIANT, made.MEDIA, made.ORDER, made.FULFILMENT, None])
def test_every_kind_of_body_comes_back(store: Store, run_id: str, body: Body) -> None:
    one = made.change(1, body)
    assert store.plans.add(run_id, [made.planned(1, one)], 7) == 8
    [(seq, row)] = store.plans.numbered(run_id)
    assert (seq, row.change, row.signature) == (7, one, signature(one))
    assert row.settle == (Settle("product", "p1", {"title": ("A", None)}),)
    assert signature(row.change) == row.signature, "a plan that is loaded again must still match its approval"


@given(given_changes=st.lists(made.changes, min_size=1, max_size=4, unique_by=lambda c: c.id))
def test_any_change_comes_back(store: Store, link: Link, given_changes: list[Change]) -> None:
    # PostgreSQL's text cannot hold NUL; `database` says what is stored instead.
    assume(store.db.dialect == "sqlite" or "\\x00" not in repr(given_changes))
    run_id = store.run(Entity.ORDER)
    try:
        store.plans.add(run_id, [made.planned(n, c) for n, c in enumerate(given_changes)], 0)
        rows = store.plans.changes(run_id)
        assert [row.change for row in rows] == given_changes
        assert [signature(row.change) for row in rows] == [row.signature for row in rows]
    finally:
        store.plans.forget(run_id)
        store.runs.update(run_id, status="done")


def test_changes_stream_in_order_beyond_a_page(store: Store, run_id: str) -> None:
    for start in range(0, 1200, 300):
        add(store, run_id, *range(start, start + 300))
    wanted = [f"c{n:06d}" for n in range(1200)]
    assert [row.change.id for row in store.plans.each_change(run_id)] == wanted
    assert [row.change.id for row in store.plans.by_ids([*reversed(wanted), "gone"])] == wanted
    assert [row.change.id for row in store.plans.changes(run_id, after=1197)] == wanted[-2:]


def test_due_takes_what_may_be_sent_the_untried_first(store: Store, run_id: str) -> None:
    add(store, run_id, *range(6))
    with store.db.write() as tx:
        store.plans.set_change(tx, "c000000", tries=1)
        store.plans.set_change(tx, "c000001", state="applied")
        store.plans.set_change(tx, "c000002", state="sent")
    unticked = store.plans.changes(run_id)[3].item_id
    store.plans.choose(run_id, [unticked], False)
    assert [r.change.id for r in store.plans.due(run_id, "product", 10)] == ["c000004", "c000005", "c000000"]
    assert not store.plans.due(run_id, "stock", 10)
    assert store.plans.phases(run_id) == {"product": 4}, "what was sent and what is unknown is still open"
    assert store.plans.states(run_id) == {"planned": 4, "applied": 1, "sent": 1}
    ticked, seen = store.plans.signatures(run_id)
    assert len(seen) == 6 and len(ticked) == 5 and signature(made.price_change(3)) in seen - ticked


def test_a_changed_row_keeps_its_new_words(store: Store, run_id: str) -> None:
    add(store, run_id, 1)
    again = replace(made.price_change(1), diffs=made.price_change(1, after="3.00 TRY").diffs)
    with store.db.write() as tx:
        store.plans.set_change(
            tx,
            again.id,
            diffs=again.diffs,
            message=say("moved to {n}", n=3),
            settle=(Settle("variant", "v", {"available": (1, 2)}, "loc"),),
        )
    [row] = store.plans.changes(run_id)
    assert row.change.diffs == again.diffs and row.message == say("moved to {n}", n=3)
    assert row.settle == (Settle("variant", "v", {"available": (1, 2)}, "loc"),)


def test_items_are_found_by_outcome_and_text(store: Store, run_id: str) -> None:
    store.plans.add(run_id, [made.planned(n, outcome="created" if n % 2 else "parked") for n in range(20)], 0)
    first = store.plans.items(run_id)[0][0]
    with store.db.write() as tx:
        store.plans.set_item(tx, first, outcome="failed", message=say("no"))
    assert (
        len(store.plans.items(run_id, outcome="parked")) == 9
        and len(store.plans.items(run_id, outcome="failed")) == 1
    )
    assert [i.source_id for _, i in store.plans.items(run_id, text="sku-13")] == ["p13"]
    assert not store.plans.items(run_id, text="%")
    assert len(store.plans.items(run_id, after=first, limit=5)) == 5


def test_a_record_is_reported_once(store: Store, run_id: str) -> None:
    add(store, run_id, 1)
    with pytest.raises(IntegrityError):
        store.plans.add(run_id, [made.planned(1)], 9)
    store.plans.forget(run_id)
    add(store, run_id, 1)
    assert len(store.plans.items(run_id)) == 1


def test_what_the_plan_found_is_stored_once_and_again_after_a_crash(
    store: Store, link: Link, run_id: str
) -> None:
    park = Park(Entity.PRODUCT, "p1", "P", "product.ambiguous", say("Two."), facts={"candidates": ["1", "2"]})
    found = [
        made.planned(
            n,
            binds=(Bind("product", f"p{n}", f"t{n}"),),
            parks=(park,),
            settles=(Settle("product", f"p{n}", {"title": ("A", "A")}),),
        )
        for n in range(450)
    ]
    store.plans.add(run_id, found, 0)
    for _ in range(2):
        store.plans.store_local(link.id, "flow", run_id)
    bound = store.bindings.by_a(link.id, "product", ["p0", "p449"])
    assert [b.baseline["title"] for b in bound.values()] == [("A", "A")] * 2
    [parked] = store.attention.list()
    assert parked.facts["candidates"] == ["1", "2"] and parked.cause == "product.ambiguous"


def test_states_of_outcomes_are_states_of_changes() -> None:
    assert {s.value for s in State} == {"applied", "refused", "stale", "unknown"}
