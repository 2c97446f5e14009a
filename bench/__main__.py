"""`python -m bench NAME [options] [--json]`: benchmarks, run by hand. They print ratios and counts, and
assert nothing timed."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence

from bench import catalogue, log_page, pages

NAMES: Mapping[str, Callable[[list[str]], int]] = {
    "first-sync": catalogue.main,
    "log-page": log_page.main,
    "pages": pages.main,
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
