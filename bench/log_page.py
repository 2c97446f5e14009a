"""`python -m bench log-page --json`: how long a page and a count of the log take over a million rows,
whatever the filter.

Every combination of facets is asked for, each with and without text, a SKU, a time span and a deep cursor;
rare, common and empty answers occur among them. One number decides: the slowest answer, which must stay below
0.4 s.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from bench.parts.database import postgres
from bench.parts.goals import Goal, judged
from storage.database import Database
from storage.logs import Level, LogRow, Logs
from storage.opening import open_database
from storage.search import LogFilter
from sync.cli.demo import peak_mb
from sync.model.text import say

NOW = datetime(2026, 11, 20, 12, tzinfo=UTC)
BATCH = 5_000
GOALS = (Goal("slowest_seconds", 0.4),)
LEVELS: tuple[Level, ...] = ("info", "info", "info", "success", "warning", "error")
ENTITIES = ("product", "price", "inventory", "order", "customer")
COLOURS = ("Kırmızı", "Lacivert", "Siyah", "Beyaz", "Haki", "Bordo")


def main(argv: list[str] | None = None) -> int:
    """Prints the figures; exit code 1 if an answer took longer than 0.4 s."""
    options = _options(argv)
    server: AbstractContextManager[str] = postgres() if options.database == "postgresql" else nullcontext("")
    with tempfile.TemporaryDirectory() as folder, server as url:
        database = open_database(url or Path(folder) / "log.db")
        try:
            report = judged(_measure(database, options.rows, options.seed), GOALS)
        finally:
            database.close()
    print(json.dumps(report, ensure_ascii=False, indent=None if options.json else 2))
    return int(bool(report["missed"]))


def _options(argv: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench log-page")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(argv)


def _measure(database: Database, rows: int, seed: int) -> dict[str, Any]:
    logs = Logs(database, clock=lambda: NOW)
    began = time.perf_counter()
    _fill(logs, rows, random.Random(seed))
    filled = time.perf_counter() - began
    taken = sorted((_ask(logs, wanted) for wanted in _filters(rows)), key=lambda answer: -answer["seconds"])
    pages = sorted(answer["page_seconds"] for answer in taken)
    began = time.perf_counter()
    logs.histogram(24)
    return {
        "database": database.dialect,
        "rows": rows,
        "fill_seconds": round(filled, 1),
        "filters": len(taken),
        "slowest_seconds": taken[0]["seconds"],
        "slowest": taken[:5],
        "median_page_seconds": pages[len(pages) // 2],
        "p95_page_seconds": pages[int(len(pages) * 0.95)],
        "histogram_seconds": round(time.perf_counter() - began, 4),
        **({"file_mb": round(database.path.stat().st_size / 1e6)} if database.path else {}),
        "peak_mb": peak_mb(),
    }


def _fill(logs: Logs, rows: int, chance: random.Random) -> None:
    for start in range(0, rows, BATCH):
        logs.write([_row(number, rows, chance) for number in range(start, min(start + BATCH, rows))])


def _row(number: int, rows: int, chance: random.Random) -> LogRow:
    connection = chance.randrange(4)
    colour = chance.choice(COLOURS)
    sku = f"TSH-{number % 10_283:05d}-{colour[:3].upper()}"
    return LogRow(
        chance.choice(LEVELS) if number % 997 else "error",
        say(
            "Price of {sku} moved from {old} to {new}: {title}",
            sku=sku,
            old=chance.randrange(100, 900),
            new=chance.randrange(100, 900),
            title=f"Pamuklu tişört {colour} no {number % 1_624}",
        ),
        at=NOW - timedelta(days=90) * ((rows - number) / rows),
        connection_id=f"c{connection}",
        link_id=f"k{connection // 2}",
        flow_id=f"f{connection // 2}{chance.randrange(5)}",
        entity=chance.choice(ENTITIES),
        record=f"gid://shopify/Product/{number % 1_624}",
        sku=sku,
        run_id=f"{number // 20_000:032x}",
    )


def _filters(rows: int) -> Iterator[LogFilter]:
    """Each facet on and off; with each, the other kinds of restriction one after the other."""
    facets: list[list[dict[str, Any]]] = [
        [{}, {"levels": ("error",)}, {"levels": ("error", "warning", "success")}],
        [{}, {"connection_id": "c1"}],
        [{}, {"flow_id": "f04"}, {"flow_id": "f13"}],
        [{}, {"entity": "order"}],
        [{}, {"run_id": f"{rows // 40_000:032x}"}],
    ]
    others: list[dict[str, Any]] = [
        {},
        {"text": "p"},
        {"text": "tişört"},
        {"text": "pamuklu lacivert"},
        {"text": "TSH-00042"},
        {"text": "nowhere"},
        {"sku": "TSH-00042-SİY"},
        {"record": "gid://shopify/Product/7"},
        {"since": NOW - timedelta(hours=24)},
        {"until": NOW - timedelta(days=80), "text": "hak"},
    ]
    for choice in itertools.product(*facets, others):
        yield LogFilter(**{name: value for part in choice for name, value in part.items()})


def _ask(logs: Logs, wanted: LogFilter) -> dict[str, Any]:
    began = time.perf_counter()
    page = logs.page(wanted)
    paged = time.perf_counter() - began
    began = time.perf_counter()
    count = logs.count_capped(wanted)
    counted = time.perf_counter() - began
    shown = {name: value for name, value in vars(wanted).items() if value}
    return {
        "seconds": round(max(paged, counted), 4),
        "page_seconds": round(paged, 4),
        "count_seconds": round(counted, 4),
        "found": count.value,
        "rows": len(page.rows),
        "filter": str(shown),
    }


if __name__ == "__main__":
    raise SystemExit(main())
