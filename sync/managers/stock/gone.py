"""Items that two complete sweeps of the source did not show: what becomes of their partners at the target."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

from sqlalchemy import func, select

from storage.bulk import among
from storage.stock_changes import NewStockChange
from storage.stock_pairs import PairRow
from storage.tables.stock import stock_items
from sync.engine.stock import Case, untold_now
from sync.managers.context import Context
from sync.managers.stock.levels import shown_at
from sync.managers.stock.scope import places
from sync.managers.stock.tally import Tally
from sync.model.entity import Entity
from sync.model.plan import Park
from sync.model.run import Mode
from sync.model.text import say

PHASE = "gone"
STATUSES = {"draft": "draft", "archive": "archived"}
_LISTED = 1000  # so many are listed one by one; the brake holds a run that would lose more


class Gone:
    """Collects gone pairs while a plan is made. `leave` lists them for the operator; `zero` sets their stock
    to 0; `draft` and `archive` hide a product once all its variants are gone, and until then zero what is
    gone."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.ws, self.what = ctx, ctx.ws, ctx.flow.stock.gone
        self.places = places(ctx)
        self.pairs: list[PairRow] = []
        self.left = 0

    def add(self, pair: PairRow) -> None:
        if self.what == "leave" and len(self.pairs) >= _LISTED:
            self.left += 1
        else:
            self.pairs.append(pair)

    def rows(self, tally: Tally) -> list[NewStockChange]:
        """What is to be written, counted; what is left is listed in Needs you."""
        if self.what == "leave":
            tally.skip("gone", (len(self.pairs) + self.left) * len(self.places))
            self._park()
            return []
        hidden = self._whole_products() if self.what in STATUSES else set()
        rows: list[NewStockChange] = []
        for product in sorted(hidden):
            rows.append(self._hide(next(p for p in self.pairs if p.target.product_id == product)))
            tally.read += 1
            tally.to_write += 1
        for pair in self.pairs:
            rows += self._zero(pair, tally)
        return rows

    def _zero(self, pair: PairRow, tally: Tally) -> list[NewStockChange]:
        made = []
        for place in self.places:
            shown = shown_at(pair.target, place)
            if shown is None or shown <= 0 or not pair.target.tracked:
                tally.skip("gone")
                continue
            tally.write(shown, 0)
            change = self._change(pair, place, shown, 0, "gone")
            made.append(replace(change, untold=self._untold(pair, place)))
        return made

    def _untold(self, pair: PairRow, place: str) -> int:
        """If the item comes back to the source, it still does not know of these pieces."""
        case = Case(0, shown_at(pair.target, place), pair.bases.get(place), untold=pair.untold.get(place, 0))
        return untold_now(case)

    def _hide(self, pair: PairRow) -> NewStockChange:
        return self._change(pair, "", None, None, self.what)

    def _change(
        self, pair: PairRow, place: str, before: int | None, after: int | None, reason: str
    ) -> NewStockChange:
        return NewStockChange(
            run_id=self.ctx.run.id,
            flow_id=self.ctx.flow.id,
            binding_id=pair.binding_id,
            phase=PHASE,
            sku=pair.target.sku or pair.source.sku,
            source_id=pair.source.variant_id,
            variant_id=pair.target.variant_id,
            item_id=pair.target.item_id if place else pair.target.product_id,
            place=place,
            before=before,
            after=after,
            source=0 if place else None,
            cause="run",
            reason=reason,
        )

    def _whole_products(self) -> set[str]:
        """Products of the target of which every variant is the partner of a gone item."""
        gone = Counter(pair.target.product_id for pair in self.pairs if pair.target.product_id)
        i = stock_items.c
        with self.ws.db.read() as tx:
            there = {
                row[0]: int(row[1])
                for row in tx.execute(
                    select(i.product_id, func.count())
                    .where(
                        i.connection_id == self.ctx.target_connection.id,
                        among(tx, i.product_id, sorted(gone)),
                        i.missed == 0,
                    )
                    .group_by(i.product_id)
                )
            }
        return {product for product, count in gone.items() if there.get(product) == count}

    def _park(self) -> None:
        if self.ctx.run.mode is Mode.PREVIEW or not self.pairs:
            return
        parks = [
            Park(
                Entity.STOCK,
                pair.source.variant_id,
                pair.source.label,
                "stock.gone",
                say(
                    "The source has not shown this item in two complete reads. It is left as it is at the "
                    "target; the flow's settings say what becomes of such items."
                ),
                sku=pair.source.sku,
                facts={"target": pair.target.variant_id},
            )
            for pair in self.pairs
        ]
        with self.ws.db.write() as tx:
            self.ws.attention.park(tx, self.ctx.link.id, self.ctx.flow.id, self.ctx.run.id, parks)
