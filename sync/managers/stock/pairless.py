"""What a plan counts in the database: source items without a partner, and what an earlier attempt left."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from sqlalchemy import and_, delete, func, select, update

from storage.bulk import among
from storage.stock_changes import NewStockChange
from storage.tables.stock import stock_changes, stock_items, stock_unmatched
from storage.tables.sync import attention, bindings
from sync.managers.context import Context
from sync.workspace import Workspace

APART = 1000
"""`tries` of a row whose call was once refused as a whole: it does not join the untried ones."""
_AT_ONCE = 1000


def not_gone(ws: Workspace, connection_id: str, product_ids: Collection[str]) -> None:
    """Items of products that could not be read whole are hidden, not absent."""
    i = stock_items.c
    if product_ids:
        with ws.db.write() as tx:
            here = and_(i.connection_id == connection_id, among(tx, i.product_id, sorted(product_ids)))
            tx.execute(update(stock_items).where(here, i.missed > 0).values(missed=0))


def unpaired(ctx: Context) -> dict[str, int]:
    """How many of the source's items have no partner, by why (`model.stock.Match`). Those that have one are
    counted row by row."""
    u, i, b = stock_unmatched.c, stock_items.c, bindings.c
    bound = and_(
        b.link_id == ctx.link.id,
        b.kind == "variant",
        (b.id_a if ctx.source_side == "a" else b.id_b) == i.variant_id,
    )
    query = (
        select(u.why, func.count())
        .join(stock_items, i.id == u.stock_item)
        .where(u.flow_id == ctx.flow.id, u.side == "source", ~select(b.id).where(bound).exists())
        .group_by(u.why)
    )
    with ctx.ws.db.read() as tx:
        return {str(why): int(rows) for why, rows in tx.execute(query)}


def refused_before(ctx: Context) -> frozenset[str]:
    """Source items that the platform refused the last time, and nobody has mended since."""
    a = attention.c
    query = select(a.record_id).where(
        a.flow_id == ctx.flow.id, a.cause == "stock.refused", a.closed_at.is_(None)
    )
    with ctx.ws.db.read() as tx:
        return frozenset(tx.execute(query).scalars())


def set_apart(ctx: Context, rows: Sequence[NewStockChange]) -> None:
    """These rows of the plan travel in calls of their own."""
    c, ids = stock_changes.c, sorted({row.source_id for row in rows})
    for start in range(0, len(ids), _AT_ONCE):
        with ctx.ws.db.write() as tx:
            mine = and_(c.run_id == ctx.run.id, among(tx, c.source_id, ids[start : start + _AT_ONCE]))
            tx.execute(update(stock_changes).where(mine).values(tries=APART))


def forget(ctx: Context) -> None:
    """Drops the rows of a plan that was being made when the process died; none of them has been sent."""
    with ctx.ws.db.write() as tx:
        tx.execute(delete(stock_changes).where(stock_changes.c.run_id == ctx.run.id))
