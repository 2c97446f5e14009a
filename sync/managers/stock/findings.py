"""What a plan finds beside what it writes: pairs that agree already, differences that stay, moves that the
target made by itself, and rows for a person. Stored a page at a time; a preview stores nothing."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import select

from storage.bulk import run_many
from storage.clock import to_micros, utc_now
from storage.stock_changes import NewStockChange
from storage.stock_differences import NewDifference, StockDifference
from storage.stock_pairs import PairRow
from storage.tables.stock import stock_changes
from storage.tables.sync import stock_baselines
from sync.managers.context import Context
from sync.managers.stock.deciding import Do, Rising, Row
from sync.managers.stock.in_flight import read_at
from sync.managers.stock.scope import by_memory, narrow
from sync.model.entity import Entity
from sync.model.order import Order
from sync.model.plan import Park
from sync.model.run import Mode
from sync.model.stock import Difference
from sync.model.text import Message, say

PARKS: dict[str, Message] = {
    "stock.unreported": say(
        "Both sides moved: the target lost pieces that the source was never told of. Choose which figure "
        "holds, or let the flow's settings take them off."
    ),
    "stock.silent": say(
        "The source says nothing about this item's stock any more, and the target still sells it. Look at "
        "its stock at the source."
    ),
    "stock.beyond": say(
        "The quantity is larger than the target can hold. It was not sent; look at the item's stock at the "
        "source."
    ),
}
_SETTLE = (
    "INSERT INTO stock_baselines (binding_id, location_id, a_quantity, b_quantity, at, untold, source_at) "
    "VALUES (?, ?, ?, ?, ?, ?, ?) ON CONFLICT (binding_id, location_id) DO UPDATE SET "
    "a_quantity = excluded.a_quantity, b_quantity = excluded.b_quantity, at = excluded.at, "
    "untold = excluded.untold"
)
_READ = (
    ", source_at = CASE WHEN excluded.source_at > stock_baselines.source_at THEN excluded.source_at "
    "ELSE stock_baselines.source_at END"
)
"""Only where the target was read, too: orders whose loss was not seen have still to be counted."""


class Findings:
    """Collects over one page and stores it."""

    def __init__(self, ctx: Context, orders: Sequence[Order] = ()) -> None:
        """`orders`: the target's orders that the source does not know yet."""
        self.ctx, self.ws = ctx, ctx.ws
        self.sales = _sales(orders)
        self.known: dict[tuple[int, str], StockDifference] = {}
        self.settled: list[Row] = []
        self.differing: list[NewDifference] = []
        self.seen: list[NewStockChange] = []
        self.parks: list[Park] = []
        self.closed: list[tuple[int, str]] = []

    def look(self, pairs: Sequence[PairRow]) -> Rising:
        """Looks up what is known to differ of a page; answers the rises that wait for their second sight."""
        self.known = self.ws.stock_differences.of(self.ctx.flow.id, [pair.binding_id for pair in pairs])
        return {key: d.source for key, d in self.known.items() if d.run_id != self.ctx.run.id}

    def note(self, row: Row) -> None:
        """Takes up one decision."""
        do, key = row.decision.do, (row.pair.binding_id, row.place)
        if do is Do.SETTLE:
            self.settled.append(row)
        if self._moved(row):
            self.seen.append(self._seen_row(row))
        if do in (Do.KEEP, Do.HOLD, Do.PARK) or do is Do.QUIET and row.decision.cause:
            self.differing.append(self._difference(row))
        elif key in self.known and do is not Do.WRITE:
            self.closed.append(key)
        if do is Do.PARK:
            self.parks.append(self._park(row))

    def store(self) -> None:
        """One transaction for a page."""
        if self.ctx.run.mode is not Mode.PREVIEW and (
            self.settled or self.differing or self.seen or self.parks or self.closed
        ):
            ctx = self.ctx
            with self.ws.db.write() as tx:
                read = to_micros(read_at(ctx))
                settle = _SETTLE if by_memory(ctx) else _SETTLE + _READ
                run_many(tx, settle, [(*self._settle(row), read) for row in self.settled])
                self.ws.stock_differences.put(tx, ctx.flow.id, self.differing)
                self.ws.stock_differences.close(tx, ctx.flow.id, self.closed)
                self.ws.stock_changes.add(self.seen, tx)
                self.ws.attention.park(tx, ctx.link.id, ctx.flow.id, ctx.run.id, self.parks)
        for found in (self.settled, self.differing, self.seen, self.parks, self.closed):
            found.clear()

    def rises_over(self) -> None:
        """After a delta, which passes over pairs that are as they were settled: a rise that waited for its
        second sight and is not shown any more has been seen never."""
        ctx, after, listed = self.ctx, (0, ""), self.ws.stock_differences.list
        while page := listed(ctx.flow.id, Difference.DIFFERS, after=after, limit=1000):
            after = (page[-1].binding_id, page[-1].place)
            left = [d for d in page if d.run_id != ctx.run.id]
            bases = self.ws.stock_match.settled(ctx.link, ctx.flow.direction, [d.binding_id for d in left])
            over = [k for d in left if d.source != bases.get(k := (d.binding_id, d.place), (d.source,))[0]]
            with self.ws.db.write() as tx:
                self.ws.stock_differences.close(tx, ctx.flow.id, over)

    # -- steps -----------------------------------------------------------------------------------------------

    def _settle(self, row: Row) -> tuple[int, str, int, int, int, int]:
        halves = (row.case.source or 0, row.decision.value)
        a, b = halves if self.ctx.source_side == "a" else halves[::-1]
        return (row.pair.binding_id, row.place, a, b, to_micros(utc_now()), row.decision.untold)

    def _moved(self, row: Row) -> bool:
        """Did the target move by itself, and was that not noted before?"""
        base, shown = row.case.base, row.case.shown
        if base is None or shown is None or shown == base[1]:
            return False
        known = self.known.get((row.pair.binding_id, row.place))
        return known is None or known.target != shown

    def _seen_row(self, row: Row) -> NewStockChange:
        pair, base = row.pair, row.case.base
        return NewStockChange(
            run_id=self.ctx.run.id,
            flow_id=self.ctx.flow.id,
            binding_id=pair.binding_id,
            phase="stock",
            sku=pair.source.sku,
            source_id=pair.source.variant_id,
            variant_id=pair.target.variant_id,
            item_id=pair.target.item_id,
            place=row.place,
            before=base[1] if base else None,
            after=row.case.shown,
            source=row.case.source,
            cause="order" if self._ordered(row) else "store",
            reason="twice" if base and self._twice(row, base[1]) else "target.moved",
            state="seen",
        )

    def _ordered(self, row: Row) -> bool:
        """Do orders placed since the pair was settled account for the whole of a fall? Nothing else is known
        to be one: pieces also leave by hand, by another app, or by an order taken over long ago."""
        base, shown = row.case.base, row.case.shown or 0
        sales = self.sales.get(row.pair.target.variant_id)
        if base is None or shown >= base[1] or not sales:
            return False
        settled = self._settled_at(row)
        return settled is not None and base[1] - shown <= sum(n for placed, n in sales if placed > settled)

    def _settled_at(self, row: Row) -> datetime | None:
        c = stock_baselines.c
        query = select(c.at).where(c.binding_id == row.pair.binding_id, c.location_id == row.place)
        with self.ws.db.read() as tx:
            return tx.execute(query).scalar()

    def _difference(self, row: Row) -> NewDifference:
        return NewDifference(
            row.pair.binding_id,
            row.place,
            row.pair.source.sku,
            self._why(row),
            row.case.source or 0,
            row.case.shown or 0,
            self.ctx.run.id,
        )

    def _why(self, row: Row) -> Difference:
        """twice: our last change stands there twice over · store: the target alone moved · missed: the
        source's move stood open before and still has not arrived · differs: everything else."""
        base, known = row.case.base, self.known.get((row.pair.binding_id, row.place))
        if base is not None and row.case.source == base[0] and row.case.shown != base[1]:
            return Difference.TWICE if self._twice(row, base[1]) else Difference.STORE
        moved = base is not None and row.case.source != base[0] and row.decision.do is not Do.HOLD
        return Difference.MISSED if moved and stood_open(known, self.ctx.run.id) else Difference.DIFFERS

    def _twice(self, row: Row, written: int) -> bool:
        """Did the target move once more by what we last changed there? A fall may be a sale of as many
        pieces, unless it was a delta that we sent."""
        c = stock_changes.c
        query = select(c.before, c.after, c.phase).where(
            c.sku == row.pair.source.sku,
            c.binding_id == row.pair.binding_id,
            c.place == row.place,
            c.state == "applied",
        )
        with self.ws.db.read() as tx:
            last = tx.execute(query.order_by(c.id.desc()).limit(1)).first()
        if last is None or last.before is None or last.after != written:
            return False
        delta = last.after - last.before
        ours = delta > 0 or last.phase == "adjust" and delta != 0
        return ours and (row.case.shown or 0) - written == delta

    def _park(self, row: Row) -> Park:
        pair = row.pair
        return Park(
            Entity.STOCK,
            pair.source.variant_id,
            pair.source.label,
            row.decision.cause,
            PARKS[row.decision.cause],
            sku=pair.source.sku,
            facts={
                "place": row.place,
                "source": row.case.source,
                "target": row.case.shown,
                "before": list(row.case.base or ()),
            },
        )


def _sales(orders: Sequence[Order]) -> dict[str, list[tuple[datetime, int]]]:
    """When how many pieces were ordered, by target variant."""
    found: dict[str, list[tuple[datetime, int]]] = defaultdict(list)
    for order in orders:
        for line in order.lines:
            if line.variant_id:
                found[line.variant_id].append((order.placed_at, line.quantity))
    return found


def stood_open(known: StockDifference | None, run_id: str) -> bool:
    """Did an earlier run already leave a move of the source behind here? (What the target alone moved does
    not say so.)"""
    return (
        known is not None and known.run_id != run_id and known.why in (Difference.DIFFERS, Difference.MISSED)
    )


def whole(ctx: Context) -> bool:
    """Did the run look at every pair, with both sides read?"""
    return ctx.run.mode in (Mode.FULL, Mode.SWEEP) and not narrow(ctx.run) and not ctx.run.scope.plan_of
