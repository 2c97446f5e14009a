"""The dashboard's figures, all read from the database: what was written, what failed and why, what is
connected.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import BigInteger, func, select, type_coerce

from storage.clock import from_micros, to_micros, utc_now
from storage.preferences import PAUSED
from storage.tables.connections import flows
from storage.tables.sync import changes, run_items, runs
from sync.managers.views import stock_failures
from sync.managers.views.flows import FlowInfo, all_flows
from sync.model.entity import Entity
from sync.model.flow import Connection
from sync.model.run import OUTCOMES, Mode
from sync.model.text import Message
from sync.queue import schedule
from sync.workspace import Workspace

HOUR = 3_600_000_000
GROUPS: Mapping[str, str] = {
    "product": "products",
    "variant": "products",
    "media": "products",
    "publication": "products",
    "stock": "stock",
    "order": "orders",
    "fulfilment": "orders",
    "refund": "orders",
    "customer": "orders",
}
"""Entity of a change → the colour it has in the chart."""
SERIES = ("products", "stock", "orders")
_FAILED = ("refused", "unknown")


@dataclass(frozen=True, slots=True)
class Hour:
    """Changes written and failed within one hour; `at` is its first moment, UTC."""

    at: datetime
    written: Mapping[str, int]
    failed: int

    @property
    def all_written(self) -> int:
        return sum(self.written.values())


@dataclass(frozen=True, slots=True)
class Span:
    """What happened in a stretch of time."""

    hours: tuple[Hour, ...]

    @property
    def written(self) -> int:
        return sum(hour.all_written for hour in self.hours)

    @property
    def failed(self) -> int:
        return sum(hour.failed for hour in self.hours)

    def of(self, series: str) -> int:
        """Changes written of one series."""
        return sum(hour.written.get(series, 0) for hour in self.hours)

    @property
    def success(self) -> float | None:
        """Share of the answered changes that were written, 0 to 1; None if there were none."""
        answered = self.written + self.failed
        return self.written / answered if answered else None


@dataclass(frozen=True, slots=True)
class CauseCount:
    """So many different records failed or were parked for one cause."""

    cause: str
    count: int


@dataclass(frozen=True, slots=True)
class Next:
    """When a flow runs by itself next. `at` None: only by hand, or paused."""

    flow: FlowInfo
    at: datetime | None
    paused: bool


@dataclass(frozen=True, slots=True)
class ConnectionCard:
    """A connection with its last word. `links` are those it belongs to; `last_run` is the newest run that
    used it.
    """

    connection: Connection
    links: tuple[str, ...]
    last_run_at: datetime | None
    reason: Message | None


def activity(ws: Workspace, hours: int = 24, now: datetime | None = None) -> tuple[Span, Span]:
    """(the last `hours` hours, the same stretch before), hour by hour, the present hour included."""
    last = to_micros(now or utc_now()) // HOUR
    first = last - 2 * hours + 1
    counts = _by_hour(ws, first)
    every = [_hour(n, counts) for n in range(first, last + 1)]
    return Span(tuple(every[hours:])), Span(tuple(every[:hours]))


def _by_hour(ws: Workspace, first: int) -> dict[tuple[int, str], Counter[str]]:
    c = changes.c
    hour = (type_coerce(c.at, BigInteger) // HOUR).label("hour")
    query = (
        select(hour, c.entity, c.state, func.count())
        .where(c.at >= from_micros(first * HOUR), c.state.in_(("applied", *_FAILED)))
        .group_by(hour, c.entity, c.state)
    )
    counts: dict[tuple[int, str], Counter[str]] = {}
    with ws.db.read() as tx:
        for at, entity, state, n in tx.execute(query):
            kind = "failed" if state in _FAILED else "written"
            counts.setdefault((int(at), kind), Counter())[GROUPS.get(entity, "products")] += n
    _add_stock(ws, first, counts)
    return counts


def _add_stock(ws: Workspace, first: int, counts: dict[tuple[int, str], Counter[str]]) -> None:
    """Runs of stock flows, by their stored report and the hour of their end: a million rows are not counted
    for a page. What failed is counted once by its last state, not once a try."""
    r = runs.c
    query = (
        select(r.finished_at, r.counts)
        .join(flows, flows.c.id == r.flow_id)
        .where(
            flows.c.entity == Entity.STOCK.value,
            r.finished_at >= from_micros(first * HOUR),
            r.mode != Mode.PREVIEW.value,
        )
    )
    with ws.db.read() as tx:
        for at, report in tx.execute(query):
            if n := int(report.get("updated", 0)):
                counts.setdefault((to_micros(at) // HOUR, "written"), Counter())["stock"] += n
    for failure in stock_failures.standing(ws, from_micros(first * HOUR)):
        counts.setdefault((to_micros(failure.at) // HOUR, "failed"), Counter())["stock"] += 1


def _hour(number: int, counts: Mapping[tuple[int, str], Counter[str]]) -> Hour:
    return Hour(
        from_micros(number * HOUR),
        dict(counts.get((number, "written"), {})),
        sum(counts.get((number, "failed"), Counter()).values()),
    )


def report(ws: Workspace, hours: int = 24, now: datetime | None = None) -> Counter[str]:
    """Records by outcome over the runs that ended in this time; previews do not count. "read" is their
    sum."""
    r = runs.c
    query = select(r.counts).where(
        r.finished_at >= (now or utc_now()) - timedelta(hours=hours), r.mode != Mode.PREVIEW.value
    )
    total: Counter[str] = Counter(dict.fromkeys(("read", *OUTCOMES), 0))
    with ws.db.read() as tx:
        for counts in tx.execute(query).scalars():
            total.update({name: int(n) for name, n in counts.items() if name in total})
    return total


def failures(ws: Workspace, hours: int = 24, now: datetime | None = None, limit: int = 8) -> list[CauseCount]:
    """Different records that failed or were parked in the runs of this time, by cause, the most frequent
    first.
    """
    i, r = run_items.c, runs.c
    many = func.count(i.source_id.distinct())
    query = (
        select(i.cause, many)
        .join(runs, r.id == i.run_id)
        .where(
            r.created_at >= (now or utc_now()) - timedelta(hours=hours),
            r.mode != Mode.PREVIEW.value,
            i.outcome.in_(("failed", "parked")),
        )
        .group_by(i.cause)
        .order_by(many.desc(), i.cause)
        .limit(limit)
    )
    with ws.db.read() as tx:
        found = [CauseCount(str(cause) or "change.refused", int(n)) for cause, n in tx.execute(query)]
    since = from_micros(to_micros(now or utc_now()) // HOUR * HOUR) - timedelta(hours=hours - 1)
    every = [*found, *(CauseCount(*one) for one in stock_failures.by_cause(ws, since).items())]
    return sorted(every, key=lambda one: (-one.count, one.cause))[:limit]


def connections(ws: Workspace) -> list[ConnectionCard]:
    """Every connection, in the order of their making."""
    links = ws.links.all()
    used = _last_runs(ws)
    return [
        ConnectionCard(
            c, tuple(link.name for link in links if c.id in (link.a, link.b)), used.get(c.id), c.reason
        )
        for c in ws.connections.all()
    ]


def _last_runs(ws: Workspace) -> dict[str, datetime]:
    r = runs.c
    with ws.db.read() as tx:
        newest = {
            row.flow_id: row.at
            for row in tx.execute(select(r.flow_id, func.max(r.created_at).label("at")).group_by(r.flow_id))
        }
    out: dict[str, datetime] = {}
    for found in all_flows(ws):
        for end in (found.source.id, found.target.id):
            if at := newest.get(found.flow.id):
                out[end] = max(at, out.get(end, at))
    return out


def next_runs(ws: Workspace, now: datetime | None = None) -> list[Next]:
    """When each enabled flow runs by itself next, the soonest first."""
    everything_paused = ws.preferences.get(PAUSED)
    found = [
        Next(f, schedule.next_fire(ws, f.flow, now), everything_paused or f.flow.schedule.paused)
        for f in all_flows(ws)
        if f.flow.enabled
    ]
    return sorted(found, key=lambda n: (n.at is None, n.at or utc_now()))
