"""Who runs which partition, and when. Our tables are the only truth: a dispatcher may forget everything.

Embedded (SQLite): threads of the one process that holds the lock. Distributed (PostgreSQL): any number of
`python -m sync worker` on any number of machines, one of them at a time for each connection.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from typing import Protocol

from sync.queue.executor import Executor
from sync.workspace import Workspace

WORKER_VARIABLE = "COUNTERPART_WORKER"
"""Environment: "off" leaves the work to `python -m sync worker`."""


class Dispatcher(Protocol):
    """Starts turns of partitions."""

    def start(self) -> None:
        """Begins to work, taking up what a killed process left behind."""

    def stop(self, wait: float = 20.0) -> None:
        """Asks the work to stop at its next safe point; what is unfinished goes on at the next start, here or
        elsewhere."""

    def wake(self) -> None:
        """Something became due: look at once. May be called by a process that does not work itself."""

    def ensure(self, partition: str) -> None:
        """Sees to it that this partition gets its turn."""


class Embedded(Executor):
    """The threads of this process, for all partitions."""

    def ensure(self, partition: str) -> None:
        self.wake()


def make_dispatcher(ws: Workspace, idle: Callable[[], None]) -> Dispatcher:
    """The dispatcher of the database in use."""
    if ws.db.dialect == "sqlite":
        return Embedded(ws, idle)
    from sync.queue.distributed import Distributed

    return Distributed(ws, idle)


def somebody_works(ws: Workspace) -> bool:
    """Does a process of this installation work now, on whichever machine?"""
    if ws.lock.holder() is not None:
        return True
    if ws.db.dialect == "sqlite":
        return False
    from sync.queue.engine_schema import workers_alive

    return workers_alive(ws.db.url)


def works_here(env: Mapping[str, str] | None = None) -> bool:
    """Should a console or a command do work in its own process?"""
    value = (os.environ if env is None else env).get(WORKER_VARIABLE, "").strip().casefold()
    return value not in ("off", "0", "no", "false")
