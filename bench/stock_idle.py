"""`stock-idle`: two stores in step and nothing has moved. What does a scheduled look at them cost?"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from typing import Any

from bench.parts.bound import LATENCY
from bench.parts.figures import parser, say, tell
from bench.parts.goals import Goal, judged
from bench.parts.memory import TreeMemory
from bench.parts.stores import Shape, Stores, two_stores
from bench.parts.timing import Stages
from sync.model.run import Mode

GOALS = (Goal("writes", 0), Goal("source_points", 15), Goal("target_points", 15))


def main(argv: Sequence[str]) -> int:
    """Prints the figures; exit status 1 if anything was written or a store was asked for more than 15
    points."""
    args = _arguments(argv)
    settings = {"bulk_rate": str(max(5000.0, args.skus / 20))}
    shape = Shape(args.skus, "standard", args.speed, LATENCY, equal=True, settings=settings)
    with two_stores(shape) as stores, TreeMemory() as memory:
        memory.without(stores.source.pid, stores.target.pid)
        tell(f"Baseline of {args.skus} SKUs …")
        stores.baseline()
        figures = {**_look(stores), "peak_mb": memory.peak_mb}
    figures = judged(figures, GOALS)
    say(figures, args.json)
    return int(bool(figures["missed"]))


def _look(stores: Stores) -> dict[str, Any]:
    source, target = stores.source.wire(), stores.target.wire()
    with Stages(stores) as stages:
        run = stores.run(Mode.DELTA)
    source, target = stores.source.wire().since(source), stores.target.wire().since(target)
    return {
        "skus": stores.shape.skus,
        "writes": source.writes + target.writes,
        "source_points": source.points,
        "target_points": target.points,
        "source_calls": source.by_operation,
        "target_calls": target.by_operation,
        "seconds": round(sum(stages.all().values()), 1),
        "read": run.counts.read,
        "speed": stores.shape.speed,
    }


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    made = parser("stock-idle", __doc__)
    made.add_argument("--skus", type=int, default=100_000)
    made.add_argument("--speed", type=float, default=2.0)
    return made.parse_args(argv)
