"""kill -9 of the worker at random instants, run after run, until it has happened `n` times."""

from __future__ import annotations

import random
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from bench.parts.stores import Shape, Stores, two_stores
from bench.proof.rounds import Round, Shopper
from bench.proof.verdict import Verdict
from bench.proof.worker import Worker
from sync.model.run import LIVE

STEADY = 10.0
"""Seconds after a kill by which there must be progress again."""
_LIFE = 1.5  # seconds a worker lives at most after it has begun to work
_PATIENCE = 60.0
_SHAPE = Shape(5_000, speed=20, latency=0.35)


@dataclass
class Tally:
    kills: int = 0
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
            _round(stores, n, tally, dice, broken, workers)
    slow = [s for s in tally.steady if s > STEADY]
    wrong = tally.wrong + ([f"{len(slow)} times not steady within {STEADY:.0f} s"] if slow else [])
    return Verdict(
        "kill",
        tally.kills,
        tally.lost,
        tally.doubled,
        tuple(wrong[:5]),
        {"rounds": tally.rounds, "database": stores.ws.db.dialect, **_steadiness(tally.steady)},
    )


def _steadiness(seconds: list[float]) -> dict[str, Any]:
    if not seconds:
        return {}
    return {"steady_median_s": round(median(seconds), 1), "steady_worst_s": round(max(seconds), 1)}


def _round(stores: Stores, n: int, tally: Tally, dice: random.Random, broken: str, count: int) -> None:
    """A full run over changed stock, its workers killed until it ends; then the books are read."""
    this = Round(stores, dice)
    run_id = stores.start(reason="proof")
    with Shopper(stores, dice):
        crew = [Worker(stores.env, broken=broken, log=_log(stores)) for _ in range(count)]
        try:
            _until_over(stores, run_id, crew, n, tally, dice, broken)
        finally:
            for worker in crew:
                worker.stop() if worker.alive else None
    tally.rounds += 1
    found = this.judged(run_id)
    tally.lost, tally.doubled = tally.lost + found.lost, tally.doubled + found.doubled
    tally.wrong += found.wrong


def _until_over(
    stores: Stores, run_id: str, crew: list[Worker], n: int, tally: Tally, dice: random.Random, broken: str
) -> None:
    struck: float | None = None  # when the last kill was, until there is progress
    sign, end, due = _sign(stores, run_id), time.monotonic() + _PATIENCE, 0.0
    while stores.ws.runs.get(run_id).status in LIVE or stores.ws.queue.busy(run_id):
        time.sleep(0.005)
        now = time.monotonic()
        if (seen := _sign(stores, run_id)) != sign:
            sign, end = seen, now + _PATIENCE
            due = due or now + dice.uniform(0, _LIFE)
            if struck is not None:
                tally.steady.append(now - struck)
                struck = None
        if due and now >= due and tally.kills < n:
            victim = dice.randrange(len(crew))
            crew[victim].kill()
            tally.kills, struck, due = tally.kills + 1, struck or time.monotonic(), 0.0
            crew[victim] = Worker(stores.env, broken=broken, log=_log(stores))
            sign = _sign(stores, run_id)
        gone = [worker for worker in crew if not worker.alive]
        if now > end or gone:
            what = f"a worker ended: {gone[0].process.returncode}" if gone else "stands still"
            tally.wrong.append(f"{what}: {stores.ws.runs.get(run_id)} {_log(stores).read_text()[-500:]}")
            return


def _log(stores: Stores) -> Path:
    return Path(stores.env["COUNTERPART_HOME"]) / "workers.log"


def _sign(stores: Stores, run_id: str) -> tuple[object, ...]:
    """What changes with every step that the work makes."""
    run = stores.ws.runs.get(run_id)
    return (run.stage, run.done, run.status, stores.ws.queue.busy(run_id), _calls(stores, run_id))


def _calls(stores: Stores, run_id: str) -> int:
    from sqlalchemy import func, select

    from storage.tables.sync import calls

    with stores.ws.db.read() as tx:
        return int(
            tx.execute(select(func.count()).select_from(calls).where(calls.c.run_id == run_id)).scalar_one()
        )
