"""`stock-push`: two stores with the same SKUs, every one with another quantity; one full run, from the
first write to the last settled row. Seconds are the emulators' own (real seconds × speed), over real
sockets, with the production workspace. The bound is what the plan's budget, or on Plus 32 calls in flight
of 0.35 s, allows."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any

from bench.contrast.scripts import measured, naive, unpaced
from bench.contrast.shop import Row, Shop
from bench.parts.bound import LATENCY, Bound, bound
from bench.parts.figures import cpu_seconds, parser, say, tell
from bench.parts.goals import NOTHING_WRONG, Goal, judged
from bench.parts.memory import TreeMemory
from bench.parts.stores import Shape, Stores, two_stores
from bench.parts.timing import Stages
from bench.parts.truth import Truth

ANSWERS = {"per-row": "per_row", "all-named": "all_named", "first-named": "first_named"}
_SECONDS = {(100_000, "standard"): 1.15, (1_000_000, "standard"): 1.05, (1_000_000, "plus"): 1.25}
"""Times the bound, by SKUs and plan. What fits into a full bucket has no bound to be a ratio of: seconds."""
_OVER = {(10_000, "standard"): 2.0}
_WRITES = {"per-row": 1.05, "all-named": 2.0, "first-named": 3.7}
"""Write calls to the least possible, with stale rows, at 100,000 SKUs."""
_PEAK_MB = {10_000: 400, 100_000: 500, 1_000_000: 800}
_NAIVE_ROWS, _UNPACED_ROWS = 200, 100_000
_BULK_SECONDS = 1.0
"""Real seconds that the emulator takes for a bulk export, which is no part of what is measured; a store of a
few thousand SKUs exports at its usual pace."""


def main(argv: Sequence[str]) -> int:
    """Prints the figures; exit status 1 if an effect was lost or doubled, or what this size promises was
    missed."""
    args = _arguments(argv)
    speed = args.speed or speed_for(args.skus, args.plan)
    shape = Shape(args.skus, args.plan, speed, args.latency, settings=_settings(args, speed))
    with two_stores(shape, url=args.database_url) as stores, TreeMemory() as memory:
        memory.without(stores.source.pid, stores.target.pid)
        tell(f"{args.skus} SKUs, {args.plan}, {speed:g} times real time …")
        figures = measure(stores, args.plan, args.latency, memory, args.stale)
        if args.contrast:
            figures["contrast"] = _contrast(stores, args.skus, speed, figures["seconds"])
    figures = judged(figures, goals(args.skus, args.plan, args.stale, args.answers))
    say(figures, args.json)
    return int(bool(figures["missed"]))


def goals(skus: int, plan: str, stale: float = 0.0, answers: str = "all-named") -> list[Goal]:
    """What a push of that size promises; of other sizes only that nothing is lost, doubled or overwritten."""
    found = list(NOTHING_WRONG)
    if stale:
        found.append(Goal("overwritten", 0))
        if skus == 100_000:
            found.append(Goal("write_ratio", _WRITES[answers]))
    elif (skus, plan) in _SECONDS:
        found.append(Goal("ratio", _SECONDS[skus, plan]))
    elif (skus, plan) in _OVER:
        found.append(Goal("seconds_over_bound", _OVER[skus, plan]))
    return found + ([Goal("peak_mb", _PEAK_MB[skus])] if skus in _PEAK_MB else [])


def measure(
    stores: Stores, plan: str, latency: float, memory: TreeMemory, stale: float = 0.0
) -> dict[str, Any]:
    truth, before, cpu = Truth(stores, stale), stores.target.wire(), cpu_seconds()
    with Stages(stores) as stages:
        run = stores.run()
    peak, cpu = memory.peak_mb, cpu_seconds() - cpu
    wire, least = stores.target.wire().since(before), bound(truth.rows, plan, latency)
    found = truth.judged()
    return {
        **timed(stages.written(run), least),
        "calls": wire.by_operation.get("inventorySetQuantities", 0),
        "points": wire.points,
        "throttled": wire.throttled,
        "lost": found.lost,
        "doubled": found.doubled,
        "peak_mb": peak,
        "read_seconds": stages.seconds("read_"),
        "match_seconds": round(stages.seconds("match") / stores.shape.speed, 1),
        "stages": stages.all(),
        "cpu": stages.cpu(),
        "skus": stores.shape.skus,
        "plan": plan,
        "speed": stores.shape.speed,
        "cpu_seconds": round(cpu, 1),
        **_staleness(stale, truth, wire.by_operation, least),
    }


def timed(seconds: float, least: Bound) -> dict[str, float]:
    return {
        "seconds": round(seconds, 1),
        "bound_seconds": round(least.seconds, 1),
        "seconds_over_bound": round(seconds - least.seconds, 2),
        "ratio": least.ratio(seconds),
    }


def _staleness(
    share: float, truth: Truth, operations: Mapping[str, int], least: Bound
) -> dict[str, float | int]:
    """With stale rows: how many write calls there were for each that would have been enough."""
    if not share:
        return {}
    calls = operations.get("inventorySetQuantities", 0)
    return {
        "stale_rows": truth.staled,
        "write_ratio": round(calls / least.calls, 3),
        "overwritten": truth.overwritten,
    }


def speed_for(skus: int, plan: str) -> float:
    """A factor at which the processor keeps up with the pace of the plan."""
    if plan == "plus":
        return 0.55 if skus > 100_000 else 1.0
    return 4.0 if skus > 100_000 else 2.0 if skus > 10_000 else 1.0


def _settings(args: argparse.Namespace, speed: float) -> dict[str, str]:
    return {
        "bulk_rate": str(max(5000.0, args.skus / (_BULK_SECONDS * speed))),
        "stale_answer": ANSWERS[args.answers],
    }


def _contrast(stores: Stores, skus: int, speed: float, ours: float) -> dict[str, Any]:
    """Both scripts on the same store, after ours: a full bucket each, rows again all different."""
    url, token = stores.target.process.url, "shpat_sandbox_token"
    found: dict[str, Any] = {}
    for script, most in ((naive, _NAIVE_ROWS), (unpaced, _UNPACED_ROWS)):
        shop = Shop(url, token, speed)
        rows = _rows(stores, min(most, skus))
        stores.target.full_bucket()
        tell(f"{script.__name__}, {len(rows)} rows …")
        found[script.__name__] = row = measured(script, shop, rows, skus)
        row["times_ours"] = round(row[f"seconds_for_{skus}"] / ours, 1) if ours else 0.0
    return found


def _rows(stores: Stores, most: int) -> list[Row]:
    """The first SKUs, each to get another quantity than it holds. Their ids are those that our run has read:
    a script would have to read them first."""
    wanted = stores.wanted()
    skus, target = sorted(wanted)[:most], stores.link.b
    found = stores.ws.stock_items.by_sku(target, skus)
    return [Row(item.item_id, stores.place, wanted[item.sku] + 7) for item in found]


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    made = parser("stock-push", __doc__)
    made.add_argument("--skus", type=int, default=100_000)
    made.add_argument("--plan", choices=("standard", "plus"), default="standard")
    made.add_argument("--stale", type=float, default=0.0, help="percent of the rows moved behind our back")
    made.add_argument("--answers", choices=tuple(ANSWERS), default="all-named")
    made.add_argument("--speed", type=float, default=0.0, help="times real time (default: by size)")
    made.add_argument("--latency", type=float, default=LATENCY, help="seconds of a round trip")
    made.add_argument("--contrast", action="store_true", help="a naive and an unpaced script beside ours")
    made.add_argument("--database-url", default="", help="PostgreSQL instead of a fresh SQLite file")
    return made.parse_args(argv)
