"""Every change of stock: what was written where, why and by whom, and what is only planned. The newest first,
page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, func, select

from storage.clock import from_micros, to_micros
from storage.stock_log import ChangeFilter, Day, StockChangeRow
from storage.tables.stock import stock_changes
from sync.managers.views.memo import memo_of
from sync.model.text import Message, say
from sync.workspace import Workspace

CAUSES: Mapping[str, Message] = {
    "run": say("Run"),
    "queue": say("Queue"),
    "order": say("Order"),
    "webhook": say("Webhook"),
    "manual": say("By a person"),
    "undo": say("Undo"),
    "store": say("Moved at the store"),
}
OFFERED = ("run", "order", "manual", "undo", "store")
"""Causes that a filter offers: those that this version's changes can have (nothing pushes by webhook yet)."""
DONE = ("sent", "applied", "refused", "stale", "unknown", "dropped", "seen")
"""States of changes that are more than planned."""
COUNT_CAP = 10_000
TREND_DAYS = 30
_AT_ONCE = 1_000
_OPEN = ("planned", "sent", "stale")
_GONE = "gone"
c = stock_changes.c


StockRow = StockChangeRow
"""One change. Quantities are pieces; None: not known or not a quantity. `reason` is a word of the recipe."""


@dataclass(frozen=True, slots=True)
class StockPage:
    """Rows, and the key of the next page (None: this is the last)."""

    rows: tuple[StockRow, ...]
    next_after: Any


def log(ws: Workspace, f: ChangeFilter, before: str | None = None, limit: int = 50) -> StockPage:
    """The newest first by the time that is shown, older than the key `before`."""
    at, _, number = (before or "").partition(" ")
    older = (from_micros(int(at)), int(number)) if before else None
    page = _page(ws.stock_changes.log(f, older, limit + 1), limit)
    last = page.rows[-1] if page.next_after is not None else None
    return replace(page, next_after=f"{to_micros(last.at)} {last.id}" if last else None)


def in_order(ws: Workspace, f: ChangeFilter, after: int = 0, limit: int = 50) -> StockPage:
    """In the order of planning, from the key `after` on: the rows of a run."""
    return _page(ws.stock_changes.in_order(f, after, limit + 1), limit)


def each(ws: Workspace, f: ChangeFilter) -> Iterator[StockRow]:
    """Every change that matches, the newest first, streamed."""
    before: str | None = None
    while True:
        found = log(ws, f, before, _AT_ONCE)
        yield from found.rows
        if found.next_after is None:
            return
        before = found.next_after


def count(ws: Workspace, f: ChangeFilter) -> tuple[int, bool]:
    """(how many match, are there even more); counted up to 10,000."""
    n = ws.stock_changes.count(f, COUNT_CAP + 1)
    return min(n, COUNT_CAP), n > COUNT_CAP


def by_state(ws: Workspace, run_id: str, *, fresh: bool = False) -> dict[str, int]:
    """The changes of a run by state. A walk over its index: kept for some seconds unless `fresh`."""
    return memo_of(ws).get(
        ("stock.states", run_id), 0.0 if fresh else 3.0, lambda: ws.stock_changes.counts(run_id)
    )


def planned(ws: Workspace, run_id: str, *, fresh: bool = False) -> int:
    """How many rows a run has decided to write, written ones included."""
    states = by_state(ws, run_id, fresh=fresh)
    return sum(n for state, n in states.items() if state not in ("dropped", "seen"))


def by_phase(ws: Workspace, run_id: str) -> dict[str, int]:
    """The changes of a run by phase."""
    return memo_of(ws).get(("stock.phases", run_id), 3.0, lambda: ws.stock_changes.counts(run_id, "phase"))


def to_write(ws: Workspace, run_id: str, *, ticked: bool = False) -> dict[str, int]:
    """Rows of a run that are still to be written, by phase; "hide" are the products among the gone that are
    to be hidden. `ticked`: of a plan, only what is ticked at this moment; else a figure some seconds old."""
    if ticked:
        return _to_write(ws, run_id, c.chosen.is_(True))
    return memo_of(ws).get(("stock.open", run_id), 3.0, lambda: _to_write(ws, run_id))


def _to_write(ws: Workspace, run_id: str, *only: ColumnElement[bool]) -> dict[str, int]:
    query = select(c.phase, func.count()).where(c.run_id == run_id, c.state.in_(_OPEN), *only)
    hidden = select(func.count()).where(c.run_id == run_id, c.state.in_(_OPEN), c.phase == _GONE, *only)
    with ws.db.read() as tx:
        found = {phase: int(n) for phase, n in tx.execute(query.group_by(c.phase))}
        products = int(tx.execute(hidden.where(c.place == "")).scalar_one()) if _GONE in found else 0
    return found | {_GONE: found[_GONE] - products, "hide": products} if products else found


def ticked(ws: Workspace, run_id: str) -> tuple[int, int]:
    """(rows that will be written, rows that could be) of a plan."""
    return ws.stock_changes.ticked(run_id)


def trend(ws: Workspace, flow_id: str, days: int = TREND_DAYS, now: datetime | None = None) -> list[Day]:
    """Changes that were written or seen, day by day (UTC) and by cause; kept for five minutes."""
    name = ("stock.trend", flow_id, days)
    return memo_of(ws).get(name, 300.0, lambda: ws.stock_changes.trend(flow_id, days, now))


def places(ws: Workspace, flow_id: str) -> tuple[str, ...]:
    """The locations that a flow writes, by the link's mapping."""
    link = ws.links.get(ws.links.flow(flow_id).link_id)
    return tuple(link.locations)


def _page(rows: list[StockChangeRow], limit: int) -> StockPage:
    shown = tuple(replace(row, message=row.message or _told(row)) for row in rows[:limit])
    return StockPage(shown, rows[limit - 1].id if len(rows) > limit else None)


def _told(row: StockChangeRow) -> Message | None:
    """How many pieces were taken off because the source was never told of their sale."""
    if row.reason != "unreported.subtracted" or not row.untold:
        return None
    return say("Taken off {n}: sold at the target, not told to the source", n=row.untold)
