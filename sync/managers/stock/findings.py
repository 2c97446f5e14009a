"""What a plan finds beside what it writes: pairs that agree already, differences that stay, edits by hand at
the target, and rows for a person. Stored a page at a time; a preview stores nothing."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import select

from storage.bulk import run_many
from storage.clock import to_micros, utc_now
from storage.stock_changes import NewStockChange
from storage.stock_differences import NewDifference, StockDifference
from storage.stock_pairs import PairRow
from storage.tables.stock import stock_changes
from sync.managers.context import Context
from sync.managers.stock.deciding import Do, Rising, Row
from sync.managers.stock.scope import narrow
from sync.model.entity import Entity
from sync.model.plan import Park
from sync.model.run import Mode
from sync.model.stock import Difference
from sync.model.text import Message, say
from sync.queue import fence

PARKS: dict[str, Message] = {
    "stock.unreported": say(
        "Both sides moved: the target lost pieces that the source was never told of. Choose which figure "
        "holds, or let the flow's settings take them off."
    ),
    "stock.silent": say(
        "The source says nothing about this item's stock any more, and the target still sells it. Look at "
        "its stock at the source."
    ),
}
_SETTLE = (
    "INSERT INTO stock_baselines (binding_id, location_id, a_quantity, b_quantity, at, untold) "
    "VALUES (?, ?, ?, ?, ?, ?) ON CONFLICT (binding_id, location_id) DO UPDATE SET "
    "a_quantity = excluded.a_quantity, b_quantity = excluded.b_quantity, at = excluded.at, "
    "untold = excluded.untold"
)


class Findings:
    """Collects over one page and stores it."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.ws = ctx, ctx.ws
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
        if self._hand(row):
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
                fence.check(tx)
                run_many(tx, _SETTLE, [self._settle(row) for row in self.settled])
                self.ws.stock_differences.put(tx, ctx.flow.id, self.differing)
                self.ws.stock_differences.close(tx, ctx.flow.id, self.closed)
                self.ws.stock_changes.add(self.seen, tx)
                self.ws.attention.park(tx, ctx.link.id, ctx.flow.id, ctx.run.id, self.parks)
        for found in (self.settled, self.differing, self.seen, self.parks, self.closed):
            found.clear()

    # -- steps -----------------------------------------------------------------------------------------------

    def _settle(self, row: Row) -> tuple[int, str, int, int, int, int]:
        halves = (row.case.source or 0, row.decision.value)
        a, b = halves if self.ctx.source_side == "a" else halves[::-1]
        return (row.pair.binding_id, row.place, a, b, to_micros(utc_now()), row.decision.untold)

    def _hand(self, row: Row) -> bool:
        """Did the target move by itself, and was that not noted before?"""
        base, shown = row.case.base, row.case.shown
        if base is None or shown is None or shown == base[1]:
            return False
        known = self.known.get((row.pair.binding_id, row.place))
        return known is None or known.target != shown

    def _seen_row(self, row: Row) -> NewStockChange:
        pair, base = row.pair, row.case.base
        fell = base is not None and (row.case.shown or 0) < base[1]
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
            cause="order" if fell else "hand",
            reason="twice" if base and not fell and self._twice(row, base[1]) else "target.moved",
            state="seen",
        )

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
        """twice: our last change stands there twice over · hand: the target alone moved · missed: it stood
        open before, and the source's move still has not arrived · differs: everything else."""
        base, known = row.case.base, self.known.get((row.pair.binding_id, row.place))
        if base is not None and row.case.source == base[0] and row.case.shown != base[1]:
            return Difference.TWICE if self._twice(row, base[1]) else Difference.HAND
        if known is not None and known.run_id != self.ctx.run.id and row.decision.do is not Do.HOLD:
            return Difference.MISSED if base is not None and row.case.source != base[0] else known.why
        return Difference.DIFFERS

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


def whole(ctx: Context) -> bool:
    """Did the run look at every pair, with both sides read?"""
    return ctx.run.mode in (Mode.FULL, Mode.SWEEP) and not narrow(ctx.run) and not ctx.run.scope.plan_of
