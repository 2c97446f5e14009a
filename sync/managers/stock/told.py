"""What the source was told of since a row was last settled: pieces in orders of the target that the link's
order flow has taken over."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from storage.order_pieces import TakenOver
from storage.stock_pairs import PairRow
from sync.engine.stock import Told
from sync.managers.context import Context
from sync.managers.stock.in_flight import read_at
from sync.managers.stock.levels import shown_at

Key = tuple[int, str]
"""(binding, location of the target)."""


class ToldOrders:
    """Looks pairs up, a page at a time. Orders that were taken over while the source was read, or since, do
    not count: its figure may not know them. Those of a flow that has been switched off since do."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.ws = ctx, ctx.ws
        self.kept = ctx.ws.order_pieces.any(ctx.link.id)

    def of(self, pairs: Sequence[PairRow], places: Sequence[str]) -> Mapping[Key, Told]:
        """Only rows that were told of something."""
        if not self.kept or not pairs:
            return {}
        orders: dict[str, list[TakenOver]] = {}
        variants = [pair.target.variant_id for pair in pairs]
        for order in self.ws.order_pieces.taken_over(
            self.ctx.link.id, self.ctx.target_side, variants, read_at(self.ctx)
        ):
            orders.setdefault(order.variant_id, []).append(order)
        touched = [pair for pair in pairs if pair.target.variant_id in orders]
        since = self.ws.stock_match.read_at([pair.binding_id for pair in touched])
        return {
            (pair.binding_id, place): told
            for pair in touched
            if pair.binding_id in since
            for place, told in _shared(
                pair, places, *_sorted(orders[pair.target.variant_id], since[pair.binding_id])
            )
        }


def _sorted(orders: Sequence[TakenOver], since: datetime) -> tuple[int, int]:
    """Pieces taken over since the pair was settled: in orders placed before that, and later."""
    new = [order for order in orders if order.taken_at >= since]
    older = sum(order.pieces for order in new if order.placed_at < since)
    return older, sum(order.pieces for order in new) - older


def _shared(pair: PairRow, places: Sequence[str], older: int, later: int) -> Iterator[tuple[str, Told]]:
    """An order does not say which location sells it: where there are several, it is where pieces are
    missing."""
    if len(places) == 1:
        yield places[0], Told(older, later)
        return
    for place in places:
        untold, base = pair.untold.get(place, 0), pair.bases.get(place)
        lost = max(0, base[1] - (shown_at(pair.target, place) or 0)) if base else 0
        told = Told(min(older, untold), min(later, max(0, untold - older) + lost))
        older, later = older - told.older, later - told.later
        yield place, told
