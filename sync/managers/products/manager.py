"""The recipe of the product flow: catalogue, prices, pictures and stock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from storage.staging import Key
from sync.engine import brake
from sync.engine.products.match import key_values
from sync.engine.products.plan import gone_park
from sync.managers.base import SyncManager
from sync.managers.context import Context
from sync.managers.products.planning import Planning
from sync.managers.products.readback import bind_created, check_visible, stock_now
from sync.managers.products.scope import asked, narrow
from sync.managers.recovery import recover
from sync.managers.stock.ownership import claim
from sync.managers.verbs.attention import close_settled
from sync.model.call import Change, Diff, Outcome
from sync.model.entity import Entity
from sync.model.flow import ProductFilter
from sync.model.page import ReadFilter, Record
from sync.model.product import Product
from sync.model.run import BrakeHit, Mode, Status

_RUNS = 1000  # how far back a measure is looked for


class ProductSyncManager(SyncManager):
    """Source catalogue → shop. Test mode writes the first five records that differ; a scope of SKUs only
    those."""

    entity = Entity.PRODUCT
    phases = ("create", "product", "variants", "media", "publish", "activate", "stock", "mark")

    # -- reading ---------------------------------------------------------------------------------------------

    def read_source(self, ctx: Context) -> None:
        """All of the source, or the records of a narrow scope; of those that are not bound yet also what
        shares a SKU with them: alone each would look unique."""
        scope, side = ctx.run.scope, ctx.source_side
        which = ReadFilter(ids=scope.ids, skus=scope.skus)
        self.stage_read(ctx, side, Entity.PRODUCT, which, _keys, must_complete=not narrow(ctx.run))
        if narrow(ctx.run) and (skus := _skus(self._unbound(ctx))):
            self.stage_read(ctx, side, Entity.PRODUCT, ReadFilter(skus=skus), _keys, must_complete=False)

    def read_target(self, ctx: Context) -> None:
        """All of the shop. For a narrow scope of bound records those alone suffice; one that is not bound yet
        may match by any key or nearly, so that nothing less than the whole shop shows that it is missing.
        First of all, what earlier runs sent without learning the outcome is looked up: else it would look
        like somebody else's."""
        recover(ctx, self.engine)
        places, side = tuple(ctx.link.locations), ctx.target_side
        if not narrow(ctx.run) or self._unbound(ctx):
            self.stage_read(
                ctx, side, Entity.PRODUCT, ReadFilter(locations=places), _keys, must_complete=True
            )
            bound = list(self.ws.bindings.all(ctx.link.id, "product"))
        else:
            sources = self.ws.staging.ids(ctx.run.id, ctx.source_side)
            bound = list(self.ws.bindings.by_a(ctx.link.id, "product", sources).values())
        shown = set(self.ws.staging.ids(ctx.run.id, side))
        # A list may lag behind what was created a moment ago: only a look by id shows that a product is gone.
        if ids := tuple(b.id_b for b in bound if b.id_b not in shown):
            self.stage_read(
                ctx, side, Entity.PRODUCT, ReadFilter(ids=ids, locations=places), _keys, must_complete=False
            )

    def _unbound(self, ctx: Context) -> list[Product]:
        """The asked source records of a narrow run that are bound to nothing yet."""
        sources = [
            r
            for r in self.ws.staging.each(ctx.run.id, ctx.source_side)
            if isinstance(r, Product) and asked(ctx.run, r)
        ]
        bound = self.ws.bindings.by_a(ctx.link.id, "product", [p.id for p in sources])
        return [p for p in sources if p.id not in bound]

    # -- plan and brake --------------------------------------------------------------------------------------

    def make_plan(self, ctx: Context) -> None:
        Planning(ctx).run()

    def brake_hits(self, ctx: Context) -> list[BrakeHit]:
        brakes = ctx.flow.products.brakes
        raw = self.ws.runs.get(ctx.run.id).figures
        figures = brake.Figures(
            source_count=_int(raw.get("source")),
            source_before=_before(ctx),
            stock_rows=_int(raw.get("stock_rows")),
            prices=_int(raw.get("prices")),
            wrong_currency=_int(raw.get("wrong_currency")),
            unmapped=_unmapped(ctx),
        )
        brake.count(figures, (row.change for row in self.ws.plans.each_change(ctx.run.id)), brakes)
        return brake.hits(figures, brakes, shares=not narrow(ctx.run) and ctx.run.mode is not Mode.TEST)

    # -- applying --------------------------------------------------------------------------------------------

    def bind(self, ctx: Context) -> None:
        super().bind(ctx)
        if _writes_stock(ctx):  # raises if another link writes to the same locations
            claim(self.ws, ctx.flow, ctx.run.started_by)
        if ctx.run.mode is Mode.FULL and not narrow(ctx.run):
            self._park_gone(ctx)

    def _park_gone(self, ctx: Context) -> None:
        """After a complete sweep of the source: bound products that it did not show are reported, and only
        that."""
        seen = set(self.ws.staging.ids(ctx.run.id, ctx.source_side))
        gone = [
            gone_park(b.id_a, b.label, b.id_b)
            for b in self.ws.bindings.all(ctx.link.id, "product")
            if b.id_a not in seen
        ]
        with self.ws.db.write() as tx:
            self.ws.attention.park(tx, ctx.link.id, ctx.flow.id, ctx.run.id, gone)

    def after_phase(self, ctx: Context, phase: str) -> None:
        if phase == "create":
            bind_created(ctx)
        elif phase == "publish":
            check_visible(ctx)

    def stale(self, ctx: Context, change: Change, outcome: Outcome) -> Change | None:
        """Stock that moved between reading and writing: what was sold meanwhile is taken off, so that nothing
        is sold twice."""
        before, wanted, actual = change.before("available"), change.after("available"), outcome.actual
        if not (isinstance(before, int) and isinstance(wanted, int) and isinstance(actual, int)):
            return None
        after = max(0, wanted - max(0, before - actual))
        return None if after == actual else _with_stock(change, actual, after)

    def reread(self, ctx: Context, changes: Sequence[Change]) -> Mapping[str, int]:
        return stock_now(ctx, changes)

    def report(self, ctx: Context) -> None:
        if ctx.run.mode in (Mode.FULL, Mode.TEST):
            self._close_gone_causes(ctx)
        super().report(ctx)

    def _close_gone_causes(self, ctx: Context) -> None:
        """Parked causes that this run looked at and did not find again are closed."""
        scope = ctx.run.scope
        if ctx.run.mode is not Mode.FULL or scope.parts or scope.plan_of or scope.filters != ProductFilter():
            return
        if narrow(ctx.run):
            close_settled(self.ws, ctx.link.id, ctx.run.id)
            return
        with self.ws.db.write() as tx:
            for entity in (Entity.PRODUCT, Entity.VARIANT, Entity.MEDIA, Entity.PUBLICATION, Entity.STOCK):
                self.ws.attention.close_gone(tx, ctx.flow.id, entity.value, ctx.run.id)


def _keys(record: Record) -> Sequence[Key]:
    """How a staged product can be found."""
    if not isinstance(record, Product):
        return ()
    variants = {v.sku: v.id for v in record.variants}
    return [
        (key, value, variants.get(value, ""))
        for key, values in key_values(record).items()
        for value in values
    ]


def _skus(products: Sequence[Product]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(v.sku for p in products for v in p.variants if v.sku))


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


def _before(ctx: Context) -> int | None:
    """How many records the last run read that read them all; one of single records is no measure."""
    ended = (
        run
        for run in ctx.ws.runs.list(flow_id=ctx.flow.id, limit=_RUNS)
        if run.status in (Status.DONE, Status.RED)
    )
    whole = next(
        (run for run in ended if run.mode in (Mode.FULL, Mode.TEST) and not narrow(run) and run.figures), None
    )
    return _int(whole.figures.get("source")) if whole is not None else None


def _writes_stock(ctx: Context) -> bool:
    parts = ctx.run.scope.parts
    wanted = "stock" in ctx.flow.products.fields and (not parts or "stock" in parts)
    return wanted and any(ctx.link.locations.values())


def _unmapped(ctx: Context) -> tuple[str, ...]:
    """Stock is to be synchronised, but no location has a warehouse."""
    if "stock" not in ctx.flow.products.fields or ctx.run.scope.parts and "stock" not in ctx.run.scope.parts:
        return ()
    if any(ctx.link.locations.values()):
        return tuple(place for place, warehouses in ctx.link.locations.items() if not warehouses)
    return (ctx.target_connection.name,)


def _with_stock(change: Change, actual: int, after: int) -> Change:
    return replace(change, diffs=(Diff("available", actual, after, "moved meanwhile"),))
