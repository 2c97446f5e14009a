"""A kept plan that is carried out: only rows that were ticked, and only those that come out the same
again."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storage.bulk import among
from storage.stock_changes import NewStockChange
from storage.tables.stock import stock_changes
from sync.errors import NeedsOperator
from sync.managers.context import Context
from sync.managers.stock.tally import Tally
from sync.model.text import say

Key = tuple[int | None, str, str]
Planned = tuple[int | None, int | None, str, bool]
"""(before, after, the product's status before, ticked)"""


@dataclass(frozen=True, slots=True)
class Approved:
    """The rows of a preview; without one everything may pass."""

    ctx: Context
    preview: str = ""

    @staticmethod
    def of(ctx: Context) -> Approved:
        """Raises NeedsOperator if the flow was changed since the preview."""
        if not ctx.run.scope.plan_of:
            return Approved(ctx)
        preview = ctx.ws.runs.get(ctx.run.scope.plan_of)
        if preview.flow_version != ctx.flow.version:
            raise NeedsOperator(
                say("The flow's settings were changed since this plan was made. Make a new preview.")
            )
        return Approved(ctx, preview.id)

    def page(self, rows: Sequence[NewStockChange], tally: Tally) -> list[NewStockChange]:
        """What of freshly planned rows was approved; the rest is counted as skipped, never written unseen."""
        if not self.preview or not rows:
            return list(rows)
        seen = self._seen([row.binding_id for row in rows if row.binding_id is not None])
        passed = set[tuple[int | None, str]]()
        for row in rows:
            if row.phase not in ("stock", "gone"):
                continue
            known = seen.get((row.binding_id, row.place, row.phase))
            if known == (row.before, row.after, row.status, True):
                passed.add((row.binding_id, row.place))
                continue
            self._left_out(row, known, tally)
        bindings = {binding for binding, _ in passed}
        return [
            row
            for row in rows
            if (row.binding_id, row.place) in passed or row.phase == "track" and row.binding_id in bindings
        ]

    def _left_out(self, row: NewStockChange, known: Planned | None, tally: Tally) -> None:
        same = known is not None and known[:3] == (row.before, row.after, row.status)
        tally.to_write -= 1
        tally.read -= 1
        tally.zeroed -= int(row.after == 0 and (row.before or 0) > 0)
        tally.hidden -= int(not row.place)
        tally.skip("unticked" if same else "plan.moved")

    def _seen(self, binding_ids: Sequence[int]) -> dict[Key, Planned]:
        c = stock_changes.c
        with self.ctx.ws.db.read() as tx:
            query = select(c.binding_id, c.place, c.phase, c.before, c.after, c.status, c.chosen)
            found = among(tx, c.binding_id, sorted(set(binding_ids)))
            return {
                (r.binding_id, r.place, r.phase): (r.before, r.after, r.status, bool(r.chosen))
                for r in tx.execute(query.where(c.run_id == self.preview, found))
            }
