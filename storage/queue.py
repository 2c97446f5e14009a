"""The queue: rows that say THAT work is due. Claimed, never popped.

A row is a stage of a run (here) or a record (`queue_records`); `queue_desk` is what a person does with rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from storage.clock import utc_now as now
from storage.database import Database
from storage.messages import stored_message
from storage.queue_desk import QueueDesk, QueueFilter
from storage.queue_folding import LONGEST_WAIT, return_items
from storage.queue_item import (
    BY_HAND,
    OPEN,
    SCHEDULED,
    URGENT,
    Guard,
    Item,
    by_index,
    claimed,
    connection_lost,
    held,
    unguarded,
)
from storage.queue_records import BATCH, RecordItems
from storage.tables.connections import connections
from storage.tables.sync import sync_queue
from sync.model.text import Message

__all__ = [
    "BATCH",
    "BY_HAND",
    "LONGEST_WAIT",
    "SCHEDULED",
    "URGENT",
    "Item",
    "Queue",
    "QueueFilter",
    "connection_lost",
]


class Queue(RecordItems, QueueDesk):
    """pending → processing → completed | failed | dismissed; a retry goes back to pending with a later due
    time."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def add(
        self,
        tx: Connection,
        run_id: str,
        entity: str,
        action: str,
        *,
        direction: str = "",
        partition: str = "",
        priority: int = SCHEDULED,
        delay: float = 0.0,
    ) -> None:
        """Queues a stage inside the caller's transaction, so that work and its follow-up are one commit."""
        tx.execute(
            insert(sync_queue).values(
                run_id=run_id,
                entity_type=entity,
                action=action,
                direction=direction,
                partition=partition,
                status="pending",
                cause="run",
                priority=priority,
                due=now() + timedelta(seconds=delay),
                retry_count=0,
                created_at=now(),
            )
        )

    def claim(
        self, *, partition: str | None = None, worker: str = "", fence: int = 0, guard: Guard = unguarded
    ) -> Item | None:
        """The most urgent due stage, now "processing"; None if none is due."""
        with self.db.read() as tx:  # an idle worker looks often and must not stand in the writers' queue
            by_index(tx)
            if tx.execute(_stage(partition)).first() is None:
                return None
        with self.db.write() as tx:
            guard(tx)
            by_index(tx)
            row = tx.execute(_stage(partition).with_for_update(skip_locked=True)).first()
            if row is None:
                return None
            tx.execute(
                update(sync_queue)
                .where(sync_queue.c.id == row.id)
                .values(status="processing", worker=worker, fence=fence)
            )
        return claimed(row, worker, fence)

    def next_stage(self, partition: str | None = None) -> int | None:
        """Priority of the most urgent stage that is due."""
        with self.db.read() as tx:
            by_index(tx)
            row = tx.execute(_stage(partition)).first()
        return None if row is None else int(row.priority)

    def finish(
        self, tx: Connection, item: Item, status: str = "completed", error: Message | None = None
    ) -> bool:
        """The stage is over; False if it is not at work under this claim any more."""
        return self._ended(tx, item, status=status, finished_at=now(), error_message=stored_message(error))

    def again(self, tx: Connection, item: Item, delay: float, error: Message) -> bool:
        """Back to pending after `delay` seconds, one try more on its account; False as with `finish`."""
        return self._ended(
            tx,
            item,
            status="pending",
            due=now() + timedelta(seconds=delay),
            retry_count=sync_queue.c.retry_count + 1,
            error_message=stored_message(error),
        )

    def put_back(self, tx: Connection, item: Item) -> bool:
        """Pending again at once, because the process stops and not because the stage failed: no try is
        counted. False as with `finish`: what has ended meanwhile stays so."""
        return self._ended(tx, item, status="pending", due=now())

    def _ended(self, tx: Connection, item: Item, **values: Any) -> bool:
        where = (sync_queue.c.id == item.id, *held(item.worker, item.fence))
        return tx.execute(update(sync_queue).where(*where).values(**values)).rowcount > 0

    def busy(self, run_id: str) -> bool:
        """Is a stage of the run still due or at work? A run's status may be final a moment before its last
        stage is through."""
        q = sync_queue.c
        return self._any(q.run_id == run_id, q.status.in_(OPEN))

    def at_work(self) -> bool:
        """Is anything being worked on?"""
        return self._any(sync_queue.c.status == "processing")

    def rescue(self, *, partition: str | None = None, fence: int = 0, guard: Guard = unguarded) -> int:
        """After a crash: what was being processed is pending again; where the same stage or record is pending
        already it folds into that. Without arguments only the process that holds the lock may call this;
        otherwise the new owner of `partition`, for what was claimed under an older fence."""
        q = sync_queue.c
        where: list[ColumnElement[bool]] = [q.status == "processing"]
        if partition is not None:
            where += [q.partition == partition, q.fence < fence]
        with self.db.write() as tx:
            guard(tx)
            return self._rescued(tx, where)

    def disown(self, worker: str, fence: int, guard: Guard = unguarded) -> int:
        """Pending again is what a claim took whose answer was lost: it stands under the worker's name, who
        has nothing at work. Answers how many rows."""
        with self.db.write() as tx:
            guard(tx)
            return self._rescued(tx, held(worker, fence))

    def _rescued(self, tx: Connection, where: Sequence[ColumnElement[bool]]) -> int:
        q, twin = sync_queue.c, sync_queue.alias()
        doubled = (
            select(twin.c.id)
            .where(twin.c.run_id == q.run_id, twin.c.action == q.action, twin.c.status == "pending")
            .exists()
        )
        tx.execute(update(sync_queue).where(*where, doubled).values(status="completed", finished_at=now()))
        stages = tx.execute(
            update(sync_queue).where(*where, q.run_id.is_not(None)).values(status="pending", due=now())
        ).rowcount
        records = list(tx.execute(select(q.id).where(*where, q.run_id.is_(None))).scalars())
        return stages + return_items(tx, records, due=now())

    def drop_all(self) -> None:
        """Nothing is due any more (after a restore)."""
        q = sync_queue.c
        with self.db.write() as tx:
            tx.execute(
                update(sync_queue).where(q.status.in_(OPEN)).values(status="failed", finished_at=now())
            )

    def next_due(self, partition: str | None = None) -> datetime | None:
        """When the next item is due, or was."""
        q = sync_queue.c
        query = select(q.due).where(q.status == "pending").order_by(q.due).limit(1)
        if partition is not None:
            query = query.where(q.partition == partition)
        with self.db.read() as tx:
            return tx.execute(query).scalar()

    def waiting_partitions(self) -> list[str]:
        """Partitions with something due, or left at work by a worker that may be gone."""
        q, c = sync_queue.c, connections.c
        here = select(q.id).where(q.partition == c.id)
        due = here.where(q.status == "pending", q.due <= now()).exists()
        left = here.where(q.status == "processing").exists()
        with self.db.read() as tx:
            return list(tx.execute(select(c.id).where(due | left).order_by(c.id)).scalars())

    def _any(self, *where: ColumnElement[bool]) -> bool:
        with self.db.read() as tx:
            return tx.execute(select(sync_queue.c.id).where(*where).limit(1)).first() is not None


def _stage(partition: str | None) -> Any:
    q = sync_queue.c
    query = select(sync_queue).where(q.status == "pending", q.due <= now(), q.run_id.is_not(None))
    if partition is not None:
        query = query.where(q.partition == partition)
    return query.order_by(q.priority, q.due).limit(1)
