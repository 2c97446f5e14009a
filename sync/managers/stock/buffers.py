"""Another safety buffer: rows that nobody moved have to be decided anew."""

from __future__ import annotations

import json

from sqlalchemy import Update, and_, select, update

from storage.clock import utc_now
from storage.tables.connections import cursors
from storage.tables.sync import bindings, stock_baselines
from storage.upsert import upsert
from sync.managers.context import Context
from sync.managers.stock.scope import places
from sync.model.run import Mode

CURSOR = "stock.buffers"


def take_over_buffers(ctx: Context) -> None:
    """Where a location's buffer is not what it was at the last plan, its baselines are moved, so that this
    run finds and writes the rows as if the source had moved by the difference. What the target lost untold,
    and was taken off before, stays taken off. Plans that are only looked at change nothing."""
    if ctx.run.mode in (Mode.PREVIEW, Mode.TEST):
        return
    wanted = ctx.flow.stock.buffers
    now = {place: max(0, wanted.get(place, wanted.get("", 0))) for place in places(ctx)}
    kept = json.loads(ctx.ws.cursors.get(ctx.flow.id, CURSOR) or "{}")
    if kept == now:
        return
    with ctx.ws.db.write() as tx:
        for place, pieces in now.items():
            if (before := kept.get(place, pieces)) != pieces:
                tx.execute(_moved(ctx, place, before, pieces))
        row = {"flow_id": ctx.flow.id, "name": CURSOR, "value": json.dumps(now), "at": utc_now()}
        upsert(tx, cursors, [row], key=["flow_id", "name"])


def _moved(ctx: Context, place: str, before: int, now: int) -> Update:
    """The source's half by the difference."""
    c = stock_baselines.c
    source = c.a_quantity if ctx.source_side == "a" else c.b_quantity
    halves = {source.name: source + (now - before)}
    mine = select(bindings.c.id).where(and_(bindings.c.link_id == ctx.link.id, bindings.c.kind == "variant"))
    return update(stock_baselines).where(c.location_id == place, c.binding_id.in_(mine)).values(halves)
