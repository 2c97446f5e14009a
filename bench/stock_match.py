"""`stock-match`: pairing the items of two stores by SKU, over a database that holds both: the first time
(all is new) and again (nothing is)."""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from typing import Any

from bench.parts.figures import Watch, parser, say, tell
from bench.parts.goals import Goal, judged
from bench.parts.memory import TreeMemory
from storage.links import STORE_TO_STORE
from storage.stock_items import StockItems
from storage.stock_match import StockMatch
from sync.application import Application, open_application
from sync.model.entity import Entity
from sync.model.flow import Flow, Link
from sync.model.stock import ItemKind, StockItem, StockLevel

_BATCH, _PROMISED = 5_000, 1_000_000
GOAL_SECONDS, GOAL_MB = 15.0, 250.0


def main(argv: Sequence[str]) -> int:
    """Prints the figures; exit status 1 if a million took longer than 15 s or more than 250 MB, or a pair is
    missing."""
    args = _arguments(argv)
    env = {"COUNTERPART_DATABASE_URL": args.database_url} if args.database_url else {}
    with tempfile.TemporaryDirectory(prefix="counterpart-bench-") as home, TreeMemory() as memory:
        ws = open_application({"COUNTERPART_HOME": home, **env})
        try:
            figures = _measure(ws, args.skus)
        finally:
            ws.close()
        figures |= {"peak_mb": memory.peak_mb, "database": ws.db.dialect}
    figures = judged(figures, goals(args.skus))
    say(figures, args.json)
    return int(bool(figures["missed"]))


def goals(skus: int) -> list[Goal]:
    """Up to a million within 15 s and 250 MB, and no pair missing, nor one too many."""
    found = [Goal("missing", 0)]
    if skus <= _PROMISED:
        found += [Goal(name, GOAL_SECONDS) for name in ("seconds", "again_seconds")]
        found.append(Goal("peak_mb", GOAL_MB))
    return found


def _measure(ws: Application, skus: int) -> dict[str, Any]:
    flow, link = _linked(ws)
    filling = Watch()
    for number, connection in enumerate((link.a, link.b)):
        tell(f"{skus} items of store {number + 1} …")
        _fill(ws, connection, skus, number)
    filled = filling.seconds
    first = Watch()
    counts = StockMatch(ws.db).refresh(flow, link)
    first_seconds, again = first.seconds, Watch()
    StockMatch(ws.db).refresh(flow, link)
    matched, expected = int(counts.get("matched", 0)), sum(1 for n in range(skus) if _common(n))
    return {
        "skus": skus,
        "seconds": round(first_seconds, 1),
        "again_seconds": round(again.seconds, 1),
        "matched": matched,
        "expected": expected,
        "missing": abs(expected - matched),
        "counts": dict(counts),
        "fill_seconds": round(filled, 1),
    }


def _linked(ws: Application) -> tuple[Flow, Link]:
    a, b = (
        ws.connections.add("shopify", name, {"shop": f"{name}.myshopify.com"}, {}, sandbox=True).id
        for name in ("one", "two")
    )
    link = ws.links.add("bench", a, b, {"place-1": ("place-0",)}, STORE_TO_STORE)
    return next(f for f in ws.links.flows(link.id) if f.entity is Entity.STOCK), link


def _fill(ws: Application, connection: str, skus: int, store: int) -> None:
    sweep = StockItems(ws.db).begin_sweep(connection)
    for batch in _batches(skus, store):
        StockItems(ws.db).put(connection, batch, sweep)
    StockItems(ws.db).end_sweep(connection, sweep)


def _batches(skus: int, store: int) -> Iterator[list[StockItem]]:
    """The items of a store, in an order of its own."""
    for start in range(0, skus, _BATCH):
        numbers = range(start, min(start + _BATCH, skus))
        yield [_item(n if store else skus - 1 - n, store) for n in numbers]


def _item(number: int, store: int) -> StockItem:
    """One in a hundred is known to one store only, or has no SKU, or one that stands twice; one in ten
    spells it in another case."""
    own = not _common(number)
    sku: str | None = f"SKU-{number:07d}" if not own else f"S{store}-{number:07d}"
    if number % 500 == 1:
        sku = None
    elif number % 500 == 101:
        sku = f"TWICE-{number // 1000}"
    return StockItem(
        f"gid://shopify/ProductVariant/{store + 1}{number:08d}",
        f"gid://shopify/InventoryItem/{store + 1}{number:08d}",
        f"gid://shopify/Product/{store + 1}{number // 6:08d}",
        sku.casefold() if sku and store and number % 10 == 3 else sku,
        f"Tişört {number // 6}",
        True,
        ItemKind.PLAIN,
        (),
        (StockLevel(f"place-{store}", number % 40, number % 40, 0),),
    )


def _common(number: int) -> bool:
    """Do both stores have it, once?"""
    return number % 100 != 1


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    made = parser("stock-match", __doc__)
    made.add_argument("--skus", type=int, default=1_000_000)
    made.add_argument("--database-url", default="", help="PostgreSQL instead of a fresh SQLite file")
    return made.parse_args(argv)
