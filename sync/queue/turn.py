"""One partition's turn in one process: taken, worked on by a few threads until nothing is due, given back."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from datetime import timedelta

from storage.clock import utc_now
from sync.queue.executor import Executor
from sync.queue.lease import Lease, Leases
from sync.workspace import Workspace

LINGER = 1.0
"""Seconds a turn waits for more: items that come one by one need no new turn each."""
_LOOK = 0.1
_log = logging.getLogger(__name__)


class Turn:
    """Runs one partition; `wake` is told when something is due that may be another partition's."""

    def __init__(self, ws: Workspace, leases: Leases, partition: str, wake: Callable[[], None]) -> None:
        self.ws, self.leases, self.partition, self.wake = ws, leases, partition, wake
        self._more = threading.Event()
        self._executor: Executor | None = None

    def run(self, threads: int) -> bool:
        """Works until nothing is due, the process stops, or the lease is lost; False if another worker has
        the partition."""
        lease = self.leases.take(self.partition)
        if lease is None:
            return False
        self._executor = Executor(
            self.ws, _nothing, threads, hold=lease, worker=self.leases.owner, wake=self.wake
        )
        try:
            self._executor.start()
            while not self._over(lease, self._executor):
                self._more.wait(_LOOK)
                self._more.clear()
        finally:
            self._give_back(lease, self._executor)
        return True

    def look(self) -> None:
        """Something may have become due."""
        if self._executor is not None:
            self._executor.wake()

    def _over(self, lease: Lease, executor: Executor) -> bool:
        if lease.lost or self.ws.stopping.is_set():
            return True
        if executor.quiet() < LINGER:
            return False
        due = self.ws.queue.next_due(self.partition)
        return due is None or due > utc_now() + timedelta(seconds=LINGER)

    def _give_back(self, lease: Lease, executor: Executor) -> None:
        ended = executor.end()
        if not ended and not self.ws.stopping.is_set():
            _log.warning("partition %s waits for its work to end", self.partition)
        while not (ended or self.ws.stopping.is_set()):
            ended = executor.end()  # meanwhile nobody may have it: a request may be on its way
        if lease.taken_over or not ended:
            # Somebody else has it, or shall have it only when this lease has run out.
            self.leases.forget(lease)
            _log.warning("partition %s was left before its work had ended", self.partition)
        else:
            self.leases.release(lease)


def _nothing() -> None:
    """A turn has no other duties."""
