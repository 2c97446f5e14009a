"""A worker is frozen in the midst of its work until its lease is over and another has taken over; then it is
woken. What it had in hand must not count, and it must find out by its fence (PostgreSQL)."""

from __future__ import annotations

import random
import re
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy import func, select

from bench.parts.books import Books
from bench.parts.stores import Shape, Stores, two_stores
from bench.proof.instants import past
from bench.proof.progress import PATIENCE, Progress, until_over
from bench.proof.rounds import Round, Shopper
from bench.proof.verdict import Verdict
from bench.proof.worker import Worker, marked
from storage.partitions import Partitions
from storage.tables.sync import sync_queue
from sync.model.run import LIVE

LEASE, GRACE = 2.0, 3.0
"""Seconds; in production a takeover waits until the longest request has ended."""
_BEGINS = 300.0
"""Seconds in which a worker comes to its first call, however busy the machine is."""
_SPENT = 1.0
"""Seconds by which a woken worker has looked at its lease or sent what it had."""
_SHAPE = Shape(5_000, speed=5, latency=0.35)
_FENCED = re.compile(rb"another worker's by now(?!: stage )")
"""What a worker says that its fence stopped. (Without a fence it would find out at the end of its stage, by
the claim: after all that it had in hand was stored.)"""


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


@dataclass(slots=True)
class _Frozen:
    """What a worker had when it froze: its partitions with their fences, and whether work was in its hands.
    `lost`: when it was woken, another had taken one of them over."""

    fences: Mapping[str, int] = field(default_factory=dict)
    at_work: bool = False
    lost: bool = False

    @property
    def has_to_say(self) -> bool:
        return self.lost and self.at_work

    def look(self, stores: Stores, pid: int) -> None:
        """What it holds: its name has its process in it (`sync/queue/owner.py`)."""
        of_it = f"/{pid}/"
        self.fences = {p.name: p.fence for p in Partitions(stores.ws.db).all() if of_it in p.owner}
        q = sync_queue.c
        query = select(func.count()).where(q.status == "processing", q.worker.contains(of_it))
        with stores.ws.db.read() as tx:
            self.at_work = bool(tx.execute(query).scalar_one())

    def wake(self, stores: Stores, first: Worker) -> None:
        now = {p.name: p.fence for p in Partitions(stores.ws.db).all()}
        self.lost = any(now[name] > fence for name, fence in self.fences.items())
        first.wake()


def prove(n: int = 20, *, url: str, broken: str = "") -> Verdict:
    """`n` times, each in a run of its own. Whoever had work in hand and lost its lease has to say so."""
    dice, wrong, lost, doubled, tries = random.Random(23), list[str](), 0, 0, 0
    lost_leases = fenced = 0
    with (
        tempfile.TemporaryDirectory(prefix="counterpart-proof-") as home,
        two_stores(_SHAPE, work=False, home=Path(home), url=url) as stores,
    ):
        stores.env |= {"COUNTERPART_LEASE_SECONDS": str(LEASE), "COUNTERPART_TAKEOVER_SECONDS": str(GRACE)}
        while tries < n and not (broken and (lost + doubled or wrong)):
            this = Round(stores, dice)
            log = Path(home) / f"frozen-{tries}.log"
            run_id, frozen = stores.start(reason="proof"), _Frozen()
            with Shopper(stores, dice):
                wrong += _freeze(stores, run_id, dice, broken, log, _Try(tries), frozen)
            found, tries = this.judged(run_id), tries + 1
            lost, doubled = lost + found.lost, doubled + found.doubled
            said = bool(_FENCED.search(log.read_bytes()))
            lost_leases, fenced = lost_leases + frozen.has_to_say, fenced + (frozen.has_to_say and said)
            wrong += [*found.wrong, *_unfenced(frozen, said, tries)]
            if stores.ws.runs.get(run_id).status in LIVE:  # said above; the next one could not even begin
                break
    if not lost_leases:
        wrong.append("no lease was lost")
    figures = {"lost_leases": lost_leases, "said_fenced": fenced}
    return Verdict("frozen worker", tries, lost, doubled, tuple(wrong[:5]), figures)


def _unfenced(frozen: _Frozen, said: bool, number: int) -> list[str]:
    if said or not frozen.has_to_say:
        return []
    return [f"try {number}: it had lost its lease, and no fence stopped what it had in hand"]


def _freeze(
    stores: Stores, run_id: str, dice: random.Random, broken: str, log: Path, this: _Try, frozen: _Frozen
) -> list[str]:
    """One worker begins and is frozen while it sends; a second one carries on to the end, the first is woken
    somewhere on the way or after it."""
    instants = [this.instant] if this.instant else []
    first = Worker(stores.env, broken=broken, log=log, instants=instants)
    second: Worker | None = None
    try:
        if not _until_frozen(stores, run_id, dice, first, this):
            return ["nothing was sent"]
        frozen.look(stores, first.pid)
        second = Worker(stores.env)
        if this.woken_late:
            wrong = until_over(stores, run_id)
            _sell_out(stores)
            frozen.wake(stores, first)
        else:
            time.sleep(LEASE + GRACE + dice.uniform(0.5, 3))
            frozen.wake(stores, first)
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
    progress, mark = Progress(stores, run_id, _BEGINS), this.mark(stores)
    while not (mark.exists() if mark else stores.ws.runs.get(run_id).first_write_at):
        progress.moved()
        if progress.still or stores.ws.runs.get(run_id).status not in LIVE:
            return False
        time.sleep(0.005)
    if mark is None:
        time.sleep(dice.uniform(0, 0.5))
        first.freeze()
    end = time.monotonic() + PATIENCE
    while not first.frozen and first.alive and time.monotonic() < end:
        time.sleep(0.005)
    return first.frozen


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
