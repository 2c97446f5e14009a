"""Threads that claim what is due and do it: stages of runs and batches of records.

Embedded they work on all partitions of the one process that holds the lock; where several workers can be,
an executor works on one partition under its fence. One thread takes urgent records only, so that these are
picked up at once even while all others are in long stages.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from contextvars import copy_context
from typing import TypedDict

from sqlalchemy import Connection

from storage.queue_item import unguarded
from sync import fence
from sync.errors import Fenced
from sync.queue.batches import RecordTurn
from sync.queue.owner import new_owner
from sync.queue.retry import storage_away
from sync.queue.stages import StageTurn
from sync.workspace import Workspace

_IDLE = 0.3  # seconds between two looks at an empty queue; `wake` cuts it short
_URGENT_IDLE = 0.1
_log = logging.getLogger(__name__)


class Under(TypedDict, total=False):
    """What claiming is told where several workers can be."""

    partition: str
    fence: int
    guard: Callable[[Connection], None]


class Executor:
    """Runs what is due on `threads` threads and one more for urgent records."""

    def __init__(
        self,
        ws: Workspace,
        idle: Callable[[], None],
        threads: int = 4,
        *,
        hold: fence.Hold | None = None,
        worker: str = "",
        wake: Callable[[], None] | None = None,
    ) -> None:
        """`idle` is called by a worker that found nothing due; it must be cheap. `hold`: work on its
        partition only, under its fence. `wake` is told when something has become due (default: `wake` of
        this executor)."""
        self.ws, self.idle, self.threads, self.hold = ws, idle, threads, hold
        self.worker = worker or new_owner()
        self._stages, self._records = StageTurn(ws, wake or self.wake), RecordTurn(ws, self.worker)
        self._wake = threading.Condition()
        self._ending = threading.Event()
        self._workers: list[threading.Thread] = []
        self._at_work, self._last = 0, time.monotonic()
        self._unsure: set[str] = set()  # threads that do not know whether their last claim was stored

    def start(self) -> None:
        """Takes up again what a killed process left behind, then works until `stop`. Start it only while
        holding the process lock, or the partition."""
        self._ending.clear()
        self.ws.queue.rescue(**self._under())
        for n in range(self.threads):
            self._begin(f"stage-{n}", self._look, _IDLE)
        self._begin("urgent", self._look_urgent, _URGENT_IDLE)

    def stop(self, wait: float = 20.0) -> None:
        """Asks the stages at work to stop at their next safe point; what is unfinished goes on at the next
        start."""
        self.ws.stopping.set()
        self.end(wait)

    def end(self, wait: float = 20.0) -> bool:
        """Takes nothing new and waits for what is at work; answers whether all has ended."""
        self._ending.set()
        self.wake()
        deadline = time.monotonic() + wait
        for worker in self._workers:
            worker.join(max(0.0, deadline - time.monotonic()))
        self._workers = [worker for worker in self._workers if worker.is_alive()]
        return not self._workers

    def wake(self) -> None:
        """Looks at once."""
        with self._wake:
            self._wake.notify_all()

    def quiet(self) -> float:
        """Seconds since anything was at work; 0 while something is."""
        with self._wake:
            return 0.0 if self._at_work else time.monotonic() - self._last

    # -- threads ---------------------------------------------------------------------------------------------

    def _begin(self, name: str, look: Callable[[], bool], rest: float) -> None:
        # A thread begins with an empty context of its own: what it holds is set there.
        context = copy_context()
        worker = threading.Thread(target=context.run, args=(self._loop, look, rest), name=name, daemon=True)
        self._workers.append(worker)
        worker.start()

    def _loop(self, look: Callable[[], bool], rest: float) -> None:
        with fence.holding(self.hold):
            while not self._over():
                if not look():
                    with self._wake:
                        self._wake.wait(rest)

    def _over(self) -> bool:
        return self._ending.is_set() or self.ws.stopping.is_set() or fence.lost()

    def _look(self) -> bool:
        """Does what is most urgent, if anything is due; whatever happens, the worker lives on."""
        return self._safely(self._take_any)

    def _look_urgent(self) -> bool:
        return self._safely(self._take_urgent)

    def _safely(self, take: Callable[[], bool]) -> bool:
        with self._wake:
            self._at_work += 1
        found = False
        try:
            self._disown()
            found = take()
        except Fenced:
            _log.warning("partition %s is another worker's by now", self.hold.partition if self.hold else "")
        except Exception as error:  # noqa: BLE001 a locked database or a full disk passes; a dead worker does not come back
            _log.error("a worker could not look for work; it goes on", exc_info=not storage_away(error))
            if storage_away(error):
                self._unsure.add(self._name())
        finally:
            with self._wake:
                self._at_work -= 1
                if found:
                    self._last = time.monotonic()
        return found

    def _disown(self) -> None:
        """After a claim whose answer was lost with the database: what it may have taken is due again."""
        if (name := self._name()) in self._unsure:
            under = self._under()
            self.ws.queue.disown(name, under.get("fence", 0), under.get("guard", unguarded))
            self._unsure.discard(name)

    def _name(self) -> str:
        """Who claims: this very thread, which has one thing at work at a time."""
        return f"{self.worker}/{threading.get_native_id()}"

    def _take_any(self) -> bool:
        """Records before a stage of the same priority: their turn is short."""
        partition = self.hold.partition if self.hold else None
        record, stage = self.ws.queue.next_record(partition), self.ws.queue.next_stage(partition)
        if record is not None and (stage is None or record <= stage) and self._take_records(urgent=False):
            return True
        item = None if stage is None else self.ws.queue.claim(worker=self._name(), **self._under())
        if item is None:
            self.idle()
            return False
        self._stages.run(item)
        return True

    def _take_urgent(self) -> bool:
        return self._take_records(urgent=True)

    def _take_records(self, urgent: bool) -> bool:
        batch = self.ws.queue.claim_records(urgent=urgent, worker=self._name(), **self._under())
        if batch:
            self._records.run(batch)
        return bool(batch)

    def _under(self) -> Under:
        """The partition and fence that this executor claims under."""
        if self.hold is None:
            return {}
        return {"partition": self.hold.partition, "fence": self.hold.fence, "guard": self.hold.guard}
