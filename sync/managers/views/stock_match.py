"""The match of a stock flow: which items of both sides belong together, and why the others do not. Pages by
key; the counts are those that the match itself stored."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, func, or_, select

from storage.tables.stock import stock_items, stock_unmatched
from storage.tables.sync import bindings
from sync.managers.views.flows import FlowInfo
from sync.model.stock import Match
from sync.model.text import Message, say

if TYPE_CHECKING:
    from sync.workspace import Workspace

NAMES: Mapping[Match, Message] = {
    Match.MATCHED: say("Matched"),
    Match.ONLY_SOURCE: say("Only at the source"),
    Match.ONLY_TARGET: say("Only at the target"),
    Match.DUPLICATE: say("SKU used twice"),
    Match.EMPTY: say("Without SKU"),
    Match.UNTRACKED: say("Not tracked"),
    Match.BUNDLE: say("Bundles"),
    Match.GIFT_CARD: say("Gift cards"),
}
HELP: Mapping[Match, Message] = {
    Match.MATCHED: say("The same SKU on both sides: stock follows."),
    Match.ONLY_SOURCE: say("The target has no item with this SKU. Nothing is created."),
    Match.ONLY_TARGET: say("The source has no item with this SKU. Its stock is left alone."),
    Match.DUPLICATE: say("Several items of one side share the SKU. None is written until each has its own."),
    Match.EMPTY: say("Items without a SKU cannot be matched."),
    Match.UNTRACKED: say("The platform does not count this item."),
    Match.BUNDLE: say("A bundle's stock comes from its components; it is never written."),
    Match.GIFT_CARD: say("Gift cards have no stock."),
}
COUNT_CAP = 10_000
_AT_ONCE = 1_000
_LOOSE = re.compile(r"[\s\-‐-―_]+")


@dataclass(frozen=True, slots=True)
class MatchRow:
    """One item, or one pair. `cursor` is where the next page begins after: our own id of an item, the
    source's id of a pair: the orders of an index. `side` is source, target or both; of a pair
    `variant_id` is the source's and `other_id` the target's."""

    cursor: int | str
    why: str
    side: str
    sku: str
    label: str
    variant_id: str
    other_id: str = ""
    tracked: bool = True


@dataclass(frozen=True, slots=True)
class MatchPage:
    """Rows in the order of their reading, and the key of the next page (None: this is the last)."""

    rows: tuple[MatchRow, ...]
    next_after: int | str | None


def page(
    ws: Workspace,
    found: FlowInfo,
    why: Match,
    text: str = "",
    after: int | str | None = None,
    limit: int = 50,
) -> MatchPage:
    """Rows of one class. `text` is a SKU, or part of a SKU or of a name."""
    rows: list[MatchRow] = []
    for condition in _tries(text):
        query = _query(found, why, condition, after).limit(limit + 1)
        with ws.db.read() as tx:
            rows = [_row(row, why, found) for row in tx.execute(query)]
        if rows:
            break
    return MatchPage(tuple(rows[:limit]), rows[limit - 1].cursor if len(rows) > limit else None)


def count(ws: Workspace, found: FlowInfo, why: Match, text: str) -> tuple[int, bool]:
    """(how many rows match a text, are there even more); counted up to 10,000."""
    n = 0
    for condition in _tries(text):
        some = _query(found, why, condition, None).order_by(None).limit(COUNT_CAP + 1).subquery()
        with ws.db.read() as tx:
            n = int(tx.execute(select(func.count()).select_from(some)).scalar_one())
        if n:
            break
    return min(n, COUNT_CAP), n > COUNT_CAP


def each(ws: Workspace, found: FlowInfo, why: Match) -> Iterator[MatchRow]:
    """Every row of a class, streamed."""
    after: int | str | None = None
    while True:
        got = page(ws, found, why, after=after, limit=_AT_ONCE)
        yield from got.rows
        after = got.next_after
        if after is None:
            return


def loose(sku: str) -> str:
    """A SKU as an operator types it: case, blanks and dashes do not count."""
    return _LOOSE.sub("", sku.casefold())


def _tries(text: str) -> list[ColumnElement[bool] | None]:
    """The whole SKU first, by its index; then any part of SKU or name."""
    if not text:
        return [None]
    s = stock_items.c
    part = or_(s.sku.icontains(text, autoescape=True), s.label.icontains(text, autoescape=True))
    return [s.loose == loose(text), part]


def _query(
    found: FlowInfo, why: Match, condition: ColumnElement[bool] | None, after: int | str | None
) -> Select[Any]:
    if why is Match.MATCHED:
        return _pairs(found, condition, after)
    s, u = stock_items.c, stock_unmatched.c
    query = (
        select(u.stock_item.label("cursor"), u.side, s.sku, s.label, s.variant_id, s.tracked)
        .join(stock_items, s.id == u.stock_item)
        .where(u.flow_id == found.flow.id, u.why == why.value, u.stock_item > (after or 0))
        .order_by(u.stock_item)
    )
    return query if condition is None else query.where(condition)


def _pairs(found: FlowInfo, condition: ColumnElement[bool] | None, after: int | str | None) -> Select[Any]:
    b, s = bindings.c, stock_items.c
    source_first = found.flow.direction[0] == "a"
    mine, other = (b.id_a, b.id_b) if source_first else (b.id_b, b.id_a)
    query = (
        select(mine.label("cursor"), s.sku, s.label, s.variant_id, s.tracked, other.label("other_id"))
        .join(stock_items, (s.variant_id == mine) & (s.connection_id == found.source.id))
        .where(b.link_id == found.link.id, b.kind == "variant", mine > (after or ""))
        .order_by(mine)
    )
    return query if condition is None else query.where(condition)


def _row(row: Any, why: Match, found: FlowInfo) -> MatchRow:
    if why is Match.MATCHED:
        return MatchRow(
            row.cursor, why.value, "both", row.sku, row.label, row.variant_id, row.other_id, row.tracked
        )
    side = "source" if row.side in (found.flow.direction[0], "source") else "target"
    return MatchRow(row.cursor, why.value, side, row.sku, row.label, row.variant_id, "", row.tracked)
