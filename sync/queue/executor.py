"""The embedded executor: threads of the one process that holds the lock claim stages and run them."""

from __future__ import annotations

import logging
import random
import threading
import traceback
from collections.abc import Callable
from typing import TYPE_CHECKING

from storage.clock import utc_now
from storage.errors import StorageBusy
from storage.queue import Item
from sync.errors import Braked, BrokenContract, Cancelled, CounterpartError
from sync.model.run import LIVE, Run, Status
from sync.model.text import Message, say
from sync.queue.retry import TRIES, delay_before_retry

if TYPE_CHECKING:
    from sync.workspace import Workspace

_IDLE = 0.3  # seconds between two looks at an empty queue; `wake` cuts it short
_AGAIN = 5.0  # seconds until a stage whose ending could not be stored is tried again
_log = logging.getLogger(__name__)


class Executor:
    """Runs due stages on a few threads. Start it only while holding the process lock."""

    def __init__(self, ws: Workspace, idle: Callable[[], None], threads: int = 4) -> None:
        """`idle` is called by a worker that found no stage due; it must be cheap."""
        self.ws, self.idle, self.threads = ws, idle, threads
        self._wake = threading.Condition()
        self._workers: list[threading.Thread] = []

    def start(self) -> None:
        """Takes up again what a killed process left behind, then works until `stop`."""
        self.ws.queue.rescue()
        for n in range(self.threads):
            worker = threading.Thread(target=self._loop, name=f"stage-{n}", daemon=True)
            self._workers.append(worker)
            worker.start()

    def stop(self, wait: float = 20.0) -> None:
        """Asks the stages at work to stop at their next safe point; what is unfinished goes on at the next
        start."""
        self.ws.stopping.set()
        self.wake()
        for worker in self._workers:
            worker.join(wait)
        self._workers.clear()

    def wake(self) -> None:
        with self._wake:
            self._wake.notify_all()

    def _loop(self) -> None:
        while not self.ws.stopping.is_set():
            if not self._look():
                with self._wake:
                    self._wake.wait(_IDLE)

    def _look(self) -> bool:
        """Does one due stage, if there is one; whatever happens, the worker lives on."""
        try:
            item = self.ws.queue.claim()
            if item is not None:
                self.run(item)
            else:
                self.idle()
            return item is not None
        except Exception:  # noqa: BLE001 a locked database or a full disk passes; a dead worker does not come back
            _log.exception("a worker could not look for work; it goes on")
            return False

    def run(self, item: Item) -> None:
        """One stage, whatever happens in it: the queue row and the run always tell how it ended."""
        try:
            self._turn(item)
        except Exception as error:  # noqa: BLE001 even storing how it ended went wrong; the row must not stay "processing"
            _log.exception("how a stage of run %s ended could not be stored", item.run_id)
            self._give_back(item, error)

    def _turn(self, item: Item) -> None:
        try:
            run = self.ws.runs.get(item.run_id)
            # A process may die between the end of a run and that of its last stage: the run is over.
            following = self.ws.manager(run).turn(run, item.action) if run.status in LIVE else None
        except Cancelled:
            self._cancelled(item)
        except Braked as stop:
            self._braked(item, stop)
        except CounterpartError as error:
            self._failed(item, error)
        except Exception as error:  # noqa: BLE001
            # A bug must not take the worker down with it: the run says so and the log keeps the traceback.
            self.ws.journal.trouble(item.run_id, error, traceback.format_exc())
            self._failed(item, BrokenContract(_unforeseen(), repr(error)))
        else:
            self._finished(item, following)

    def _finished(self, item: Item, following: str | None) -> None:
        with self.ws.db.write() as tx:
            self.ws.queue.finish(tx, item.id)
            if following:
                self.ws.queue.add(
                    tx,
                    item.run_id,
                    item.entity,
                    following,
                    direction=item.direction,
                    partition=item.partition,
                    priority=item.priority,
                )
            if item.retry_count:
                self.ws.runs.set(tx, item.run_id, error=None)  # the trouble of the earlier tries is over
        if following:
            self.wake()

    def _cancelled(self, item: Item) -> None:
        if self.ws.stopping.is_set() and not self.ws.runs.cancelled(item.run_id):
            with self.ws.db.write() as tx:  # the process stops, not the run: it goes on at the next start
                self.ws.queue.put_back(tx, item.id)
            return
        run = self.ws.runs.get(item.run_id)
        self.ws.manager(run).close(run, Status.CANCELLED, None)
        with self.ws.db.write() as tx:
            self.ws.queue.finish(tx, item.id)

    def _braked(self, item: Item, stop: Braked) -> None:
        with self.ws.db.write() as tx:
            self.ws.queue.finish(tx, item.id)
            self.ws.runs.set(tx, item.run_id, status=Status.BRAKED, error=stop.message)
        self.ws.journal.braked(self.ws.runs.get(item.run_id), stop.hits)

    def _failed(self, item: Item, error: CounterpartError) -> None:
        delay = delay_before_retry(error, item.retry_count, random.random())
        if delay is not None:
            with self.ws.db.write() as tx:
                self.ws.queue.again(tx, item.id, delay / self._speed(item), error.message)
                self.ws.runs.set(tx, item.run_id, error=error.message)
            return
        run: Run = self.ws.runs.get(item.run_id)
        self.ws.manager(run).close(run, Status.FAILED, error)
        with self.ws.db.write() as tx:
            self.ws.queue.finish(tx, item.id, "failed", error.message)
        self.ws.journal.failed(run, error)

    def _give_back(self, item: Item, error: Exception) -> None:
        """The stage is tried again, or its run fails, in the plainest way there is; waits for a locked
        database."""
        while not self.ws.stopping.is_set():
            try:
                with self.ws.db.write() as tx:
                    if item.retry_count + 1 < TRIES:
                        self.ws.queue.again(tx, item.id, _AGAIN, _unforeseen())
                    else:
                        self.ws.queue.finish(tx, item.id, "failed", _unforeseen())
                        self.ws.runs.set(
                            tx, item.run_id, status=Status.FAILED, error=_unforeseen(), finished_at=utc_now()
                        )
                self.ws.journal.trouble(item.run_id, error, "".join(traceback.format_exception(error)))
                return
            except StorageBusy:
                self.ws.stopping.wait(1.0)

    def _speed(self, item: Item) -> float:
        """A sandbox's retries wait in its own time."""
        ctx = self.ws.manager_of(item.entity).context(self.ws.runs.get(item.run_id))
        return min(ctx.source_connection.speed, ctx.target_connection.speed)


def _unforeseen() -> Message:
    return say("Something unforeseen happened; the log has the details. Nothing more was written.")
