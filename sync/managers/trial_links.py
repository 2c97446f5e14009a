"""What a trial connects and links once its sandboxes run: an ERP with a shop, or stores with each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from storage.clock import utc_now
from sync.managers.trial_plan import ORDERS_WANTED, SOURCE_STORE, Box, TrialPlan
from sync.managers.verbs.stock import StockVerbs
from sync.model.entity import Entity
from sync.model.flow import Connection, Flow, Link, StockSettings
from sync.model.stock import ALL_PLACES
from sync.workspace import Workspace

Connect = Callable[[Box], Connection]
"""Makes (or finds) the connection to a box whose sandbox runs."""
_STORE_DIRT = 0.02  # share of items with something to look at: doubled, empty, untracked, bundles …


def erp_trial(ws: Workspace, plan: TrialPlan, connect: Connect) -> Link:
    """Sentos → Shopify with products, and orders back."""
    a = connect(Box("sentos", "sentos", "Sentos (sandbox)", plan.products, dict(plan.sentos)))
    b = connect(Box("shopify", "shopify", "Shopify (sandbox)", 0, dict(plan.shopify)))
    return _known(ws, a, b) or _erp_link(ws, plan, a, b)


def stores_trial(ws: Workspace, plan: TrialPlan, connect: Connect) -> Link:
    """A Shopify store whose stock feeds others by SKU: one link an outlet; answers the first."""
    source = connect(Box(SOURCE_STORE, "shopify", "Main store (sandbox)", 0, _store_settings(plan, 0)))
    links = []
    for n in range(1, plan.outlets + 1):
        title = "Outlet (sandbox)" if n == 1 else f"Outlet {n} (sandbox)"
        outlet = connect(Box(f"shopify-outlet-{n}", "shopify", title, 0, _store_settings(plan, n)))
        links.append(_known(ws, source, outlet) or _store_link(ws, source, outlet, n))
    return links[0]


def _store_settings(plan: TrialPlan, number: int) -> dict[str, str]:
    """The switches of one generated store: SKUs in common, another shop and other stock each."""
    return {
        "shop": "main-store" if number == 0 else f"outlet-{number}",
        "name": "Main store" if number == 0 else f"Outlet {number}",
        "stock_skus": str(plan.skus),
        "stock_common": str(plan.skus - plan.skus // 50),
        "stock_seed": str(plan.seed + number),
        "stock_dirt": str(_STORE_DIRT if plan.dirt is None else plan.dirt),
        **dict(plan.shopify),
    }


def _known(ws: Workspace, a: Connection, b: Connection) -> Link | None:
    return next((x for x in ws.links.all() if (x.a, x.b) == (a.id, b.id)), None)


def _store_link(ws: Workspace, a: Connection, b: Connection, number: int) -> Link:
    targets = [place.id for place in ws.connector(b.id).choices("locations")]
    name = "Sandbox stores" if number == 1 else f"Sandbox stores {number}"
    [flow] = StockVerbs(ws).set_up(
        a.id, {b.id: {targets[0]: (ALL_PLACES,)}}, StockSettings(), "trial", name=name
    )
    return ws.links.get(flow.link_id)


def _erp_link(ws: Workspace, plan: TrialPlan, a: Connection, b: Connection) -> Link:
    warehouses = tuple(w.id for w in ws.connector(a.id).choices("warehouses"))
    places = ws.connector(b.id).choices("locations")
    link = ws.links.add("Sandbox", a.id, b.id, {place.id: warehouses for place in places[:1]})
    for flow in ws.links.flows(link.id):
        if flow.entity is Entity.PRODUCT:
            ws.links.save(_product_flow(ws, flow, b))
            # The first product run may come after a restart.
            ws.cursors.set(flow.id, ORDERS_WANTED, f"{plan.orders} {plan.seed}")
        else:
            ws.links.save(_order_flow(ws, flow, a))
    return link


def _product_flow(ws: Workspace, flow: Flow, shop: Connection) -> Flow:
    channels = tuple(c.id for c in ws.connector(shop.id).choices("channels"))
    return replace(
        flow, enabled=True, products=replace(flow.products, channels=channels[:1], new_status="active")
    )


def _order_flow(ws: Workspace, flow: Flow, erp: Connection) -> Flow:
    source = ws.connector(erp.id)
    channel = next((c.id for c in source.choices("sales_channels")), "")
    warehouse = next((w.id for w in source.choices("warehouses")), "")
    before = utc_now() - timedelta(days=30)  # the sandbox's orders are spread over the last weeks
    return replace(
        flow,
        enabled=True,
        orders=replace(flow.orders, sales_channel=channel, warehouse=warehouse, go_live_at=before),
    )
