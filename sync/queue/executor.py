"""The embedded executor: threads of the one process that holds the lock claim stages and run them."""

from __future__ import annotations

import random
import threading
import traceback
from typing import TYPE_CHECKING

from storage.queue import Item
from sync.errors import BrokenContract, Cancelled, CounterpartError
from sync.managers.base import Braked
from sync.model.run import Run, Status
from sync.model.text import say
from sync.queue.retry import delay_before_retry

if TYPE_CHECKING:
    from sync.workspace import Workspace

_IDLE = 0.3  # seconds between two looks at an empty queue; `wake` cuts it short


class Executor:
    """Runs due stages on a few threads. Start it only while holding the process lock."""

    def __init__(self, ws: Workspace, threads: int = 4) -> None:
        self.ws, self.threads = ws, threads
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
        """Asks the stages at work to stop at their next safe point; what is unfinished goes on at the next start."""
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
            item = self.ws.queue.claim()
            if item is None:
                with self._wake:
                    self._wake.wait(_IDLE)
            else:
                self.run(item)

    def run(self, item: Item) -> None:
        """One stage, whatever happens in it: the queue row and the run always tell how it ended."""
        try:
            run = self.ws.runs.get(item.run_id)
            following = self.ws.manager(run).turn(run, item.action)
        except Cancelled:
            self._cancelled(item)
        except Braked as stop:
            self._braked(item, stop)
        except CounterpartError as error:
            self._failed(item, error)
        except Exception as error:
            # A bug must not take the worker down with it: the run says so and the log keeps the traceback.
            self.ws.journal.trouble(item.run_id, error, traceback.format_exc())
            self._failed(item, BrokenContract(say("Something unforeseen happened; the log has the details. Nothing more was written."), repr(error)))
        else:
            self._finished(item, following)

    def _finished(self, item: Item, following: str | None) -> None:
        with self.ws.db.write() as tx:
            self.ws.queue.finish(tx, item.id)
            if following:
                self.ws.queue.add(tx, item.run_id, item.entity, following, direction=item.direction, partition=item.partition, priority=item.priority)
        if following:
            self.wake()

    def _cancelled(self, item: Item) -> None:
        if self.ws.stopping.is_set() and not self.ws.runs.cancelled(item.run_id):
            with self.ws.db.write() as tx:  # the process stops, not the run: it goes on at the next start
                self.ws.queue.again(tx, item.id, 0.0, say("Interrupted; goes on after the restart."))
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
        delay = delay_before_retry(error, item.retry_count, random.random())  # noqa: S311 jitter, not a secret
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

    def _speed(self, item: Item) -> float:
        """A sandbox's retries wait in its own time."""
        ctx = self.ws.manager_of(item.entity).context(self.ws.runs.get(item.run_id))
        return min(ctx.source_connection.speed, ctx.target_connection.speed)
