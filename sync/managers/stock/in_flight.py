"""Orders in flight: placed in the shop, not yet taken over by the source's side."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import datetime

from storage.clock import utc_now
from sync.engine.orders.select import skipped, start_of
from sync.managers.context import Context
from sync.managers.orders.scope import OVERLAP, SHOP_CURSOR
from sync.model.entity import Entity
from sync.model.flow import Flow, Link
from sync.model.order import Order
from sync.model.page import ReadFilter
from sync.workspace import Workspace

_PARKED = 1000
_READ_AT = "read_at"


def order_flow(ws: Workspace, link: Link, side: str) -> Flow | None:
    """The link's enabled flow that takes over the orders of this side, if there is one."""
    flows = ws.links.flows(link.id)
    return next((f for f in flows if f.entity is Entity.ORDER and f.enabled and f.direction[0] == side), None)


def open_orders(ws: Workspace, link: Link, flow: Flow, at: datetime | None = None) -> list[Order]:
    """Orders that the flow has still to take over: those placed since its last complete run that have no
    partner, and those that wait for a person. `at`: which it had still to take over at that moment, too.
    Raises as the connector's read."""
    start = start_of(flow.orders)
    if start is None:
        return []
    shop = ws.connector(link.a if flow.direction[0] == "a" else link.b)
    moment = ws.cursors.get(flow.id, SHOP_CURSOR).partition(" ")[2]
    since = max(start, datetime.fromisoformat(moment) - OVERLAP) if moment else start
    waiting = ws.attention.list(link_id=link.id, entity=Entity.ORDER.value, limit=_PARKED)
    found: dict[str, Order] = {}
    for which in (
        ReadFilter(created_since=since.isoformat()),
        ReadFilter(ids=tuple(dict.fromkeys(p.record_id for p in waiting))) if waiting else None,
    ):
        for page in shop.read(Entity.ORDER, which) if which else ():
            found |= {r.id: r for r in page.records if isinstance(r, Order)}
    bound = ws.bindings.by_a if flow.direction[0] == "a" else ws.bindings.by_b
    pairs = bound(link.id, "order", list(found)).items()
    known = {id for id, pair in pairs if at is None or pair.created_at is None or pair.created_at < at}
    return [o for o in found.values() if o.id not in known and o.cancelled_at is None]


def not_taken_over(ws: Workspace, link: Link, side: str) -> int:
    """How many orders of this side the link's order flow would still take over; 0 without such a flow."""
    flow = order_flow(ws, link, side)
    if flow is None:
        return 0
    return sum(1 for order in open_orders(ws, link, flow) if skipped(order, flow.orders) is None)


def note_reading(ctx: Context) -> None:
    """From now on the source is read: what is taken over later its figures do not know."""
    figures = {**ctx.ws.runs.get(ctx.run.id).figures, _READ_AT: utc_now().isoformat()}
    ctx.ws.runs.update(ctx.run.id, figures=figures)


def read_at(ctx: Context) -> datetime:
    """Since when the source was read; before that: since when the run works."""
    raw = ctx.ws.runs.get(ctx.run.id).figures.get(_READ_AT)
    return datetime.fromisoformat(raw) if isinstance(raw, str) else ctx.run.started_at or utc_now()


def orders_in_flight(ctx: Context) -> list[Order]:
    """Such orders, if the flow wants them taken off; none else. An order that was taken over since the source
    was read counts: the source's figure does not know it."""
    flow = order_flow(ctx.ws, ctx.link, ctx.target_side) if ctx.flow.stock.subtract_orders else None
    return [] if flow is None else open_orders(ctx.ws, ctx.link, flow, read_at(ctx))


def pieces_of(orders: Iterable[Order]) -> Mapping[str, int]:
    """Pieces in these orders, by target variant."""
    pieces: Counter[str] = Counter()
    for order in orders:
        pieces.update(order.pieces())
    return dict(pieces)
