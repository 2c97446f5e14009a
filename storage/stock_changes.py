"""Every change of stock, planned or done: a run's plan, the change log, and what undo reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, Select, delete, func, select, text, update

from storage.bulk import among, chunks, insert_many
from storage.clock import to_micros
from storage.clock import utc_now as now
from storage.database import Database
from storage.jsontext import dump_json
from storage.messages import stored_message
from storage.tables.stock import stock_changes
from sync.model.text import Message

PHASES = ("track", "activate", "stock", "gone", "adjust")
"""The order in which a stock run's changes go out."""
_AT_ONCE = 2000
_DAY = 86_400_000_000
_COLUMNS = (
    "run_id",
    "flow_id",
    "binding_id",
    "phase",
    "sku",
    "source_id",
    "variant_id",
    "item_id",
    "place",
    "before",
    "after",
    "source",
    "cause",
    "reason",
    "state",
    "chosen",
    "untold",
    "released",
    "message",
    "tries",
    "call_id",
    "at",
)
_GIVEN = attrgetter(*_COLUMNS[:18])
"""What a new change says itself; its message, tries, call and time follow."""

c = stock_changes.c


@dataclass(frozen=True, slots=True)
class NewStockChange:
    """A change to be written. Pieces at one place of the target: `before` it showed, `after` it is to show;
    `source` is what the source showed. `untold`: pieces lost at the target that the source was not told of,
    to be remembered with the baseline; `released`: those that are forgotten and so on sale again."""

    run_id: str
    flow_id: str
    binding_id: int | None
    phase: str
    sku: str
    source_id: str
    variant_id: str
    item_id: str
    place: str
    before: int | None
    after: int | None
    source: int | None
    cause: str = "run"
    reason: str = ""
    state: str = "planned"
    chosen: bool = True
    message: Message | None = None
    untold: int = 0
    released: int = 0


@dataclass(frozen=True, slots=True)
class StockChangeRow(NewStockChange):
    """A change as stored. `at`: when it was planned, then when it came to its end."""

    id: int = 0
    tries: int = 0
    call_id: str = ""
    at: datetime = field(default_factory=lambda: datetime.fromtimestamp(0, UTC))


@dataclass(frozen=True, slots=True)
class LogFilter:
    """Which changes of the log; what is empty does not restrict. `sku` is a SKU or its beginning, in any
    case."""

    flow_id: str = ""
    sku: str = ""
    place: str = ""
    cause: str = ""
    state: str = ""
    since: datetime | None = None
    until: datetime | None = None
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class DayCount:
    """How many changes of one cause were applied or seen on one day (UTC)."""

    day: date
    cause: str
    count: int


class StockChanges:
    """Reads and writes stock changes. Methods with a `tx` join the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def add(self, rows: Sequence[NewStockChange], tx: Connection | None = None) -> None:
        """Stores planned changes, in the order in which they are to go out."""
        if tx is not None:
            insert_many(tx, stock_changes, _COLUMNS, _tuples(rows))
            return
        for part in chunks(rows, _AT_ONCE):
            with self.db.write() as own:
                insert_many(own, stock_changes, _COLUMNS, _tuples(part))

    def note(self, tx: Connection, row: NewStockChange) -> None:
        """One row for a change that was written elsewhere (a product flow), or seen and not ours."""
        insert_many(tx, stock_changes, _COLUMNS, _tuples([row]))

    def due(self, run_id: str, phase: str, limit: int = 250, after_id: int = 0) -> list[StockChangeRow]:
        """Chosen changes of a phase that are still planned, in their order."""
        query = select(*_EVERYTHING).where(
            c.run_id == run_id, c.state == "planned", c.phase == phase, c.id > after_id, c.chosen
        )
        return self._rows(query.order_by(c.id).limit(limit))

    def commit(self, tx: Connection, call_id: str, ids: Sequence[int]) -> None:
        """These changes are in that call, which is about to be sent."""
        tx.execute(
            update(stock_changes)
            .where(among(tx, c.id, ids))
            .values(state="sent", call_id=call_id, tries=c.tries + 1)
        )

    def set_state(
        self,
        tx: Connection,
        ids: Sequence[int],
        state: str,
        *,
        message: Message | None = None,
        reason: str | None = None,
        before: int | None = None,
        after: int | None = None,
        source: int | None = None,
        untold: int | None = None,
    ) -> None:
        """The state of these changes; the other values only where they are given."""
        given = {"reason": reason, "before": before, "after": after, "source": source, "untold": untold}
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        if message is not None:
            values["message"] = stored_message(message)
        tx.execute(update(stock_changes).where(among(tx, c.id, ids)).values(state=state, at=now(), **values))

    def applied(self, tx: Connection, target_id: str, ids: Sequence[int], *, swapped: bool = False) -> None:
        """The whole of a call came through: these changes are applied, what (source, target) show is their
        baseline with what it remembers, and the items of connection `target_id` show what was written.
        `swapped`: the flow's source is side b."""
        a, b = ("after", "source") if swapped else ("source", "after")
        values = {"now": to_micros(now()), "target": target_id}
        listed = ",".join(str(int(change)) for change in ids)
        mark = "?" if tx.dialect.name == "sqlite" else "%s"
        for names, statement in _SETTLE:  # as plain text: a text of its own each, nothing for a cache to keep
            sql = statement.format(ids=listed, a=a, b=b, m=mark)
            tx.exec_driver_sql(sql, tuple(values[name] for name in names))

    def choose(self, tx: Connection, ids: Sequence[int], chosen: bool) -> None:
        """Ticks or unticks rows of a plan."""
        tx.execute(update(stock_changes).where(among(tx, c.id, ids)).values(chosen=chosen))

    def by_ids(self, ids: Sequence[int]) -> list[StockChangeRow]:
        """These changes, in their order."""
        out: list[StockChangeRow] = []
        with self.db.read() as tx:
            for part in chunks(sorted(set(ids)), _AT_ONCE):
                query = select(*_EVERYTHING).where(among(tx, c.id, part)).order_by(c.id)
                out += map(_row, tx.execute(query))
        return out

    def each(self, run_id: str, state: str | None = None) -> Iterator[StockChangeRow]:
        """A run's changes (of one state), streamed. By state they come phase by phase."""
        last, phase = 0, ""
        query = select(*_EVERYTHING).where(c.run_id == run_id)
        while True:
            if state is None:
                page = query.where(c.id > last).order_by(c.id)
            else:
                later = (c.phase > phase) | ((c.phase == phase) & (c.id > last))
                page = query.where(c.state == state, c.phase >= phase, later).order_by(c.phase, c.id)
            rows = self._rows(page.limit(_AT_ONCE))
            yield from rows
            if len(rows) < _AT_ONCE:
                return
            last, phase = rows[-1].id, rows[-1].phase

    def forget(self, run_id: str) -> None:
        """A plan is made anew: what a run planned and never sent is gone."""
        with self.db.write() as tx:
            tx.execute(delete(stock_changes).where(c.run_id == run_id, c.state == "planned"))

    def counts(self, run_id: str) -> Mapping[str, int]:
        """How many changes of a run are in each state."""
        return self._counted(select(c.state, func.count()).where(c.run_id == run_id).group_by(c.state))

    def phases(self, run_id: str) -> Mapping[str, int]:
        """How many changes of each phase are still planned, in the order of going out."""
        query = select(c.phase, func.count()).where(c.run_id == run_id, c.state == "planned", c.chosen)
        found = self._counted(query.group_by(c.phase))
        return {phase: found[phase] for phase in (*PHASES, *found) if phase in found}

    def log(self, wanted: LogFilter, after: int = 0, limit: int = 100) -> list[StockChangeRow]:
        """The newest first; a page begins below the id `after` (0: at the newest)."""
        query = _filtered(wanted)
        if after:
            query = query.where(c.id < after)
        return self._rows(query.order_by(c.id.desc()).limit(limit))

    def trend(self, flow_id: str, days: int = 30) -> list[DayCount]:
        """Changes that were applied or seen, a day and cause, of the last `days` days."""
        first = to_micros(now() - timedelta(days=days - 1)) // _DAY * _DAY
        day = text("at / :day")
        query = (
            select(day, c.cause, func.count())
            .where(c.flow_id == flow_id, c.state.in_(("applied", "seen")), text("at >= :first"))
            .group_by(text("1"), c.cause)
            .order_by(text("1"), c.cause)
        )
        with self.db.read() as tx:
            rows = tx.execute(query, {"day": _DAY, "first": first}).all()
        epoch = date(1970, 1, 1)
        return [DayCount(epoch + timedelta(days=int(n)), cause, count) for n, cause, count in rows]

    def _counted(self, query: Select[Any]) -> dict[str, int]:
        with self.db.read() as tx:
            return {name: int(count) for name, count in tx.execute(query)}

    def _rows(self, query: Select[Any]) -> list[StockChangeRow]:
        with self.db.read() as tx:
            return [_row(row) for row in tx.execute(query)]


_SETTLE = (
    (("now",), "UPDATE stock_changes SET state = 'applied', at = {m} WHERE id IN ({ids})"),
    (
        ("now",),
        "INSERT INTO stock_baselines (binding_id, location_id, a_quantity, b_quantity, at, untold) "
        "SELECT binding_id, place, {a}, {b}, CAST({m} AS BIGINT), untold FROM stock_changes "
        "WHERE id IN ({ids}) AND binding_id IS NOT NULL AND source IS NOT NULL AND after IS NOT NULL "
        "ON CONFLICT (binding_id, location_id) DO UPDATE "
        "SET a_quantity = excluded.a_quantity, b_quantity = excluded.b_quantity, at = excluded.at, "
        "untold = excluded.untold",
    ),
    (
        ("target",),
        "INSERT INTO stock_levels (stock_item, place, available, active) "
        "SELECT i.id, c.place, c.after, TRUE FROM stock_changes c "
        "JOIN stock_items i ON i.connection_id = {m} AND i.variant_id = c.variant_id "
        "WHERE c.id IN ({ids}) AND c.after IS NOT NULL ON CONFLICT (stock_item, place) DO UPDATE "
        "SET active = TRUE, available = excluded.available, "
        "on_hand = stock_levels.on_hand + excluded.available - stock_levels.available",
    ),
    (
        ("target",),
        "UPDATE stock_items SET hash = '' WHERE connection_id = {m} AND variant_id IN "
        "(SELECT variant_id FROM stock_changes WHERE id IN ({ids}))",
    ),
)


def _tuples(rows: Sequence[NewStockChange]) -> list[tuple[Any, ...]]:
    at = to_micros(now())
    return [
        (*_GIVEN(row), dump_json(row.message.to_json()) if row.message else None, 0, "", at) for row in rows
    ]


def _filtered(wanted: LogFilter) -> Select[Any]:
    query = select(*_EVERYTHING)
    exact = {
        c.flow_id: wanted.flow_id,
        c.place: wanted.place,
        c.cause: wanted.cause,
        c.state: wanted.state,
        c.run_id: wanted.run_id,
    }
    for column, value in exact.items():
        query = query.where(column == value) if value else query
    if wanted.sku:
        query = query.where(c.sku.istartswith(wanted.sku, autoescape=True))
    if wanted.since:
        query = query.where(c.at >= wanted.since)
    return query.where(c.at < wanted.until) if wanted.until else query


_ORDER = ("id", "tries", "call_id", "at", "message", "untold", "released", "chosen", *_COLUMNS[:15])
_EVERYTHING = [stock_changes.c[name] for name in _ORDER]


def _row(row: Any) -> StockChangeRow:
    """The values of `_EVERYTHING`: fifteen of them are the first of the class."""
    number, tries, call_id, at, message, untold, released, chosen, *values = row
    told = Message.from_json(message) if message else None
    given: Any = (*values, chosen, told, untold, released, number, tries, call_id, at)
    return StockChangeRow(*given)
