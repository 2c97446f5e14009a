"""The verb `undo`: plan it, show it, and carry it out once somebody agrees."""

from __future__ import annotations

import argparse
from typing import Any

from sync.application import Application
from sync.cli.asked import agreed
from sync.cli.follow import follow
from sync.cli.opened import opened
from sync.cli.output import result, say_aside
from sync.cli.runs import BY, run_row, run_text, way_on
from sync.managers.verbs.undo import UndoVerbs
from sync.managers.views import undo as views
from sync.managers.views.words import entity
from sync.model.run import Run, Status

SHOWN = 20
"""Rows of each kind that a terminal is shown; --json tells 1,000."""
_TOLD = 1_000
_FIGURES = {
    "restored": "rows go back to what was there before",
    "offered": "stock rows moved since; the run's difference can be taken back (not ticked)",
    "created": "products that the run created can become drafts (not ticked)",
    "moved": "were changed by another hand since; they stay",
    "listed": "are not undone",
    "back": "are as they were before already",
}


def undo(args: argparse.Namespace) -> int:
    """Plans the undo of a run and shows it; carries it out with --yes, or once you agree. What moved since is
    listed with both values and stays; what is only offered is ticked on the plan's page."""
    with opened() as ws:
        run = ws.runs.get(args.run)
        ws.start()
        plan = follow(ws, UndoVerbs(ws).propose(run.id, by=BY), quiet=args.json)
        if plan.status is not Status.PLANNED:
            return _told(ws, plan, plan, args.json)
        if not _agreed(ws, plan, args):
            result(_row(ws, plan, plan), _text(ws, plan), args.json)
            say_aside(_on(ws, plan))
            return 0
        done = follow(ws, ws.run_verbs.apply_plan(plan.id, by=BY), quiet=args.json)
        return _told(ws, plan, done, args.json)


def _agreed(ws: Application, plan: Run, args: argparse.Namespace) -> bool:
    """Is it to be carried out? Asked only where somebody sits at a terminal."""
    if not views.summary(ws, plan).ticked:
        return False
    return agreed(args, _text(ws, plan) + "\nCarry it out? [y/N] ")


def _on(ws: Application, plan: Run) -> str:
    if views.summary(ws, plan).ticked:
        return f"Nothing was written. To carry it out: python -m sync apply {plan.id}"
    return (
        f"Nothing was written: no row of the plan is ticked. Its page in the console offers them: {plan.id}"
    )


def _told(ws: Application, plan: Run, run: Run, as_json: bool) -> int:
    result(_row(ws, plan, run), run_text(run), as_json)
    if hint := way_on(run):
        say_aside(hint)
    return 0 if run.status is Status.DONE else 1


def _row(ws: Application, plan: Run, run: Run) -> dict[str, Any]:
    figures = views.summary(ws, run)
    return {
        **run_row(ws, run),
        "undo_of": plan.scope.undo_of,
        "plan": plan.id,
        "ticked": figures.ticked,
        **{name: getattr(figures, name) for name in _FIGURES},
        "moved_rows": [_moved(row) for row in views.moved(ws, run, limit=_TOLD).rows],
        "listed_rows": [
            {"entity": row.entity.value, "label": row.label, "why": row.why.english()}
            for row in views.listed(ws, run, limit=_TOLD).rows
        ],
    }


def _moved(row: views.MovedRow) -> dict[str, Any]:
    return {
        "label": row.label,
        "sku": row.sku,
        "field": row.field.english(),
        "before": row.before,
        "wrote": row.wrote,
        "now": row.now,
        "offered": row.offered,
    }


def _text(ws: Application, plan: Run) -> str:
    figures = views.summary(ws, plan)
    counted = {name: getattr(figures, name) for name in _FIGURES}
    lines = [f"The undo of run {plan.scope.undo_of}, as a plan:"]
    lines += [f"{n} {_FIGURES[name]}" for name, n in counted.items() if n]
    moved, listed = views.moved(ws, plan, limit=SHOWN), views.listed(ws, plan, limit=SHOWN)
    lines += [
        f"  {row.label}: {row.field.english()} was {row.before}, the run wrote {row.wrote}, now {row.now}"
        for row in moved.rows
    ]
    lines += [
        f"  {entity(row.entity.value).english()} {row.label}: {row.why.english()}" for row in listed.rows
    ]
    if moved.next_after or listed.next_after:
        lines.append("  … the plan's page in the console shows all of them")
    lines += [hit.message.english() for hit in plan.brakes]
    return "\n".join(lines)
