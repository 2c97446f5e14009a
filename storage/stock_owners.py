"""One writer per store and location: which stock flow may push there."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, delete, or_, select

from storage.clock import utc_now as now
from storage.database import Database
from storage.tables.connections import connections, flows, links
from storage.tables.stock import stock_owners
from storage.tables.sync import bindings, stock_baselines
from storage.upsert import insert_new, upsert
from sync.errors import NeedsOperator
from sync.model.text import say

o = stock_owners.c


class StockOwners:
    """Who owns the stock of a location. `store` is the account's identity, because two connections may lead
    to the same store. The table's primary key decides between two who ask at once."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def claim(self, flow_id: str, store: str, places: Sequence[str], by: str) -> None:
        """Makes the flow the owner of exactly these places. Raises NeedsOperator, naming the owner's link and
        leaving all as it was, if one of them has another owner."""
        rows = [_row(flow_id, store, place, by) for place in sorted(set(places))]
        with self.db.write() as tx:
            taken = _not_own(tx, flow_id, store, places)
            insert_new(tx, stock_owners, rows)
            _refuse_taken(tx, flow_id, store, places)
            _forget_others(tx, flow_id, store, taken)
            tx.execute(
                delete(stock_owners).where(
                    o.flow_id == flow_id, ~((o.store == store) & o.place.in_(sorted(set(places))))
                )
            )

    def transfer(self, flow_id: str, store: str, places: Sequence[str], by: str) -> None:
        """Makes the flow the owner of these places, whoever owned them: an explicit act of a person."""
        rows = [_row(flow_id, store, place, by) for place in sorted(set(places))]
        with self.db.write() as tx:
            taken = _not_own(tx, flow_id, store, places)
            upsert(tx, stock_owners, rows, key=["store", "place"])
            _forget_others(tx, flow_id, store, taken)

    def of(self, store: str) -> dict[str, str]:
        """place → flow id of its owner."""
        with self.db.read() as tx:
            rows = tx.execute(select(o.place, o.flow_id).where(o.store == store))
            return {row.place: row.flow_id for row in rows}

    def places(self, flow_id: str) -> list[tuple[str, str]]:
        """(store, place) that the flow owns."""
        with self.db.read() as tx:
            query = select(o.store, o.place).where(o.flow_id == flow_id).order_by(o.store, o.place)
            return [(store, place) for store, place in tx.execute(query)]

    def release(self, flow_id: str) -> None:
        """The flow owns nothing any more."""
        with self.db.write() as tx:
            tx.execute(delete(stock_owners).where(o.flow_id == flow_id))


def _row(flow_id: str, store: str, place: str, by: str) -> dict[str, object]:
    return {"store": store, "place": place, "flow_id": flow_id, "by": by, "at": now()}


def _refuse_taken(tx: Connection, flow_id: str, store: str, places: Sequence[str]) -> None:
    query = (
        select(o.place, links.c.name)
        .join(flows, flows.c.id == o.flow_id)
        .join(links, links.c.id == flows.c.link_id)
        .where(o.store == store, o.place.in_(list(places)), o.flow_id != flow_id)
        .order_by(o.place)
    )
    taken = tx.execute(query).first()
    if taken is not None:
        raise NeedsOperator(
            say(
                "The link {link} writes the stock of location {place} already. A location has one writer: "
                "transfer it to this link first (Inventory, Owners, or python -m sync transfer), switch "
                "stock off in that flow, or leave the location out.",
                link=taken.name,
                place=taken.place,
            )
        )


def _not_own(tx: Connection, flow_id: str, store: str, places: Sequence[str]) -> list[str]:
    """Those of the places that the flow does not own yet."""
    own = select(o.place).where(o.store == store, o.flow_id == flow_id)
    return sorted(set(places) - set(tx.execute(own).scalars()))


def _forget_others(tx: Connection, flow_id: str, store: str, places: Sequence[str]) -> None:
    """What other links settled at these places of the store is no baseline any more: another flow writes
    there from now on, and should they write there again, its figures would look like sales."""
    if not places:
        return
    own = select(flows.c.link_id).where(flows.c.id == flow_id).scalar_subquery()
    ends = select(connections.c.id).where(or_(connections.c.identity == store, connections.c.id == store))
    others = select(links.c.id).where(links.c.id != own, or_(links.c.a.in_(ends), links.c.b.in_(ends)))
    theirs = select(bindings.c.id).where(bindings.c.link_id.in_(others))
    b = stock_baselines.c
    tx.execute(delete(stock_baselines).where(b.location_id.in_(places), b.binding_id.in_(theirs)))
