"""Calls: written down before they are sent, and never silently forgotten."""

from __future__ import annotations

from datetime import timedelta

from sync.model.call import Call
from sync.model.flow import Link
from tests.unit.storage_sync import made
from tests.unit.storage_sync.conftest import Store


def call(number: int = 1, *change_ids: str) -> Call:
    return Call(
        f"call-{number}",
        "productSet",
        {"input": {"title": "Şal", "n": number}},
        change_ids or (f"c{number:06d}",),
        key=f"key-{number}",
        expires_at=made.NOON + timedelta(hours=23),
    )


def committed(store: Store, link: Link, run_id: str, *numbers: int) -> None:
    store.plans.add(run_id, [made.planned(n, made.price_change(n)) for n in numbers], 0)
    with store.db.write() as tx:
        store.calls.commit(tx, run_id, link.b, [call(n) for n in numbers])


def test_a_committed_call_is_unanswered_with_key_arguments_and_expiry(
    store: Store, link: Link, run_id: str
) -> None:
    committed(store, link, run_id, 1, 2)
    assert store.calls.unanswered() == [(run_id, call(1)), (run_id, call(2))]
    assert store.calls.unanswered(run_id, link.b)[0][1].expires_at == made.NOON + timedelta(hours=23)
    assert not store.calls.unanswered(run_id, link.a) and not store.calls.unanswered("other")
    assert store.plans.states(run_id) == {"sent": 2}
    assert not store.plans.due(run_id, "product", 10), "what may have been sent is not sent again"


def test_answered_and_void_calls_are_closed_unknown_ones_stay_open(
    store: Store, link: Link, run_id: str
) -> None:
    committed(store, link, run_id, 1, 2, 3)
    with store.db.write() as tx:
        for number, state in ((1, "answered"), (2, "void"), (3, "unknown")):
            store.calls.set_state(tx, f"call-{number}", state)
    assert [c.id for _, c in store.calls.unanswered()] == ["call-3"]


def test_a_released_call_may_be_committed_again_under_its_name(store: Store, link: Link, run_id: str) -> None:
    committed(store, link, run_id, 1)
    with store.db.write() as tx:
        store.calls.set_state(tx, "call-1", "void")
        store.plans.set_change(tx, "c000001", state="planned", call_id="")
    assert [r.change.id for r in store.plans.due(run_id, "product", 10)] == ["c000001"]
    with store.db.write() as tx:
        store.calls.commit(tx, run_id, link.b, [call(1)])
    assert [c.id for _, c in store.calls.unanswered()] == ["call-1"]


def test_a_call_that_is_not_committed_leaves_nothing(store: Store, link: Link, run_id: str) -> None:
    store.plans.add(run_id, [made.planned(1, made.price_change(1))], 0)
    try:
        with store.db.write() as tx:
            store.calls.commit(tx, run_id, link.b, [call(1)])
            raise RuntimeError("power cut")
    except RuntimeError:
        pass
    assert not store.calls.unanswered() and store.plans.states(run_id) == {"planned": 1}
