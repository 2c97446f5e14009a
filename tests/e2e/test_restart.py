"""The trial comes back on other ports after a restart: no change, and not an emptied shop."""

from __future__ import annotations

from pathlib import Path

from sync.cli.demo import run_to_end
from sync.managers.trial import TrialPlan
from sync.model.entity import Entity
from sync.model.run import Status
from sync.workspace import open_workspace


def test_nothing_is_written_after_a_restart_on_other_ports(tmp_path: Path) -> None:
    env = {"COUNTERPART_HOME": str(tmp_path)}
    urls: list[set[str]] = []
    for start in range(2):
        ws = open_workspace(env)
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
