"""Stock flows: runs by their recipe, and single source items out of the queue, of which one turn's records
become one small run beside the flow's live one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta

from storage.clock import utc_now
from storage.queue_item import Item
from sync.errors import Braked, CounterpartError, NeedsOperator, OutcomeUnknown, Transient
from sync.managers.context import Context, spending_of
from sync.managers.stock.overtaking import drop_planned, recover_ended
from sync.managers.stock.reading import Reading
from sync.managers.stock.recipe import StockRecipe
from sync.managers.stock.rematch import plan
from sync.model.flow import Flow
from sync.model.run import Mode, Run, Scope, Status
from sync.model.text import say

_FORGOTTEN = timedelta(minutes=2)  # a run of a worker that died
Results = Mapping[int, CounterpartError | None]


class StockSyncManager(StockRecipe):
    """One direction of stock, whole or item by item."""

    def items(self, flow: Flow, batch: Sequence[Item], owner: str) -> Results:
        """Brings single source items in step: reads them anew, plans, writes, reports as one run. Answers for
        each item's id None (done, parked, nothing to do) or the error that it met; raises what concerns the
        whole batch."""
        self._refuse_early(flow)
        self._end_forgotten(flow, owner)
        ids = tuple(dict.fromkeys(item.record_id for item in batch))
        with self.ws.db.write() as tx:
            run_id = self.ws.runs.start(tx, flow.id, flow.version, Mode.ITEMS, Scope(ids=ids), owner)
            self.ws.runs.set(tx, run_id, status=Status.RUNNING, started_at=utc_now())
        ctx = self.context(self.ws.runs.get(run_id))
        try:
            with spending_of(ctx):
                busy = self._at_once(ctx, {item.record_id: item.cause for item in batch})
        except CounterpartError as error:
            self.close(self.ws.runs.get(run_id), Status.FAILED, error)
            raise
        found = _fates(ctx)
        return {item.id: busy.get(item.record_id) or found.get(item.record_id) for item in batch}

    def _refuse_early(self, flow: Flow) -> None:
        if not flow.enabled:
            raise NeedsOperator(say("This flow is switched off. Switch it on in Settings first."))
        if not self.ws.stock_stages.get(flow.id).live:
            raise NeedsOperator(
                say("Single items follow once the baseline has been made and validated. Do that first.")
            )

    def _at_once(self, ctx: Context, causes: Mapping[str, str]) -> dict[str, CounterpartError]:
        """The stages of the small run, one after the other; answers the records that have to wait."""
        recover_ended(ctx, self.engine)
        reading = Reading(ctx, urgent=True)
        reading.source()
        if not ctx.target.support(self.entity).compares:
            reading.target()
        self.match(ctx)
        pairs = self.ws.stock_match.pairs_of(ctx.link, ctx.flow.direction, ctx.run.scope.ids)
        waiting = drop_planned(ctx, pairs)
        plan(ctx, causes)
        if hits := self.brake_hits(ctx):
            self.ws.runs.update(ctx.run.id, brakes=tuple(hits))
            raise Braked(hits)
        self._write(ctx)
        later = say("This item is being written at this moment; it follows right after.")
        return dict.fromkeys(waiting, Transient(later, retry_after=2))

    def _write(self, ctx: Context) -> None:
        self.bind(ctx)
        for phase in self.phases:
            if phase in self.ws.stock_changes.phases(ctx.run.id):
                self.apply(ctx, phase)
        ctx.progress(len(ctx.run.scope.ids), force=True)
        self.report(ctx)

    def _end_forgotten(self, flow: Flow, owner: str) -> None:
        """Small runs of workers that died: they are over, and their open calls are looked up like any
        other's."""
        for run in self.ws.runs.list(flow_id=flow.id, live=True):
            if _forgotten(run, owner):
                self.close(
                    run, Status.FAILED, Transient(say("The worker stopped in the middle of this run."))
                )


def _fates(ctx: Context) -> dict[str, CounterpartError]:
    """Records whose outcome nobody knows are tried again; what was refused is parked and done."""
    return {
        row.source_id: OutcomeUnknown(
            row.message or say("No answer came; it is looked up before anything is repeated.")
        )
        for row in ctx.ws.stock_changes.each(ctx.run.id, "unknown")
    }


def _forgotten(run: Run, owner: str) -> bool:
    old = run.created_at is None or utc_now() - run.created_at > _FORGOTTEN
    return run.mode is Mode.ITEMS and (old or run.started_by != owner)
