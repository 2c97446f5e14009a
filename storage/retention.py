"""How long runs are kept, with their plan, calls, staged records and queue rows (some hold data of buyers),
and the log of stock changes.

The log has a retention of its own (`storage.logs`). Rows go in small transactions: others get their turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Select, Table, delete, func, select

from storage.clock import Clock, utc_now
from storage.database import Database
from storage.tables.stock import order_pieces, stock_changes
from storage.tables.sync import attention, calls, changes, run_items, runs, staged, staged_keys, sync_queue
from sync.model.run import LIVE, Mode, Status

AT_ONCE = 500
"""Rows a transaction."""
STAGED_DAYS = 7
"""Staged records serve one run; a kept preview has them for a while, as "Needs you" shows both sides."""

_LIVE = tuple(status.value for status in LIVE)
_OPEN = ("committed", "unknown")
_COMPLETE = (Status.DONE.value, Status.RED.value)


@dataclass(frozen=True, slots=True)
class Pruned:
    """How many rows went."""

    runs: int = 0
    changes: int = 0
    staged: int = 0
    queue: int = 0
    attention: int = 0
    stock: int = 0

    @property
    def total(self) -> int:
        return self.runs + self.changes + self.staged + self.queue + self.attention + self.stock


class Retention:
    """Deletes what is older than the operator wants to keep. Live runs stay, and of each flow the last
    complete run (the safety check compares the next one with it) and those with a call that nobody knows the
    outcome of: it is still to be looked up."""

    def __init__(self, db: Database, clock: Clock = utc_now) -> None:
        self._db, self._clock = db, clock

    def prune(self, max_days: int) -> Pruned:
        """Deletes ended runs, finished queue rows and resolved items of more than `max_days` ago, and staged
        records of ended runs after `STAGED_DAYS`. May be interrupted at any moment; the next call goes on."""
        border = self._clock() - timedelta(days=max_days)
        scratch = self._clock() - timedelta(days=min(max_days, STAGED_DAYS))
        staged_gone = self._staged(scratch)
        old = self._old_runs(border)
        changed = 0
        for run_id in old:
            for table in (changes, calls, run_items):
                gone = self._drain(table, table.c.run_id == run_id, table.c.id)
                changed += gone if table is changes else 0
            self._drain(sync_queue, sync_queue.c.run_id == run_id, sync_queue.c.id)
            self._drain(runs, runs.c.id == run_id, runs.c.id)
        queue = self._drain(sync_queue, sync_queue.c.finished_at < border, sync_queue.c.id)
        resolved = self._drain(attention, attention.c.closed_at < border, attention.c.id)
        self._drain(order_pieces, order_pieces.c.placed_at < border, order_pieces.c.order_id)
        return Pruned(len(old), changed, staged_gone, queue, resolved, self._stock(border))

    def _old_runs(self, border: datetime) -> list[str]:
        query = select(runs.c.id).where(
            runs.c.status.not_in(_LIVE),
            func.coalesce(runs.c.finished_at, runs.c.created_at) < border,
            runs.c.id.not_in(_compared_with()),
            runs.c.id.not_in(select(calls.c.run_id).where(calls.c.state.in_(_OPEN))),
        )
        with self._db.read() as tx:
            return list(tx.execute(query.order_by(runs.c.created_at)).scalars())

    def _stock(self, border: datetime) -> int:
        """Stock changes, but for those of runs that are still under way or have a call to look up."""
        needed = select(runs.c.id).where(runs.c.status.in_(_LIVE))
        open_calls = select(calls.c.run_id).where(calls.c.state.in_(_OPEN))
        c = stock_changes.c
        old = (c.at < border) & c.run_id.not_in(needed) & c.run_id.not_in(open_calls)
        return self._drain(stock_changes, old, c.id)

    def _staged(self, border: datetime) -> int:
        ended = select(runs.c.id).where(
            runs.c.status.not_in(_LIVE), func.coalesce(runs.c.finished_at, runs.c.created_at) < border
        )
        with self._db.read() as tx:
            ids = list(tx.execute(ended.where(runs.c.id.in_(select(staged.c.run_id)))).scalars())
        gone = 0
        for run_id in ids:
            self._drain(staged_keys, staged_keys.c.run_id == run_id, staged_keys.c.id)
            for side in ("a", "b"):
                here = (staged.c.run_id == run_id) & (staged.c.side == side)
                gone += self._drain(staged, here, staged.c.record_id)
        return gone

    def _drain(self, table: Table, which: ColumnElement[bool], key: ColumnElement[object]) -> int:
        """Deletes the rows a few at a time; answers how many."""
        some = select(key).where(which).limit(AT_ONCE)
        total = 0
        while True:
            with self._db.write() as tx:
                gone = tx.execute(delete(table).where(which, key.in_(some))).rowcount
            total += gone
            if gone < AT_ONCE:
                return total


def _compared_with() -> Select[tuple[str]]:
    """The last complete full run of each flow."""
    one, later = runs.alias("one"), runs.alias("later")
    superseded = (
        select(later.c.id)
        .where(
            later.c.flow_id == one.c.flow_id,
            later.c.created_at > one.c.created_at,
            later.c.status.in_(_COMPLETE),
            later.c.mode == Mode.FULL.value,
        )
        .exists()
    )
    return select(one.c.id).where(one.c.status.in_(_COMPLETE), one.c.mode == Mode.FULL.value, ~superseded)
