"""The log: what happened, for the operator. Structured rows, found by any combination of filters."""

from __future__ import annotations

import random
import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Literal, NamedTuple

from sqlalchemy import Connection, RowMapping, delete, func, insert, literal_column, select
from sqlalchemy.dialects import postgresql

from storage.clock import Clock, from_micros, to_micros, utc_now
from storage.database import Database
from storage.logids import NEAR, free_ids
from storage.redact import REDACTOR
from storage.search import LogFilter, matching_ids
from storage.tables.logs import log_hours, logs
from storage.upsert import upsert
from sync.model.text import Message

Level = Literal["success", "error", "warning", "info"]
LEVELS: tuple[Level, ...] = ("success", "error", "warning", "info")
HOUR = 3_600_000_000
"""Microseconds."""
PRUNED_AT_ONCE = 1_000
"""Rows a transaction: others get their turn in between."""
EXPORTED_AT_ONCE = 1_000
FEW = 5_000
"""Rows that are quickly gathered and sorted."""
EVERYTHING = LogFilter()
LONGEST_TEXT = 4_000
LONGEST_DETAIL = 20_000


@dataclass(frozen=True)
class LogRow:
    """One event. `message` is the operator's sentence; `record` the platform's id of what it is about."""

    level: Level
    message: Message
    at: datetime | None = None
    connection_id: str | None = None
    link_id: str | None = None
    flow_id: str | None = None
    entity: str | None = None
    record: str | None = None
    sku: str | None = None
    run_id: str | None = None
    #: for us: an error's text, a payload's start; never shown in lists
    detail: str | None = None
    #: given by the log when it is written
    id: int = field(default=0, compare=False)


class LogPage(NamedTuple):
    """Rows, the newest first, and the cursor of the page after it (None: this is the last)."""

    rows: list[LogRow]
    next_cursor: int | None


class Count(NamedTuple):
    """How many; `more` means at least that many."""

    value: int
    more: bool


class HourCount(NamedTuple):
    """Rows of one hour by level; `hour` is its first moment, UTC."""

    hour: datetime
    success: int = 0
    error: int = 0
    warning: int = 0
    info: int = 0


class Logs:
    """The log in the database. Thread-safe. Secrets are removed from everything before it is stored."""

    def __init__(self, db: Database, clock: Clock = utc_now) -> None:
        self._db = db
        self._clock = clock
        self._guard = threading.Lock()
        self._last_id = 0

    def write(self, rows: Sequence[LogRow]) -> None:
        """Stores rows in one transaction. Raises ValueError for an unknown level or a time without a zone."""
        if rows:
            with self._db.write() as connection:
                self.write_with(connection, rows)

    def write_with(self, connection: Connection, rows: Sequence[LogRow]) -> None:
        """`write` inside a write transaction that is already open."""
        now = self._clock()
        ordered = sorted(((to_micros(row.at or now), row) for row in rows), key=lambda pair: pair[0])
        with self._guard:
            ids = free_ids(connection, [at for at, _ in ordered], self._last_id)
            self._last_id = ids[-1]
        numbered = zip(ids, ordered, strict=True)
        stored = [_columns(row_id, from_micros(at), row) for row_id, (at, row) in numbered]
        if self._db.dialect == "postgresql":
            _insert_beside_others(connection, stored)
            return
        connection.execute(insert(logs), stored)
        _count_hours(connection, stored)

    def page(self, wanted: LogFilter = EVERYTHING, cursor: int | None = None, limit: int = 100) -> LogPage:
        """The newest `limit` rows that match; with `cursor`, the ones after that page."""
        ids = matching_ids(wanted, self._db.dialect)
        if ids is None:
            return LogPage([], None)
        with self._db.read() as connection:
            if wanted.text and self._db.dialect == "postgresql":
                ids = _by_words_first(connection, ids, cursor)
            rows = [_row(found) for found in connection.execute(_newest(ids, cursor, limit + 1)).mappings()]
        more = len(rows) > limit
        return LogPage(rows[:limit], rows[limit - 1].id if more else None)

    def count_capped(self, wanted: LogFilter = EVERYTHING, cap: int = 10_000) -> Count:
        """How many rows match, counted up to `cap`."""
        ids = matching_ids(wanted, self._db.dialect)
        if ids is None:
            return Count(0, False)
        with self._db.read() as connection:
            some = ids.limit(cap + 1).subquery()
            found = connection.execute(select(func.count()).select_from(some)).scalar_one()
        return Count(min(found, cap), found > cap)

    def get(self, row_id: int) -> LogRow | None:
        """One row with its detail, or None."""
        with self._db.read() as connection:
            row = connection.execute(select(logs).where(logs.c.id == row_id)).mappings().first()
        return _row(row) if row else None

    def histogram(self, hours: int = 24, connection_id: str | None = None) -> list[HourCount]:
        """The last `hours` hours, oldest first, the present one included; hours without rows count zero."""
        last = to_micros(self._clock()) // HOUR
        of = log_hours.c
        wanted = select(of.hour, of.level, func.sum(of.count)).where(of.hour > last - hours, of.hour <= last)
        if connection_id is not None:
            wanted = wanted.where(of.connection_id == connection_id)
        wanted = wanted.group_by(of.hour, of.level)
        if self._db.dialect == "postgresql":
            wanted = _hours_of_logs(last - hours, connection_id)
        counts: dict[int, dict[str, int]] = {hour: {} for hour in range(last - hours + 1, last + 1)}
        with self._db.read() as connection:
            for hour, level, count in connection.execute(wanted):
                if hour in counts:
                    counts[hour][level] = int(count)
        return [HourCount(from_micros(hour * HOUR), **found) for hour, found in counts.items()]

    def export(self, wanted: LogFilter = EVERYTHING) -> Iterator[LogRow]:
        """Every matching row, the newest first; holds no transaction open between rows and little in
        memory."""
        cursor: int | None = None
        while True:
            page = self.page(wanted, cursor, EXPORTED_AT_ONCE)
            yield from page.rows
            if page.next_cursor is None:
                return
            cursor = page.next_cursor

    def prune(self, max_rows: int = 1_000_000, max_days: int = 90) -> int:
        """Deletes rows older than `max_days` and the oldest beyond `max_rows`; says how many. The hourly
        counts stay for `max_days`."""
        too_old = to_micros(self._clock() - timedelta(days=max_days))
        with self._db.read() as connection:
            surplus = connection.execute(
                select(logs.c.id).order_by(logs.c.id.desc()).limit(1).offset(max_rows)
            ).scalar()
        border = max(too_old, surplus + 1 if surplus is not None else too_old)
        deleted = 0
        while batch := self._prune_some(border):
            deleted += batch
        with self._db.write() as connection:
            connection.execute(delete(log_hours).where(log_hours.c.hour < too_old // HOUR))
        return deleted

    def _prune_some(self, border: int) -> int:
        oldest = select(logs.c.id).where(logs.c.id < border).order_by(logs.c.id).limit(PRUNED_AT_ONCE)
        with self._db.write() as connection:
            return connection.execute(delete(logs).where(logs.c.id.in_(oldest))).rowcount


def _insert_beside_others(connection: Connection, rows: list[dict[str, Any]]) -> None:
    """Several machines may choose the same microsecond, unseen until they commit: whose id is taken moves on.
    Counts by the hour are not kept here, they would make every writer wait for every other."""
    waiting = {row["id"]: row for row in rows}
    new = postgresql.insert(logs).on_conflict_do_nothing().returning(logs.c.id)
    while waiting:
        stored = set(connection.execute(new, list(waiting.values())).scalars())
        step = random.randint(1, NEAR // 1000)
        left = [row for row_id, row in waiting.items() if row_id not in stored]
        waiting = {row["id"] + step: {**row, "id": row["id"] + step} for row in left}


def _hours_of_logs(after: int, connection_id: str | None) -> Any:
    """(hour, level, how many) counted from the rows themselves: their ids are times."""
    hour: Any = literal_column(f"id / {HOUR}")
    query = select(hour, logs.c.level, func.count()).where(logs.c.id >= (after + 1) * HOUR)
    if connection_id is not None:
        query = query.where(logs.c.connection_id == connection_id)
    return query.group_by(literal_column("1"), logs.c.level)


def _by_words_first(connection: Connection, ids: Any, cursor: int | None) -> Any:
    """PostgreSQL would walk back through the whole log for a rare word, taking any word for a common one. Few
    rows are gathered by the index of words first; with many, the walk soon finds a page."""
    key = ids.selected_columns[0]
    some = (ids.where(key < cursor) if cursor is not None else ids).limit(FEW).subquery()
    if connection.execute(select(func.count()).select_from(some)).scalar_one() == FEW:
        return ids
    found = ids.cte("found").prefix_with("MATERIALIZED", dialect="postgresql")
    return select(found.c.id)


def _newest(ids: Any, cursor: int | None, limit: int) -> Any:
    """Full rows of the newest matching ids: the narrow search comes first, the wide rows only for the
    page."""
    key = ids.selected_columns[0]
    after = ids.where(key < cursor) if cursor is not None else ids
    narrow = after.order_by(key.desc()).limit(limit).subquery()
    return select(logs).join(narrow, logs.c.id == narrow.c.id).order_by(logs.c.id.desc())


def _columns(row_id: int, at: datetime, row: LogRow) -> dict[str, Any]:
    if row.level not in LEVELS:
        raise ValueError(f"a log row's level is one of {', '.join(LEVELS)}, not {row.level}")
    message = _clean_message(row.message)
    return {
        "id": row_id,
        "at": at,
        "level": row.level,
        "connection_id": row.connection_id,
        "link_id": row.link_id,
        "flow_id": row.flow_id,
        "entity": row.entity,
        "run_id": row.run_id,
        "record": _plain(row.record),
        "sku": _plain(row.sku),
        "message_id": message.id,
        "params": message.params,
        "text": _plain(message.english(), LONGEST_TEXT),
        "detail": _plain(REDACTOR(row.detail), LONGEST_DETAIL) if row.detail is not None else None,
    }


def _clean_message(message: Message) -> Message:
    params = {
        name: REDACTOR(value) if isinstance(value, str) else value for name, value in message.params.items()
    }
    return Message(REDACTOR(message.id), params)


def _plain(text: str | None, longest: int = 500) -> str | None:
    """Text that a database takes: no NUL, no half surrogates, not endless."""
    if text is None:
        return None
    return text[:longest].replace("\0", " ").encode("utf-8", "replace").decode()


_PLAIN_COLUMNS = tuple(name for name in LogRow.__dataclass_fields__ if name != "message")


def _row(row: RowMapping) -> LogRow:
    message = Message(row["message_id"], row["params"])
    return LogRow(message=message, **{name: row[name] for name in _PLAIN_COLUMNS})


def _count_hours(connection: Connection, stored: list[dict[str, Any]]) -> None:
    counts: dict[tuple[int, str, str], int] = {}
    for row in stored:
        key = (to_micros(row["at"]) // HOUR, row["level"], row["connection_id"] or "")
        counts[key] = counts.get(key, 0) + 1
    rows = [
        {"hour": hour, "level": level, "connection_id": connection_id, "count": count}
        for (hour, level, connection_id), count in counts.items()
    ]
    upsert(
        connection,
        log_hours,
        rows,
        key=["hour", "level", "connection_id"],
        update={"count": lambda before, new: before + new},
    )
