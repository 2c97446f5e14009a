"""The undo of a product run: what the shop still shows as the run wrote it goes back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from storage.ids import new_id
from sync.engine import brake
from sync.engine.apply import Apply
from sync.engine.undo.products import Memory, Past, Rules, plan_undo
from sync.managers.context import Context
from sync.managers.products.readback import stock_now
from sync.managers.recovery import recover
from sync.managers.undo.book import UndoBook
from sync.managers.undo.manager import UndoManager
from sync.managers.undo.past import count, pasts, places
from sync.model.call import Change, Verb
from sync.model.entity import Entity
from sync.model.page import ReadFilter
from sync.model.plan import Pair, Planned
from sync.model.product import Product
from sync.model.run import BrakeHit, Mode

_AT_ONCE = 250
_VARIANTS = (Entity.VARIANT, Entity.STOCK)


class ProductUndo(UndoManager):
    """Fields, prices, tags and stock; created products become drafts once ticked."""

    entity = Entity.PRODUCT
    phases = ("product", "variants", "stock", "adjust", "mark")

    def read_target(self, ctx: Context) -> None:
        """The products that the run wrote to, by id. First of all, what nobody knows the outcome of is looked
        up."""
        recover(ctx, super().engine)
        total, done, where = count(ctx), 0, places(ctx)
        for page in pasts(ctx):
            ids = tuple(dict.fromkeys(p.item.target_id for p in page if p.item.target_id))
            for start in range(0, len(ids), _AT_ONCE):
                which = ReadFilter(ids=ids[start : start + _AT_ONCE], locations=where)
                for found in ctx.target.read(Entity.PRODUCT, which):
                    ctx.check()
                    self.ws.staging.put(ctx.run.id, ctx.target_side, [(r, ()) for r in found.records])
            done += len(page)
            ctx.progress(done, total)

    def plan_page(self, ctx: Context, page: Sequence[Past]) -> Iterable[Planned]:
        ids = list({p.item.target_id for p in page})
        shown = {
            id: record
            for id, record in self.ws.staging.get(ctx.run.id, ctx.target_side, ids).items()
            if isinstance(record, Product)
        }
        memory = self._memory(ctx, page)
        groups = ctx.target.support(Entity.PRODUCT).groups
        rules = Rules(groups, new_id, free=not ctx.flow.products.zero_price_protection)
        for past in page:
            yield from plan_undo(past, shown.get(past.item.target_id), memory, rules)

    def _memory(self, ctx: Context, page: Sequence[Past]) -> Memory:
        """What is settled now about the records of a page."""
        fields: dict[tuple[str, str], Mapping[str, Pair]] = {}
        stock: dict[tuple[str, str], tuple[int, int]] = {}
        products = {c.source_id for p in page for c, _ in p.done if c.entity is Entity.PRODUCT}
        variants = {c.source_id for p in page for c, _ in p.done if c.entity in _VARIANTS}
        for binding in self.ws.bindings.by_a(ctx.link.id, "product", sorted(products)).values():
            fields["product", binding.id_a] = binding.baseline
        bound = {b.id: b for b in self.ws.bindings.by_a(ctx.link.id, "variant", sorted(variants)).values()}
        for binding in bound.values():
            fields["variant", binding.id_a] = binding.baseline
        for (binding_id, place), pair in self.ws.bindings.stock(list(bound)).items():
            stock[bound[binding_id].id_a, place] = pair
        return Memory(fields, stock)

    def engine(self, ctx: Context) -> Apply:
        book = UndoBook(ctx, lambda change, outcome: None, lambda changes: stock_now(ctx, changes))
        return replace(super().engine(ctx), book=book)

    def reread(self, ctx: Context, changes: Sequence[Change]) -> Mapping[str, int]:
        return stock_now(ctx, changes)

    def brake_hits(self, ctx: Context) -> list[BrakeHit]:
        """Zeroings and price moves count as in any run of the flow; shares are of what the undone run had
        compared."""
        raw, brakes = self.ws.runs.get(ctx.run.id).figures, ctx.flow.products.brakes
        figures = brake.Figures(stock_rows=_int(raw.get("stock_rows")), prices=_int(raw.get("prices")))
        chosen = (row.change for row in self.ws.plans.each_change(ctx.run.id) if row.chosen)
        brake.count(figures, map(_as_set, chosen), brakes)
        undone = self.ws.runs.get(ctx.run.scope.undo_of)
        whole = undone.mode is not Mode.TEST and not (undone.scope.skus or undone.scope.ids)
        return brake.hits(figures, replace(brakes, empty_source=False), shares=whole)


def _as_set(change: Change) -> Change:
    """A delta zeroes like an absolute quantity."""
    return replace(change, verb=Verb.SET) if change.verb is Verb.ADJUST else change


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
