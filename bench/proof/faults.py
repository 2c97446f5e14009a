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


def prove(upto: int = 100, *, every: int = 1, names: Sequence[str] = (), broken: str = "") -> Verdict:
    """`every`: only each so many-th n, for a sample."""
    dice, tally, wrong = random.Random(7), Counter[str](), list[str]()
    with (
        tempfile.TemporaryDirectory(prefix="counterpart-proof-") as home,
        small_calls(_ROWS),
        broken_inside(broken),
        two_stores(_SHAPE, home=Path(home)) as stores,
    ):
        for name in names or CATALOGUE:
            for n in range(1, upto + 1, every):
                _one(stores, name, n, dice, tally, wrong)
                if broken and (tally["lost"] or tally["doubled"]):
                    break
    return Verdict(
        "faults",
        tally["struck"],
        tally["lost"],
        tally["doubled"],
        tuple(wrong[:5]),
        {
            "faults": len(names or CATALOGUE),
            "tried": tally["tried"],
            "first_run_ended": {k: tally[k] for k in ("done", "red", "failed", "braked") if tally[k]},
        },
    )


def _one(
    stores: Stores, name: str, n: int, dice: random.Random, tally: Counter[str], wrong: list[str]
) -> None:
    """One run with the n-th call struck; if it did not end well, the next one must."""
    fault, params = CATALOGUE[name]
    this = Round(stores, dice)
    stores.target.fault(fault, 1, after=n - 1, params=params)
    with Shopper(stores, dice):
        run = stores.ended(stores.start(reason="proof"))
    hits = stores.target.hits()
    stores.target.calm()
    tally.update(("tried", run.status.value))
    tally["struck"] += hits
    found = this.judged(this.carried_through(run.id))
    tally["lost"] += found.lost
    tally["doubled"] += found.doubled
    wrong += [f"{name}, n = {n}: {line}" for line in found.wrong]
