"""The queue: rows that say THAT work is due. Claimed, never popped."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Row, insert, select, update

from storage.clock import utc_now as now
from storage.database import Database
from storage.messages import stored_message
from storage.tables.sync import sync_queue
from sync.model.text import Message


@dataclass(frozen=True, slots=True)
class Item:
    """One row of `sync_queue`: a stage of a run that is due."""

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


class Queue:
    """pending → processing → completed | failed; a retry goes back to pending with a later due time."""

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
        priority: int = 100,
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
                priority=priority,
                due=now() + timedelta(seconds=delay),
                retry_count=0,
                created_at=now(),
            )
        )

    def claim(self) -> Item | None:
        """The most urgent due item, now "processing"; None if nothing is due."""
        q = sync_queue.c
        due = (
            select(sync_queue)
            .where(q.status == "pending", q.due <= now())
            .order_by(q.priority, q.due, q.id)
            .limit(1)
        )
        with self.db.read() as tx:  # an idle worker looks often and must not stand in the writers' queue
            if tx.execute(due).first() is None:
                return None
        with self.db.write() as tx:
            row = tx.execute(due).first()
            if row is None:
                return None
            tx.execute(update(sync_queue).where(q.id == row.id).values(status="processing"))
        return _item(row)

    def finish(
        self, tx: Connection, item_id: int, status: str = "completed", error: Message | None = None
    ) -> None:
        tx.execute(
            update(sync_queue)
            .where(sync_queue.c.id == item_id)
            .values(status=status, error_message=stored_message(error), finished_at=now())
        )

    def again(self, tx: Connection, item_id: int, delay: float, error: Message) -> None:
        """Back to pending after `delay` seconds, one try more on its account."""
        q = sync_queue.c
        tx.execute(
            update(sync_queue)
            .where(q.id == item_id)
            .values(
                status="pending",
                due=now() + timedelta(seconds=delay),
                retry_count=q.retry_count + 1,
                error_message=stored_message(error),
            )
        )

    def put_back(self, tx: Connection, item_id: int) -> None:
        """Pending again at once, because the process stops and not because the stage failed: no try is
        counted."""
        tx.execute(update(sync_queue).where(sync_queue.c.id == item_id).values(status="pending", due=now()))

    def busy(self, run_id: str) -> bool:
        """Is a stage of the run still due or at work? A run's status may be final a moment before its last
        stage is through."""
        q = sync_queue.c
        with self.db.read() as tx:
            return (
                tx.execute(
                    select(q.id).where(q.run_id == run_id, q.status.in_(("pending", "processing"))).limit(1)
                ).first()
                is not None
            )

    def at_work(self) -> bool:
        """Is any stage being worked on?"""
        with self.db.read() as tx:
            return (
                tx.execute(
                    select(sync_queue.c.id).where(sync_queue.c.status == "processing").limit(1)
                ).first()
                is not None
            )

    def rescue(self) -> int:
        """After a crash: what was being processed is pending again; where the same stage is pending already
        it folds into that. Only the process that holds the lock may call this."""
        q, twin = sync_queue.c, sync_queue.alias()
        doubled = (
            select(twin.c.id)
            .where(twin.c.run_id == q.run_id, twin.c.action == q.action, twin.c.status == "pending")
            .exists()
        )
        with self.db.write() as tx:
            tx.execute(
                update(sync_queue)
                .where(q.status == "processing", doubled)
                .values(status="completed", finished_at=now())
            )
            return tx.execute(
                update(sync_queue).where(q.status == "processing").values(status="pending", due=now())
            ).rowcount

    def drop_all(self) -> None:
        """Nothing is due any more (after a restore)."""
        q = sync_queue.c
        with self.db.write() as tx:
            tx.execute(
                update(sync_queue)
                .where(q.status.in_(("pending", "processing")))
                .values(status="failed", finished_at=now())
            )

    def next_due(self) -> datetime | None:
        q = sync_queue.c
        with self.db.read() as tx:
            return tx.execute(select(q.due).where(q.status == "pending").order_by(q.due).limit(1)).scalar()


def _item(row: Row[Any]) -> Item:
    return Item(
        row.id,
        row.run_id,
        row.entity_type,
        row.action,
        row.direction,
        row.partition,
        row.status,
        row.priority,
        row.due,
        row.retry_count,
    )
