"""Which run was the last that went through all of its flow, or read the whole of a side."""

from __future__ import annotations

from datetime import timedelta

import pytest

from storage.clock import utc_now
from sync.model.entity import Entity
from sync.model.flow import Link, ProductFilter
from sync.model.run import Mode, Scope, Status
from tests.unit.storage_sync.conftest import Store

NARROW = [
    Scope(skus=("A",)),
    Scope(ids=("1",)),
    Scope(names=("#1",)),
    Scope(tags=("new",)),
    Scope(parts=("prices",)),
    Scope(filters=ProductFilter(brands=("Moda",))),
]
BORROWED = [Scope(plan_of="run"), Scope(undo_of="run")]


def ended(
    store: Store,
    scope: Scope = Scope(),
    mode: Mode = Mode.FULL,
    status: Status = Status.DONE,
    **figures: int,
) -> str:
    with store.db.write() as tx:
        run_id = store.runs.start(tx, store.flow().id, 1, mode, scope, "test")
    store.runs.update(run_id, status=status, figures=figures)
    return run_id


def last_whole(store: Store, *modes: Mode) -> str | None:
    found = store.runs.last_whole(store.flow().id, *([modes] if modes else []))
    return found.id if found else None


@pytest.mark.parametrize("scope", [*NARROW, *BORROWED], ids=str)
def test_one_of_a_part_or_of_a_plan_neither_counts_nor_hides_the_whole_one(
    store: Store, link: Link, scope: Scope
) -> None:
    ended(store, scope)
    assert last_whole(store) is None
    whole = ended(store)
    ended(store, scope)
    assert last_whole(store) == whole


def test_what_is_asked_for_in_words_is_no_limit(store: Store, link: Link) -> None:
    """Keys in a text are no keys of the scope."""
    scope = Scope(reason='stock-taking, "skus":["A"], "plan_of":"x"', confirmed=("stock.zeroed",))
    assert last_whole(store) is None
    assert ended(store, scope) == last_whole(store)


def test_only_these_modes_and_only_what_came_to_its_end(store: Store, link: Link) -> None:
    full = ended(store)
    for status in (Status.FAILED, Status.CANCELLED, Status.PLANNED):
        ended(store, mode=Mode.SWEEP, status=status)
    for mode in (Mode.DELTA, Mode.TEST, Mode.ITEMS, Mode.UNDO):
        ended(store, mode=mode)
    store.run(Entity.ORDER)
    assert last_whole(store) == full
    sweep = ended(store, mode=Mode.SWEEP, status=Status.RED)
    assert (last_whole(store), last_whole(store, Mode.FULL)) == (sweep, full)


def test_the_figure_of_a_side_is_the_newest_that_was_kept(store: Store, link: Link) -> None:
    flow, now = store.flow().id, ended(store, source=7, target=7)
    assert store.runs.last_seen(flow, "target", but=now) is None
    first = ended(store, Scope(plan_of="run"), source=10, target=9)
    for _ in range(3):
        ended(store, mode=Mode.DELTA, source=11)
    ended(store, mode=Mode.DELTA, source=0)
    ended(store, mode=Mode.ITEMS, source=1, target=1)
    ended(store, mode=Mode.SWEEP, status=Status.CANCELLED, source=2, target=2)
    for scope in NARROW:
        ended(store, scope, source=3, target=3)
    assert (store.runs.last_seen(flow, "source", "-"), store.runs.last_seen(flow, "target", "-")) == (11, 9)
    assert store.runs.last_seen(flow, "target", but=first) == 7


def test_when_a_person_last_confirmed(store: Store, link: Link) -> None:
    flow, hour = store.flow().id, utc_now() - timedelta(hours=1)
    old, new = (ended(store, Scope(confirmed=("stock.zeroed",)), mode=Mode.DELTA) for _ in range(2))
    store.runs.update(old, created_at=hour - timedelta(minutes=1))
    ended(store)
    assert store.runs.last_confirmed(flow, hour) == store.runs.get(new).created_at
    store.runs.update(new, created_at=hour - timedelta(seconds=1))
    assert store.runs.last_confirmed(flow, hour) is None
