"""Every change of stock: what was written where, why and by whom, and what is only planned. The newest first,
page by page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, Row, func, select, type_coerce

from storage.clock import from_micros, to_micros, utc_now
from storage.tables.stock import stock_changes
from sync.managers.views.memo import memo_of
from sync.model.text import Message, say

if TYPE_CHECKING:
    from sync.workspace import Workspace

CAUSES: Mapping[str, Message] = {
    "run": say("Run"),
    "queue": say("Queue"),
    "order": say("Order"),
    "webhook": say("Webhook"),
    "manual": say("By a person"),
    "undo": say("Undo"),
    "hand": say("Edited by hand"),
}
DONE = ("sent", "applied", "refused", "stale", "unknown", "dropped", "seen")
"""States of changes that are more than planned."""
COUNT_CAP = 10_000
TREND_DAYS = 30
_DAY = 86_400_000_000
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes; what is empty does not restrict. `sku` is a SKU or the beginning of one."""

    flow_id: str = ""
    run_id: str = ""
    sku: str = ""
    place: str = ""
    phase: str = ""
    causes: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    since: datetime | None = None
    until: datetime | None = None


@dataclass(frozen=True, slots=True)
class StockRow:
    """One change. Quantities are pieces; `before` and `after` are the target's, `source` what the source
    showed when it was decided; None: not known or not a quantity. `reason` is a word of the recipe."""

    id: int
    run_id: str
    flow_id: str
    phase: str
    sku: str
    source_id: str
    variant_id: str
    place: str
    before: int | None
    after: int | None
    source: int | None
    cause: str
    reason: str
    state: str
    chosen: bool
    tries: int
    message: Message | None
    at: datetime


@dataclass(frozen=True, slots=True)
class StockPage:
    """Rows, and the key of the next page (None: this is the last)."""

    rows: tuple[StockRow, ...]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class Day:
    """Changes of one day, by cause."""

    at: datetime
    counts: Mapping[str, int]


def log(ws: Workspace, f: ChangeFilter, before: int | None = None, limit: int = 50) -> StockPage:
    """The newest first, older than the key `before`."""
    c = stock_changes.c
    query = select(stock_changes).where(*_where(f)).order_by(c.id.desc()).limit(limit + 1)
    if before is not None:
        query = query.where(c.id < before)
    return _page(ws, query, limit)


def in_order(ws: Workspace, f: ChangeFilter, after: int = 0, limit: int = 50) -> StockPage:
    """In the order of planning, from the key `after` on: the rows of a run."""
    c = stock_changes.c
    query = select(stock_changes).where(*_where(f), c.id > after).order_by(c.id).limit(limit + 1)
    return _page(ws, query, limit)


def each(ws: Workspace, f: ChangeFilter) -> Iterator[StockRow]:
    """Every change that matches, the newest first, streamed."""
    before: int | None = None
    while True:
        found = log(ws, f, before, _AT_ONCE)
        yield from found.rows
        if found.next_after is None:
            return
        before = found.next_after


def count(ws: Workspace, f: ChangeFilter) -> tuple[int, bool]:
    """(how many match, are there even more); counted up to 10,000."""
    some = select(stock_changes.c.id).where(*_where(f)).limit(COUNT_CAP + 1).subquery()
    with ws.db.read() as tx:
        n = int(tx.execute(select(func.count()).select_from(some)).scalar_one())
    return min(n, COUNT_CAP), n > COUNT_CAP


def by_state(ws: Workspace, run_id: str, *, fresh: bool = False) -> dict[str, int]:
    """The changes of a run by state. A walk over its index: kept for some seconds unless `fresh`."""
    return memo_of(ws).get(
        ("stock.states", run_id), 0.0 if fresh else 3.0, lambda: _grouped(ws, run_id, "state")
    )


def planned(ws: Workspace, run_id: str, *, fresh: bool = False) -> int:
    """How many rows a run has decided to write, written ones included."""
    states = by_state(ws, run_id, fresh=fresh)
    return sum(n for state, n in states.items() if state not in ("dropped", "seen"))


def by_phase(ws: Workspace, run_id: str) -> dict[str, int]:
    """The changes of a run by phase."""
    return memo_of(ws).get(("stock.phases", run_id), 3.0, lambda: _grouped(ws, run_id, "phase"))


def ticked(ws: Workspace, run_id: str) -> tuple[int, int]:
    """(rows that will be written, rows that could be) of a plan."""
    c = stock_changes.c
    query = select(func.count(), func.count().filter(c.chosen.is_(True))).where(
        c.run_id == run_id, c.state != "dropped"
    )
    with ws.db.read() as tx:
        every, chosen = tx.execute(query).one()
    return int(chosen), int(every)


def trend(ws: Workspace, flow_id: str, days: int = TREND_DAYS, now: datetime | None = None) -> list[Day]:
    """Changes that were written or seen, day by day (UTC) and by cause; kept for five minutes."""
    return memo_of(ws).get(("stock.trend", flow_id, days), 300.0, lambda: _trend(ws, flow_id, days, now))


def places(ws: Workspace, flow_id: str) -> tuple[str, ...]:
    """The locations that a flow writes, by the link's mapping."""
    link = ws.links.get(ws.links.flow(flow_id).link_id)
    return tuple(link.locations)


def _trend(ws: Workspace, flow_id: str, days: int, now: datetime | None) -> list[Day]:
    c = stock_changes.c
    last = to_micros(now or utc_now()) // _DAY
    first = last - days + 1
    day = (type_coerce(c.at, BigInteger) // _DAY).label("day")
    query = (
        select(day, c.cause, func.count())
        .where(c.flow_id == flow_id, c.at >= from_micros(first * _DAY), c.state.in_(("applied", "seen")))
        .group_by(day, c.cause)
    )
    found: dict[int, dict[str, int]] = {}
    with ws.db.read() as tx:
        for at, cause, n in tx.execute(query):
            found.setdefault(int(at), {})[str(cause)] = int(n)
    return [Day(from_micros(n * _DAY), found.get(n, {})) for n in range(first, last + 1)]


def _grouped(ws: Workspace, run_id: str, name: str) -> dict[str, int]:
    column = stock_changes.c[name]
    query = select(column, func.count()).where(stock_changes.c.run_id == run_id).group_by(column)
    with ws.db.read() as tx:
        return {str(value): int(n) for value, n in tx.execute(query)}


def _page(ws: Workspace, query: Any, limit: int) -> StockPage:
    with ws.db.read() as tx:
        rows = [_row(row) for row in tx.execute(query)]
    return StockPage(tuple(rows[:limit]), rows[limit - 1].id if len(rows) > limit else None)


def _row(row: Row[Any]) -> StockRow:
    names = [name for name in StockRow.__dataclass_fields__ if name != "message"]
    message = Message.from_json(row.message) if row.message else _told(row)
    return StockRow(**{name: getattr(row, name) for name in names}, message=message)


def _told(row: Row[Any]) -> Message | None:
    """How many pieces were taken off because the source was never told of their sale."""
    if row.reason != "unreported.subtracted" or not row.untold:
        return None
    return say("Taken off {n}: sold at the target, not told to the source", n=row.untold)


def _where(f: ChangeFilter) -> list[ColumnElement[bool]]:
    c = stock_changes.c
    equal = {"flow_id": f.flow_id, "run_id": f.run_id, "place": f.place, "phase": f.phase}
    conditions: list[ColumnElement[bool]] = [c[name] == value for name, value in equal.items() if value]
    conditions += [c[n].in_(v) for n, v in (("cause", f.causes), ("state", f.states)) if v]
    if f.sku:
        conditions.append(_sku(f.sku))
    if f.since:
        conditions.append(c.at >= f.since)
    if f.until:
        conditions.append(c.at < f.until)
    return conditions


def _sku(text: str) -> ColumnElement[bool]:
    """The SKU itself or its beginning, by the index; SKUs are stored as they are written."""
    c = stock_changes.c
    return (c.sku >= text) & (c.sku < text + "\uffff")


def where_of(f: ChangeFilter) -> list[ColumnElement[bool]]:
    """The filter as conditions, for verbs that change what it shows."""
    return _where(f)
