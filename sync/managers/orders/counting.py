"""How many older orders a start date would bring: what the operator confirms before they are sent."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from sync.engine.orders.select import is_older, skipped
from sync.errors import NeedsOperator
from sync.model.entity import Entity
from sync.model.order import Order
from sync.model.page import ReadFilter
from sync.model.text import say
from sync.workspace import Workspace


def count_older(ws: Workspace, flow_id: str, since: datetime) -> int:
    """Orders placed from `since` until the flow went live that the flow takes or has taken. Reads the shop,
    writes nothing. Raises NeedsOperator while the flow has no go-live date."""
    flow = ws.links.flow(flow_id)
    if flow.orders.go_live_at is None:
        raise NeedsOperator(
            say("Switch the order flow on first: older orders are those from before that moment.")
        )
    settings, link = replace(flow.orders, older_since=since), ws.links.get(flow.link_id)
    shop, found = link.a if flow.direction[0] == "a" else link.b, 0
    for page in ws.connector(shop).read(Entity.ORDER, ReadFilter(created_since=since.isoformat())):
        older = [r for r in page.records if isinstance(r, Order) and is_older(r, settings)]
        bound = ws.bindings.by_b(link.id, "order", [o.id for o in older])
        found += sum(1 for o in older if o.id in bound or skipped(o, settings) is None)
    return found
