"""`naive`: one call a SKU, one after the other, as most scripts do. `unpaced`: calls of 250 rows fired
from many threads without looking at the budget. Both get the rows' ids for nothing; only writing is
measured."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from bench.contrast.shop import Row, Shop

_ROWS, _THREADS = 250, 32


def naive(shop: Shop, rows: Sequence[Row]) -> None:
    for row in rows:
        shop.write([row])


def unpaced(shop: Shop, rows: Sequence[Row]) -> None:
    with ThreadPoolExecutor(_THREADS) as pool:
        list(pool.map(shop.write, [rows[n : n + _ROWS] for n in range(0, len(rows), _ROWS)]))


def measured(
    script: Callable[[Shop, Sequence[Row]], None], shop: Shop, rows: Sequence[Row], target: int
) -> dict[str, Any]:
    """Figures of a script over `rows`, and its seconds for `target` rows: measured if there are so many,
    else in proportion, and said so."""
    calls, throttled, start = shop.calls, shop.throttled, time.monotonic()
    script(shop, rows)
    seconds = (time.monotonic() - start) * shop.speed
    return {
        "rows": len(rows),
        "seconds": round(seconds, 1),
        "calls": shop.calls - calls,
        "throttled": shop.throttled - throttled,
        "rows_a_second": round(len(rows) / seconds, 1),
        f"seconds_for_{target}": round(seconds * target / len(rows), 1),
        "extrapolated": len(rows) < target,
    }
