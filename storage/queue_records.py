"""Record items of the queue: "this record is due". One pending row per record and target side; a turn takes
many of one flow at once.

An item carries no payload: whoever works on it reads the truth anew, so that items may fold into each other.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, select, text, update

from storage.clock import utc_now as now
from storage.database import Database
from storage.messages import stored_message
from storage.queue_folding import fold_in, return_items
from storage.queue_item import (
    SYNC,
    URGENT,
    Guard,
    Item,
    by_index,
    claimed,
    end_rows,
    held,
    item_of,
    set_rows,
    still_held,
    unguarded,
)
from storage.tables.sync import sync_queue
from sync.model.entity import Entity
from sync.model.text import Message

BATCH = 1_000
_FAILED = text("status = 'failed'")


class RecordItems:
    """Pushing, claiming and ending record items."""

    db: Database

    def push(
        self,
        tx: Connection,
        flow_id: str,
        entity: Entity | str,
        direction: str,
        record_ids: Sequence[str],
        partition: str,
        priority: int = URGENT,
        cause: str = "",
        delay: float = 0.0,
    ) -> int:
        """Says inside the caller's transaction that these records are due in `delay` seconds; answers how
        many.

        What is pending already folds: the more urgent priority holds; a delay is a debounce (each move puts
        the due time off, at most `LONGEST_WAIT` after the first), no delay means at once. A retry keeps its
        waiting time, unless something more urgent asks.
        """
        rows = _pushed(flow_id, str(entity), direction, record_ids, partition, priority, cause, delay)
        for start in range(0, len(rows), BATCH):
            fold_in(tx, rows[start : start + BATCH])
        return len(rows)

    def claim_records(
        self,
        limit: int = BATCH,
        *,
        partition: str | None = None,
        urgent: bool = False,
        worker: str = "",
        fence: int = 0,
        guard: Guard = unguarded,
    ) -> list[Item]:
        """Due record items of one flow and direction, now "processing"; [] if none is due. With an urgent one
        at the head only the urgent ones, so that the turn is quick; `urgent`: only these. Otherwise a flow
        has one turn at a time. A record that is at work waits for its own end."""
        with self.db.read() as tx:  # an idle worker looks often and must not stand in the writers' queue
            by_index(tx)
            if tx.execute(_head(partition, urgent)).first() is None:
                return []
        with self.db.write() as tx:
            guard(tx)
            by_index(tx)
            head = tx.execute(_head(partition, urgent)).first()
            if head is None:
                return []
            rows = tx.execute(_companions(head, limit)).all()
            set_rows(tx, [row.id for row in rows], status="processing", worker=worker, fence=fence)
        return [claimed(row, worker, fence) for row in rows]

    def next_record(self, partition: str | None = None) -> int | None:
        """Priority of the most urgent record that could be claimed now."""
        with self.db.read() as tx:
            by_index(tx)
            row = tx.execute(_head(partition, urgent=False)).first()
        return None if row is None else int(row.priority)

    def records(self, flow_id: str, limit: int = BATCH) -> list[Item]:
        """Pending and processing record items of a flow, most urgent first."""
        q = sync_queue.c
        query = select(sync_queue).where(
            q.flow_id == flow_id, q.run_id.is_(None), q.status.in_(("pending", "processing"))
        )
        with self.db.read() as tx:
            return [item_of(r) for r in tx.execute(query.order_by(q.priority, q.due, q.id).limit(limit))]

    def complete(self, tx: Connection, items: Sequence[Item]) -> None:
        """Done, as far as they are at work under this claim. Older failed rows of the same records are closed
        with them."""
        self._close_older(tx, items)
        end_rows(tx, [item.id for item in items], "completed", where=_claim(items))

    def _close_older(self, tx: Connection, items: Sequence[Item]) -> None:
        for (flow_id, direction), records in _by_flow(items).items():
            q = sync_queue.c
            older = (q.flow_id == flow_id, q.direction == direction, q.record_id.in_(records))
            if tx.execute(select(q.id).where(_FAILED, *older).limit(1)).first() is not None:
                tx.execute(
                    update(sync_queue).where(_FAILED, *older).values(status="completed", finished_at=now())
                )

    def fail(self, tx: Connection, items: Sequence[Item], error: Message) -> None:
        """These have failed for good; they stay, with the reason, until someone retries or dismisses them.
        Older failed rows of the same records make room: one row tells of one trouble."""
        self._close_older(tx, items)
        ids, message = [item.id for item in items], stored_message(error)
        end_rows(tx, ids, "failed", where=_claim(items), error_message=message)

    def retry_later(self, tx: Connection, items: Sequence[Item], delay: float, error: Message) -> None:
        """Back to pending after `delay` seconds, one try more on their account."""
        return_items(
            tx,
            [item.id for item in still_held(tx, items)],
            due=now() + timedelta(seconds=delay),
            retry_count=sync_queue.c.retry_count + 1,
            error_message=stored_message(error),
        )

    def give_back(self, tx: Connection, items: Sequence[Item]) -> None:
        """Pending again at once, because the work was interrupted and not because it failed: no try is
        counted. What has ended meanwhile stays so."""
        return_items(tx, [item.id for item in still_held(tx, items)], due=now())

    def prune_records(self, before: datetime) -> int:
        """Deletes record items that were completed or dismissed before that; answers how many."""
        q = sync_queue.c
        some = (
            select(q.id)
            .where(q.status.in_(("completed", "dismissed")), q.run_id.is_(None), q.finished_at < before)
            .limit(BATCH)
        )
        total = 0
        while True:
            with self.db.write() as tx:
                gone = tx.execute(sync_queue.delete().where(q.id.in_(some))).rowcount
            total += gone
            if gone < BATCH:
                return total


def _pushed(
    flow_id: str,
    entity: str,
    direction: str,
    record_ids: Sequence[str],
    partition: str,
    priority: int,
    cause: str,
    delay: float,
) -> list[dict[str, Any]]:
    """Sorted, so that two who push the same records do not wait for each other crosswise."""
    at = now()
    same = {
        "flow_id": flow_id,
        "entity_type": entity,
        "action": SYNC,
        "direction": direction,
        "partition": partition,
        "status": "pending",
        "cause": cause,
        "first_at": at,
        "priority": priority,
        "due": at + timedelta(seconds=delay),
        "retry_count": 0,
        "created_at": at,
    }
    return [{**same, "record_id": record_id} for record_id in sorted(set(record_ids))]


def _claim(items: Sequence[Item]) -> tuple[ColumnElement[bool], ...]:
    """Items that are ended together were claimed together."""
    return held(items[0].worker, items[0].fence) if items else ()


def _by_flow(items: Sequence[Item]) -> Mapping[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for item in items:
        found.setdefault((item.flow_id, item.direction), []).append(item.record_id)
    return found


def _due(partition: str | None) -> list[ColumnElement[bool]]:
    """Due records that nobody works on. (The set of those at work is small, and looked up once.)"""
    q, work = sync_queue.c, sync_queue.alias("work")
    at_work = select(_named(work.c)).where(work.c.status == "processing", work.c.run_id.is_(None))
    where = [q.status == "pending", q.due <= now(), q.run_id.is_(None), _named(q).not_in(at_work)]
    return where if partition is None else [*where, q.partition == partition]


def _named(columns: Any) -> ColumnElement[str]:
    """One text for a record of a flow and direction."""
    return columns.flow_id + "/" + columns.direction + "/" + columns.record_id


def _head(partition: str | None, urgent: bool) -> Any:
    q, bulk = sync_queue.c, sync_queue.alias("bulk")
    busy = select(bulk.c.flow_id + "/" + bulk.c.direction).where(
        bulk.c.status == "processing", bulk.c.run_id.is_(None), bulk.c.priority > URGENT
    )
    free = q.priority <= URGENT
    if not urgent:
        free = free | (q.flow_id + "/" + q.direction).not_in(busy)
    return select(sync_queue).where(*_due(partition), free).order_by(q.priority, q.due).limit(1)


def _companions(head: Any, limit: int) -> Any:
    """What is due together with the head, most urgent first."""
    q = sync_queue.c
    query = select(sync_queue).where(
        *_due(head.partition),
        q.flow_id == head.flow_id,
        q.direction == head.direction,
        q.entity_type == head.entity_type,
    )
    if head.priority <= URGENT:
        query = query.where(q.priority <= URGENT)
    return query.order_by(q.priority, q.due).limit(limit).with_for_update(skip_locked=True, of=sync_queue)
