"""The n-th call that reaches the target store fails, for n = 1 … 100, by every fault that it knows; and so
does every kind of call that reads the source."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.parts.stores import Shape, two_stores
from bench.proof import reads
from bench.proof.calls import small_calls
from bench.proof.inside import broken_inside
from bench.proof.strikes import Series
from bench.proof.verdict import Verdict

Raw = dict[str, Any]
CATALOGUE: dict[str, tuple[str, Raw]] = {
    "timeout after the effect": ("timeout_after", {"hold": 30}),
    "timeout before it": ("timeout_before", {"hold": 30}),
    "connection reset": ("reset", {}),
    "throttled": ("throttle", {}),
    "500 before": ("server_error", {"status": 500}),
    "502 after": ("server_error", {"effect": True, "status": 502}),
    "HTML before": ("html_body", {}),
    "HTML after": ("html_body", {"effect": True}),
    "JSON torn": ("truncated_json", {}),
    "token expired": ("expired_token", {}),
    "partial userErrors": ("partial_user_errors", {}),
    "stale search": ("stale_search", {}),
    "empty catalogue": ("empty_catalogue", {}),
    "bulk failed": ("failed_bulk", {}),
}
"""The last four are about what an answer says: those of reads strike a write in vain, and the other way
round."""
_SHAPE = Shape(600, speed=1000)
_ROWS = 5  # a call: a hundred and twenty calls, and those that read
_AT_ONCE = 5
"""So many calls of one run are struck, far apart: a run each would take two hours."""


def prove(upto: int = 100, *, names: Sequence[str] = (), broken: str = "") -> Verdict:
    """Every n up to `upto`, of every fault (or of `names`); then the reads of the source. An n that no run
    struck is wrong: what was not tried is not proven."""
    chosen = {name: CATALOGUE[name] for name in names or CATALOGUE}
    with (
        tempfile.TemporaryDirectory(prefix="counterpart-proof-") as home,
        small_calls(_ROWS),
        broken_inside(broken),
        two_stores(_SHAPE, home=Path(home)) as stores,
    ):
        series = Series(stores, random.Random(7), broken)
        missed = {name: unstruck(series, name, *fault, upto) for name, fault in chosen.items()}
        every = upto >= reads.ALL_FROM
        read = reads.Reads() if series.noticed else reads.strike(series, chosen, every=every)
    never = [f"{name}: n = {ns} never struck" for name, ns in missed.items() if ns]
    asked, left_out = len(chosen) * upto, sum(map(len, missed.values()))
    figures = {"of": asked, "source": read.struck, "runs": series.runs, "first_run_ended": dict(series.ended)}
    wrong = (*never, *read.never, *series.wrong)
    return Verdict("faults", asked - left_out, series.lost, series.doubled, wrong[:8], figures)


def unstruck(series: Series, name: str, fault: str, params: Raw, upto: int) -> list[int]:
    """Strikes each n up to `upto`; answers those that no run came to. A run that a fault ends before its
    later calls are made is followed by others, until each n was struck or a run makes no such call."""
    missed: list[int] = []
    for left in groups(upto):
        while left and not series.noticed:
            # A call that one fault strikes is not counted by those after it.
            faults = [
                {"name": fault, "after": n - 1 - earlier, "params": params} for earlier, n in enumerate(left)
            ]
            hits = series.carried(series.stores.target, faults, f"{name}, n = {left}")
            before, left = left, [n for n, hit in zip(left, hits, strict=True) if not hit]
            if left == before:
                missed += left
                break
    return missed


def groups(upto: int) -> list[list[int]]:
    """1 … upto in groups that are struck in one run."""
    apart = max(1, upto // _AT_ONCE)
    return [list(range(first, upto + 1, apart)) for first in range(1, min(apart, upto) + 1)]
