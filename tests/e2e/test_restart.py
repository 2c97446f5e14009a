"""The trial comes back on other ports after a restart: no change, and not an emptied shop."""

from __future__ import annotations

from pathlib import Path

from sync.application import open_application
from sync.cli.demo import run_to_end
from sync.managers.trial import TrialPlan
from sync.managers.verbs.checks import checks_of
from sync.model.codec import load
from sync.model.entity import Entity
from sync.model.run import Mode, Status
from sync.model.stock import StockTotals


def test_nothing_is_written_after_a_restart_on_other_ports(tmp_path: Path) -> None:
    env = {"COUNTERPART_HOME": str(tmp_path)}
    urls: list[set[str]] = []
    for start in range(2):
        ws = open_application(env)
        try:
            ws.start()
            link = ws.trial.start(TrialPlan(products=72, orders=5, speed=1000, dirt=1.0))
            urls.append({process.url for process in ws.trial.processes.values()})
            for flow in ws.links.flows(link.id):
                run = run_to_end(ws, flow)
                assert run.status is Status.DONE and run.counts.balanced
                if start and flow.entity is Entity.PRODUCT:
                    assert (run.counts.created, run.counts.updated) == (0, 0), run.counts
                    assert not ws.plans.changes(run.id)
                elif start:
                    assert run.counts.created == 0 and run.counts.unchanged == run.counts.read > 0
        finally:
            ws.close()
    assert not urls[0] & urls[1], "the sandboxes were to come back elsewhere"


def test_the_stores_of_the_trial_come_back_as_who_they_were(tmp_path: Path) -> None:
    """Their connections are still good, and what nobody touched is in step on both sides, item by item: what
    one side does not track counts on neither."""
    env = {"COUNTERPART_HOME": str(tmp_path)}
    plan = TrialPlan(kind="stores", skus=200, speed=1000, dirt=0.1)
    for start in range(2):
        ws = open_application(env)
        try:
            ws.start()
            [flow] = ws.links.flows(ws.trial.start(plan).id)
            for connection in ws.connections.all():
                tested = checks_of(ws).test(connection.id)
                assert tested.status == "connected", tested.reason
            run = run_to_end(ws, flow, Mode.SWEEP if start else Mode.FULL)
            assert run.status is Status.DONE and run.counts.balanced
            assert start == 0 or run.counts.updated == 0
            figures = ws.stock_verbs.figures(flow.id)
            source, target = (load(StockTotals, figures[side]) for side in ("source", "target"))
            assert (source.items, source.available) == (target.items, target.available)
            assert 0 < source.items < 200, "some are untracked, and others are not there"
        finally:
            ws.close()
