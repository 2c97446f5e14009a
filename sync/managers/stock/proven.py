"""What a row shows proves one write of it, not several: of calls whose answers were lost and that were to do
the same, at most one is believed to have done it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from sqlalchemy import select

from storage.bulk import among
from storage.stock_changes import StockChangeRow
from storage.tables.stock import stock_changes
from sync.engine.apply import Target
from sync.managers.alive import Alive
from sync.managers.context import Context
from sync.model.call import Call, Change, Found, Outcome, State, Written

_PIECES = ("stock", "gone", "adjust")


class Proven:
    """A target that answers `find_written` for a row only as far as nothing else explains what it shows.

    A look finds the figure that a call was to write. If another run has written that row since the call was
    planned, the look finds that one's figure: every write compares first, so of several from the same figure
    one alone can have come through. Then the row is told as moved, with what it shows; it is decided anew,
    and nothing is sent for it. The figure that the other one found before its own write is a proof again."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.ws = ctx, ctx.ws
        self._target: Target = Alive(ctx.target)

    def batch(self, changes: Sequence[Change]) -> list[Call]:
        return self._target.batch(changes)

    def send(self, call: Call) -> list[Outcome]:
        return self._target.send(call)

    def find_written(self, call: Call) -> Written:
        found = self._target.find_written(call)
        if found.found is not Found.YES:
            return found
        rows = self.ws.stock_changes.by_ids([int(change) for change in call.change_ids])
        doubtful = {str(row.id): row.after for row in rows if self._explained(row)}
        outcomes = (_beaten(o, doubtful) for o in found.outcomes)
        return replace(found, outcomes=tuple(outcomes)) if doubtful else found

    def _explained(self, row: StockChangeRow) -> bool:
        """Does another run's write, made since this row's run began, account for what is shown?"""
        if row.phase not in _PIECES or not row.place:
            return False
        began = self.ws.runs.get(row.run_id).created_at
        c = stock_changes.c
        with self.ws.db.read() as tx:
            others = tx.execute(
                select(c.before, c.after).where(
                    among(tx, c.sku, [row.sku]),
                    c.run_id != row.run_id,
                    c.item_id == row.item_id,
                    c.place == row.place,
                    c.phase.in_(_PIECES),
                    c.state == "applied",
                    c.at >= began,
                )
            ).all()
        return any(row.after != before and row.before != after for before, after in others)


def _beaten(outcome: Outcome, doubtful: dict[str, int | None]) -> Outcome:
    if outcome.state is not State.APPLIED or outcome.change_id not in doubtful:
        return outcome
    return replace(outcome, state=State.STALE, actual=doubtful[outcome.change_id])
