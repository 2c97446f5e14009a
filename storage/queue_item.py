"""One row of `sync_queue`, and how urgent it can be."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, select, text, update
from sqlalchemy.exc import DBAPIError

from storage.clock import utc_now as now
from storage.tables.sync import sync_queue

URGENT = 10
"""A person who waits, or a single webhook: overtakes everything."""
BY_HAND = 50
SCHEDULED = 100

OPEN = ("pending", "processing")
SYNC = "sync"
"""The action of a record item."""

Guard = Callable[[Connection], None]
"""Raises within a transaction when the claimer's partition has moved on."""

_AT_ONCE = 5000  # ids a statement: far below what either database takes


@dataclass(frozen=True, slots=True)
class Item:
    """A stage of a run that is due (`run_id`), or a record that is due (`flow_id`, `record_id`; `run_id` is
    "")."""

    id: int
    run_id: str
    entity: str
    action: str
    direction: str
    partition: str
    status: str
    priority: int
    due: datetime
    retry_count: int
    flow_id: str = ""
    record_id: str = ""
    cause: str = ""
    worker: str = ""
    fence: int = 0


def item_of(row: Row[Any]) -> Item:
    """The item of a whole row of `sync_queue`."""
    return Item(
        row.id,
        row.run_id or "",
        row.entity_type,
        row.action,
        row.direction,
        row.partition,
        row.status,
        row.priority,
        row.due,
        row.retry_count,
        row.flow_id or "",
        row.record_id,
        row.cause,
        row.worker,
        row.fence,
    )


def claimed(row: Row[Any], worker: str, fence: int) -> Item:
    """The item of a row that has just been claimed."""
    return replace(item_of(row), status="processing", worker=worker, fence=fence)


def held(worker: str, fence: int) -> tuple[ColumnElement[bool], ...]:
    """Rows that are at work under this very claim. Whoever ends or returns a row names it: the answer to an
    earlier commit may have been lost, and then the row has ended already, or is at work again elsewhere."""
    q = sync_queue.c
    return q.status == "processing", q.worker == worker, q.fence == fence


def still_held(tx: Connection, items: Sequence[Item]) -> list[Item]:
    """Of items claimed together those that are still at work under that claim, and stay so until `tx`
    ends."""
    if not items:
        return []
    q = sync_queue.c
    where = held(items[0].worker, items[0].fence)
    found: set[int] = set()
    for some in portions([item.id for item in items]):
        mine = select(q.id).where(q.id.in_(some), *where).order_by(q.id).with_for_update()
        found.update(tx.execute(mine).scalars())
    return [item for item in items if item.id in found]


def unguarded(tx: Connection) -> None:
    """Where one process works nobody else can have taken over."""


def by_index(tx: Connection) -> None:
    """The next rows in their order come from the index that has that order. PostgreSQL, which may not yet
    have counted a queue that has just been filled, would otherwise sort all of it for each look."""
    if tx.dialect.name == "postgresql":
        tx.execute(text("SET LOCAL enable_sort = off"))


def portions(ids: list[int]) -> list[list[int]]:
    """The ids, so many at a time as one statement may name."""
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]


def set_rows(tx: Connection, ids: list[int], where: Sequence[ColumnElement[bool]] = (), **values: Any) -> int:
    """Changes columns of these rows, as far as they are so; answers how many there were."""
    q = sync_queue.c
    return sum(
        tx.execute(update(sync_queue).where(q.id.in_(some), *where).values(**values)).rowcount
        for some in portions(ids)
    )


def end_rows(
    tx: Connection, ids: list[int], status: str, where: Sequence[ColumnElement[bool]] = (), **values: Any
) -> int:
    """These rows are over."""
    return set_rows(tx, ids, where, status=status, finished_at=now(), **values)


def connection_lost(error: BaseException) -> bool:
    """Did the database go away (restart, network) rather than refuse? The same transaction can succeed
    later."""
    if not isinstance(error, DBAPIError):
        return False
    code = getattr(error.orig, "sqlstate", None) or ""
    # 57P: the server shuts down, crashed or starts; 08: no connection; 40: chosen as a deadlock's victim.
    return (
        bool(error.connection_invalidated)
        or code[:2] in ("08", "40")
        or code.startswith("57P")
        or not code
        and ("connection" in str(error.orig).casefold())
    )
