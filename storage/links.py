"""Links, flows and cursors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Row, delete, insert, select, update

from storage.clock import utc_now as now
from storage.database import Database
from storage.ids import new_id
from storage.tables.connections import cursors, flows, links
from storage.upsert import insert_new, upsert
from sync.errors import NeedsOperator
from sync.model.codec import dump, load
from sync.model.entity import Entity
from sync.model.flow import Flow, Link, OrderSettings, ProductSettings, Schedule, StockSettings
from sync.model.text import say

ERP_TO_SHOP = ((Entity.PRODUCT, "a>b"), (Entity.ORDER, "b>a"))
STORE_TO_STORE = ((Entity.STOCK, "a>b"),)


class Links:
    """Reads and writes links with their flows."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def add(
        self,
        name: str,
        a: str,
        b: str,
        locations: Mapping[str, tuple[str, ...]] | None = None,
        flows_of: Sequence[tuple[Entity, str]] = ERP_TO_SHOP,
    ) -> Link:
        """A new link with its flows (entity, direction), all switched off. Raises NeedsOperator if the two
        are linked already."""
        link_id = new_id()
        with self.db.write(alone="links") as tx:
            if tx.execute(select(links.c.id).where(links.c.a == a, links.c.b == b)).first():
                raise NeedsOperator(say("These two connections are linked already."))
            if tx.execute(select(links.c.id).where(links.c.name == name)).first():
                raise NeedsOperator(
                    say("There is already a link named {name}. Choose another name.", name=name)
                )
            tx.execute(
                insert(links).values(
                    id=link_id, name=name, a=a, b=b, locations=dump(locations or {}), created_at=now()
                )
            )
            for entity, direction in flows_of:
                tx.execute(insert(flows).values(_flow_row(Flow(new_id(), link_id, entity, direction))))
        return self.get(link_id)

    def get(self, link_id: str) -> Link:
        with self.db.read() as tx:
            row = tx.execute(select(links).where(links.c.id == link_id)).first()
        if row is None:
            raise NeedsOperator(say("This link no longer exists."))
        return _link(row)

    def all(self) -> list[Link]:
        with self.db.read() as tx:
            return [_link(r) for r in tx.execute(select(links).order_by(links.c.created_at))]

    def set_locations(self, link_id: str, locations: Mapping[str, tuple[str, ...]]) -> None:
        """Stores the mapping; plans made before are void."""
        with self.db.write() as tx:
            tx.execute(update(links).where(links.c.id == link_id).values(locations=dump(locations)))
            tx.execute(update(flows).where(flows.c.link_id == link_id).values(version=flows.c.version + 1))

    def rename(self, link_id: str, name: str) -> None:
        with self.db.write() as tx:
            tx.execute(update(links).where(links.c.id == link_id).values(name=name.strip()))

    def delete(self, link_id: str) -> None:
        with self.db.write() as tx:
            tx.execute(delete(links).where(links.c.id == link_id))

    def flow(self, flow_id: str) -> Flow:
        with self.db.read() as tx:
            row = tx.execute(select(flows).where(flows.c.id == flow_id)).first()
        if row is None:
            raise NeedsOperator(say("This flow no longer exists."))
        return _flow(row)

    def flows(self, link_id: str | None = None) -> list[Flow]:
        query = select(flows).join(links).order_by(links.c.created_at, flows.c.direction)
        with self.db.read() as tx:
            return [
                _flow(r)
                for r in tx.execute(query if link_id is None else query.where(flows.c.link_id == link_id))
            ]

    def add_flow(self, link_id: str, entity: Entity, direction: str) -> Flow:
        """The link's flow of an entity, made (switched off) if it is not there."""
        with self.db.write() as tx:
            insert_new(tx, flows, [_flow_row(Flow(new_id(), link_id, entity, direction))])
        return next(f for f in self.flows(link_id) if f.entity is entity)

    def save(self, flow: Flow) -> Flow:
        """Stores a flow; its version grows. Switching an order flow on for the first time sets its go-live
        moment."""
        if flow.entity is Entity.ORDER and flow.enabled and flow.orders.go_live_at is None:
            flow = replace(flow, orders=replace(flow.orders, go_live_at=now()))
        flow = replace(flow, version=flow.version + 1)
        with self.db.write() as tx:
            tx.execute(update(flows).where(flows.c.id == flow.id).values(_flow_row(flow)))
        return flow


class Cursors:
    """Where reading of a flow resumes, by name."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def get(self, flow_id: str, name: str) -> str:
        with self.db.read() as tx:
            found = tx.execute(
                select(cursors.c.value).where(cursors.c.flow_id == flow_id, cursors.c.name == name)
            ).scalar()
        return str(found or "")

    def set(self, flow_id: str, name: str, value: str) -> None:
        with self.db.write() as tx:
            row = {"flow_id": flow_id, "name": name, "value": value, "at": now()}
            upsert(tx, cursors, [row], key=["flow_id", "name"])


def _link(row: Row[Any]) -> Link:
    return Link(row.id, row.name, row.a, row.b, {k: tuple(v) for k, v in row.locations.items()})


def _flow(row: Row[Any]) -> Flow:
    settings = row.settings
    return Flow(
        row.id,
        row.link_id,
        Entity(row.entity),
        row.direction,
        row.enabled,
        row.version,
        load(ProductSettings, settings.get("products", {})),
        load(OrderSettings, settings.get("orders", {})),
        load(Schedule, row.schedule),
        load(StockSettings, settings.get("stock", {})),
    )


def _flow_row(flow: Flow) -> dict[str, Any]:
    return {
        "id": flow.id,
        "link_id": flow.link_id,
        "entity": flow.entity.value,
        "direction": flow.direction,
        "enabled": flow.enabled,
        "version": flow.version,
        "schedule": dump(flow.schedule),
        "updated_at": now(),
        "settings": {"products": dump(flow.products), "orders": dump(flow.orders), "stock": dump(flow.stock)},
    }
