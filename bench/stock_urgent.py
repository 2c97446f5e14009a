"""`stock-urgent`: while a run writes everything, single SKUs are changed by hand at the source. How long
until the target shows each? (The run is cancelled once enough was seen.)"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.parts.books import Books
from bench.parts.bound import LATENCY
from bench.parts.figures import parser, say, tell
from bench.parts.goals import Goal, judged
from bench.parts.memory import TreeMemory
from bench.parts.stores import Shape, Stores, two_stores
from bench.parts.timing import Stages
from bench.stock_delta import variants
from storage.queue_item import URGENT
from sync.model.entity import Entity
from sync.model.run import LIVE, Status

GOAL_SECONDS = 3.0
_PROMISED = 1_000_000


@dataclass(frozen=True, slots=True)
class Wish:
    """One SKU that somebody changed, to what, and when (epoch seconds)."""

    sku: str
    pieces: int
    at: float


def main(argv: Sequence[str]) -> int:
    """Prints the figures; exit status 1 if the 99th percentile is above 3 s, a change was lost, or a run of a
    million was over before as many were made as asked for."""
    args = _arguments(argv)
    settings = {"bulk_rate": str(max(5000.0, args.skus / 5))}
    shape = Shape(args.skus, "standard", args.speed, LATENCY, settings=settings)
    with two_stores(shape) as stores, TreeMemory() as memory:
        memory.without(stores.source.pid, stores.target.pid)
        figures = {**_measure(stores, args.pause / args.speed, args.most), "peak_mb": memory.peak_mb}
    figures = judged(figures, goals(args.skus, args.most))
    say(figures, args.json)
    return int(bool(figures["missed"]))


def goals(skus: int, most: int) -> list[Goal]:
    """A percentile of fewer changes than were asked for says less."""
    found = [Goal("p99_seconds", GOAL_SECONDS), Goal("lost", 0)]
    return found + ([Goal("n", most, least=True)] if skus >= _PROMISED else [])


def _measure(stores: Stores, pause: float, most: int) -> dict[str, Any]:
    source = Books(stores.source)
    tell(f"{stores.shape.skus} SKUs, every one with another quantity …")
    stores.target.full_bucket()
    now = stores.wanted()
    pool = random.Random(9).sample(sorted(now), most)
    run_id = stores.start()
    with Stages(stores) as stages:
        _until_it_writes(stores, stages, run_id)
        _go_live(stores, run_id)
        tell("The run writes; now single SKUs move …")
        wishes = _wishes(stores, source, {sku: now[sku] for sku in pool}, stages, pause)
        done = stores.ws.runs.get(run_id).done
        if stages.now.startswith("apply:"):  # enough was seen of it
            stores.ws.run_verbs.cancel(run_id, by="bench")
        run = stores.ended(run_id)
        _drained(stores)
    waits = _waits(wishes, stores)
    found = sorted(w for w in waits if w is not None)
    return {
        "skus": stores.shape.skus,
        "run": run.status.value,
        "rows_written_meanwhile": done,
        "run_seconds": round(stages.written(run), 1),
        "n": len(wishes),
        "lost": len(waits) - len(found),
        **(
            {"p50_seconds": _at(found, 0.5), "p99_seconds": _at(found, 0.99)}
            if found
            else {"p99_seconds": 1e9}
        ),
        "worst_seconds": round(found[-1], 2) if found else None,
        "speed": stores.shape.speed,
    }


def _until_it_writes(stores: Stores, stages: Stages, run_id: str) -> None:
    """Past the brake, too: so many random rows hold zeroes. Raises RuntimeError if it ends before."""
    while not stages.now.startswith("apply:stock"):
        run = stores.ws.runs.get(run_id)
        if run.status is Status.BRAKED:
            stores.ws.run_verbs.confirm(run.id, [hit.code for hit in run.brakes], by="bench")
        elif run.status not in LIVE:
            raise RuntimeError(f"the run ended before it wrote: {run.status} {run.error}")
        time.sleep(0.02)


def _go_live(stores: Stores, run_id: str) -> None:
    """Single items follow only where all was aligned and looked at before. A second run of a million would
    take minutes that show nothing."""
    with stores.ws.db.write() as tx:
        stores.ws.stock_stages.baseline(tx, stores.flow_id, run_id)
    stores.ws.stock_stages.validate(stores.flow_id, "bench", {})


def _wishes(
    stores: Stores, source: Books, now: Mapping[str, int], stages: Stages, pause: float
) -> list[Wish]:
    """As long as the run writes: one SKU after the other gets more by hand, and is pushed as urgent."""
    made: list[Wish] = []
    for sku, pieces in now.items():
        if not stages.now.startswith("apply:"):
            break
        source.add({sku: 1001})
        ids = variants(stores, [sku])
        made.append(Wish(sku, pieces + 1001, time.time()))
        with stores.ws.db.write() as tx:
            stores.ws.queue.push(
                tx, stores.flow_id, Entity.STOCK, "a>b", ids, stores.link.a, URGENT, "manual"
            )
        stores.ws.executor.wake()
        time.sleep(pause)
    return made


def _drained(stores: Stores, patience: float = 60.0) -> None:
    end = time.monotonic() + patience
    while stores.ws.queue.records(stores.flow_id, 1) and time.monotonic() < end:
        time.sleep(0.05)


def _waits(wishes: Sequence[Wish], stores: Stores) -> list[float | None]:
    """Seconds from wish to effect, None where it never came."""
    found: list[float | None] = []
    for wish in wishes:
        effects = Books(stores.target).effects_of(wish.sku)
        at = next((e.at for e in effects if not e.hand and e.after == wish.pieces), None)
        found.append(None if at is None else (at - wish.at) * stores.shape.speed)
    return found


def _at(ordered: Sequence[float], share: float) -> float:
    return round(ordered[min(len(ordered) - 1, int(len(ordered) * share))], 2)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    made = parser("stock-urgent", __doc__)
    made.add_argument("--skus", type=int, default=1_000_000)
    made.add_argument("--speed", type=float, default=2.0)
    made.add_argument("--pause", type=float, default=1.0, help="seconds between two changes")
    made.add_argument("--most", type=int, default=100, help="so many changes; then the run is cancelled")
    return made.parse_args(argv)
