"""Pairs of a stock flow, with what both sides show and what was last settled: what a plan is made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, FromClause, Select, and_, case, func, literal, or_, select

from storage.bulk import among, chunks, listed
from storage.database import Database
from storage.stock_items import GONE_AFTER, ITEM_COLUMNS, ItemRow, item_of, levels_of
from storage.stock_match_sql import Sides, sides
from storage.tables.stock import stock_items, stock_levels
from storage.tables.sync import bindings, stock_baselines
from sync.model.flow import Link
from sync.model.stock import ALL_PLACES

_AT_ONCE = 1000
_MIDDLE = 1 + len(ITEM_COLUMNS)
_BASES = {
    "sqlite": "SELECT binding_id, location_id, {source}, {target}, untold FROM stock_baselines "
    "WHERE binding_id IN (SELECT value FROM json_each(?))",
    "postgresql": "SELECT binding_id, location_id, {source}, {target}, untold FROM stock_baselines "
    "WHERE binding_id = ANY(%s::bigint[])",
}


@dataclass(frozen=True, slots=True)
class PairRow:
    """Two items that are the same. `bases`: by location of the target what (source, target) showed when last
    settled, in pieces. `untold`: where the target had lost pieces by then that the source was not told of."""

    binding_id: int
    source: ItemRow
    target: ItemRow
    bases: Mapping[str, tuple[int, int]]
    untold: Mapping[str, int] = field(default_factory=dict)


class StockPairs:
    """Reads pairs page by page: each page begins after the last binding of the one before."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def pairs(self, link: Link, direction: str, after_binding: int = 0, limit: int = 1000) -> list[PairRow]:
        """Pairs whose target item is there, in the order of their making. The source's may be `gone`."""
        q = _Query(self.db, link, direction)
        with self.db.read() as tx:
            return q.rows(tx, q.page(after_binding, limit))

    def pairs_of(self, link: Link, direction: str, source_variant_ids: Sequence[str]) -> list[PairRow]:
        """The pairs of these source items."""
        q = _Query(self.db, link, direction)
        out: list[PairRow] = []
        with self.db.read() as tx:
            for part in chunks(list(dict.fromkeys(source_variant_ids)), _AT_ONCE):
                of = bindings.c[q.sides.source_id]
                out += q.rows(tx, q.base(indexed=True).where(among(tx, of, part)))
        return out

    def settled(
        self, link: Link, direction: str, binding_ids: Sequence[int]
    ) -> dict[tuple[int, str], tuple[int, int, int]]:
        """(binding, location) → what (source, target) showed when last settled, and what the source was not
        told of by then."""
        with self.db.read() as tx:
            bases, untold = _Query(self.db, link, direction).bases(tx, binding_ids)
        return {
            (binding, place): (*base, untold.get(binding, {}).get(place, 0))
            for binding, here in bases.items()
            for place, base in here.items()
        }

    def read_at(self, binding_ids: Sequence[int]) -> dict[int, datetime]:
        """When the source was read that a pair was last settled by, at whatever location that was last."""
        base = stock_baselines.c
        query = select(base.binding_id, func.max(base.source_at)).group_by(base.binding_id)
        found: dict[int, datetime] = {}
        with self.db.read() as tx:
            for part in chunks(list(binding_ids), _AT_ONCE):
                rows = tx.execute(query.where(among(tx, base.binding_id, part)))
                found |= {row[0]: row[1] for row in rows}
        return found

    def pairs_moved(self, link: Link, direction: str, after: int = 0, limit: int = 1000) -> list[PairRow]:
        """Pairs of which at some mapped location a side shows something else than when last settled, or that
        never settled while the source says something; and those whose SKUs disagree, which may be another
        item's by now. The database looks through them all."""
        q = _Query(self.db, link, direction)
        if not link.locations:
            return []
        moved = or_(*(q.moved(place, sources) for place, sources in link.locations.items()))
        apart = q.s.c.loose != q.t.c.loose
        with self.db.read() as tx:
            return q.rows(tx, q.page(after, limit).where(q.s.c.missed < GONE_AFTER, or_(moved, apart)))


class _Query:
    """SELECTs over bindings with both their items."""

    def __init__(self, db: Database, link: Link, direction: str) -> None:
        self.link, self.sqlite = link, db.dialect == "sqlite"
        self.sides: Sides = sides(link, direction)
        self.s, self.t = stock_items.alias("s"), stock_items.alias("t")

    def base(self, *, indexed: bool) -> Select[Any]:
        b, s, t = bindings.c, self.s.c, self.t.c
        columns = [s[name].label(f"s_{name}") for name in ITEM_COLUMNS] + [
            t[n].label(f"t_{n}") for n in ITEM_COLUMNS
        ]
        query = select(b.id.label("binding_id"), *columns).select_from(bindings)
        query = query.join(
            self.s, and_(s.connection_id == self.sides.source, s.variant_id == b[self.sides.source_id])
        ).join(self.t, and_(t.connection_id == self.sides.target, t.variant_id == b[self.sides.target_id]))
        link_id: ColumnElement[Any] = b.link_id
        if self.sqlite and not indexed:  # or it takes the index of the link and sorts all of it for one page
            link_id = func.coalesce(b.link_id, literal(""))
        return query.where(link_id == self.link.id, b.kind == "variant", t.missed < GONE_AFTER)

    def page(self, after: int, limit: int) -> Select[Any]:
        b = bindings.c
        return self.base(indexed=False).where(b.id > after).order_by(b.id).limit(limit)

    def moved(self, place: str, sources: Sequence[str]) -> ColumnElement[bool]:
        """Does either side show something else at this place than its half of the baseline?"""
        base = stock_baselines.alias()
        here = and_(base.c.binding_id == bindings.c.id, base.c.location_id == place)
        was, other = (
            select(base.c[half]).where(here).correlate(bindings).scalar_subquery()
            for half in (self.sides.source_half, self.sides.target_half)
        )
        source, shown = _summed(self.s, sources), _shown(self.t, place)
        differs = or_(source.is_distinct_from(was), shown.is_distinct_from(other))
        return and_(differs, or_(source.is_not(None), was.is_not(None)))

    def rows(self, tx: Connection, query: Select[Any]) -> list[PairRow]:
        found = tx.execute(query).all()
        shown = levels_of(tx, [row[1] for row in found] + [row[_MIDDLE] for row in found])
        bases, untold = self.bases(tx, [row[0] for row in found])
        return [
            PairRow(
                row[0],
                item_of(row[1:_MIDDLE], shown.get(row[1], ())),
                item_of(row[_MIDDLE:], shown.get(row[_MIDDLE], ())),
                bases.get(row[0], {}),
                untold.get(row[0], {}),
            )
            for row in found
        ]

    def bases(
        self, tx: Connection, ids: Sequence[int]
    ) -> tuple[dict[int, dict[str, tuple[int, int]]], dict[int, dict[str, int]]]:
        """By binding and location: (source, target), and what the source was not told of, if anything."""
        out: dict[int, dict[str, tuple[int, int]]] = {}
        untold: dict[int, dict[str, int]] = {}
        statement = _BASES[tx.dialect.name].format(
            source=self.sides.source_half, target=self.sides.target_half
        )
        for part in chunks(ids, _AT_ONCE):
            for binding, place, source, target, pieces in tx.exec_driver_sql(
                statement, (listed(tx, part),)
            ).all():
                out.setdefault(binding, {})[place] = (source, target)
                if pieces:
                    untold.setdefault(binding, {})[place] = pieces
        return out, untold


def _summed(item: FromClause, places: Sequence[str]) -> ColumnElement[Any]:
    """Pieces over the places; NULL if none of them is among the item's levels."""
    level = stock_levels.alias()
    query = select(func.sum(case((level.c.active, level.c.available), else_=0))).where(
        level.c.stock_item == item.c.id
    )
    if ALL_PLACES not in places:
        query = query.where(level.c.place.in_(list(places)))
    return query.correlate(item).scalar_subquery()


def _shown(item: FromClause, place: str) -> ColumnElement[Any]:
    """Pieces at the place; NULL where the item is not stocked."""
    level = stock_levels.alias()
    query = select(level.c.available).where(level.c.stock_item == item.c.id, level.c.place == place)
    return query.where(level.c.active).correlate(item).scalar_subquery()
