"""Flows as the operator sees them: from where to where, whether they can run, what they are cut down to."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from sync.errors import NeedsOperator
from sync.managers.views import words
from sync.model.entity import Entity
from sync.model.flow import Connection, Flow, Link, OrderSettings, ProductFilter
from sync.model.run import Mode, Run
from sync.model.text import Message, say
from sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class FlowInfo:
    """A flow with its link and both connections."""

    flow: Flow
    link: Link
    source: Connection
    target: Connection

    @property
    def name(self) -> Message:
        """Products or Orders."""
        return words.FLOWS.get(self.flow.entity, Message(self.flow.entity.value))

    @property
    def route(self) -> str:
        """Sentos → Shopify, by the connections' own names."""
        return f"{self.source.name} → {self.target.name}"


@dataclass(frozen=True, slots=True)
class FlowCard:
    """A flow on the Sync page. `blocked` says why it cannot be started (None: it can); `filters` are the
    flow's own; `since` is where its orders begin; `last` is its newest finished run, `live` the one under
    way.
    """

    info: FlowInfo
    blocked: Message | None
    filters: tuple[Message, ...]
    since: datetime | None
    last: Run | None
    live: Run | None


def all_flows(ws: Workspace) -> list[FlowInfo]:
    """Every flow of every link, in the order in which the links were made."""
    links = {link.id: link for link in ws.links.all()}
    ends = {c.id: c for c in ws.connections.all()}
    return [_info(flow, links[flow.link_id], ends) for flow in ws.links.flows() if flow.link_id in links]


def short_names(flows: Iterable[FlowInfo]) -> dict[str, str]:
    """Flow id → what it is called where there is little room: its target, and its source behind it only where
    flows of different sources go there."""
    every = list(flows)
    sources: dict[tuple[Entity, str], set[str]] = {}
    for one in every:
        sources.setdefault((one.flow.entity, one.target.id), set()).add(one.source.id)
    return {
        one.flow.id: one.target.name
        if len(sources[one.flow.entity, one.target.id]) == 1
        else f"{one.target.name} ← {one.source.name}"
        for one in every
    }


def info(ws: Workspace, flow_id: str) -> FlowInfo:
    """One flow. Raises NeedsOperator if it, its link or a connection is gone."""
    flow = ws.links.flow(flow_id)
    link = ws.links.get(flow.link_id)
    return _info(flow, link, {c: ws.connections.get(c) for c in (link.a, link.b)})


def _info(flow: Flow, link: Link, ends: dict[str, Connection]) -> FlowInfo:
    side = {"a": ends[link.a], "b": ends[link.b]}
    return FlowInfo(flow, link, side[flow.direction[0]], side[flow.direction[-1]])


def cards(ws: Workspace) -> list[FlowCard]:
    """One card a flow: products before orders, links in the order of their making."""
    live = {run.flow_id: run for run in ws.runs.list(live=True, without=(Mode.ITEMS,))}
    return [_card(ws, found, live.get(found.flow.id)) for found in all_flows(ws)]


def _card(ws: Workspace, found: FlowInfo, live: Run | None) -> FlowCard:
    recent = ws.runs.list(flow_id=found.flow.id, limit=2, without=(Mode.ITEMS,))
    last = next((run for run in recent if live is None or run.id != live.id), None)
    return FlowCard(found, blocked(found), filters(found.flow), since(found.flow), last, live)


def blocked(found: FlowInfo) -> Message | None:
    """Why the flow cannot be started, or None."""
    if not found.flow.enabled:
        return say("This flow is switched off. Switch it on in Settings first.")
    untested = [c.name for c in (found.source, found.target) if c.checked_at is None]
    if untested:
        return say(
            "{name} has never been tested. Test the connection in Settings first.", name=" · ".join(untested)
        )
    return None


def refuse_blocked(ws: Workspace, flow_id: str) -> FlowInfo:
    """The flow, if it can be started. Raises NeedsOperator with the way on."""
    found = info(ws, flow_id)
    reason = blocked(found)
    if reason is not None:
        raise NeedsOperator(reason)
    return found


def filters(flow: Flow) -> tuple[Message, ...]:
    """The filters that are stored with the flow, in words."""
    if flow.entity is Entity.PRODUCT:
        return product_filters(flow.products.filters)
    if flow.entity is Entity.STOCK:
        tags = flow.stock.tags
        return (say("With tag: {values}", values=", ".join(tags)),) if tags else ()
    return tuple(_order_filters(flow))


def product_filters(f: ProductFilter) -> tuple[Message, ...]:
    """A product filter in words; empty for one that leaves nothing out."""
    return tuple(_product_filters(f))


def _product_filters(f: ProductFilter) -> Iterable[Message]:
    if f.brands:
        yield say("Brand: {values}", values=", ".join(f.brands))
    if f.categories:
        yield say("Category: {values}", values=", ".join(f.categories))
    if f.skus:
        yield say("SKU: {values}", values=", ".join(f.skus[:5]) + ("…" if len(f.skus) > 5 else ""))
    if f.title_contains:
        yield say("Title contains: {values}", values=f.title_contains)
    if f.in_stock_only:
        yield say("In stock only")


def _order_filters(flow: Flow) -> Iterable[Message]:
    o = flow.orders
    if o.financial and o.financial != OrderSettings().financial:
        yield say("Payment: {values}", values=", ".join(o.financial))
    if o.fulfilment:
        yield say("Fulfilment: {values}", values=", ".join(o.fulfilment))
    if o.tags_any:
        yield say("With tag: {values}", values=", ".join(o.tags_any))
    if o.tags_none:
        yield say("Without tag: {values}", values=", ".join(o.tags_none))
    if o.test_orders:
        yield say("Test orders too")


def since(flow: Flow) -> datetime | None:
    """From which moment on orders take part; None for products and for a flow that was never on."""
    o = flow.orders
    if flow.entity is not Entity.ORDER:
        return None
    return o.older_since if o.older_confirmed and o.older_since else o.go_live_at
