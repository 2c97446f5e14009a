"""Zeroings of small runs are added up over an hour, however many runs there were, until a person confirms."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from storage.clock import utc_now
from sync.application import open_application
from sync.errors import Braked
from sync.model.flow import Brakes
from sync.model.run import Mode, Scope, Status
from tests.unit.verbs.test_undo_stock import HERE, Stores


@pytest.fixture
def stores(tmp_path: Path) -> Iterator[Stores]:
    """Twenty items in step, of which the last ten fell to 0 by a delta a moment ago; the brake allows ten."""
    ws = open_application({"COUNTERPART_HOME": str(tmp_path)})
    made = Stores(ws, 20)
    try:
        ws.stock_stages.validate(made.flow_id, "test", {})
        made.run()
        brakes = Brakes(zeroed_percent=100, zeroed_count=10, floor=3)
        ws.links.save(replace(made.flow, stock=replace(made.flow.stock, brakes=brakes)))
        zeroed(made, *range(10, 20))
        yield made
    finally:
        ws.close()


def zeroed(stores: Stores, *items: int) -> str:
    """These fall to 0 at the source, and a delta carries that over."""
    for n in items:
        stores.put(stores.source, n, HERE, 0)
    run_id = stores.begin(Mode.DELTA)
    try:
        stores.go(run_id)
    except Braked as stop:
        assert [(hit.code, hit.count) for hit in stop.hits] == [("stock.zeroed", 10 + len(items))]
        stores.ws.runs.update(run_id, status=Status.CANCELLED)
    return run_id


def test_one_more_is_too_many_though_hundreds_of_runs_found_nothing_since(stores: Stores) -> None:
    for _ in range(210):
        stores.ws.runs.update(stores.begin(Mode.DELTA), status=Status.DONE)
    zeroed(stores, 1)
    assert stores.shown()[1] == 5 and stores.shown()[10:] == [0] * 10


@pytest.mark.parametrize("mode", [Mode.DELTA, Mode.SWEEP])
def test_from_a_persons_confirmation_they_are_counted_anew(stores: Stores, mode: Mode) -> None:
    confirmed = stores.begin(mode, Scope(confirmed=("stock.zeroed",)))
    stores.ws.runs.update(confirmed, status=Status.DONE)
    zeroed(stores, 1, 2)
    assert stores.shown()[:4] == [5, 0, 0, 5]


def test_those_of_an_hour_ago_do_not_count(stores: Stores) -> None:
    for run in stores.ws.runs.list(flow_id=stores.flow_id):
        stores.ws.runs.update(run.id, created_at=utc_now() - timedelta(minutes=61))
    zeroed(stores, 1)
    assert stores.shown()[1] == 0
