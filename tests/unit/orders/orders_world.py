"""An order flow between two reference platforms, and orders as a shop has them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

from sync.application import Application
from sync.connectors.contract import Services
from sync.connectors.memory.connector import MemoryConnector
from sync.connectors.memory.store import Store
from sync.model.entity import Entity
from sync.model.flow import Flow, OrderSettings
from sync.model.order import Address, Buyer, Fulfilment, FulfilmentOrder, Order, OrderLine, Tracking
from sync.model.plan import Item
from sync.model.run import Mode, Run, Scope
from sync.model.values import Money

NOW = datetime.now(UTC).replace(microsecond=0)
SHOP = "gid://shopify/Shop/70001"


def tl(amount: str) -> Money:
    return Money(Decimal(amount), "TRY")


def line(
    sku: str | None = "EL-1", quantity: int = 1, unit: str = "100.00", discount: str = "0.00", **more: Any
) -> OrderLine:
    total = tl(unit).times(quantity) - tl(discount)
    values: dict[str, Any] = {
        "id": f"line-{sku}",
        "title": f"Elbise {sku}",
        "vat_rate": Decimal(10),
        "original_quantity": quantity,
    }
    return OrderLine(
        sku=sku,
        quantity=quantity,
        unit_price=tl(unit),
        discount=tl(discount),
        total=total,
        **{**values, **more},
    )


HOME = Address("Ayşe Yılmaz", "", "0555 111 22 33", "Örnek Mah. 1", "", "Selçuklu", "Konya", "42000", "TR")


def order(number: int = 1001, lines: Sequence[OrderLine] = (), **more: Any) -> Order:
    """A paid order with one line and free shipping, whose total adds up."""
    kept = tuple(lines) or (line(),)
    shipping = more.pop("shipping", tl("0.00"))
    total = more.pop("total", None) or sum((x.total for x in kept if x.quantity > 0), shipping)
    values: dict[str, Any] = {
        "name": f"#{number}",
        "placed_at": NOW - timedelta(minutes=5),
        "updated_at": NOW - timedelta(minutes=5),
        "currency": "TRY",
        "buyer": Buyer("c1", "Ayşe Yılmaz", "ayse@example.com", "+90 555 111 22 33"),
        "billing": HOME,
        "delivery": HOME,
        "financial": "paid",
        "fulfilment": "unfulfilled",
        "gateways": ("shopify_payments",),
        "code": str(5_000_000 + number),
        "fulfilment_orders": (FulfilmentOrder("fo1", "open", "l1", 1),),
    }
    return Order(
        id=f"gid://shopify/Order/{5_000_000 + number}",
        total=total,
        lines=kept,
        shipping=shipping,
        **{**values, **more},
    )


class World:
    """A workspace whose shop and Sentos are reference platforms."""

    def __init__(self, ws: Application, **settings: Any) -> None:
        self.ws, self.shop, self.sentos = ws, Store(), Store()
        a = ws.connections.add(
            "sentos", "Sentos", {}, {}, sandbox=True, speed=1000.0, identity="ornek.sentos.com.tr"
        )
        b = ws.connections.add("shopify", "Shop", {}, {}, sandbox=True, speed=1000.0, identity=SHOP)
        for connection, store in ((a, self.sentos), (b, self.shop)):
            services = Services(ws.clock(connection), None, ws.spending.trace(connection.id))  # type: ignore[arg-type]
            ws._connectors[connection.id] = MemoryConnector(store, services, batch_size=1)
        self.link = ws.links.add("Link", a.id, b.id)
        chosen = OrderSettings(go_live_at=NOW - timedelta(days=1), sales_channel="3", warehouse="1")
        flow = next(f for f in ws.links.flows(self.link.id) if f.entity is Entity.ORDER)
        self.flow_id = ws.links.save(replace(flow, enabled=True, orders=replace(chosen, **settings))).id

    @property
    def flow(self) -> Flow:
        return self.ws.links.flow(self.flow_id)

    def settings(self, **changed: Any) -> None:
        self.ws.links.save(replace(self.flow, orders=replace(self.flow.orders, **changed)))

    def begin(self, mode: Mode = Mode.FULL, scope: Scope = Scope(), by: str = "test") -> Run:
        with self.ws.db.write() as tx:
            run_id = self.ws.runs.start(tx, self.flow_id, self.flow.version, mode, scope, by)
        return self.ws.runs.get(run_id)

    def run(self, mode: Mode = Mode.FULL, scope: Scope = Scope(), by: str = "test") -> Run:
        """All stages of a run, one after the other."""
        return self.go_on(self.begin(mode, scope, by))

    def go_on(self, run: Run, stage: str | None = None, until: str | None = None) -> Run:
        stage = stage or self.ws.orders.stages(run)[0]
        while stage is not None and stage != until:
            stage = self.ws.orders.turn(self.ws.runs.get(run.id), stage)
        return self.ws.runs.get(run.id)

    def end(self, run: Run, error: Any = None) -> None:
        """Closes a run that was interrupted, as the executor does."""
        from sync.model.run import Status

        self.ws.orders.close(self.ws.runs.get(run.id), Status.FAILED, error)

    def items(self, run: Run) -> dict[str, Item]:
        return {item.label: item for _, item in self.ws.plans.items(run.id)}

    def causes(self) -> list[str]:
        return sorted(p.cause for p in self.ws.attention.list())

    def put(self, *orders: Order) -> None:
        self.shop.add(orders)

    def exported(self) -> list[Order]:
        return list(self.sentos.orders.values())

    def at_sentos(self, reference: str) -> Order:
        found = [o for o in self.sentos.orders.values() if o.reference == reference]
        assert len(found) == 1, found
        return found[0]

    def sentos_moves(self, reference: str, status: str, tracking: Tracking | None = None) -> None:
        shown = self.at_sentos(reference)
        self.sentos.orders[shown.id] = replace(
            shown, status=status, tracking=tracking or shown.tracking, updated_at=datetime.now(UTC)
        )

    def shop_moves(self, number: int, **changed: Any) -> None:
        key = f"gid://shopify/Order/{5_000_000 + number}"
        self.shop.orders[key] = replace(self.shop.orders[key], updated_at=datetime.now(UTC), **changed)

    def shipments(self, number: int) -> tuple[Fulfilment, ...]:
        return self.shop.orders[f"gid://shopify/Order/{5_000_000 + number}"].fulfilments
