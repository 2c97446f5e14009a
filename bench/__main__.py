"""`python -m bench NAME [options] [--json]`: benchmarks, run by hand. They print ratios and counts, and
assert nothing timed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from bench import (
    catalogue,
    log_page,
    pages,
    queue_rate,
    stock_delta,
    stock_idle,
    stock_match,
    stock_push,
    stock_urgent,
    table,
)

NAMES: Mapping[str, Callable[[list[str]], int]] = {
    "first-sync": catalogue.main,
    "log-page": log_page.main,
    "pages": pages.main,
    "stock-push": stock_push.main,
    "stock-delta": stock_delta.main,
    "stock-idle": stock_idle.main,
    "stock-match": stock_match.main,
    "stock-urgent": stock_urgent.main,
    "queue": queue_rate.main,
    "table": table.main,
}


def main(argv: Sequence[str]) -> int:
    """Runs one benchmark; without a name lists them."""
    usage = f"usage: python -m bench {'|'.join(NAMES)} [options] [--json]"
    if list(argv) in (["-h"], ["--help"]):
        print(usage)
        return 0
    if not argv or argv[0] not in NAMES:
        print(usage, file=sys.stderr)
        return 2
    return NAMES[argv[0]](list(argv[1:]))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
