"""Turns on any number of machines: Procrastinate wakes `turn(partition)` on one of the workers, with
`lock = queueing_lock = partition`.

It decides who and when, nothing else: that one worker at a time has a partition is kept by the lease, and
what is due by `sync_queue`. So its jobs may be lost or doubled, and those of a worker that fell silent are
simply deleted: the tick of any worker asks again for every partition with something due.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import threading
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from typing import Any

import procrastinate
import psycopg
from procrastinate.exceptions import AlreadyEnqueued
from procrastinate.jobs import Status

from sync.queue.engine_schema import apply_schema, connection_options, conninfo
from sync.queue.lease import LEASE_SECONDS, REQUEST_SECONDS, Leases
from sync.queue.owner import new_owner
from sync.queue.retry import storage_away
from sync.queue.turn import Turn
from sync.workspace import Workspace

LEASE_VARIABLE = "COUNTERPART_LEASE_SECONDS"
GRACE_VARIABLE = "COUNTERPART_TAKEOVER_SECONDS"
"""How long past a silent worker's lease another waits before it takes over: the longest request must have
ended."""
PARTITIONS_AT_ONCE = 8
THREADS = 3
_QUEUE = "turns"
_TICK = 0.5
_HEARTBEAT, _STALLED = 1.0, 4.0
_AGAIN = 0.5  # seconds after the database went away until it is asked again
_POOL: dict[str, Any] = {"timeout": 5.0, "reconnect_timeout": 2.0}
"""Seconds. A pool that goes on trying waits twice as long after each failure: a database that was away for a
minute would be looked at again only a minute after it is back. This one gives up, and is asked anew."""
_OVERLOOKED = 2.0  # seconds that a partition may be free with something due, before its turn is begun unasked
_log = logging.getLogger(__name__)


class Distributed:
    """The dispatcher of one process on PostgreSQL (a `dispatch.Dispatcher`)."""

    def __init__(
        self,
        ws: Workspace,
        idle: Callable[[], None],
        *,
        lease: float | None = None,
        grace: float | None = None,
    ) -> None:
        """`idle` is called by every tick; it must be cheap. `lease`, `grace`: seconds (default: from the
        environment)."""
        self.ws, self.idle = ws, idle
        self.leases = Leases(
            ws.partitions,
            new_owner(),
            _seconds(LEASE_VARIABLE, LEASE_SECONDS) if lease is None else lease,
            _seconds(GRACE_VARIABLE, REQUEST_SECONDS) if grace is None else grace,
        )
        self._turns: dict[str, tuple[Turn, Future[bool]]] = {}
        self._waiting: dict[str, float] = {}  # free partitions with something due, since when
        self._guard, self._tick = threading.Lock(), threading.Event()
        self._threads: list[threading.Thread] = []
        self._app: procrastinate.App | None = None

    # -- dispatcher ------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Raises NeedsOperator when Procrastinate's tables cannot be made."""
        with contextlib.suppress(psycopg.OperationalError):  # away for a moment: made when it is back
            apply_schema(self.ws.db.url)
        self.leases.start()
        for name, target in (("dispatch", self._working), ("tick", self._ticking)):
            thread = threading.Thread(target=target, name=name, daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self, wait: float = 20.0) -> None:
        self.ws.stopping.set()
        deadline = time.monotonic() + wait
        with self._guard:
            running = [future for _, future in self._turns.values()]
        for future in running:
            with contextlib.suppress(Exception):  # told by the turn itself
                future.result(max(0.0, deadline - time.monotonic()))
        self._tick.set()
        for thread in self._threads:
            thread.join(max(1.0, deadline - time.monotonic()))
        self._threads.clear()
        self.leases.stop()
        self._close()

    def wake(self) -> None:
        with self._guard:
            turns = [turn for turn, _ in self._turns.values()]
        for turn in turns:
            turn.look()
        if self._threads:
            self._tick.set()
        else:
            self._quietly(self.ensure_due)

    def ensure(self, partition: str) -> None:
        app = self._deferring()
        with contextlib.suppress(AlreadyEnqueued):
            app.configure_task(
                "turn", queue=_QUEUE, lock=partition, queueing_lock=partition, allow_unknown=True
            ).defer(partition=partition)

    # -- the tick --------------------------------------------------------------------------------------------

    def ensure_due(self) -> None:
        """Asks for a turn of every partition that has something due and that nobody works on."""
        with self._guard:
            here = set(self._turns)
        waiting = [name for name in self.ws.queue.waiting_partitions() if name not in here]
        rows = {row.name: row for row in self.ws.partitions.all()} if waiting else {}
        orphans = [n for n in waiting if n in rows and self.leases.orphaned(n, rows[n].owner)]
        free = [n for n in waiting if n not in rows or self.leases.free(rows[n].owner, rows[n].left)]
        if self._threads:
            # Their jobs may stand in Procrastinate for seconds yet, and with them the locks.
            room = PARTITIONS_AT_ONCE - len(self._turns)
            for name in [*orphans, *self._overlooked(free)][: max(0, room)]:
                self._begin(name)
        for name in free:
            self.ensure(name)

    def _overlooked(self, free: Sequence[str]) -> list[str]:
        """Free partitions that nobody took although they were asked for: Procrastinate has lost a job, or
        keeps the lock of one that ended while the database was away. The lease decides all the same."""
        now = time.monotonic()
        self._waiting = {name: self._waiting.get(name, now) for name in free}
        return [name for name, since in self._waiting.items() if now - since >= _OVERLOOKED]

    def _ticking(self) -> None:
        while not self.ws.stopping.is_set():
            self._quietly(self.ensure_due)
            self._quietly(self.idle)
            self._tick.wait(_TICK)
            self._tick.clear()

    def _quietly(self, step: Callable[[], None]) -> None:
        """A database that is away for a moment passes; the next tick looks again."""
        try:
            step()
        except Exception as error:  # noqa: BLE001
            if not self.ws.stopping.is_set():
                _log.warning("looking for due work failed (%s); it goes on", type(error).__name__)

    # -- Procrastinate ---------------------------------------------------------------------------------------

    def _working(self) -> None:
        while not self.ws.stopping.is_set():
            try:
                apply_schema(self.ws.db.url)  # it may have been away at the start
                asyncio.run(self._serve())
            except Exception as error:  # noqa: BLE001 the database was away; turns under way go on by themselves
                _log.warning("the dispatcher lost its database (%s); it tries again", type(error).__name__)
            self.ws.stopping.wait(_AGAIN)

    async def _serve(self) -> None:
        connector = procrastinate.PsycopgConnector(
            conninfo=conninfo(self.ws.db.url), kwargs=connection_options(), min_size=1, max_size=4, **_POOL
        )
        logging.getLogger("procrastinate.utils").addFilter(_without_traceback)
        app = procrastinate.App(connector=connector)
        app.task(name="turn", queue=_QUEUE)(self._turn)
        async with app.open_async():
            worker = asyncio.create_task(
                app.run_worker_async(
                    queues=[_QUEUE],
                    concurrency=PARTITIONS_AT_ONCE,
                    name=self.leases.owner,
                    fetch_job_polling_interval=1.0,
                    shutdown_graceful_timeout=0.1,
                    install_signal_handlers=False,
                    delete_jobs="always",
                    update_heartbeat_interval=_HEARTBEAT,
                    stalled_worker_timeout=_STALLED,
                )
            )
            clearing = asyncio.create_task(self._clearing(app))
            await asyncio.wait([worker, clearing], return_when=asyncio.FIRST_COMPLETED)
            for task in (clearing, worker):
                task.cancel()
            await asyncio.gather(worker, clearing, return_exceptions=True)

    async def _clearing(self, app: procrastinate.App) -> None:
        """Deletes the jobs of workers that fell silent, until the process stops: to retry one can collide
        with a queued twin, and the tick asks anew where something is due."""
        while not self.ws.stopping.is_set():
            for job in await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=_STALLED):
                await app.job_manager.finish_job(job, Status.FAILED, delete_job=True)
            await asyncio.sleep(_TICK)

    async def _turn(self, partition: str) -> None:
        """The job. When the engine gives it up (the database was away) the turn goes on under its lease."""
        await asyncio.shield(asyncio.wrap_future(self._begin(partition)))

    def _begin(self, partition: str) -> Future[bool]:
        with self._guard:
            if partition in self._turns:
                return self._turns[partition][1]
            turn, ended = Turn(self.ws, self.leases, partition, self.wake), Future[bool]()
            self._turns[partition] = (turn, ended)
        threading.Thread(target=self._run, args=(turn, ended), name="turn", daemon=True).start()
        return ended

    def _run(self, turn: Turn, ended: Future[bool]) -> None:
        result = False
        try:
            result = turn.run(THREADS)
        except Exception as error:  # noqa: BLE001 whatever it was, the partition's next turn looks at it anew
            _log.warning("a turn ended early: %s", type(error).__name__, exc_info=not storage_away(error))
        finally:
            with self._guard:
                self._turns.pop(turn.partition, None)
            ended.set_result(result)

    def _deferring(self) -> procrastinate.App:
        """For asking from any thread."""
        with self._guard:
            if self._app is None:
                connector = procrastinate.SyncPsycopgConnector(
                    conninfo=conninfo(self.ws.db.url),
                    kwargs=connection_options(),
                    min_size=0,
                    max_size=2,
                    **_POOL,
                )
                app = procrastinate.App(connector=connector)
                app.open()
                self._app = app
            return self._app

    def _close(self) -> None:
        with self._guard:
            app, self._app = self._app, None
        if app is not None:
            app.close()


def _without_traceback(record: logging.LogRecord) -> bool:
    """A listener that loses its database says so in a line; polling goes on without it."""
    record.exc_info = record.exc_text = None
    return True


def _seconds(variable: str, default: float) -> float:
    return float(os.environ.get(variable) or default)
