"""Planning, and once more where a SKU turns out to have moved to another item: the match is refreshed at
once, so that the right partner is written by this run and not by the next."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import islice

from storage.stock_pairs import PairRow
from sync.managers.context import Context
from sync.managers.stock.planning import StockPlanning
from sync.managers.stock.reading import Reading
from sync.managers.stock.scope import keep_cursor
from sync.model.run import Mode

_READ_AGAIN = 1000  # pairs; where more moved than that a whole read comes sooner


def plan(ctx: Context, causes: Mapping[str, str] | None = None) -> None:
    """Plans a run; `causes` and errors as `StockPlanning`. What the first attempt left is replaced."""
    planning = StockPlanning(ctx, causes)
    planning.run_all()
    if found := planning.deciding.moved:
        _look_again(ctx, list(islice(found.values(), _READ_AGAIN)))
        ctx.ws.stock_match.refresh(ctx.flow, ctx.link)
        StockPlanning(ctx, causes).run_all()


def _look_again(ctx: Context, pairs: Sequence[PairRow]) -> None:
    """Reads whatever carries or carried the SKUs of these pairs, on each side that this run has not read as a
    whole: to whom a SKU belongs is told by both of its items."""
    urgent = ctx.run.mode is Mode.ITEMS
    skus = sorted({sku for pair in pairs for sku in (pair.source.sku, pair.target.sku) if sku})
    reading, sides = Reading(ctx, urgent=urgent), []
    if urgent:
        sides.append((ctx.source, ctx.source_connection.id, ctx.source_side))
    if ctx.run.mode in (Mode.ITEMS, Mode.DELTA):
        sides.append((ctx.target, ctx.target_connection.id, ctx.target_side))
    for connector, connection, side in sides:
        stored = [row.variant_id for row in ctx.ws.stock_items.by_sku(connection, skus)]
        reading.items(connector, connection, side, stored, skus)
    if urgent:
        keep_cursor(ctx, "", "")  # what is stored of the source is newer than the cursor now
