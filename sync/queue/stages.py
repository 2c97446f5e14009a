"""One stage of a run: done by its manager, and how it ended stored in its queue row and its run."""

from __future__ import annotations

import logging
import random
import traceback
from collections.abc import Callable

from sqlalchemy import Connection

from storage.clock import utc_now
from storage.queue import Item
from sync import fence
from sync.errors import Braked, BrokenContract, Cancelled, CounterpartError, Fenced
from sync.model.run import LIVE, Run, Status
from sync.model.text import Message, say
from sync.queue.insist import insist
from sync.queue.retry import TRIES, delay_before_retry, storage_away
from sync.workspace import Workspace

_AGAIN = 5.0  # seconds until a stage whose ending could not be stored is tried again
_log = logging.getLogger(__name__)


class StageTurn:
    """Does stages. `wake` is called when the next stage is due."""

    def __init__(self, ws: Workspace, wake: Callable[[], None]) -> None:
        self.ws, self.wake = ws, wake

    def run(self, item: Item) -> None:
        """One stage, whatever happens in it: the queue row and the run always tell how it ended. Fenced:
        another worker has the stage, and nothing is told."""
        try:
            self._turn(item)
        except Fenced as error:
            _log.warning("a stage of run %s is another worker's by now: %s", item.run_id, error.detail)
        except Exception as error:  # noqa: BLE001 even storing how it ended went wrong; the row must not stay "processing"
            if not storage_away(error):
                _log.exception("how a stage of run %s ended could not be stored", item.run_id)
            self._give_back(item, error)

    def _turn(self, item: Item) -> None:
        try:
            run = self.ws.runs.get(item.run_id)
            # A process may die between the end of a run and that of its last stage: the run is over.
            following = self.ws.manager(run).turn(run, item.action) if run.status in LIVE else None
        except Fenced:
            raise
        except Cancelled:
            self._cancelled(item)
        except Braked as stop:
            self._braked(item, stop)
        except CounterpartError as error:
            if storage_away(error):
                raise
            self._failed(item, error)
        except Exception as error:
            if storage_away(error):
                raise
            # A bug must not take the worker down with it: the run says so and the log keeps the traceback.
            self.ws.journal.trouble(item.run_id, error, traceback.format_exc())
            self._failed(item, BrokenContract(unforeseen(), repr(error)))
        else:
            self._finished(item, following)

    def _finished(self, item: Item, following: str | None) -> None:
        partition = self._partition(item, following) if following else ""
        with self.ws.db.write() as tx:
            self._over(tx, item)
            if following:
                self.ws.queue.add(
                    tx,
                    item.run_id,
                    item.entity,
                    following,
                    direction=item.direction,
                    partition=partition,
                    priority=item.priority,
                )
            if item.retry_count:
                self.ws.runs.set(tx, item.run_id, error=None)  # the trouble of the earlier tries is over
        if following:
            self.wake()

    def _partition(self, item: Item, stage: str) -> str:
        run = self.ws.runs.get(item.run_id)
        return self.ws.manager(run).partition(run, stage)

    def _cancelled(self, item: Item) -> None:
        fence.check_alive()
        if not self.ws.runs.cancelled(item.run_id):  # the process stops, not the run: it goes on elsewhere
            with self.ws.db.write() as tx:
                self.ws.queue.put_back(tx, item)
            return
        run = self.ws.runs.get(item.run_id)
        self.ws.manager(run).close(run, Status.CANCELLED, None)
        with self.ws.db.write() as tx:
            self._over(tx, item)

    def _braked(self, item: Item, stop: Braked) -> None:
        with self.ws.db.write() as tx:
            self._over(tx, item)
            self.ws.runs.set(tx, item.run_id, status=Status.BRAKED, error=stop.message)
        self.ws.journal.braked(self.ws.runs.get(item.run_id), stop.hits)

    def _failed(self, item: Item, error: CounterpartError) -> None:
        delay = delay_before_retry(error, item.retry_count, random.random())
        if delay is not None:
            speed = self._speed(item)
            with self.ws.db.write() as tx:
                if self.ws.queue.again(tx, item, delay / speed, error.message):
                    self.ws.runs.set(tx, item.run_id, error=error.message)
            return
        run: Run = self.ws.runs.get(item.run_id)
        self.ws.manager(run).close(run, Status.FAILED, error)
        with self.ws.db.write() as tx:
            self._over(tx, item, "failed", error.message)
        self.ws.journal.failed(run, error)

    def _over(
        self, tx: Connection, item: Item, status: str = "completed", error: Message | None = None
    ) -> None:
        """Raises Fenced, and nothing is stored, if the stage is not at work under this claim any more."""
        if not self.ws.queue.finish(tx, item, status, error):
            raise Fenced(fence.taken(), f"stage {item.action} of run {item.run_id}")

    def _give_back(self, item: Item, error: Exception) -> None:
        """The stage is tried again, or its run fails, in the plainest way there is; waits for a database that
        is locked or away. That is no fault of the stage: no try is counted for it."""
        insist(lambda: self._returned(item, error), self.ws.stopping)

    def _returned(self, item: Item, error: Exception) -> None:
        with self.ws.db.write() as tx:
            if storage_away(error):
                self.ws.queue.put_back(tx, item)
                return
            if item.retry_count + 1 < TRIES:
                self.ws.queue.again(tx, item, _AGAIN, unforeseen())
            else:
                self._over(tx, item, "failed", unforeseen())
                self.ws.runs.set(
                    tx, item.run_id, status=Status.FAILED, error=unforeseen(), finished_at=utc_now()
                )
        self.ws.journal.trouble(item.run_id, error, "".join(traceback.format_exception(error)))

    def _speed(self, item: Item) -> float:
        """A sandbox's retries wait in its own time."""
        flow = self.ws.links.flow(self.ws.runs.get(item.run_id).flow_id)
        link = self.ws.links.get(flow.link_id)
        return min(self.ws.connections.get(end).speed for end in (link.a, link.b))


def unforeseen() -> Message:
    """What the operator reads where a bug shows."""
    return say("Something unforeseen happened; the log has the details. Nothing more was written.")
