"""What every undo shares: read again, hold against what the run wrote, plan, brake, apply."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from sqlalchemy import select, update

from storage.tables.sync import changes, run_items
from sync.engine.undo.products import Past
from sync.engine.undo.words import UNTICKED
from sync.managers.approval import Approval
from sync.managers.base import SyncManager
from sync.managers.context import Context
from sync.managers.undo.past import count, pasts
from sync.model.plan import Planned
from sync.model.run import Mode, Run


class UndoManager(SyncManager):
    """A run that restores what another one (`scope.undo_of`) wrote. The source is not read: what was there
    before is kept with the run's changes, and whether it still holds only the target can tell."""

    def stages(self, run: Run) -> tuple[str, ...]:
        return tuple(stage for stage in super().stages(run) if stage != "read_source")

    def plan_page(self, ctx: Context, page: Sequence[Past]) -> Iterable[Planned]:
        """The rows of the undo plan that these records make."""
        raise TypeError(f"{type(self).__name__} does not say how to plan")

    def make_plan(self, ctx: Context) -> None:
        """Plans every record that the run wrote to. Repeatable. What is only offered stays unticked in a
        preview; once carried out, only what somebody ticked is left of it."""
        self.ws.plans.forget(ctx.run.id)
        approval, total, done, seq = Approval.of(ctx), count(ctx), 0, 0
        for page in pasts(ctx):
            ctx.check()
            planned = [approval.of_record(p) for p in self.plan_page(ctx, page)]
            seq = self.ws.plans.add(ctx.run.id, planned, seq)
            done += len(page)
            ctx.progress(done, total)
        if ctx.run.mode is Mode.PREVIEW:
            self._untick(ctx)
        compared = self.ws.runs.get(ctx.run.scope.undo_of).figures
        self.ws.runs.update(ctx.run.id, figures={k: v for k, v in compared.items() if k in _COMPARED})

    def _untick(self, ctx: Context) -> None:
        i = run_items.c
        offered = select(i.id).where(i.run_id == ctx.run.id, i.cause.in_(UNTICKED))
        with self.ws.db.write() as tx:
            tx.execute(
                update(changes)
                .where(changes.c.run_id == ctx.run.id, changes.c.item_id.in_(offered))
                .values(chosen=False)
            )


_COMPARED = ("stock_rows", "prices")  # what the brake measures shares by: all that the run had looked at
