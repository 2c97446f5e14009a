"""`stock-delta`: two stores in step; then some SKUs move at the source and arrive as queue items, as
webhooks would bring them. How many calls, how long, and was anything read that had not moved?"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from typing import Any

from bench.parts.books import Books
from bench.parts.bound import LATENCY, ROWS
from bench.parts.figures import parser, say, tell
from bench.parts.goals import NOTHING_WRONG, Goal, judged
from bench.parts.memory import TreeMemory
from bench.parts.stores import Shape, Stores, two_stores
from storage.stock_items import StockItems
from sync.model.entity import Entity

GOAL_SECONDS = 5.0
_PROMISED = 1_000
_PATIENCE = 120.0
_SCHEDULED = 100


def main(argv: Sequence[str]) -> int:
    """Prints the figures; exit status 1 if a row was lost or doubled, more was called than needed, or it took
    longer than 5 s."""
    args = _arguments(argv)
    settings = {"bulk_rate": str(max(5000.0, args.skus / 20))}
    shape = Shape(args.skus, args.plan, args.speed, args.latency, equal=True, settings=settings)
    with two_stores(shape) as stores, TreeMemory() as memory:
        memory.without(stores.source.pid, stores.target.pid)
        tell(f"Baseline of {args.skus} SKUs …")
        stores.baseline()
        figures = {**_moved(stores, args.changed), "peak_mb": memory.peak_mb}
    figures = judged(figures, goals(args.changed))
    say(figures, args.json)
    return int(bool(figures["missed"]))


def goals(changed: int) -> list[Goal]:
    """Full calls, no full read, and up to 1,000 rows within five seconds."""
    found = [*NOTHING_WRONG, Goal("calls", -(-changed // ROWS)), Goal("bulk_reads", 0)]
    return found + ([Goal("seconds", GOAL_SECONDS)] if changed <= _PROMISED else [])


def _moved(stores: Stores, changed: int) -> dict[str, Any]:
    source, target = Books(stores.source), Books(stores.target)
    wanted = _chosen(source, stores, changed)
    target.mark()
    before = {"source": stores.source.wire(), "target": stores.target.wire()}
    ids = variants(stores, list(wanted))
    began = time.time()
    _push(stores, ids)
    _until(stores, before["target"].effects + len(wanted))
    effects = [e for e in target.effects(stores.place) if not e.hand]
    spent = {side: getattr(stores, side).wire().since(wire) for side, wire in before.items()}
    last = max((e.at for e in effects), default=began)
    right = {e.pair for e in effects if wanted.get(e.pair) == e.after}
    return {
        "skus": stores.shape.skus,
        "changed": len(wanted),
        "seconds": round((last - began) * stores.shape.speed, 1),
        "calls": spent["target"].by_operation.get("inventorySetQuantities", 0),
        "target_points": spent["target"].points,
        "source_points": spent["source"].points,
        "bulk_reads": sum(s.by_operation.get("bulkOperationRunQuery", 0) for s in spent.values()),
        "lost": len(wanted) - len(right),
        "doubled": len(effects) - len({e.pair for e in effects}),
        "speed": stores.shape.speed,
    }


def _chosen(source: Books, stores: Stores, changed: int) -> dict[str, int]:
    """Some SKUs, each with another quantity at the source's first location that counts."""
    wanted, dice = stores.wanted(), random.Random(5)
    chosen = dice.sample(sorted(wanted), changed)
    pieces = {sku: dice.randrange(1, 50) for sku in chosen}
    source.add(pieces)
    return {sku: wanted[sku] + more for sku, more in pieces.items()}


def variants(stores: Stores, skus: Sequence[str]) -> list[str]:
    items = StockItems(stores.ws.db)
    found: list[str] = []
    for start in range(0, len(skus), ROWS):
        rows = items.by_sku(stores.link.a, skus[start : start + ROWS])
        found += [row.variant_id for row in rows]
    return found


def _push(stores: Stores, ids: Sequence[str]) -> None:
    with stores.ws.db.write() as tx:
        stores.ws.queue.push(
            tx, stores.flow_id, Entity.STOCK, "a>b", ids, stores.link.a, _SCHEDULED, "webhook"
        )
    stores.ws.executor.wake()


def _until(stores: Stores, effects: int) -> None:
    end = time.monotonic() + _PATIENCE
    while stores.target.wire().effects < effects and time.monotonic() < end:
        time.sleep(0.05)
    while stores.ws.queue.records(stores.flow_id, 1) and time.monotonic() < end:
        time.sleep(0.05)


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    made = parser("stock-delta", __doc__)
    made.add_argument("--skus", type=int, default=1_000_000)
    made.add_argument("--changed", type=int, default=1_000)
    made.add_argument("--plan", choices=("standard", "plus"), default="standard")
    made.add_argument("--speed", type=float, default=1.0)
    made.add_argument("--latency", type=float, default=LATENCY)
    return made.parse_args(argv)
