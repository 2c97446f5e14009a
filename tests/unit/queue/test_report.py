"""The report: every record that was read gets exactly one outcome, whatever became of its changes."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace

import pytest

from sync.managers.report import finish_items
from sync.model.plan import Item
from sync.model.run import OUTCOMES, Counts, Mode
from sync.model.text import say
from tests.unit.queue.conftest import Stage
from tests.unit.storage_sync import made

FATES = [
    # states of the changes, ticked, planned → outcome, cause
    ((), True, "unchanged", "unchanged", ""),
    ((), True, "parked", "parked", ""),
    ((), True, "skipped", "skipped", ""),
    (("applied",), True, "created", "created", ""),
    (("applied", "applied"), True, "updated", "updated", ""),
    (("applied", "refused"), True, "created", "failed", "change.refused"),
    (("applied", "unknown"), True, "updated", "failed", "change.unknown"),
    (("refused", "dropped"), True, "created", "failed", "change.refused"),
    (("planned",), False, "updated", "skipped", "unticked"),
    (("planned",), True, "updated", "skipped", "not.reached"),
    (("applied", "planned"), True, "created", "created", "not.finished"),
    (("sent",), True, "created", "skipped", "not.reached"),
    (("dropped",), True, "updated", "skipped", "moved"),
    (("stale",), True, "updated", "skipped", "moved"),
    (("applied", "dropped"), True, "updated", "updated", ""),
]


def finish(stage: Stage, mode: Mode = Mode.FULL) -> dict[str, Item]:
    run = replace(stage.run, mode=mode)
    for _ in range(2):  # a stage may be repeated after a crash
        finish_items(SimpleNamespace(ws=stage.ws, run=run))  # type: ignore[arg-type]
    return {item.source_id: item for _, item in stage.ws.plans.items(stage.run_id, limit=5000)}


def plan(stage: Stage, number: int, states: tuple[str, ...], chosen: bool, outcome: str) -> None:
    changes = [replace(made.price_change(number), id=f"c{number}-{n}") for n in range(len(states))]
    stage.ws.plans.add(stage.run_id, [made.planned(number, *changes, outcome=outcome)], number * 10)
    with stage.ws.db.write() as tx:
        for change, state in zip(changes, states, strict=True):
            stage.ws.plans.set_change(
                tx, change.id, state=state, chosen=chosen, message=say("because {state}", state=state)
            )


@pytest.mark.parametrize(("states", "chosen", "planned", "outcome", "cause"), FATES)
def test_every_fate_has_its_outcome(
    stage: Stage, states: tuple[str, ...], chosen: bool, planned: str, outcome: str, cause: str
) -> None:
    plan(stage, 1, states, chosen, planned)
    item = finish(stage)["p1"]
    assert (item.outcome, item.cause) == (outcome, cause)
    if cause.startswith("change."):
        assert item.message == say("because {state}", state=cause.removeprefix("change.")), (
            "the reason is told"
        )
    if outcome == "skipped" and states:
        assert item.message is not None
    counts = stage.ws.runs.count(stage.run_id)
    assert counts.balanced and getattr(counts, outcome) == counts.read == 1


def test_all_fates_together_balance(stage: Stage) -> None:
    for number, (states, chosen, planned, *_) in enumerate(FATES):
        plan(stage, number, states, chosen, planned)
    stage.ws.plans.add(stage.run_id, [made.planned(n, outcome="unchanged") for n in range(100, 1300)], 1000)
    finish(stage)
    counts = stage.ws.runs.count(stage.run_id)
    assert counts == Counts(read=1215, created=2, updated=2, unchanged=1201, skipped=6, failed=3, parked=1)
    assert counts.balanced and counts.read == sum(getattr(counts, name) for name in OUTCOMES)


def test_a_preview_reports_what_would_happen(stage: Stage) -> None:
    plan(stage, 1, ("planned",), True, "created")
    plan(stage, 2, (), True, "parked")
    assert {i.outcome for i in finish(stage, Mode.PREVIEW).values()} == {"created", "parked"}
    assert stage.ws.runs.count(stage.run_id) == Counts(read=2, created=1, parked=1)
