"""`check`: what is wrong with an installation, and what to do about it. Writes nothing at any platform."""

from __future__ import annotations

import argparse
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from storage.preferences import PAUSED
from storage.sqlite import SAFE_SQLITE, sqlite_driver
from sync.application import Application
from sync.cli.opened import opened
from sync.cli.output import result
from sync.errors import CounterpartError
from sync.model.run import LIVE, Run, Status
from sync.queue.dispatch import somebody_works

_LEAST_FREE = 500_000_000  # bytes
_BAD_ENDS = {Status.RED: "finished with failures", Status.FAILED: "failed"}


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong, and the way out."""

    what: str
    do: str


def check(args: argparse.Namespace) -> int:
    """Looks the installation over: 0 if all is well; 1 if something is wrong, with what to do about it."""
    try:
        with opened() as ws:
            facts, problems = _facts(ws), list(_problems(ws))
    except CounterpartError as error:
        facts, problems = {}, [Problem("Counterpart cannot open its data.", error.message.english())]
    row = {"ok": not problems, "problems": [{"what": p.what, "do": p.do} for p in problems], **facts}
    result(row, _text(facts, problems), args.json)
    return 1 if problems else 0


def _facts(ws: Application) -> dict[str, Any]:
    flows = ws.links.flows()
    return {
        "database": ws.db.dialect,
        "folder": str(ws.paths.folder),
        "worker": worker_of(ws),
        "connections": {c.name: c.status for c in ws.connections.all()},
        "flows_on": sum(flow.enabled for flow in flows),
        "flows": len(flows),
        "schedules_paused": ws.preferences.get(PAUSED),
        "live_runs": [run.id for run in ws.runs.list(live=True)],
        "unanswered_calls": len(ws.calls.unanswered()),
        "needs_you": ws.attention.open_count(),
    }


def worker_of(ws: Application) -> int | str | None:
    """The process that does the work: its id where it is one of this data folder, "elsewhere" if it is
    another's or another machine's (PostgreSQL), None if nobody works."""
    holder = ws.lock.holder()
    if holder is not None:
        return int(holder["pid"])
    return "elsewhere" if somebody_works(ws) else None


def _problems(ws: Application) -> Iterator[Problem]:
    yield from _database(ws)
    yield from _files(ws)
    yield from _connections(ws)
    yield from _runs(ws)


def _database(ws: Application) -> Iterator[Problem]:
    if ws.db.dialect != "sqlite":
        return
    with ws.db.read() as tx:
        verdict = str(tx.exec_driver_sql("PRAGMA quick_check(1)").scalar())
    if verdict != "ok":
        yield Problem(f"The database is damaged: {verdict}", "Stop Counterpart and restore the last backup.")
    version = sqlite_driver().sqlite_version_info
    if version < SAFE_SQLITE:
        yield Problem(
            f"SQLite {'.'.join(map(str, version))} can damage a database under load.",
            "Install the package pysqlite3, or a newer Python.",
        )


def _files(ws: Application) -> Iterator[Problem]:
    for path in (ws.paths.key_file, ws.db.path):
        if path is not None and path.exists() and path.stat().st_mode & 0o077:
            yield Problem(f"{path} can be read by others.", f"Type: chmod 600 {path}")
    free = shutil.disk_usage(ws.paths.folder).free
    if free < _LEAST_FREE:
        yield Problem(
            f"Only {free // 1_000_000} MB are free in {ws.paths.folder}.",
            "Make room, or move the data folder.",
        )


def _connections(ws: Application) -> Iterator[Problem]:
    for c in ws.connections.all():
        if c.status == "failed":
            yield Problem(
                f"{c.name} does not work: {c.reason.english() if c.reason else 'no reason is known'}",
                "Mend it under Settings, then: python -m sync connections test",
            )
        elif c.status == "pending":
            yield Problem(f"{c.name} has not been tested.", "Type: python -m sync connections test")


def _runs(ws: Application) -> Iterator[Problem]:
    live = ws.runs.list(live=True, limit=200)
    for run in (r for r in live if r.status is Status.BRAKED):
        yield Problem(
            f"The safety check holds run {run.id}: {run.error.english() if run.error else ''}".strip(),
            f"Look at its plan on the Sync page, then confirm it, or: python -m sync cancel {run.id}",
        )
    waiting = _waiting(ws, live)
    if waiting and not somebody_works(ws):
        yield Problem(
            f"{waiting} waiting, and no process does the work.",
            "Start the console, or: python -m sync worker",
        )
    names = {flow.id: flow.entity.value for flow in ws.links.flows() if flow.enabled}
    for flow_id, name in names.items():
        last = next((r for r in ws.runs.list(flow_id=flow_id, limit=5) if r.status not in LIVE), None)
        if last is not None and last.status in _BAD_ENDS:
            yield _bad_end(last, name)


def _waiting(ws: Application, live: Sequence[Run]) -> str:
    if any(run.status is not Status.BRAKED for run in live):
        return "A run is"
    return "Single items are" if ws.queue.waiting_partitions() else ""


def _bad_end(run: Run, name: str) -> Problem:
    why = f": {run.error.english()}" if run.error else f" ({run.counts.failed} records)."
    return Problem(
        f"The last run of {name} {_BAD_ENDS[run.status]}{why}",
        "Its page in the console names the records; then run the flow again.",
    )


def _text(facts: dict[str, Any], problems: list[Problem]) -> str:
    lines = [f"{name.replace('_', ' ')}: {_shown(value)}" for name, value in facts.items()]
    lines += ["", *(f"✗ {p.what}\n  → {p.do}" for p in problems)] if problems else ["", "✓ All is well."]
    return "\n".join(lines).lstrip("\n")


def _shown(value: Any) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{name} {status}" for name, status in value.items()) or "none"
    if isinstance(value, list):
        return ", ".join(map(str, value)) or "none"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "none" if value is None else str(value)
