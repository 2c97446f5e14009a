"""kill -9 of the worker: at the two worst instants on purpose, and at random ones, run after run, until
these were `n`."""

from __future__ import annotations

import random
import signal
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.parts.stores import Shape, Stores, two_stores
from bench.proof.progress import Progress
from bench.proof.rounds import Round, Shopper
from bench.proof.verdict import Verdict
from bench.proof.worker import Worker

STEADY = 10.0
"""Seconds after a kill by which there must be progress again."""
WORST = ("killed-before-sending", "killed-after-the-effect")
_LIFE = 1.5  # seconds a worker lives at most after it has begun to work
_SHAPE = Shape(5_000, speed=20, latency=0.35)


@dataclass
class Tally:
    """`kills` at random instants; those at the worst ones are `worst`."""

    kills: int = 0
    worst: int = 0
    rounds: int = 0
    lost: int = 0
    doubled: int = 0
    wrong: list[str] = field(default_factory=list)
    steady: list[float] = field(default_factory=list)


def prove(
    n: int = 200, *, url: str = "", broken: str = "", workers: int = 1, seed: int = 1, shape: Shape = _SHAPE
) -> Verdict:
    """`workers` on PostgreSQL (`url`); one of them is killed at a time, and started again."""
    tally, dice = Tally(), random.Random(seed)
    with (
        tempfile.TemporaryDirectory(prefix="counterpart-proof-") as home,
        two_stores(shape, work=False, home=Path(home), url=url) as stores,
    ):
        while tally.kills < n and not (broken and tally.lost + tally.doubled):
            _Round(stores, n, tally, dice, broken, workers).run()
    late = sum(seconds > STEADY for seconds in tally.steady)
    return Verdict(
        "kill",
        tally.kills,
        tally.lost,
        tally.doubled,
        tuple(tally.wrong[:5]),
        {
            "at_worst_instants": tally.worst,
            "rounds": tally.rounds,
            "database": stores.ws.db.dialect,
            **_steadiness(tally.steady),
        },
        (f"{late} times not steady within {STEADY:.0f} s",) if late else (),
    )


def _steadiness(seconds: list[float]) -> dict[str, Any]:
    if not seconds:
        return {}
    return {"steady_median_s": round(median(seconds), 1), "steady_worst_s": round(max(seconds), 1)}


class _Round:
    """A full run over changed stock, its workers killed until it ends; then the books are read."""

    def __init__(
        self, stores: Stores, n: int, tally: Tally, dice: random.Random, broken: str, workers: int
    ) -> None:
        self.stores, self.n, self.tally, self.dice, self.broken = stores, n, tally, dice, broken
        self.log = Path(stores.env["COUNTERPART_HOME"]) / "workers.log"
        self.round = Round(stores, dice)
        self.run_id = stores.start(reason="proof")
        self.progress = Progress(stores, self.run_id)
        self.crew: list[Worker] = []
        self.workers = workers
        self.struck: float | None = None  # when the last kill was, until there is progress
        self.due = 0.0  # when the next is

    def run(self) -> None:
        with Shopper(self.stores, self.dice):
            try:
                self.crew = [self._worker() for _ in range(self.workers)]
                self._until_over()
            finally:
                for worker in self.crew:
                    worker.stop() if worker.alive else None
        self.tally.rounds += 1
        found = self.round.judged(self.run_id)
        self.tally.lost += found.lost
        self.tally.doubled += found.doubled
        self.tally.wrong += found.wrong

    def _worker(self) -> Worker:
        return Worker(self.stores.env, broken=self.broken, log=self.log, instants=WORST)

    def _until_over(self) -> None:
        while not self.progress.over():
            time.sleep(0.005)
            now = time.monotonic()
            if self.progress.moved():
                self._steady(now)
            if self.due and now >= self.due and self.tally.kills < self.n:
                self.tally.kills += 1
                victim = self.dice.randrange(len(self.crew))
                self.crew[victim].kill()
                self._replace(victim)
            for number, worker in enumerate(self.crew):
                if not worker.alive and not self._ended(number, worker):
                    return
            if self.progress.still:
                self._trouble("stands still")
                return

    def _steady(self, now: float) -> None:
        self.due = self.due or now + self.dice.uniform(0, _LIFE)
        if self.struck is not None:
            self.tally.steady.append(now - self.struck)
            self.struck = None

    def _ended(self, number: int, worker: Worker) -> bool:
        """A worker is gone by itself: at a worst instant, or it should not be."""
        code = worker.wait(0)
        if code != -signal.SIGKILL or self.tally.worst >= len(WORST):
            self._trouble(f"a worker ended: {code}")
            return False
        self.tally.worst += 1
        self._replace(number)
        return True

    def _replace(self, number: int) -> None:
        self.struck, self.due = self.struck or time.monotonic(), 0.0
        self.crew[number] = self._worker()
        self.progress.moved()

    def _trouble(self, what: str) -> None:
        run = self.stores.ws.runs.get(self.run_id)
        self.tally.wrong.append(f"{what}: {run} {self.log.read_text()[-500:]}")
