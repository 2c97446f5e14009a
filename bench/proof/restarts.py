"""PostgreSQL is restarted again and again while two workers write."""

from __future__ import annotations

import random
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

from sqlalchemy.exc import DBAPIError

from bench.parts.stores import Shape, Stores, two_stores
from bench.proof.rounds import Round, Shopper
from bench.proof.verdict import Verdict
from bench.proof.worker import Worker
from sync.model.run import LIVE

_SHAPE = Shape(20_000, speed=5, latency=0.35)
_PATIENCE = 120.0
SOONEST, LATEST = 5.0, 20.0
"""Seconds between two restarts."""


def prove(
    n: int = 30, *, url: str, restart: Callable[[], None], broken: str = "", pace: float = 1.0
) -> Verdict:
    """`n` restarts; `pace` below 1 makes them come sooner."""
    dice, wrong, lost, doubled, rounds = random.Random(29), list[str](), 0, 0, 0
    with (
        tempfile.TemporaryDirectory(prefix="counterpart-proof-") as home,
        two_stores(_SHAPE, work=False, home=Path(home), url=url) as stores,
    ):
        havoc = _Havoc(restart, random.Random(31), pace)
        crew = [Worker(stores.env, broken=broken) for _ in range(2)]
        try:
            while havoc.count < n and not (broken and lost + doubled):
                this = Round(stores, dice)
                run_id = stores.start(reason="proof")
                with Shopper(stores, dice), havoc:
                    wrong += _until_over(stores, run_id)
                found, rounds = this.judged(run_id), rounds + 1
                lost, doubled = lost + found.lost, doubled + found.doubled
                wrong += found.wrong
                wrong += [f"a worker ended with {w.process.returncode}" for w in crew if not w.alive]
                if wrong:
                    break
        finally:
            for worker in crew:
                worker.stop()
    return Verdict("database restarts", havoc.count, lost, doubled, tuple(wrong[:5]), {"rounds": rounds})


class _Havoc:
    """Restarts the database from a thread of its own, within the block."""

    def __init__(self, restart: Callable[[], None], dice: random.Random, pace: float) -> None:
        self._restart, self._dice, self._pace = restart, dice, pace
        self.count = 0

    def __enter__(self) -> _Havoc:
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._run, name="havoc", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._over.wait(self._dice.uniform(SOONEST, LATEST) * self._pace):
            self._restart()
            self.count += 1


def _until_over(stores: Stores, run_id: str) -> list[str]:
    end = time.monotonic() + _PATIENCE
    while time.monotonic() < end:
        try:
            if stores.ws.runs.get(run_id).status not in LIVE and not stores.ws.queue.busy(run_id):
                return []
        except DBAPIError:  # it is just being restarted
            pass
        time.sleep(0.05)
    return [f"stands still: {stores.ws.runs.get(run_id)}"]
