"""One row of `sync_queue`, and how urgent it can be."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, text, update
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


def set_rows(tx: Connection, ids: list[int], **values: Any) -> int:
    """Changes columns of these rows; answers how many there were."""
    q = sync_queue.c
    return sum(
        tx.execute(update(sync_queue).where(q.id.in_(some)).values(**values)).rowcount
        for some in portions(ids)
    )


def end_rows(tx: Connection, ids: list[int], status: str, **values: Any) -> int:
    """These rows are over."""
    return set_rows(tx, ids, status=status, finished_at=now(), **values)


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
