"""Verbs of flows and runs: list, run, preview, apply, confirm, cancel."""

from __future__ import annotations

import argparse
from typing import Any

from sync.application import Application
from sync.cli.asked import refuse_unasked
from sync.cli.demo import counts
from sync.cli.follow import follow
from sync.cli.opened import find_flow, opened
from sync.cli.output import result, say_aside, table
from sync.managers.verbs.links import LinkVerbs
from sync.model.flow import Flow
from sync.model.run import Mode, Run, Scope, Status

BY = "command line"
_OK = (Status.DONE, Status.PLANNED)
_ENDS = {
    Status.DONE: "Done.",
    Status.PLANNED: "Planned; nothing was written.",
    Status.RED: "Finished with failures.",
    Status.FAILED: "Failed.",
    Status.CANCELLED: "Cancelled.",
    Status.BRAKED: "Stopped by the safety check.",
}


def run(args: argparse.Namespace) -> int:
    """Runs a flow and follows it. With the console running, the console does the work. What stands against a
    stock run (items still due, orders not taken over) is said first, and it begins once you agree."""
    scope = Scope(
        parts=tuple(args.part or ()),
        skus=tuple(args.sku or ()),
        names=tuple(args.order or ()),
        tags=tuple(args.tag or ()),
        reason=args.reason,
    )
    with opened() as ws:
        flow, mode = find_flow(ws, args.flow), Mode(args.mode)
        ws.start()
        refuse_unasked(ws, flow.id, mode, args)
        run_id = ws.run_verbs.start(flow.id, mode, scope, by=BY)
        return _followed(ws, run_id, args.json)


def apply(args: argparse.Namespace) -> int:
    """Applies a kept preview: only the ticked rows, each only if its before-value still holds."""
    with opened() as ws:
        plan = ws.runs.get(args.plan)
        ws.start()
        if not plan.scope.undo_of:
            refuse_unasked(ws, plan.flow_id, Mode.FULL, args)
        return _followed(ws, ws.run_verbs.apply_plan(plan.id, by=BY), args.json)


def confirm(args: argparse.Namespace) -> int:
    """Lets a run that the safety check stopped go on past the named checks, and follows it."""
    with opened() as ws:
        run = ws.runs.get(args.run)
        ws.start()
        ws.run_verbs.confirm(run.id, tuple(args.code), by=BY)
        return _followed(ws, run.id, args.json)


def cancel(args: argparse.Namespace) -> int:
    """Ends a run at its next safe point; what is written stays."""
    with opened() as ws:
        ws.run_verbs.cancel(args.run, by=BY)
        ended = follow(ws, args.run, quiet=args.json)
        _tell(ws, ended, args.json)
        return 0 if ended.status is Status.CANCELLED else 1


def flows(args: argparse.Namespace) -> int:
    """Lists the flows: what runs where, when next, and how the last run ended."""
    with opened() as ws:
        rows = [_flow_row(ws, LinkVerbs(ws), flow) for flow in ws.links.flows()]
    columns = {
        "name": "FLOW",
        "from": "FROM",
        "to": "TO",
        "enabled": "IS",
        "next": "NEXT RUN",
        "last": "LAST RUN",
        "id": "ID",
    }
    none = "There is no flow yet. Connect both platforms and link them in the console."
    result({"flows": rows}, table(rows, columns) if rows else none, args.json)
    return 0


# -- what they tell ---------------------------------------------------------------------------------------


def _followed(ws: Application, run_id: str, as_json: bool) -> int:
    ended = follow(ws, run_id, quiet=as_json)
    _tell(ws, ended, as_json)
    return 0 if ended.status in _OK else 1


def _tell(ws: Application, run: Run, as_json: bool) -> None:
    result(run_row(ws, run), run_text(run), as_json)
    if hint := way_on(run):
        say_aside(hint)


def run_row(ws: Application, run: Run) -> dict[str, Any]:
    """A run as a JSON row."""
    return {
        "run": run.id,
        "flow": run.flow_id,
        "entity": ws.links.flow(run.flow_id).entity.value,
        "mode": run.mode.value,
        "status": run.status.value,
        **counts(run),
        "balanced": run.counts.balanced,
        "seconds": _seconds(run),
        "message": run.error.english() if run.error else "",
        "brakes": [{"code": hit.code, "message": hit.message.english()} for hit in run.brakes],
    }


def run_text(run: Run) -> str:
    """How a run ended, for people."""
    took = _seconds(run)
    lines = [f"{_ENDS.get(run.status, run.status.value)} {f'It took {took} s.' if took else ''}".strip()]
    lines += [run.error.english()] if run.error and run.status is not Status.BRAKED else []
    lines += [
        f"{hit.message.english()} [{hit.code}]" for hit in run.brakes if hit.code not in run.scope.confirmed
    ]
    if run.status is not Status.BRAKED:
        lines.append("   ".join(f"{name} {n}" for name, n in counts(run).items()))
    return "\n".join(lines)


def way_on(run: Run) -> str:
    """What to type next; empty where there is nothing."""
    if run.status is Status.PLANNED and run.counts.created + run.counts.updated:
        return f"To write it: python -m sync apply {run.id}"
    if run.status is Status.BRAKED:
        codes = " ".join(hit.code for hit in run.brakes if hit.code not in run.scope.confirmed)
        go_on, end = f"python -m sync confirm {run.id} {codes}", f"python -m sync cancel {run.id}"
        return f"To go on all the same: {go_on}\nTo end it: {end}"
    if run.counts.parked or run.counts.failed:
        return 'The console\'s page "Needs you" shows what waits for a decision, its run page what failed.'
    return ""


def _seconds(run: Run) -> float | None:
    if run.started_at is None or run.finished_at is None:
        return None
    return round((run.finished_at - run.started_at).total_seconds(), 1)


def _flow_row(ws: Application, verbs: LinkVerbs, flow: Flow) -> dict[str, Any]:
    link = ws.links.get(flow.link_id)
    ends = {"a": ws.connections.get(link.a).name, "b": ws.connections.get(link.b).name}
    last, coming = next(iter(ws.runs.list(flow_id=flow.id, limit=1)), None), verbs.next_fire(flow)
    return {
        "id": flow.id,
        "name": f"{link.name}/{flow.entity.value}",
        "link": link.name,
        "entity": flow.entity.value,
        "from": ends[flow.direction[0]],
        "to": ends[flow.direction[-1]],
        "enabled": flow.enabled,
        "next": coming.isoformat(timespec="seconds") if coming else None,
        "last": last.status.value if last else None,
    }
