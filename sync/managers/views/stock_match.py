"""The match of a stock flow: which items of both sides belong together, and why the others do not. Pages by
key; the counts are those that the match itself stored."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from storage.stock_match_list import MatchRow
from sync.managers.views.flows import FlowInfo
from sync.model.stock import Match
from sync.model.text import Message, say
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
    rows = ws.stock_match.listed(found.flow, found.link, why, text, after, limit + 1)
    return MatchPage(tuple(rows[:limit]), rows[limit - 1].cursor if len(rows) > limit else None)


def count(ws: Workspace, found: FlowInfo, why: Match, text: str) -> tuple[int, bool]:
    """(how many rows match a text, are there even more); counted up to 10,000."""
    n = ws.stock_match.listed_count(found.flow, found.link, why, text, COUNT_CAP + 1)
    return min(n, COUNT_CAP), n > COUNT_CAP


def each(ws: Workspace, found: FlowInfo, why: Match, text: str = "") -> Iterator[MatchRow]:
    """Every row of a class that matches a text (see `page`), streamed."""
    after: int | str | None = None
    while True:
        got = page(ws, found, why, text, after, _AT_ONCE)
        yield from got.rows
        after = got.next_after
        if after is None:
            return
