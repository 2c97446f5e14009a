"""`table`: every benchmark one after the other, each in a process of its own, and one table of what came
out."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from bench.parts.figures import tell

Row = Mapping[str, Any]
_BENCHES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("first-sync", (), ("ratio", "throttled", "lost", "doubled", "peak_mb")),
    ("stock-push", ("--skus", "10000"), ("seconds", "bound_seconds", "calls", "throttled", "peak_mb")),
    ("stock-push", ("--skus", "100000", "--contrast"), ("ratio", "calls", "throttled", "lost", "peak_mb")),
    ("stock-push", ("--skus", "1000000"), ("ratio", "calls", "throttled", "lost", "peak_mb")),
    (
        "stock-push",
        ("--skus", "1000000", "--plan", "plus"),
        ("ratio", "calls", "throttled", "lost", "peak_mb"),
    ),
    *(
        (
            "stock-push",
            ("--skus", "100000", "--stale", "1", "--answers", answers),
            ("write_ratio", "stale_rows", "overwritten", "lost"),
        )
        for answers in ("per-row", "all-named", "first-named")
    ),
    ("stock-delta", ("--skus", "1000000"), ("seconds", "calls", "bulk_reads", "lost")),
    ("stock-idle", ("--skus", "1000000"), ("writes", "source_points", "target_points")),
    ("stock-match", ("--skus", "1000000"), ("seconds", "again_seconds", "peak_mb")),
    ("stock-urgent", ("--skus", "1000000"), ("p50_seconds", "p99_seconds", "n", "lost")),
    ("queue", ("--database", "sqlite"), ("jobs_a_second", "lost", "doubled")),
    ("queue", ("--database", "postgresql"), ("jobs_a_second", "lost", "doubled")),
    ("log-page", (), ("slowest_seconds",)),
    ("log-page", ("--database", "postgresql"), ("slowest_seconds",)),
    ("pages", (), ()),
)


def main(argv: Sequence[str]) -> int:
    """Exit status 1 if any of them failed."""
    args = _arguments(argv)
    chosen = [b for b in _BENCHES if not args.only or b[0] in args.only]
    rows = [(name, options, *_run(name, options), shown) for name, options, shown in chosen]
    for name, options, code, figures, shown in rows:
        what = "  ".join(f"{key} {figures.get(key)}" for key in shown if key in figures)
        print(f"{'ok ' if code == 0 else 'BAD'}  {' '.join((name, *options)):<52} {what}")
    return int(any(code for _, _, code, _, _ in rows))


def _run(name: str, options: Sequence[str]) -> tuple[int, Row]:
    tell(f"{name} {' '.join(options)} …")
    command = [sys.executable, "-m", "bench", name, *options, "--json"]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True)
    line = (done.stdout.strip().splitlines() or ["{}"])[-1]
    tell(line)
    figures: Row = json.loads(line) if line.startswith("{") else {}
    return done.returncode, figures


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    made = argparse.ArgumentParser(prog="python -m bench table", description=__doc__)
    made.add_argument("--only", nargs="*", default=(), help="names of benchmarks")
    return made.parse_args(argv)
