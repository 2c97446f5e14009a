"""The change log of stock: what was written where, why and by whom, and what is only planned."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Connection,
    Select,
    func,
    select,
    tuple_,
    type_coerce,
    update,
)

from storage.anycase import as_written
from storage.bulk import among
from storage.clock import from_micros, to_micros
from storage.clock import utc_now as now
from storage.database import Database
from storage.tables.base import begins
from storage.tables.stock import stock_changes
from sync.model.text import Message

COLUMNS = (
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
    "status",
    "message",
    "tries",
    "call_id",
    "at",
)
_DAY = 86_400_000_000
_FEW = 5_000  # rows that are quickly gathered and sorted
_EQUAL = ("flow_id", "run_id", "place", "phase")

c = stock_changes.c


@dataclass(frozen=True, slots=True)
class NewStockChange:
    """A change to be written. Pieces at one place of the target: `before` it showed, `after` it is to show;
    `source` is what the source showed. `untold`: pieces lost at the target that the source was not told of,
    to be remembered with the baseline; `released`: those that are forgotten and so on sale again. A change
    without a place is one of the product: `status` is what it was, `reason` says what it becomes."""

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
    status: str = ""


@dataclass(frozen=True, slots=True)
class StockChangeRow(NewStockChange):
    """A change as stored. `at`: when it was planned, then when it came to its end."""

    id: int = 0
    tries: int = 0
    call_id: str = ""
    at: datetime = field(default_factory=lambda: datetime.fromtimestamp(0, UTC))


@dataclass(frozen=True, slots=True)
class ChangeFilter:
    """Which changes; what is empty does not restrict. `sku` is a SKU or the beginning of one, as it is
    written; if there is none, in capitals or small letters."""

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
class Day:
    """Changes of one day (UTC), by cause."""

    at: datetime
    counts: Mapping[str, int]


class StockLog:
    """Reads changes as an operator asks for them, and ticks those of a plan."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def log(
        self, which: ChangeFilter, before: tuple[datetime, int] | None = None, limit: int = 100
    ) -> list[StockChangeRow]:
        """The newest first by the time that is shown (one that was looked up late came to its end late),
        older than (`at`, `id`) of a row."""
        older = [] if before is None else [tuple_(c.at, c.id) < tuple_(*before, types=[c.at.type, c.id.type])]
        with self.db.read() as tx:
            query = select(*EVERYTHING).where(*_conditions(tx, which), *older)
            return rows_of(tx.execute(query.order_by(c.at.desc(), c.id.desc()).limit(limit)))

    def in_order(self, which: ChangeFilter, after: int = 0, limit: int = 100) -> list[StockChangeRow]:
        """In the order of planning, after the id `after`."""
        with self.db.read() as tx:
            query = select(*EVERYTHING).where(*_conditions(tx, which), c.id > after)
            return rows_of(tx.execute(query.order_by(c.id).limit(limit)))

    def count(self, which: ChangeFilter, cap: int) -> int:
        """How many match, counted up to `cap`."""
        with self.db.read() as tx:
            return _up_to(tx, select(c.id).where(*_conditions(tx, which)), cap)

    def counts(self, run_id: str, by: str = "state") -> dict[str, int]:
        """How many changes of a run are in each state; or of each phase: `by` is a column."""
        column = c[by]
        return self._counted(select(column, func.count()).where(c.run_id == run_id).group_by(column))

    def ticked(self, run_id: str) -> tuple[int, int]:
        """(rows that will be written, rows that could be) of a plan."""
        query = select(func.count().filter(c.chosen.is_(True)), func.count())
        with self.db.read() as tx:
            chosen, every = tx.execute(query.where(c.run_id == run_id, c.state != "dropped")).one()
        return int(chosen), int(every)

    def choose(
        self, tx: Connection, which: ChangeFilter, chosen: bool, ids: Sequence[int] | None = None
    ) -> int:
        """Ticks or unticks what matches (of `ids`, if given); answers how many rows."""
        only = [] if ids is None else [among(tx, c.id, ids)]
        made = update(stock_changes).where(*_conditions(tx, which), *only).values(chosen=chosen)
        return tx.execute(made).rowcount

    def trend(self, flow_id: str, days: int = 30, until: datetime | None = None) -> list[Day]:
        """Changes that were applied or seen, day by day; the last is the day of `until` (None: today)."""
        last = to_micros(until or now()) // _DAY
        first = last - days + 1
        day = (type_coerce(c.at, BigInteger) // _DAY).label("day")
        query = (
            select(day, c.cause, func.count())
            .where(c.flow_id == flow_id, c.at >= from_micros(first * _DAY), c.state.in_(("applied", "seen")))
            .group_by(day, c.cause)
        )
        found: dict[int, dict[str, int]] = {}
        with self.db.read() as tx:
            for at, cause, n in tx.execute(query):
                found.setdefault(int(at), {})[cause] = int(n)
        return [Day(from_micros(n * _DAY), found.get(n, {})) for n in range(first, last + 1)]

    def _counted(self, query: Select[Any]) -> dict[str, int]:
        with self.db.read() as tx:
            return {name: int(count) for name, count in tx.execute(query)}

    def _rows(self, query: Select[Any]) -> list[StockChangeRow]:
        with self.db.read() as tx:
            return rows_of(tx.execute(query))


def _conditions(tx: Connection, which: ChangeFilter) -> list[ColumnElement[bool]]:
    sku = as_written(tx, c.sku, which.sku) if which.sku else ""
    few = _few(tx, sku)
    equal = [(c[name], value) for name in _EQUAL if (value := getattr(which, name))]
    found = [(column if few is None else func.coalesce(column, "")) == value for column, value in equal]
    found += [c[n].in_(v) for n, v in (("cause", which.causes), ("state", which.states)) if v]
    if sku:
        found.append(begins(c.sku, sku) if few is None else c.id.in_(few))
    if which.since:
        found.append(c.at >= which.since)
    if which.until:
        found.append(c.at < which.until)
    return found


def _few(tx: Connection, sku: str) -> Select[Any] | None:
    """The ids of a SKU, if they are few. SQLite does not know how rare a SKU is, and would walk along all
    changes of a flow or run for it: its other indexes are kept from it then. PostgreSQL knows."""
    if not sku or tx.dialect.name != "sqlite":
        return None
    other = stock_changes.alias("other")
    ids = select(other.c.id).where(begins(other.c.sku, sku))
    return ids if _up_to(tx, ids, _FEW) < _FEW else None


def _up_to(tx: Connection, ids: Select[Any], most: int) -> int:
    return int(tx.execute(select(func.count()).select_from(ids.limit(most).subquery())).scalar_one())


_ORDER = ("id", "tries", "call_id", "at", "message", "untold", "released", "status", "chosen", *COLUMNS[:15])
EVERYTHING = [stock_changes.c[name] for name in _ORDER]
"""What `rows_of` reads."""


def rows_of(found: Iterable[Any]) -> list[StockChangeRow]:
    """Rows of EVERYTHING as changes."""
    return [_row(row) for row in found]


def _row(row: Any) -> StockChangeRow:
    """Fifteen values are the first of the class."""
    number, tries, call_id, at, message, untold, released, status, chosen, *values = row
    told = Message.from_json(message) if message else None
    given: Any = (*values, chosen, told, untold, released, status, number, tries, call_id, at)
    return StockChangeRow(*given)
