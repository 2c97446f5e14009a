"""A worker is frozen in the midst of its work until its lease is over and another has taken over; then it is
woken. What it had in hand must not count (PostgreSQL)."""

from __future__ import annotations

import random
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.parts.books import Books
from bench.parts.stores import Shape, Stores, two_stores
from bench.proof.instants import past
from bench.proof.progress import PATIENCE, until_over
from bench.proof.rounds import Round, Shopper
from bench.proof.verdict import Verdict
from bench.proof.worker import Worker, marked
from sync.model.run import LIVE

LEASE, GRACE = 2.0, 3.0
"""Seconds; in production a takeover waits until the longest request has ended."""
_SPENT = 1.0
"""Seconds by which a woken worker has looked at its lease or sent what it had."""
_SHAPE = Shape(5_000, speed=5, latency=0.35)


@dataclass(frozen=True, slots=True)
class _Try:
    """One freeze. Every second one comes at the worst instant (the lease has been looked at, and the first
    byte has not left), the others at a random one; every second pair is woken only when all is over."""

    number: int

    @property
    def instant(self) -> str:
        return "" if self.number % 2 else f"frozen-before-sending:{self.number}"

    def mark(self, stores: Stores) -> Path | None:
        """The file that says that the instant was there; None: it is a random one."""
        home = Path(stores.env["COUNTERPART_HOME"])
        return marked(home, self.instant) if self.instant else None

    @property
    def woken_late(self) -> bool:
        return self.number % 4 < 2


def prove(n: int = 20, *, url: str, broken: str = "") -> Verdict:
    """`n` times, each in a run of its own."""
    dice, wrong, lost, doubled, tries = random.Random(23), list[str](), 0, 0, 0
    with (
        tempfile.TemporaryDirectory(prefix="counterpart-proof-") as home,
        two_stores(_SHAPE, work=False, home=Path(home), url=url) as stores,
    ):
        stores.env |= {"COUNTERPART_LEASE_SECONDS": str(LEASE), "COUNTERPART_TAKEOVER_SECONDS": str(GRACE)}
        fenced = 0
        while tries < n and not (broken and lost + doubled):
            this = Round(stores, dice)
            log = Path(home) / f"frozen-{tries}.log"
            run_id = stores.start(reason="proof")
            with Shopper(stores, dice):
                wrong += _freeze(stores, run_id, dice, broken, log, _Try(tries))
            found, tries = this.judged(run_id), tries + 1
            lost, doubled = lost + found.lost, doubled + found.doubled
            wrong += found.wrong
            fenced += b"another worker" in log.read_bytes()
    return Verdict("frozen worker", tries, lost, doubled, tuple(wrong[:5]), {"said_fenced": fenced})


def _freeze(
    stores: Stores, run_id: str, dice: random.Random, broken: str, log: Path, this: _Try
) -> list[str]:
    """One worker begins and is frozen while it sends; a second one carries on to the end, the first is woken
    somewhere on the way or after it."""
    instants = [this.instant] if this.instant else []
    first = Worker(stores.env, broken=broken, log=log, instants=instants)
    second: Worker | None = None
    try:
        if not _until_frozen(stores, run_id, dice, first, this):
            return ["nothing was sent"]
        second = Worker(stores.env)
        if this.woken_late:
            wrong = until_over(stores, run_id)
            _sell_out(stores)
            first.wake()
        else:
            time.sleep(LEASE + GRACE + dice.uniform(0.5, 3))
            first.wake()
            wrong = until_over(stores, run_id)
        _until_spent(stores, first, this)
        return wrong
    finally:
        first.wake()
        for worker in (first, second):
            if worker is not None:
                worker.stop()


def _sell_out(stores: Stores) -> None:
    """One piece of everything: whatever the woken one then writes without looking shows in the books."""
    books = Books(stores.target)
    books.sell([sku for sku, _ in books.levels(0)], stores.place)


def _until_frozen(stores: Stores, run_id: str, dice: random.Random, first: Worker, this: _Try) -> bool:
    end = time.monotonic() + PATIENCE
    mark = this.mark(stores)
    while not (mark.exists() if mark else stores.ws.runs.get(run_id).first_write_at):
        if time.monotonic() > end or stores.ws.runs.get(run_id).status not in LIVE:
            return False
        time.sleep(0.005)
    if mark is None:
        time.sleep(dice.uniform(0, 0.5))
    first.freeze()
    return True


def _until_spent(stores: Stores, first: Worker, this: _Try) -> None:
    """Lets what the woken one had in hand do its worst before it is asked to end: whoever is asked at once
    sends nothing more, and shows nothing."""
    mark, end = this.mark(stores), time.monotonic() + PATIENCE
    if mark is None:
        time.sleep(_SPENT)
        return
    while not past(mark).exists() and first.alive:
        if time.monotonic() > end:
            raise TimeoutError("the woken worker does not go on")
        time.sleep(0.02)
