"""What an operator can do with runs: start, cancel, confirm a brake, give up, tick a plan's rows and carry it
out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta

from sqlalchemy import Connection, update

from storage.clock import utc_now
from storage.queue import SCHEDULED
from storage.tables.sync import runs as runs_table
from sync.errors import NeedsOperator
from sync.managers.verbs.stock_gate import SCHEDULE, StockGate
from sync.managers.views import items, stock_log, words
from sync.managers.views.flows import FlowInfo, info, refuse_blocked
from sync.managers.views.runs import applied_by, void
from sync.model.codec import dump
from sync.model.entity import Entity
from sync.model.flow import Flow, ProductFilter
from sync.model.run import Mode, Run, Scope, Status
from sync.model.text import Message, say
from sync.model.values import text
from sync.workspace import Workspace

BY_HAND = 50
"""Priority of a run that a person waits for; a schedule's is 100."""
PLAN_KEEPS = timedelta(minutes=15)
"""A plan that a brake held for longer is made anew from fresh reads once it is confirmed."""
MOST_ALONE = 1_000
"""Records that one run can be limited to by name."""

_STARTED = {
    Mode.PREVIEW: say("Preview started by {who}."),
    Mode.TEST: say("Test run started by {who}."),
    Mode.FULL: say("Full run started by {who}."),
    Mode.DELTA: say("Run of the changes started by {who}."),
    Mode.SWEEP: say("Sweep of both sides started by {who}."),
    Mode.UNDO: say("Undo started by {who}."),
}


class RunVerbs:
    """Verbs of runs. Each is one transaction and writes a log row that names who asked."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def start(
        self, flow_id: str, mode: Mode, scope: Scope = Scope(), by: str = "", *, priority: int = BY_HAND
    ) -> str:
        """Queues a run and answers its id. Raises NeedsOperator while one of the flow is live, or if the flow
        is switched off, a connection was never tested, or the scope cannot be.
        """
        found = self._startable(flow_id, scope)
        scope = _checked(scope, found)
        self._refuse_early(found, mode, scope, by)
        first = self._first_stage(found, mode, scope)
        with self.ws.db.write() as tx:
            run_id = self.ws.runs.start(tx, flow_id, found.flow.version, mode, scope, by)
            self._queue(tx, run_id, found, first, priority)
        self.ws.wake()
        self._note(_started(mode, scope, by), run_id, found)
        return run_id

    def start_scheduled(self, flow: Flow) -> str:
        """The run that a schedule starts: stock as `StockGate.scheduled` says, all else in full. The stock of
        products waits while orders have not been taken over. Raises as `start`."""
        if flow.entity is Entity.STOCK:
            mode = StockGate(self.ws).scheduled(flow, utc_now())
            return self.start(flow.id, mode, by=SCHEDULE, priority=SCHEDULED)
        scope = Scope()
        if flow.entity is Entity.PRODUCT and (reason := StockGate(self.ws).waits(flow, SCHEDULE)):
            scope = Scope(parts=("products", "prices", "images"))
            about = {"flow_id": flow.id, "link_id": flow.link_id, "entity": flow.entity.value}
            for said in (say("Stock is left out of this scheduled run."), reason):
                self.ws.journal.say("warning", said, **about)
        return self.start(flow.id, Mode.FULL, scope, by=SCHEDULE, priority=SCHEDULED)

    def cancel(self, run_id: str, by: str = "") -> None:
        """Asks a run to stop at its next safe point; one that a brake holds ends at once. What is written
        stays.
        """
        run = self.ws.runs.get(run_id)
        if run.status is Status.BRAKED:
            self.abandon(run_id, by)
            return
        if run.status not in (Status.QUEUED, Status.RUNNING):
            raise NeedsOperator(say("This run has already ended."))
        self.ws.runs.cancel(run_id)
        self.ws.wake()
        self._note(say("{who} asked the run to stop.", who=by), run_id, None)

    def confirm(self, run_id: str, codes: Sequence[str], by: str = "") -> None:
        """Lets a braked run go on past these brakes. Raises NeedsOperator if it is not held by one of them
        (any more).
        """
        run = self._braked(run_id)
        unknown = sorted(set(codes) - {hit.code for hit in run.brakes})
        if unknown or not codes:
            raise NeedsOperator(
                say(
                    "The run is not stopped by {codes}. Look at its page again.",
                    codes=", ".join(unknown) or "–",
                )
            )
        scope = replace(run.scope, confirmed=tuple(dict.fromkeys((*run.scope.confirmed, *codes))))
        found = self._startable(run.flow_id, scope)
        with self.ws.db.write() as tx:
            _leave_brake(tx, run_id, Status.QUEUED, scope)
            self._queue(tx, run_id, found, self._resume_at(run), BY_HAND)
        self.ws.wake()
        self._note(
            say("{who} confirmed: {codes}. The run goes on.", who=by, codes=", ".join(codes)), run_id, found
        )

    def _resume_at(self, run: Run) -> str:
        """The brake again; or from the beginning, if what the run has read is too old to be written by."""
        old = run.started_at is None or utc_now() - run.started_at > PLAN_KEEPS
        return self.ws.manager(run).stages(run)[0] if old else "brake"

    def abandon(self, run_id: str, by: str = "") -> None:
        """Ends a braked run; nothing of it has been written."""
        run = self._braked(run_id)
        with self.ws.db.write() as tx:
            _leave_brake(tx, run_id, Status.CANCELLED, run.scope)
        self.ws.manager(run).close(run, Status.CANCELLED, None)
        self._note(say("{who} ended the run at the safety check. Nothing was written.", who=by), run_id, None)

    def apply_plan(self, preview_id: str, by: str = "") -> str:
        """Starts the run that carries out a kept plan: its ticked rows, each only if its before-value still
        holds. Raises NeedsOperator if there is no such plan, nothing is ticked, it was carried out already,
        or it is void.
        """
        preview = self._plan(preview_id)
        ticked = stock_log.ticked if self._is_stock(preview) else None
        if not (ticked(self.ws, preview.id) if ticked else items.ticked(self.ws, preview))[0]:
            raise NeedsOperator(say("No row of this plan is ticked: there is nothing to write."))
        mode = Mode.UNDO if preview.scope.undo_of else Mode.FULL
        return self.start(preview.flow_id, mode, replace(preview.scope, plan_of=preview.id, confirmed=()), by)

    def choose(self, run_id: str, item_ids: Sequence[int], chosen: bool) -> None:
        """Ticks or unticks rows of a kept plan. Raises NeedsOperator if it is none, or was carried out
        already.
        """
        plan = self._plan(run_id)
        if self._is_stock(plan):
            self._tick(stock_log.ChangeFilter(run_id=plan.id), chosen, item_ids)
        else:
            self.ws.plans.choose(plan.id, item_ids, chosen)

    def choose_all(self, run_id: str, which: items.RowFilter | stock_log.ChangeFilter, chosen: bool) -> int:
        """Ticks or unticks every row that matches; answers how many."""
        plan = self._plan(run_id)
        if isinstance(which, stock_log.ChangeFilter):
            return self._tick(replace(which, run_id=plan.id), chosen)
        found = items.ids(self.ws, plan, which)
        self.ws.plans.choose(plan.id, found, chosen)
        return len(found)

    # -- steps -----------------------------------------------------------------------------------------------

    def _is_stock(self, run: Run) -> bool:
        return self.ws.links.flow(run.flow_id).entity is Entity.STOCK

    def _tick(self, which: stock_log.ChangeFilter, chosen: bool, ids: Sequence[int] | None = None) -> int:
        """Ticks or unticks rows of a kept stock plan."""
        with self.ws.db.write() as tx:
            return self.ws.stock_changes.choose(tx, which, chosen, ids)

    def _startable(self, flow_id: str, scope: Scope) -> FlowInfo:
        """The flow, if such a run of it can be started. An undo can, even if the flow was switched off for
        what it did."""
        return info(self.ws, flow_id) if scope.undo_of else refuse_blocked(self.ws, flow_id)

    def _refuse_early(self, found: FlowInfo, mode: Mode, scope: Scope, by: str) -> None:
        """Stock: baseline and validation come first, and a full run after them wants a reason."""
        if found.flow.entity is not Entity.STOCK:
            return
        if reason := StockGate(self.ws).refused(found.flow, mode, scope, by):
            raise NeedsOperator(reason)

    def _first_stage(self, found: FlowInfo, mode: Mode, scope: Scope) -> str:
        asked = Run("", found.flow.id, mode, Status.QUEUED, scope)
        return self.ws.manager(asked).stages(asked)[0]

    def _queue(self, tx: Connection, run_id: str, found: FlowInfo, stage: str, priority: int) -> None:
        self.ws.queue.add(
            tx,
            run_id,
            found.flow.entity.value,
            stage,
            direction=found.flow.direction,
            partition=(found.source if stage == "read_source" else found.target).id,
            priority=priority,
        )

    def _braked(self, run_id: str) -> Run:
        run = self.ws.runs.get(run_id)
        if run.status is not Status.BRAKED:
            raise _not_braked()
        return run

    def _plan(self, run_id: str) -> Run:
        run = self.ws.runs.get(run_id)
        if run.status is not Status.PLANNED:
            raise NeedsOperator(say("This run is not a kept plan."))
        if done := applied_by(self.ws, run):
            raise NeedsOperator(say("This plan was carried out by run {id}. Make a new preview.", id=done.id))
        if reason := void(self.ws, run):
            raise NeedsOperator(reason)
        return run

    def _note(self, message: Message, run_id: str, found: FlowInfo | None) -> None:
        flow = found.flow if found else self.ws.links.flow(self.ws.runs.get(run_id).flow_id)
        self.ws.journal.say(
            "info", message, run_id=run_id, flow_id=flow.id, link_id=flow.link_id, entity=flow.entity.value
        )


def _started(mode: Mode, scope: Scope, by: str) -> Message:
    if mode is Mode.PREVIEW and scope.undo_of:
        return say("{who} asked for the undo of run {id}: it is planned first.", who=by, id=scope.undo_of)
    return Message(_STARTED[mode].id, {"who": by})


def _checked(scope: Scope, found: FlowInfo) -> Scope:
    """The scope without blanks and repetitions. Raises NeedsOperator for parts or records that the flow does
    not have.
    """
    offered = words.PARTS.get(found.flow.entity, {})
    strange = [part for part in scope.parts if part not in offered]
    if strange:
        raise NeedsOperator(
            say(
                "This flow has no part {parts}. It has: {offered}.",
                parts=", ".join(strange),
                offered=", ".join(offered),
            )
        )
    if scope.filters != ProductFilter() and found.flow.entity is not Entity.PRODUCT:
        raise NeedsOperator(say("Only product runs can be filtered. Name single orders instead."))
    alone = replace(scope, skus=_clean(scope.skus), names=_clean(scope.names), ids=_clean(scope.ids))
    if len(alone.skus) + len(alone.names) + len(alone.ids) > MOST_ALONE:
        raise NeedsOperator(
            say(
                "A run can be limited to {most} records at a time. Run the whole flow instead.",
                most=MOST_ALONE,
            )
        )
    return alone


def _clean(values: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(cleaned for value in values if (cleaned := text(value))))


def _leave_brake(tx: Connection, run_id: str, status: Status, scope: Scope) -> None:
    """Moves a braked run on, once: of two people who decide at the same time one is told."""
    r = runs_table.c
    moved = tx.execute(
        update(runs_table)
        .where(r.id == run_id, r.status == Status.BRAKED.value)
        .values(status=status.value, scope=dump(scope), error=None)
    ).rowcount
    if not moved:
        raise _not_braked()


def _not_braked() -> NeedsOperator:
    return NeedsOperator(say("This run is not waiting at the safety check any more."))
