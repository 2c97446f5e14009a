"""PostgreSQL is restarted again and again while two workers write."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from bench.parts.stores import Shape, Stores, two_stores
from bench.proof.progress import PATIENCE, Progress, until_over
from bench.proof.rounds import Round, Shopper
from bench.proof.verdict import Verdict
from bench.proof.worker import Worker
from sync.queue.engine_schema import SCHEMA

SHAPE, SMALL = Shape(10_000, speed=5, latency=0.35), Shape(4_000, speed=5, latency=0.35)
WORST = "database-gone-after-the-effect"
SOONEST, LATEST = 5.0, 20.0
"""Seconds between two restarts."""


@dataclass
class _Tally:
    """`longest`: seconds between two steps of a run."""

    rounds: int = 0
    lost: int = 0
    doubled: int = 0
    longest: float = 0.0
    wrong: list[str] = field(default_factory=list)


def prove(
    n: int = 30,
    *,
    url: str,
    restart: Callable[[], None],
    broken: str = "",
    pace: float = 1.0,
    shape: Shape = SHAPE,
) -> Verdict:
    """`n` restarts; `pace` below 1 makes them come sooner. Beside them the database is gone once at the worst
    instant: a call has had its effect and nothing of it is stored."""
    dice, tally = random.Random(29), _Tally()
    with (
        tempfile.TemporaryDirectory(prefix="counterpart-proof-") as home,
        two_stores(shape, work=False, home=Path(home), url=url) as stores,
    ):
        log = Path(home) / "workers.log"
        havoc = _Havoc(restart, random.Random(31), pace, n)
        crew = [Worker(stores.env, broken=broken, log=log, instants=[WORST]) for _ in range(2)]
        try:
            _until_working(stores, len(crew))
            while havoc.count < n and not tally.wrong and not (broken and tally.lost + tally.doubled):
                _round(stores, dice, havoc, tally)
                tally.wrong += [f"a worker ended with {w.process.returncode}" for w in crew if not w.alive]
        finally:
            for worker in crew:
                worker.stop()
        if tally.wrong:
            tally.wrong.append(log.read_text(errors="replace")[-2000:])
    figures = {
        "rounds": tally.rounds,
        "longest_restart_s": round(havoc.longest, 1),
        "longest_still_s": round(tally.longest, 1),
    }
    return Verdict(
        "database restarts", havoc.count, tally.lost, tally.doubled, tuple(tally.wrong[:5]), figures
    )


def _round(stores: Stores, dice: random.Random, havoc: _Havoc, tally: _Tally) -> None:
    """A full run over changed stock while the database comes and goes; then the books are read."""
    this = Round(stores, dice)
    run_id = stores.start(reason="proof")
    progress = Progress(stores, run_id)
    with Shopper(stores, dice), havoc:
        tally.wrong += until_over(stores, run_id, progress, lambda: bool(havoc.wrong))
    tally.wrong += havoc.wrong
    tally.longest = max(tally.longest, progress.longest)
    if havoc.wrong:
        return
    found = this.judged(run_id)
    tally.rounds += 1
    tally.lost += found.lost
    tally.doubled += found.doubled
    tally.wrong += found.wrong


def _until_working(stores: Stores, workers: int) -> None:
    """A worker that is started while the database is away waits for it. Here it is about those that work."""
    end = time.monotonic() + 5 * PATIENCE
    query = text(f"SELECT count(*) FROM {SCHEMA}.procrastinate_workers")
    while True:
        with suppress(DBAPIError), stores.ws.db.read() as tx:  # the first of them makes the table
            if tx.execute(query).scalar_one() >= workers:
                return
        if time.monotonic() > end:
            raise TimeoutError("the workers do not begin")
        time.sleep(0.05)


class _Havoc:
    """Restarts the database from a thread of its own, within the block; how long it waits for the next time
    counts on from block to block."""

    def __init__(self, restart: Callable[[], None], dice: random.Random, pace: float, most: int) -> None:
        self._restart, self._dice, self._pace, self._most = restart, dice, pace, most
        self.count, self.longest, self._left = 0, 0.0, 0.0
        self.wrong: list[str] = []

    def __enter__(self) -> _Havoc:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="havoc", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while self.count < self._most:
            began = time.monotonic()
            self._left = self._left or self._dice.uniform(SOONEST, LATEST) * self._pace
            if self._over.wait(self._left):
                self._left = max(0.1, self._left - (time.monotonic() - began))
                return
            self._left, began = 0.0, time.monotonic()
            try:
                self._restart()
            except RuntimeError as error:
                self.wrong.append(f"the server did not come back: {error}")
                return
            self.count, self.longest = self.count + 1, max(self.longest, time.monotonic() - began)
