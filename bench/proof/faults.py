"""The n-th call that reaches the target store fails, for n = 1 … 100, by every fault that it knows."""

from __future__ import annotations

import random
import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.parts.stores import Shape, Stores, two_stores
from bench.proof.calls import small_calls
from bench.proof.inside import broken_inside
from bench.proof.rounds import Round, Shopper
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
_SHAPE = Shape(450, speed=1000)
_ROWS = 5  # a call: ninety calls, and those that read


_AT_ONCE = 5
"""So many calls of one run are struck, far apart: a run each would take two hours."""


def prove(upto: int = 100, *, names: Sequence[str] = (), broken: str = "") -> Verdict:
    """Every n up to `upto`, of every fault. A run that a fault ends before its later calls are made is
    followed by others, until each n was struck or a run makes no such call."""
    tally, wrong = Counter[str](), list[str]()
    with (
        tempfile.TemporaryDirectory(prefix="counterpart-proof-") as home,
        small_calls(_ROWS),
        broken_inside(broken),
        two_stores(_SHAPE, home=Path(home)) as stores,
    ):
        dice = random.Random(7)
        for name in names or CATALOGUE:
            for left in _groups(upto):
                while left and not (broken and tally["lost"] + tally["doubled"]):
                    struck = _one(stores, name, left, dice, tally, wrong)
                    left = [n for n in left if n not in struck] if struck else []
    return Verdict(
        "faults",
        tally["struck"],
        tally["lost"],
        tally["doubled"],
        tuple(wrong[:5]),
        {
            "faults": len(names or CATALOGUE),
            "runs": tally["runs"],
            "first_run_ended": {k: tally[k] for k in ("done", "red", "failed", "braked") if tally[k]},
        },
    )


def _groups(upto: int) -> list[list[int]]:
    """1 … upto in groups that are struck in one run."""
    apart = max(1, upto // _AT_ONCE)
    return [list(range(first, upto + 1, apart)) for first in range(1, min(apart, upto) + 1)]


def _one(
    stores: Stores,
    name: str,
    calls: Sequence[int],
    dice: random.Random,
    tally: Counter[str],
    wrong: list[str],
) -> list[int]:
    """One run with these calls struck; if it did not end well, the next one must. A run that a brake holds is
    ended as an operator would who sees that the store showed nonsense: it counts as braked, and the run after
    it has to carry everything. Answers which calls were struck."""
    fault, params = CATALOGUE[name]
    this = Round(stores, dice)
    for earlier, n in enumerate(calls):  # a call that one fault strikes is not counted by those after it
        stores.target.fault(fault, 1, after=n - 1 - earlier, params=params)
    with Shopper(stores, dice):
        run = stores.ended(stores.start(reason="proof"))
    hits = [bool(one["hits"]) for one in stores.target.get("/faults")["faults"]]
    struck = [n for n, hit in zip(calls, hits, strict=True) if hit]
    stores.target.calm()
    tally.update(("runs", run.status.value))
    tally["struck"] += len(struck)
    found = this.judged(this.carried_through(run.id))
    tally["lost"] += found.lost
    tally["doubled"] += found.doubled
    wrong += [f"{name}, n = {struck}: {line}" for line in found.wrong]
    return struck
