"""Answers that stay away while the queue tries again and again: the log shows one write once."""

from __future__ import annotations

import time

import pytest

from storage.queue_desk import QueueFilter
from sync.managers.verbs.queue import QueueVerbs
from sync.managers.views import stock_log
from sync.model.run import Mode
from tests.e2e.stores import Stores
from tests.e2e.test_stock_safety import raised, wanted
from tests.e2e.world import PATIENCE


def given_up(stores: Stores, n: int) -> None:
    """The queue has tried so many records as often as it does."""
    verbs, end = QueueVerbs(stores.ws), time.monotonic() + PATIENCE
    while len(verbs._ids(QueueFilter(), "failed")) < n:
        assert time.monotonic() < end, "the queue goes on"
        time.sleep(0.05)


@pytest.mark.parametrize("effect", [False, True])
def test_one_write_stands_once_in_the_log(stores: Stores, effect: bool) -> None:
    [flow] = stores.link()
    stores.run(flow)
    stores.ws.stock_stages.validate(flow.id, "test", {})
    target, skus = stores.stores["target"], sorted(stores.source.levels())[:2]
    raised(stores, skus, 40)
    target.mark()
    params = {"status": 502, "effect": effect}
    match = {"operation": "inventorySetQuantities"}
    target.fault("server_error", None, match=match, params=params)
    stores.ws.stock_verbs.push(flow.id, skus, "test")
    given_up(stores, 0 if effect else len(skus))
    if effect:
        end = time.monotonic() + PATIENCE
        while not target.writes():
            assert time.monotonic() < end
            time.sleep(0.05)
    else:
        stores.run(flow, Mode.DELTA, expect=None)
    target.calm()
    if not effect:
        QueueVerbs(stores.ws).retry_all(QueueFilter(), "test")
    end = time.monotonic() + PATIENCE
    while dict(stores.checks(flow)).get("queue.open"):
        assert time.monotonic() < end, "the queue does not get there"
        time.sleep(0.05)
    stores.run(flow, Mode.DELTA)
    stores.run(flow, Mode.SWEEP)
    assert target.levels() == wanted(stores)
    effects = [row for effect in target.writes() for row in effect.get("rows", [effect])]
    wanted_rows = stock_log.ChangeFilter(flow_id=flow.id, states=("applied",))
    baseline = stores.ws.stock_stages.get(flow.id).baseline_run
    rows = [row for row in stock_log.log(stores.ws, wanted_rows, limit=200).rows if row.run_id != baseline]
    assert sorted(row.sku for row in rows) == skus, rows
    assert all(row.message is None for row in rows)
    assert len(effects) in (1, len(skus)), effects
    runs = [run for run in stores.ws.runs.list(flow_id=flow.id, limit=100) if run.id != baseline]
    assert sum(run.counts.updated for run in runs) == len(rows)
    assert all(run.counts.balanced and not run.counts.failed for run in runs), runs
    assert not stores.ws.stock_differences.list(flow.id)
