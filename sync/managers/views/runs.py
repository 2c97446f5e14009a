"""Runs as the operator sees them: the line in a list, the panel while it runs, the page of one run."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select

from storage.clock import utc_now
from storage.tables.sync import changes, run_items, sync_queue
from sync.errors import NeedsOperator
from sync.managers.views import estimate, stock_log, words
from sync.managers.views.flows import FlowInfo, all_flows, info
from sync.model.entity import Entity
from sync.model.run import LIVE, OUTCOMES, Mode, Run, Status
from sync.model.text import Message, say
from sync.workspace import Workspace

STEPS = ("read_source", "read_target", "match", "plan", "brake", "apply", "report")
"""The steps an operator sees; "bind" and all "apply:…" stages are one: writing. Only stock flows
match apart."""
QUIET = (Mode.ITEMS,)
"""Modes that lists of runs leave out: what the queue writes in passing stands on its page and in the change
log."""


@dataclass(frozen=True, slots=True)
class RunLine:
    """A run in a list. `flow` is None when the flow has been deleted; `state` names its look; `seconds` how
    long it took, or has taken so far.
    """

    run: Run
    flow: FlowInfo | None
    state: str
    seconds: float | None


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a run: done, now, or open."""

    name: str
    label: Message
    state: str


@dataclass(frozen=True, slots=True)
class LiveRun:
    """A run under way. `done` of `total` (None: unknown) belong to `stage`; rate and seconds left too, except
    while writing, where they count all the changes of the run. `about`: the seconds left are an estimate by
    the target's budget. `waiting` says why it does not go on right now.
    """

    line: RunLine
    stage: Message
    steps: tuple[Step, ...]
    done: int
    total: int | None
    seconds: float
    per_second: float | None
    seconds_left: float | None
    waiting: Message | None
    trouble: Message | None
    outcomes: Mapping[str, int]
    about: bool = False

    @property
    def writing(self) -> bool:
        """Has it planned everything and begun to write?"""
        return self.line.run.stage.startswith("apply:")


@dataclass(frozen=True, slots=True)
class QueueRow:
    """The newest stage of a run in the queue; `due` is when it began, or will begin."""

    due: datetime
    status: str
    tries: int
    error: Message | None


def recent(
    ws: Workspace, *, flow_id: str | None = None, limit: int = 50, since: datetime | None = None
) -> list[RunLine]:
    """The newest runs first."""
    known = {found.flow.id: found for found in all_flows(ws)}
    now = utc_now()
    return [
        _line(run, known.get(run.flow_id), now)
        for run in ws.runs.list(flow_id=flow_id, limit=limit, since=since, without=QUIET)
    ]


def one(ws: Workspace, run_id: str) -> RunLine:
    """One run. Raises NeedsOperator if there is none of that id."""
    run = ws.runs.get(run_id)
    return _line(run, info(ws, run.flow_id), utc_now())


def _line(run: Run, flow: FlowInfo | None, now: datetime) -> RunLine:
    begun = run.started_at or run.created_at
    seconds = ((run.finished_at or now) - begun).total_seconds() if begun else None
    return RunLine(run, flow, words.state_of(run), seconds)


def live_ids(ws: Workspace) -> frozenset[str]:
    """What is under way, as "id:status": a change of this set is worth drawing the whole page."""
    return frozenset(f"{run.id}:{run.status}" for run in ws.runs.list(live=True, without=QUIET))


def live(ws: Workspace) -> list[LiveRun]:
    """Every run that is queued, running or stopped by a brake."""
    known = {found.flow.id: found for found in all_flows(ws)}
    now = utc_now()
    under_way = ws.runs.list(live=True, without=QUIET)
    return [_live(ws, _line(run, known.get(run.flow_id), now), now) for run in under_way]


def progress(ws: Workspace, run_id: str) -> LiveRun | None:
    """How far a run is; None when it has ended."""
    line = one(ws, run_id)
    return _live(ws, line, utc_now()) if line.run.status in LIVE else None


def _live(ws: Workspace, line: RunLine, now: datetime) -> LiveRun:
    run = line.run
    item = _queue_row(ws, run.id)
    writing = run.stage.startswith("apply:")
    stock = is_stock(line)
    done, total, since = (
        _writing(ws, run)
        if writing and not stock
        else (run.done, run.total or None, item.due if item else None)
    )
    rate, left = _pace(done, total, since, now) if run.status is Status.RUNNING else (None, None)
    budget = _by_budget(ws, line, rate, done, total) if writing and stock else None
    left = budget if budget is not None else left
    names = (line.flow.source.name, line.flow.target.name) if line.flow else ("A", "B")
    return LiveRun(
        line=line,
        stage=words.stage(run.stage, *names),
        steps=steps(run, *names, stock=stock),
        done=done,
        total=total,
        seconds=line.seconds or 0.0,
        per_second=rate,
        seconds_left=left,
        waiting=_waiting(ws, run, item, now),
        trouble=item.error if item is not None and item.tries else None,
        outcomes=outcomes(ws, run, line.flow) if run.stage else {},
        about=budget is not None,
    )


def is_stock(line: RunLine) -> bool:
    """Does its plan stand in the changes of stock? (Also that of an undo of such a run.)"""
    return line.flow is not None and line.flow.flow.entity is Entity.STOCK


def _by_budget(
    ws: Workspace, line: RunLine, rate: float | None, done: int, total: int | None
) -> float | None:
    """Seconds left by the target's points for all that is not written yet, or by the pace of the step under
    way if that is slower; None where it has no points, or the plan is not known yet."""
    if line.flow is None or not total or line.run.status is not Status.RUNNING:
        return None
    here = max(0, total - done) / rate if rate else 0.0
    found = estimate.of_run(ws, line.flow.target, line.run.id, here)
    return found.seconds if found else None


def _queue_row(ws: Workspace, run_id: str) -> QueueRow | None:
    q = sync_queue.c
    query = (
        select(q.due, q.status, q.retry_count, q.error_message)
        .where(q.run_id == run_id)
        .order_by(q.id.desc())
        .limit(1)
    )
    with ws.db.read() as tx:
        row = tx.execute(query).first()
    if row is None:
        return None
    return QueueRow(
        row.due,
        row.status,
        row.retry_count,
        Message.from_json(row.error_message) if row.error_message else None,
    )


def _writing(ws: Workspace, run: Run) -> tuple[int, int, datetime | None]:
    """(changes settled, changes in all, since when) of a run that writes."""
    c = changes.c
    query = select(c.state, func.count()).where(c.run_id == run.id, c.chosen.is_(True)).group_by(c.state)
    with ws.db.read() as tx:
        counts = {str(state): int(n) for state, n in tx.execute(query)}
    waiting = counts.get("planned", 0) + counts.get("sent", 0)
    total = sum(counts.values())
    return total - waiting, total, run.first_write_at


def _pace(
    done: int, total: int | None, since: datetime | None, now: datetime
) -> tuple[float | None, float | None]:
    """(items a second, seconds left); None while there is too little to tell."""
    if since is None or not done:
        return None, None
    seconds = (now - since).total_seconds()
    if seconds < 1:
        return None, None
    rate = done / seconds
    return rate, (total - done) / rate if total and total >= done else None


def _waiting(ws: Workspace, run: Run, item: QueueRow | None, now: datetime) -> Message | None:
    if run.cancel_requested:
        return say("It stops at the next safe point.")
    if item is not None and item.status == "pending" and item.tries and item.due > now:
        return say("Tries again in {seconds} s.", seconds=round((item.due - now).total_seconds()))
    if run.status is Status.QUEUED and not ws.works:
        return say("It begins as soon as a worker is free.")
    return None


def _left_out(run: Run, stock: bool) -> frozenset[str]:
    """Steps that a run does not have."""
    return frozenset(
        name
        for name, without in (
            ("apply", run.mode is Mode.PREVIEW),
            ("match", not stock or bool(run.scope.undo_of)),
            ("read_source", bool(run.scope.undo_of)),
        )
        if without
    )


def steps(run: Run, source: str, target: str, *, stock: bool = False) -> tuple[Step, ...]:
    """The steps of a run, each done, now or open."""
    wanted = [s for s in STEPS if s not in _left_out(run, stock)]
    name = "apply" if run.stage.startswith("apply:") or run.stage == "bind" else run.stage
    at = wanted.index(name) if name in wanted else -1
    ended = run.status not in LIVE and run.status in (Status.DONE, Status.RED, Status.PLANNED)
    return tuple(
        Step(s, _step_label(s, source, target), "done" if ended or n < at else "now" if n == at else "open")
        for n, s in enumerate(wanted)
    )


def _step_label(step: str, source: str, target: str) -> Message:
    short = {
        "read_source": say("Read {name}", name=source),
        "read_target": say("Read {name}", name=target),
        "match": say("Match"),
        "plan": say("Compare"),
        "brake": say("Safety check"),
        "apply": say("Write"),
        "report": say("Report"),
    }
    return short[step]


def outcomes(ws: Workspace, run: Run, flow: FlowInfo | None = None) -> dict[str, int]:
    """Records by outcome, or by what is planned while they have none; of a finished run its report. A
    stock run counts rows to write until it has ended: its records are counted at its end."""
    if run.status not in LIVE:
        return {name: getattr(run.counts, name) for name in OUTCOMES}
    if flow is not None and flow.flow.entity is Entity.STOCK:
        stands = run.status is not Status.RUNNING  # nothing moves: what is shown now stays on the page
        return dict.fromkeys(OUTCOMES, 0) | {"updated": stock_log.planned(ws, run.id, fresh=stands)}
    i = run_items.c
    effective = func.coalesce(func.nullif(i.outcome, ""), i.planned)
    with ws.db.read() as tx:
        rows = tx.execute(select(effective, func.count()).where(i.run_id == run.id).group_by(effective)).all()
    found = {str(name): int(n) for name, n in rows}
    return {name: found.get(name, 0) for name in OUTCOMES}


def applied_by(ws: Workspace, preview: Run) -> Run | None:
    """The run that carried out a kept plan, if one did."""
    later = ws.runs.list(flow_id=preview.flow_id, since=preview.created_at, limit=200)
    return next((run for run in later if run.scope.plan_of == preview.id), None)


def void(ws: Workspace, preview: Run) -> Message | None:
    """Why a kept plan can no longer be carried out, None if it can."""
    try:
        flow = ws.links.flow(preview.flow_id)
    except NeedsOperator as gone:
        return gone.message
    if flow.version != preview.flow_version:
        return say("The flow's settings were changed since this plan was made. Make a new preview.")
    return None
