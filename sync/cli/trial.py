"""Verbs around the sandboxes and the work itself: sandbox up, demo, worker, connections test."""

from __future__ import annotations

import argparse
import json
import time
from contextlib import ExitStack, closing
from dataclasses import replace
from typing import Any

from sync.application import Application, open_application
from sync.cli.demo import Demo, demo
from sync.cli.demo_stores import StoresDemo, demo_stores
from sync.cli.follow import worker_of
from sync.cli.opened import opened
from sync.cli.output import result, say_aside, table
from sync.cli.patience import patiently
from sync.errors import NeedsOperator
from sync.managers.requests import ask_for_trial, trial_is_asked_for
from sync.managers.trial import TrialPlan
from sync.managers.verbs.checks import checks_of
from sync.model.flow import Connection
from sync.model.text import say

_POLL = 0.2
_PATIENCE = 120.0  # seconds until the process that works must have set the trial up


def sandbox(args: argparse.Namespace) -> int:
    """Sets the trial up and keeps its sandboxes running until interrupted. With the console running, the
    console sets it up and keeps it."""
    with opened(work=True) as ws:
        if ws.works:
            ws.trial.start(_plan(args))
            _tell_sandboxes(ws, args.json)
            return _keep(ws)
        if not ws.trial.exists(args.kind) or not ws.links.all():
            _let_set_up(ws, args)
        _tell_sandboxes(ws, args.json)
    return 0


def _keep(ws: Application) -> int:
    try:
        say_aside("The sandboxes run until you press Ctrl+C; what they hold is kept.")
        while all(process.alive for process in ws.trial.processes.values()):
            time.sleep(_POLL)
    except KeyboardInterrupt:
        return 0
    raise NeedsOperator(say("A sandbox has ended by itself. Start it again with: python -m sync sandbox up"))


def _let_set_up(ws: Application, args: argparse.Namespace) -> None:
    """Leaves the request in the database and waits until the working process has carried it out."""
    say_aside(f"Process {worker_of(ws)} does the work; asking it to set the trial up.")
    ask_for_trial(ws, _plan(args))
    end = time.monotonic() + _PATIENCE
    while trial_is_asked_for(ws):
        if time.monotonic() > end:
            raise NeedsOperator(
                say("The process that does the work has not taken the request up. Restart it.")
            )
        time.sleep(_POLL)
    if not ws.trial.exists(args.kind):
        raise NeedsOperator(say("The trial could not be set up; the console's log says why."))


def _tell_sandboxes(ws: Application, as_json: bool) -> None:
    rows = [
        {
            "platform": c.platform,
            "name": c.name,
            "url": c.settings.get("base_url") or c.settings.get("url", ""),
        }
        for c in ws.connections.all()
        if c.sandbox
    ]
    result(
        {"sandboxes": rows},
        table(rows, {"platform": "PLATFORM", "url": "ADDRESS", "name": "CONNECTION"}),
        as_json,
    )


def worker(args: argparse.Namespace) -> int:
    """Does the work without a console; what a killed process left behind goes on by itself. A database that
    is away is waited for."""
    try:
        ws = patiently(_working, say_aside)
    except KeyboardInterrupt:
        return 0
    with closing(ws):
        try:
            say_aside(
                "Working until no run is live." if args.until_idle else "Working until you press Ctrl+C."
            )
            while not (args.until_idle and _idle(ws)):
                time.sleep(_POLL)
        except KeyboardInterrupt:
            say_aside("Stopping; what is under way goes on at the next start.")
    return 0


def _working() -> Application:
    """A workspace at work. Raises NeedsOperator if another process works."""
    with ExitStack() as undo:
        ws = open_application()
        undo.callback(ws.close)
        if not ws.start(always=True):
            raise NeedsOperator(
                say("Process {pid} already does the work of this installation.", pid=worker_of(ws))
            )
        undo.pop_all()
    return ws


def _idle(ws: Application) -> bool:
    """No run is live but those that wait for a person, and none is in its last stage."""
    return ws.queue.next_due() is None and not ws.queue.at_work()


def _plan(args: argparse.Namespace) -> TrialPlan:
    return TrialPlan(
        products=args.products, orders=args.orders, kind=args.kind, skus=args.skus, outlets=args.outlets
    )


def run_demo(args: argparse.Namespace) -> int:
    """Everything twice through fresh sandboxes, held against what those really hold: products and orders, or
    the stock of stores. 0 only if everything balances, nothing is lost or doubled, and the second run wrote
    nothing."""
    plan = replace(_plan(args), seed=args.seed, speed=args.speed)
    if plan.kind == "stores":
        return _run_demo_of_stores(plan, args.json)
    made = demo(plan, tell=(lambda _: None) if args.json else say_aside)
    result(made.row, _demo_text(made), args.json)
    for name, found in (("lost", made.ledger.lost), ("doubled", made.ledger.doubled)):
        for one in found[:20]:
            say_aside(f"{name}: {one}")
    return 0 if made.good else 1


def _run_demo_of_stores(plan: TrialPlan, as_json: bool) -> int:
    made = demo_stores(plan, tell=(lambda _: None) if as_json else say_aside)
    result(made.row, _stores_text(made), as_json)
    for name, found in (("lost", made.lost), ("doubled", made.doubled)):
        for one in found[:20]:
            say_aside(f"{name}: {one}")
    return 0 if made.good else 1


def _stores_text(made: StoresDemo) -> str:
    row = made.row
    lines = [
        table(
            [{"what": name, **row[name]} for name in ("baseline", "delta")],
            {"what": "", **{key: key.upper() for key in row["baseline"]}},
        ),
        f"second run: {row['second_run']['writes']} writes",
        f"stores: {row['ledger']['lost']} lost, {row['ledger']['doubled']} doubled",
    ]
    stores = [name for name in row if name.startswith("shopify-")]
    lines += [f"{name}: {json.dumps(row[name])[1:-1].replace(chr(34), '')}" for name in stores]
    lines.append(f"{row['seconds']} s, {row['peak_mb']} MB at most")
    lines.append("Everything balances." if made.good else "Something does NOT balance.")
    return "\n".join(lines)


def _demo_text(made: Demo) -> str:
    row = made.row
    lines = [
        table(
            [{"what": name, **row[name]} for name in ("products", "orders")],
            {"what": "", **{key: key.upper() for key in row["products"]}},
        ),
        f"second run: {row['second_run']['writes']} writes",
        f"ledger: {row['ledger']['lost']} lost, {row['ledger']['doubled']} doubled",
    ]
    lines += [f"{name}: {json.dumps(row[name])[1:-1].replace(chr(34), '')}" for name in ("shopify", "sentos")]
    lines.append(f"{row['seconds']} s, {row['peak_mb']} MB at most")
    lines.append("Everything balances." if made.good else "Something does NOT balance.")
    return "\n".join(lines)


def connections(args: argparse.Namespace) -> int:
    """Tests every connection, or the named one. Nothing is written at the platforms."""
    with opened() as ws:
        wanted = [c for c in ws.connections.all() if args.name in ("", c.name, c.id, c.platform)]
        if not wanted:
            raise NeedsOperator(_no_connection(ws, args.name))
        if any(c.sandbox for c in wanted) and not ws.lock.holder():
            ws.trial.resume()  # nobody else has the sandboxes up
        rows = [_connection_row(checks_of(ws).test(c.id)) for c in wanted]
    good = all(row["status"] == "connected" for row in rows)
    columns = {"name": "CONNECTION", "platform": "PLATFORM", "status": "STATUS", "reason": "REASON"}
    result({"ok": good, "connections": rows}, table(rows, columns), args.json)
    return 0 if good else 1


def _no_connection(ws: Application, name: str) -> Any:
    names = ", ".join(c.name for c in ws.connections.all())
    if not names:
        return say("There is no connection yet. Add one in the console, or type: python -m sync sandbox up")
    return say("There is no connection {name}. There are: {names}.", name=name, names=names)


def _connection_row(c: Connection) -> dict[str, str]:
    return {
        "id": c.id,
        "name": c.name,
        "platform": c.platform,
        "status": c.status,
        "reason": c.reason.english() if c.reason else "",
    }
