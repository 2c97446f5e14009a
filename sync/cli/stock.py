"""Verbs of stock flows and of the queue: match, validate, transfer, push, queue."""

from __future__ import annotations

import argparse
from typing import Any

from storage.queue import QueueFilter
from sync.application import Application
from sync.cli.asked import agreed
from sync.cli.opened import find_flow, opened
from sync.cli.output import result, say_aside, table
from sync.errors import NeedsOperator
from sync.managers.stock.ownership import owner_of
from sync.managers.views import queue as queue_view
from sync.model.entity import Entity
from sync.model.flow import Flow
from sync.model.stock import Match
from sync.model.text import say
from sync.queue.dispatch import somebody_works

BY = "command line"
_SHOWN = 50
_SAMPLE = {
    **{name: name.upper() for name in ("sku", "place", "on_hand", "reserved", "available")},
    "same": "",
}


def match(args: argparse.Namespace) -> int:
    """Pairs what was last read of both sides anew, and tells how many items are in each class."""
    with opened() as ws:
        flow = _stock_flow(ws, args.flow)
        found = ws.stock_verbs.refresh_match(flow.id)
    rows = [{"class": kind.value, "items": int(found.get(kind.value, 0))} for kind in Match]
    result({"match": {row["class"]: row["items"] for row in rows}}, table(rows, _columns(rows)), args.json)
    return 0


def validate(args: argparse.Namespace) -> int:
    """Shows on hand, reserved and available of both sides and, once confirmed, lets deltas and schedules
    begin."""
    with opened() as ws:
        flow = _stock_flow(ws, args.flow)
        figures = ws.stock_verbs.figures(flow.id)
        if not args.yes:
            say_aside(_figures_text(figures))
            if not agreed(args, "Are these figures right? Confirm them? [y/N] "):
                raise NeedsOperator(say("Nothing was confirmed. To confirm without being asked, add --yes."))
        stage = ws.stock_verbs.validate(flow.id, BY, figures)
    row = {"flow": flow.id, "validated_at": stage.validated_at, "by": stage.validated_by, "figures": figures}
    result(row, "Confirmed. Deltas and schedules may begin.", args.json)
    return 0


def transfer(args: argparse.Namespace) -> int:
    """Makes a flow the one that writes the stock of a location. The flow that did so before stops: a product
    flow leaves stock out from then on, runs of a stock flow are refused. Who and when is kept."""
    with opened() as ws:
        flow = find_flow(ws, args.flow)
        place = ws.stock_verbs.handover.place(flow, args.location)
        name = f"{ws.links.get(flow.link_id).name}/{flow.entity.value}"
        if not agreed(args, f"{_owner(ws, flow, place)}From now on {name} writes there. Transfer it? [y/N] "):
            raise NeedsOperator(say("Nothing was transferred. To do it without being asked, add --yes."))
        ws.stock_verbs.transfer(flow.id, place, BY)
    row = {"flow": flow.id, "location": place, "by": BY}
    result(row, f"{name} writes the stock of location {place} from now on.", args.json)
    return 0


def _owner(ws: Application, flow: Flow, place: str) -> str:
    """Who writes there now, as a sentence; "" for nobody."""
    owner = owner_of(ws, flow, place)
    if owner is None or owner.id == flow.id:
        return ""
    link = ws.links.get(owner.link_id)
    return f"{link.name}/{owner.entity.value} writes the stock of that location now, and stops. "


def push(args: argparse.Namespace) -> int:
    """Queues single SKUs as urgent: they overtake a run of any size. The process that works carries them
    out."""
    with opened() as ws:
        flow = _stock_flow(ws, args.flow)
        pushed = ws.stock_verbs.push(flow.id, tuple(args.sku), BY)
        worked = somebody_works(ws)
    told = f"{pushed.count} items are queued before everything else."
    more = {"unknown": list(pushed.unknown)} if pushed.unknown else {}
    result({"queued": pushed.count, **more}, told, args.json)
    if pushed.unknown:
        say_aside(f"The source has no item {', '.join(pushed.unknown[:10])}.")
    if not worked:
        say_aside("No process works at the moment: start the console, or: python -m sync worker")
    return 0


def queue(args: argparse.Namespace) -> int:
    """Counts by status, and the rows that wait or failed, with the reason."""
    with opened() as ws:
        counts = dict(queue_view.figures(ws).by_status)
        statuses = ("failed",) if args.failed else ("failed", "processing", "pending")
        rows = [row for status in statuses for row in _rows(ws, status)]
    columns = {"status": "STATUS", "flow": "FLOW", "record": "RECORD", "tries": "RETRIES", "why": "WHY"}
    text = "   ".join(f"{name} {n}" for name, n in counts.items()) or "The queue is empty."
    result(
        {"counts": counts, "rows": rows},
        "\n".join([text, *([table(rows, columns)] if rows else [])]),
        args.json,
    )
    return 0


# -- steps ------------------------------------------------------------------------------------------------


def _stock_flow(ws: Application, name: str) -> Flow:
    flow = find_flow(ws, name)
    if flow.entity is not Entity.STOCK:
        raise NeedsOperator(say("{name} is no stock flow. `python -m sync flows` lists them.", name=name))
    return flow


def _columns(rows: list[dict[str, Any]]) -> dict[str, str]:
    return {key: key.upper() for key in rows[0]}


def _figures_text(figures: dict[str, Any]) -> str:
    """The totals of both sides, and below them the sample: each figure as source → target."""
    rows = [{"side": side, **figures[side]} for side in ("source", "target")]
    text = table(rows, _columns(rows))
    sample = [_sample_row(row) for row in figures["sample"]]
    return f"{text}\n\nA sample, source → target:\n{table(sample, _SAMPLE)}" if sample else text


def _sample_row(row: dict[str, Any]) -> dict[str, Any]:
    source, target = row["source"], row["target"]
    return {
        "sku": row["sku"],
        "place": str(row["place"]).rpartition("/")[2],
        **{name: f"{source[name]} → {target[name]}" for name in source},
        "same": "" if source["available"] == target["available"] else "differs",
    }


def _rows(ws: Application, status: str) -> list[dict[str, Any]]:
    found = queue_view.lines(ws, QueueFilter(status=status), limit=_SHOWN)
    return [
        {
            "id": line.id,
            "status": line.status,
            "flow": line.flow,
            "record": line.what,
            "tries": f"{line.tries} of {line.of_tries}",
            "why": _why(line),
        }
        for line in found.lines
    ]


def _why(line: queue_view.Line) -> str:
    """Times as the command line writes them: UTC."""
    error = line.error.english() if line.error else ""
    return queue_view.why(line, line.due.isoformat(timespec="seconds"), error).english()
