"""Reading back from the target: ids of what was created (about 30 points per 250 products), and stock that
turned out stale."""

from __future__ import annotations

from collections.abc import Sequence

from storage.plans import ChangeRow
from sync.engine.products.pairing import Memory, pair_variants
from sync.engine.products.settled import created_variant_settles
from sync.managers.context import Context
from sync.model.call import Change
from sync.model.entity import Entity
from sync.model.page import ReadFilter
from sync.model.plan import Bind, Park, Settle
from sync.model.product import Product
from sync.model.text import say

_PAGE = 250


def bind_created(ctx: Context) -> None:
    """Binds the variants of every product that this run created and whose variants are not bound yet.
    Repeatable."""
    pending: list[ChangeRow] = []
    for row in ctx.ws.plans.each_change(ctx.run.id, phase="create", state="applied"):
        pending.append(row)
        if len(pending) == _PAGE:
            _bind_page(ctx, pending)
            pending = []
    _bind_page(ctx, pending)


def _bind_page(ctx: Context, rows: Sequence[ChangeRow]) -> None:
    open_rows = _without_children(ctx, rows)
    if not open_rows:
        return
    shown = {
        r.id: r
        for page in ctx.target.read(Entity.PRODUCT, ReadFilter(ids=tuple(open_rows), lean=True))
        for r in page.records
        if isinstance(r, Product)
    }
    found = [
        learnt(row.change.body, shown[target_id])
        for target_id, row in open_rows.items()
        if target_id in shown and isinstance(row.change.body, Product)
    ]
    with ctx.ws.db.write() as tx:
        ctx.ws.bindings.bind_settled(
            tx,
            ctx.link.id,
            [b for binds, _ in found for b in binds],
            [s for _, settles in found for s in settles],
        )


def _without_children(ctx: Context, rows: Sequence[ChangeRow]) -> dict[str, ChangeRow]:
    by_source = {row.change.source_id: row for row in rows}
    bound = ctx.ws.bindings.by_a(ctx.link.id, "product", list(by_source))
    children = ctx.ws.bindings.children([b.id for b in bound.values()])
    return {b.id_b: by_source[b.id_a] for b in bound.values() if not children[b.id]}


def learnt(body: Product, shown: Product) -> tuple[list[Bind], list[Settle]]:
    """Bindings and baselines of a created product's variants, paired with what the target made of them."""
    paired = pair_variants(body, shown, Memory())
    binds = [Bind("variant", ours.id, theirs.id, body.id, ours.sku or "") for ours, theirs in paired.both]
    return binds, [s for ours, _ in paired.both for s in created_variant_settles(ours)]


def stock_now(ctx: Context, changes: Sequence[Change]) -> dict[str, int]:
    """What is available now for these stock changes, by change id."""
    by_source = ctx.ws.bindings.by_a if ctx.source_side == "a" else ctx.ws.bindings.by_b
    variants = by_source(ctx.link.id, "variant", [c.source_id for c in changes])
    parents = ctx.ws.bindings.by_ids([b.parent_id for b in variants.values() if b.parent_id is not None])
    products = tuple(dict.fromkeys(b.id_b if ctx.source_side == "a" else b.id_a for b in parents))
    places = tuple(dict.fromkeys(c.place for c in changes))
    shown: dict[tuple[str, str], int] = {}
    for start in range(0, len(products), _PAGE):
        for page in ctx.target.read(
            Entity.PRODUCT, ReadFilter(ids=products[start : start + _PAGE], locations=places)
        ):
            shown.update(
                {
                    (v.item_id, level.location_id): level.available
                    for r in page.records
                    if isinstance(r, Product)
                    for v in r.variants
                    for level in v.levels
                }
            )
    return {c.id: shown[c.target_id, c.place] for c in changes if (c.target_id, c.place) in shown}


def check_visible(ctx: Context) -> None:
    """Looks after publishing whether every product is where the flow wants it; one that is not parks with
    what was found."""
    rows: list[ChangeRow] = []
    for row in ctx.ws.plans.each_change(ctx.run.id, phase="publish", state="applied"):
        rows.append(row)
        if len(rows) == _PAGE:
            _check_page(ctx, rows)
            rows = []
    _check_page(ctx, rows)


def _check_page(ctx: Context, rows: Sequence[ChangeRow]) -> None:
    ids = tuple(dict.fromkeys(row.change.target_id for row in rows))
    if not ids:
        return
    shown = {
        r.id: r
        for page in ctx.target.read(Entity.PRODUCT, ReadFilter(ids=ids, lean=True))
        for r in page.records
        if isinstance(r, Product)
    }
    parks = [
        _invisible(row.change, shown.get(row.change.target_id))
        for row in rows
        if not _visible(row.change, shown.get(row.change.target_id))
    ]
    with ctx.ws.db.write() as tx:
        ctx.ws.attention.park(tx, ctx.link.id, ctx.flow.id, ctx.run.id, parks)


def _visible(change: Change, product: Product | None) -> bool:
    return product is not None and (product.channels is None or change.place in product.channels)


def _invisible(change: Change, product: Product | None) -> Park:
    return Park(
        Entity.PRODUCT,
        change.source_id,
        change.label,
        "channel.missing",
        say(
            "The shop accepted the publication, but does not show the product in the channel. Publish it "
            "there by hand, or look at the channel's rules."
        ),
        facts={
            "channel": change.place,
            "target": change.target_id,
            "status": (product.status if product else None) or "",
        },
    )
