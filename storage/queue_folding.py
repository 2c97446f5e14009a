"""How record items fold: a record has one pending row a flow and target side, whoever says that it is due."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Connection, case, select, text, type_coerce, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import IntegrityError

from storage.queue_item import end_rows, set_rows
from storage.tables.sync import sync_queue

LONGEST_WAIT = 60.0
"""Seconds after its first move a record is due, however often it moves meanwhile."""
_KEY = ("flow_id", "direction", "entity_type", "record_id")
# Literal text: with bound parameters PostgreSQL does not see that the partial index is meant.
_PENDING_RECORD = text("status = 'pending' AND run_id IS NULL")
_FOLDS = 5  # a twin may appear between looking and writing, rarely twice


def fold_in(tx: Connection, rows: list[dict[str, Any]]) -> None:
    """These whole rows are pending; where a record is pending already, the row folds into that one."""
    insert = (sqlite if tx.dialect.name == "sqlite" else postgresql).insert(sync_queue)
    old, new = sync_queue.c, insert.excluded
    tx.execute(
        insert.on_conflict_do_update(
            index_elements=list(_KEY),
            index_where=_PENDING_RECORD,
            set_={
                "due": _folded_due(old, new),
                "priority": _least(old.priority, new.priority),
                "cause": case((new.priority < old.priority, new.cause), else_=old.cause),
            },
        ),
        rows,
    )


def return_items(tx: Connection, ids: Sequence[int], **values: Any) -> int:
    """Makes record rows pending again; one that has a newer twin folds into that. Answers how many are
    pending or folded."""
    left = _newest(tx, list(ids))
    for attempt in range(_FOLDS):
        folded = _fold_into_twins(tx, left)
        left = [one for one in left if one not in folded]
        try:
            with tx.begin_nested():
                set_rows(tx, left, status="pending", worker="", finished_at=None, **values)
            return len(ids)
        except IntegrityError:  # a twin came in between
            if attempt == _FOLDS - 1:
                raise
    return len(ids)


def _folded_due(old: Any, new: Any) -> ColumnElement[Any]:
    longest = type_coerce(old.first_at, BigInteger) + int(LONGEST_WAIT * 1_000_000)
    first = type_coerce(
        case((old.first_at.is_(None), new.due), else_=type_coerce(longest, new.due.type)), new.due.type
    )
    put_off = case((new.due > old.due, new.due), else_=old.due)
    at_once = (old.priority != new.priority) | (new.due <= new.first_at)
    return case(
        ((old.retry_count > 0) & (new.priority >= old.priority), old.due),
        (at_once, _least(old.due, new.due)),
        else_=_least(put_off, first),
    )


def _least(one: Any, other: Any) -> ColumnElement[Any]:
    return case((one <= other, one), else_=other)


def _newest(tx: Connection, ids: list[int]) -> list[int]:
    """Of several rows of one record the newest; the others are completed."""
    if not ids:
        return []
    q = sync_queue.c
    rows = tx.execute(select(q.id, *(q[name] for name in _KEY)).where(q.id.in_(ids)).order_by(q.id)).all()
    kept = {tuple(row[1:]): int(row.id) for row in rows}
    end_rows(tx, sorted(set(ids) - set(kept.values())), "completed")
    return sorted(kept.values())


def _fold_into_twins(tx: Connection, ids: list[int]) -> set[int]:
    """Completes the rows whose record is pending anew; the newer row takes over how often it was tried."""
    if not ids:
        return set()
    q, twin = sync_queue.c, sync_queue.alias("twin")
    pairs = tx.execute(
        select(q.id, q.retry_count, q.priority, twin.c.id.label("twin"))
        .join(twin, _same_record(q, twin.c))
        .where(q.id.in_(ids), q.run_id.is_(None), twin.c.id != q.id, _pending("twin"))
    ).all()
    for row in pairs:
        tx.execute(
            update(sync_queue)
            .where(q.id == row.twin)
            .values(
                retry_count=case((q.retry_count < row.retry_count, row.retry_count), else_=q.retry_count),
                priority=case((q.priority > row.priority, row.priority), else_=q.priority),
            )
        )
    folded = {int(row.id) for row in pairs}
    end_rows(tx, list(folded), "completed")
    return folded


def _same_record(one: Any, other: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = one.flow_id == other.flow_id
    for name in _KEY[1:]:
        condition = condition & (one[name] == other[name])
    return condition


def _pending(alias: str) -> Any:
    return text(f"{alias}.status = 'pending' AND {alias}.run_id IS NULL")
