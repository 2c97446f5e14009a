"""Does a run go on? Looked at from outside."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from bench.parts.stores import Stores
from storage.tables.sync import calls
from sync.model.run import LIVE

PATIENCE = 60.0
"""Seconds without any progress after which a run stands still."""


class Progress:
    """Of one run. "Stands still" is a word about progress, not about how long a run takes: on a busy machine,
    interrupted again and again, it may take many minutes. So each step that it makes renews the patience. (An
    earlier `restarts` gave the whole run 120 s and called a slow one stuck.)"""

    def __init__(self, stores: Stores, run_id: str, patience: float = PATIENCE) -> None:
        self._stores, self._run_id, self._patience = stores, run_id, patience
        self._sign: tuple[object, ...] = ()
        self._at = time.monotonic()
        self.longest = 0.0  # seconds between two steps

    def over(self) -> bool:
        """Has it ended, in all its tables? Not while the database is away."""
        try:
            run = self._stores.ws.runs.get(self._run_id)
            return run.status not in LIVE and not self._stores.ws.queue.busy(self._run_id)
        except DBAPIError:
            return False

    def moved(self) -> bool:
        """Has it made a step since this was last asked?"""
        now = time.monotonic()
        try:
            sign = self._now()
        except DBAPIError:  # it is just being restarted, which nobody can work through
            self._at = now
            return False
        if sign == self._sign:
            return False
        self._sign, since, self._at = sign, now - self._at, now
        self.longest = max(self.longest, since)
        return True

    @property
    def last(self) -> tuple[object, ...]:
        """What was seen last: stage, rows done, status, whether a stage is due or at work, calls."""
        return self._sign

    @property
    def still(self) -> bool:
        """Has it stood longer than one may wait?"""
        return time.monotonic() - self._at > self._patience

    def _now(self) -> tuple[object, ...]:
        """What changes with every step that the work makes."""
        run = self._stores.ws.runs.get(self._run_id)
        query = select(func.count()).select_from(calls).where(calls.c.run_id == self._run_id)
        with self._stores.ws.db.read() as tx:
            sent = tx.execute(query).scalar_one()
        busy = self._stores.ws.queue.busy(self._run_id)
        return run.stage, run.done, run.status, busy, int(sent)


def until_over(
    stores: Stores,
    run_id: str,
    progress: Progress | None = None,
    given_up: Callable[[], bool] = lambda: False,
) -> list[str]:
    """Waits for the end of a run, or until that has been given up; answers what was wrong with it."""
    progress = progress or Progress(stores, run_id)
    while not progress.over() and not given_up():
        progress.moved()
        if progress.still:
            return [f"stands still: {progress.last}"]
        time.sleep(0.02)
    return []
