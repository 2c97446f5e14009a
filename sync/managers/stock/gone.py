"""Items that two complete sweeps of the source did not show: what becomes of their partners at the target."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from sqlalchemy import and_, func, select

from storage import stock_hidden
from storage.bulk import among
from storage.stock_changes import NewStockChange
from storage.stock_items import GONE_AFTER
from storage.stock_pairs import PairRow
from storage.tables.stock import stock_items
from storage.tables.sync import bindings
from sync.engine.stock import Case, untold_now
from sync.managers.context import Context
from sync.managers.stock.book import STATUSES, becomes
from sync.managers.stock.levels import shown_at
from sync.managers.stock.scope import places
from sync.managers.stock.tally import Tally
from sync.model.entity import Entity
from sync.model.plan import Park
from sync.model.run import Mode
from sync.model.text import Message, say

PHASE = "gone"
_HIDDEN = {"draft": ("draft", "archived"), "archive": ("archived",)}
"""By wish: what is hidden well enough. An archived product is never made a draft."""
_LISTED = 1000  # so many are listed one by one; the brake holds a run that would lose more


@dataclass(slots=True)
class Going:
    """A product of the target that is about to have no item left at the source: its first gone pair, how many
    there are, and how often the source's items have come back by now."""

    pair: PairRow
    gone: int = 0
    number: int = 0


class Gone:
    """Collects gone pairs while a plan is made. `leave` lists them for the operator; `zero` sets their stock
    to 0; `draft` and `archive` hide a product once all its variants are gone, and until then zero what is
    gone. A product is hidden once for each going: who shows it again is respected until the source has it
    back and loses it anew."""

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
        rows = self._hides(tally) if self.what in STATUSES else []
        for pair in self.pairs:
            rows += self._zero(pair, tally)
        return rows

    # -- whole products --------------------------------------------------------------------------------------

    def _hides(self, tally: Tally) -> list[NewStockChange]:
        """One row for each product that has to be hidden now. What is hidden already is remembered, too."""
        whole = self._whole_products()
        with self.ws.db.read() as tx:
            acted = stock_hidden.acted(tx, self.ctx.flow.id, whole)
        due = {product: going for product, going in whole.items() if acted.get(product) != going.number}
        there = {p for p, going in due.items() if going.pair.target.status in _HIDDEN[self.what]}
        self._note({p: going.number for p, going in due.items() if p in there}, done=True)
        due = {product: due[product] for product in sorted(due.keys() - there)}
        self._note({product: going.number for product, going in due.items()}, done=False)
        tally.hide(len(due), self._products() if due else 0)
        return [self._hide(going.pair) for going in due.values()]

    def _note(self, goings: Mapping[str, int], *, done: bool) -> None:
        if goings and self.ctx.run.mode is not Mode.PREVIEW:
            with self.ws.db.write() as tx:
                stock_hidden.note(tx, self.ctx.flow.id, goings, done=done)

    def _hide(self, pair: PairRow) -> NewStockChange:
        row = self._change(pair, "", None, None, self.what)
        said = said_of(pair.target.status, becomes(self.what))
        return replace(row, status=pair.target.status, message=said)

    def _whole_products(self) -> dict[str, Going]:
        """Products of the target of which every variant is the partner of a gone item."""
        found: dict[str, Going] = {}
        for pair in self.pairs:
            if product := pair.target.product_id:
                going = found.setdefault(product, Going(pair))
                going.gone += 1
                going.number += pair.source.came_back
        there = self._variants(found)
        return {product: going for product, going in found.items() if there.get(product) == going.gone}

    def _variants(self, products: Mapping[str, Going]) -> dict[str, int]:
        """How many variants the target shows of these products."""
        i = stock_items.c
        with self.ws.db.read() as tx:
            here = [i.connection_id == self.ctx.target_connection.id, i.missed == 0]
            query = select(i.product_id, func.count()).where(*here, among(tx, i.product_id, sorted(products)))
            return {row[0]: int(row[1]) for row in tx.execute(query.group_by(i.product_id))}

    def _products(self) -> int:
        """How many products of the target have a partner: what a share is a share of."""
        i, b = stock_items.c, bindings.c
        bound = b.id_b if self.ctx.target_side == "b" else b.id_a
        item = and_(i.connection_id == self.ctx.target_connection.id, i.variant_id == bound)
        query = (
            select(func.count(i.product_id.distinct()))
            .select_from(bindings)
            .join(stock_items, item)
            .where(b.link_id == self.ctx.link.id, b.kind == "variant", i.missed < GONE_AFTER)
        )
        with self.ws.db.read() as tx:
            return int(tx.execute(query).scalar_one())

    # -- single items ----------------------------------------------------------------------------------------

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


def said_of(before: str, after: str) -> Message:
    """What becomes of a product as a whole."""
    return say("The product: {before} → {after}", before=before or "–", after=after)
