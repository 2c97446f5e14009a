"""`table`: every benchmark one after the other, each in a process of its own, and one table of what came
out."""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from bench.parts.figures import tell

Row = Mapping[str, Any]
_BENCHES: tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...] = (
    ("first-sync", (), ("calls",)),
    ("stock-push", ("--skus", "10000"), ("seconds", "bound_seconds", "ratio", "throttled")),
    ("stock-push", ("--skus", "100000", "--contrast"), ("calls", "throttled")),
    ("stock-push", ("--skus", "1000000"), ("calls", "throttled")),
    ("stock-push", ("--skus", "1000000", "--plan", "plus"), ("calls", "throttled")),
    *(
        ("stock-push", ("--skus", "100000", "--stale", "1", "--answers", answers), ("ratio", "stale_rows"))
        for answers in ("per-row", "all-named", "first-named")
    ),
    ("stock-delta", ("--skus", "1000000"), ()),
    ("stock-idle", ("--skus", "1000000"), ()),
    ("stock-match", ("--skus", "1000000"), ("matched",)),
    ("stock-urgent", ("--skus", "1000000"), ("p50_seconds",)),
    ("queue", ("--database", "sqlite"), ()),
    ("queue", ("--database", "postgresql"), ()),
    ("log-page", (), ()),
    ("log-page", ("--database", "postgresql"), ()),
    ("pages", (), ()),
)
"""Name, options, and what is shown beside the figures that have a goal."""


def main(argv: Sequence[str]) -> int:
    """Exit status 1 if any of them failed, or missed a goal."""
    args = _arguments(argv)
    chosen = [b for b in _BENCHES if not args.only or b[0] in args.only]
    rows = [(name, options, *_run(name, options), shown) for name, options, shown in chosen]
    for row in rows:
        print(line(*row))
    return int(any(code for _, _, code, _, _ in rows))


def line(name: str, options: Sequence[str], code: int, figures: Row, shown: Sequence[str]) -> str:
    """One benchmark: ok, missed (a goal), or BAD (it ended otherwise than by its goals); then each figure
    with its goal, and what is `shown` beside."""
    missed = figures.get("missed") or ()
    verdict = "BAD" if code != int(bool(missed)) else "missed" if missed else "ok"
    what = [_with_goal(goal, got, missed) for goal, got in (figures.get("goals") or {}).items()]
    what += [f"{key} {figures.get(key)}" for key in shown if key in figures]
    return f"{verdict:<6}  {' '.join((name, *options)):<52} {'  '.join(what)}"


def _with_goal(goal: str, got: object, missed: Collection[str]) -> str:
    """ "ratio ≤ 1.15" and 1.2 → "ratio 1.2 (≤ 1.15, missed)"."""
    figure, _, bound = goal.partition(" ")
    return f"{figure} {got} ({bound}{', missed' if figure in missed else ''})"


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
