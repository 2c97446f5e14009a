"""The effect is applied and the answer never comes, `n` times: every call of every run, one after the
other."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from bench.parts.stores import Shape, Stores, two_stores
from bench.proof.calls import small_calls
from bench.proof.inside import broken_inside
from bench.proof.rounds import Round, Shopper
from bench.proof.verdict import Verdict

_SHAPE = Shape(2_000, speed=1000)
_ROWS = 20
_FAULT = "timeout_after"
_HOLD = {"hold": 30}


def prove(n: int = 1000, *, broken: str = "") -> Verdict:
    """Every second stock call is answered by silence; people buy meanwhile."""
    dice, lost, doubled, struck, rounds = random.Random(3), 0, 0, 0, 0
    wrong: list[str] = []
    with (
        tempfile.TemporaryDirectory(prefix="counterpart-proof-") as home,
        small_calls(_ROWS),
        broken_inside(broken),
        two_stores(_SHAPE, home=Path(home)) as stores,
    ):
        while struck < n and not (broken and lost + doubled):
            this = Round(stores, dice)
            hits, run_id = _silenced(stores, dice, n - struck)
            if not hits:
                wrong.append("no call was struck")
                break
            found = this.judged(this.carried_through(run_id))
            struck, rounds = struck + hits, rounds + 1
            lost, doubled = lost + found.lost, doubled + found.doubled
            wrong += found.wrong
    return Verdict("lost answers", struck, lost, doubled, tuple(wrong[:5]), {"rounds": rounds})


def _silenced(stores: Stores, dice: random.Random, most: int) -> tuple[int, str]:
    """A run of whose stock calls half, at most `most`, are carried out and not answered."""
    match = {"operation": "inventorySetQuantities"}
    seed = dice.randrange(1 << 30)
    stores.target.fault(_FAULT, most, match=match, params=_HOLD, probability=0.5, seed=seed)
    with Shopper(stores, dice):
        run_id = stores.start(reason="proof")
        stores.ended(run_id)
    hits = stores.target.hits()
    stores.target.calm()
    return hits, run_id
