"""What part of a stock flow a run covers, how far the source's word goes in it, and where its cursor is."""

from __future__ import annotations

from storage.clock import utc_now
from storage.tables.connections import cursors
from storage.upsert import upsert
from sync.engine.stock import Trust
from sync.managers.context import Context
from sync.model.entity import Entity
from sync.model.run import Mode, Run
from sync.model.stock import ALL_PLACES
from sync.model.values import fingerprint

CURSOR = "stock.source"
GONE_MODES = (Mode.FULL, Mode.SWEEP, Mode.PREVIEW)


def narrow(run: Run) -> bool:
    """Is the run limited to single items, or to tagged ones?"""
    return bool(run.scope.skus or run.scope.ids or run.scope.tags or run.mode is Mode.ITEMS)


def places(ctx: Context) -> dict[str, tuple[str, ...]]:
    """Target location → the source's locations summed there; those without any are left alone."""
    return {place: sources for place, sources in ctx.link.locations.items() if sources}


def source_places(ctx: Context) -> tuple[str, ...]:
    """The source's locations that are read; () for all of them."""
    wanted = {one for sources in places(ctx).values() for one in sources}
    return () if ALL_PLACES in wanted else tuple(sorted(wanted))


def trust_of(ctx: Context) -> Trust:
    """The baseline, and a full run with a reason: the source's word holds. Any other full run, test or
    preview writes differences, but asks `drift` about what only the target moved. Else three ways."""
    if ctx.run.mode in (Mode.SWEEP, Mode.DELTA, Mode.ITEMS):
        return Trust.MERGE
    if ctx.run.scope.reason or not ctx.ws.stock_stages.get(ctx.flow.id).baseline_run:
        return Trust.WORD
    return Trust.ALIGN


def by_memory(ctx: Context) -> bool:
    """Is what the target shows not read by this run, but what was seen there last?"""
    return ctx.run.mode in (Mode.DELTA, Mode.ITEMS) and ctx.target.support(Entity.STOCK).compares


def cursor(ctx: Context, mark: str) -> str:
    """The cursor of the source's last complete sweep, "" if none holds: another flow may have read since."""
    kept, _, value = ctx.ws.cursors.get(ctx.flow.id, CURSOR).partition(" ")
    return value if kept == mark and not _written_to(ctx) else ""


def keep_cursor(ctx: Context, mark: str, value: str) -> None:
    """One store's items are stored once for all flows that read it: so is the cursor. "" forgets it."""
    kept, at = f"{mark} {value}" if value else "", utc_now()
    rows = [{"flow_id": flow, "name": CURSOR, "value": kept, "at": at} for flow in readers(ctx)]
    with ctx.ws.db.write() as tx:
        upsert(tx, cursors, rows, key=["flow_id", "name"])


def mark_of(ctx: Context) -> str:
    """What a cursor holds for: the places that were read."""
    return fingerprint(list(source_places(ctx)))[:16]


def readers(ctx: Context) -> list[str]:
    """Stock flows that read this run's source."""
    return [flow_id for flow_id, source, _ in _stock_flows(ctx) if source == ctx.source_connection.id]


def _written_to(ctx: Context) -> bool:
    """Is the source another flow's target? Then what is stored of it may be what we wrote, not what was "
    "read."""
    return any(target == ctx.source_connection.id for _, _, target in _stock_flows(ctx))


def _stock_flows(ctx: Context) -> list[tuple[str, str, str]]:
    """(flow, source connection, target connection) of every stock flow."""
    links = {link.id: {"a": link.a, "b": link.b} for link in ctx.ws.links.all()}
    return [
        (flow.id, links[flow.link_id][flow.direction[0]], links[flow.link_id][flow.direction[-1]])
        for flow in ctx.ws.links.flows()
        if flow.entity is Entity.STOCK
    ]
