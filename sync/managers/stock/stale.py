"""Rows that moved at the target between reading and writing: read again together, decided again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from storage.stock_changes import StockChangeRow
from storage.stock_pairs import PairRow
from sync.engine.stock import Case
from sync.managers.context import Context
from sync.managers.stock.book import Again
from sync.managers.stock.deciding import Deciding, Do, Row
from sync.managers.stock.gone import PHASE
from sync.managers.stock.levels import shown_at
from sync.managers.stock.reading import Reading


class StaleRows:
    """Decides stale rows of one run."""

    def __init__(self, ctx: Context, *, urgent: bool = False) -> None:
        self.ctx, self.ws = ctx, ctx.ws
        self.reading = Reading(ctx, urgent=urgent)
        self.deciding = Deciding(ctx, _flying(ctx))

    def look(self, rows: Sequence[StockChangeRow]) -> Mapping[int, int | None]:
        """What the target shows now, by row id; the items are stored as they are."""
        ctx = self.ctx
        ids = list(dict.fromkeys(row.variant_id for row in rows))
        self.reading.items(ctx.target, ctx.target_connection.id, ctx.target_side, ids)
        items = self.ws.stock_items.by_variant(ctx.target_connection.id, ids)
        return {row.id: shown_at(items[row.variant_id], row.place) for row in rows if row.variant_id in items}

    def decide(self, rows: Mapping[int, tuple[StockChangeRow, int | None]]) -> Mapping[int, Again]:
        """By what the target shows now and what the source shows as last read."""
        sources = [row.source_id for row, _ in rows.values()]
        pairs = {
            pair.source.variant_id: pair
            for pair in self.ws.stock_match.pairs_of(self.ctx.link, self.ctx.flow.direction, sources)
        }
        self.deciding.look(list(pairs.values()))
        return {
            change: self._one(row, actual, pairs.get(row.source_id)) for change, (row, actual) in rows.items()
        }

    def _one(self, row: StockChangeRow, actual: int | None, pair: PairRow | None) -> Again:
        if row.phase == PHASE:
            return _gone(row, actual)
        if pair is None or row.place not in self.deciding.places or self.deciding.left_out(pair):
            return Again(False, 0, 0, "moved")
        planned = next(found for found in self.deciding.rows(pair, {}) if found.place == row.place)
        case = Case(
            planned.case.source,
            row.before,
            planned.case.base,
            planned.case.in_flight,
            row.source,  # as far as a rise was planned it was seen often enough, and no further
            planned.case.untold,
            planned.case.told,
        )
        decision = replace(planned.decision, untold=row.untold)
        return _again(self.deciding.again(Row(pair, row.place, case, decision), actual))


def _again(row: Row) -> Again:
    decision = row.decision
    source = row.case.source if decision.settles is None else decision.settles
    shown = row.case.shown or 0
    if decision.do is Do.WRITE and not decision.activate:
        return Again(True, shown, decision.value, decision.cause, source=source, untold=decision.untold)
    if decision.do in (Do.QUIET, Do.SETTLE):
        return Again(False, shown, decision.value, agreed=True, source=source, untold=decision.untold)
    return Again(False, shown, shown, decision.cause or "moved")


def _gone(row: StockChangeRow, actual: int | None) -> Again:
    """What the source does not have any more is not sold: whatever is shown goes to 0. What was sold
    meanwhile is remembered, too."""
    if actual is None or actual <= 0:
        return Again(False, 0, actual or 0, "gone")
    sold = (row.before or 0) - actual
    return Again(True, actual, 0, "gone", untold=max(0, row.untold + sold))


def _flying(ctx: Context) -> dict[str, int]:
    """Orders in flight as the plan found them."""
    raw = ctx.ws.runs.get(ctx.run.id).figures.get("in_flight")
    return {str(k): int(v) for k, v in raw.items() if isinstance(v, int)} if isinstance(raw, Mapping) else {}
