"""The match as lists: which items belong together, and why the others do not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

from sqlalchemy import ColumnElement, Select, and_, func, or_, select

from storage.anycase import contains
from storage.database import Database
from storage.stock_items import GONE_AFTER
from storage.stock_match_sql import sides
from storage.stock_shape import clean, folded, loose
from storage.tables.stock import stock_items, stock_unmatched
from storage.tables.sync import bindings
from sync.model.flow import Flow, Link
from sync.model.stock import Match


class _Wanted(NamedTuple):
    text: str
    whole: bool  # a whole SKU, or part of a SKU or of a name


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One item, or one pair. `cursor` is where the next page begins after: our own id of an item, the
    source's id of a pair. `side` is source, target or both; of a pair `variant_id` is the source's and
    `other_id` the target's. Pairs are those that both sides track: another is listed as untracked, once."""

    cursor: int | str
    why: str
    side: str
    sku: str
    label: str
    variant_id: str
    other_id: str = ""
    tracked: bool = True


class MatchList:
    """Reads what the last refresh found."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def listed(
        self,
        flow: Flow,
        link: Link,
        why: Match,
        text: str = "",
        after: int | str | None = None,
        limit: int = 100,
    ) -> list[MatchRow]:
        """Rows of one class after the cursor `after`. `text` is a whole SKU, in whatever spelling, or part of
        a SKU or of a name."""
        for wanted in _tries(text):
            query = _query(flow, link, why, wanted, after).limit(limit)
            with self.db.read() as tx:
                if rows := [_row(row, why) for row in tx.execute(query)]:
                    return rows
        return []

    def listed_count(self, flow: Flow, link: Link, why: Match, text: str, cap: int) -> int:
        """How many rows of a class match a text, counted up to `cap`."""
        for wanted in _tries(text):
            some = _query(flow, link, why, wanted, None).order_by(None).limit(cap).subquery()
            with self.db.read() as tx:
                if n := int(tx.execute(select(func.count()).select_from(some)).scalar_one()):
                    return n
        return 0


def _tries(text: str) -> list[_Wanted | None]:
    """The whole SKU first; then any part of SKU or name."""
    wanted = text.strip()
    return [_Wanted(wanted, True), _Wanted(wanted, False)] if wanted else [None]


def _query(
    flow: Flow, link: Link, why: Match, wanted: _Wanted | None, after: int | str | None
) -> Select[Any]:
    pairs = why is Match.MATCHED
    query, key, same = _pairs(flow, link, after) if pairs else _items(flow, why, after)
    i = stock_items.c
    if wanted is None:
        return query
    if wanted.whole:  # also by the key, or SQLite walks along all rows
        spelt = loose(wanted.text)
        return query.where(i.loose == spelt, key.in_(select(same).where(_other.c.loose == spelt)))
    sku = i.key.contains(folded(clean(wanted.text)), autoescape=True)
    return query.where(or_(sku, contains(i.label, wanted.text)))


_other = stock_items.alias("other")
_Made = tuple[Select[Any], ColumnElement[Any], ColumnElement[Any]]


def _items(flow: Flow, why: Match, after: int | str | None) -> _Made:
    """The query, its key, and which column of an item that is."""
    i, u = stock_items.c, stock_unmatched.c
    query = (
        select(u.stock_item.label("cursor"), u.side, i.sku, i.label, i.variant_id, i.tracked)
        .join(stock_items, i.id == u.stock_item)
        .where(u.flow_id == flow.id, u.why == why.value, u.stock_item > (after or 0))
        .order_by(u.stock_item)
    )
    return query, u.stock_item, _other.c.id


def _pairs(flow: Flow, link: Link, after: int | str | None) -> _Made:
    """As `_items`."""
    b, i, target = bindings.c, stock_items.c, stock_items.alias("target")
    ends, t = sides(link, flow.direction), target.c
    mine, other = b[ends.source_id], b[ends.target_id]
    source = and_(i.connection_id == ends.source, i.variant_id == mine, i.missed < GONE_AFTER)
    there = and_(t.connection_id == ends.target, t.variant_id == other, t.missed < GONE_AFTER)
    query = (
        select(mine.label("cursor"), i.sku, i.label, i.variant_id, other.label("other_id"), i.tracked)
        .join(stock_items, source)
        .join(target, there)
        .where(b.link_id == link.id, b.kind == "variant", mine > (after or ""), i.tracked, t.tracked)
        .order_by(mine)
    )
    return query, mine, _other.c.variant_id


def _row(row: Any, why: Match) -> MatchRow:
    side, other = ("both", row.other_id) if why is Match.MATCHED else (row.side, "")
    return MatchRow(row.cursor, why.value, side, row.sku, row.label, row.variant_id, other, bool(row.tracked))
