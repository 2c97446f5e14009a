"""What orders of a shop hold, by variant: so that stock knows what its source was told of when an order was
taken over."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, and_, delete, select

from storage.bulk import among, chunks
from storage.database import Database
from storage.tables.stock import order_pieces
from storage.tables.sync import bindings
from storage.upsert import upsert

_AT_ONCE = 1000
p = order_pieces.c


@dataclass(frozen=True, slots=True)
class TakenOver:
    """Pieces of a variant in one order that the other side has got: when it was placed, and since when."""

    variant_id: str
    pieces: int
    placed_at: datetime
    taken_at: datetime


@dataclass(frozen=True, slots=True)
class Placed:
    """One order and its pieces by variant."""

    order_id: str
    placed_at: datetime
    pieces: Mapping[str, int]


class OrderPieces:
    """Reads and writes them. An order that has no partner yet counts for nothing."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def put(self, tx: Connection, link_id: str, orders: Iterable[Placed]) -> None:
        """Stores what is about to be taken over; repeatable."""
        rows = [
            {
                "link_id": link_id,
                "order_id": order.order_id,
                "variant_id": variant,
                "pieces": pieces,
                "placed_at": order.placed_at,
            }
            for order in orders
            for variant, pieces in order.pieces.items()
        ]
        upsert(tx, order_pieces, rows, key=["link_id", "order_id", "variant_id"])

    def forget(self, tx: Connection, link_id: str, order_ids: Sequence[str]) -> None:
        """Orders that were cancelled: their pieces are no sale any more."""
        for part in chunks(order_ids, _AT_ONCE):
            tx.execute(delete(order_pieces).where(p.link_id == link_id, among(tx, p.order_id, part)))

    def any(self, link_id: str) -> bool:
        """Has an order flow of the link ever written down an order?"""
        with self.db.read() as tx:
            return tx.execute(select(p.order_id).where(p.link_id == link_id).limit(1)).first() is not None

    def taken_over(
        self, link_id: str, side: str, variant_ids: Sequence[str], before: datetime
    ) -> list[TakenOver]:
        """Of these variants, in orders of that side of the link ("a" or "b") that got their partner before a
        moment."""
        b = bindings.c
        bound = and_(b.link_id == p.link_id, b.kind == "order", b[f"id_{side}"] == p.order_id)
        query = select(p.variant_id, p.pieces, p.placed_at, b.created_at).join(bindings, bound)
        found: list[TakenOver] = []
        with self.db.read() as tx:
            for part in chunks(list(dict.fromkeys(variant_ids)), _AT_ONCE):
                wanted = (p.link_id == link_id, among(tx, p.variant_id, part), b.created_at < before)
                found += [TakenOver(*row) for row in tx.execute(query.where(*wanted))]
        return found
