"""A run is undone after some of what it wrote has been edited: exactly those rows are left as they are."""

from __future__ import annotations

import random
import tempfile
from pathlib import Path

from bench.parts.books import Books
from bench.parts.stores import Shape, Stores, two_stores
from bench.proof.inside import broken_inside
from bench.proof.verdict import Verdict
from sync.managers.verbs.undo import UndoVerbs
from sync.model.run import Status

_SPEED = 50


def prove(n: int = 10_000, *, share: float = 0.01, broken: str = "") -> Verdict:
    """A run of `n` changes."""
    dice = random.Random(17)
    with (
        tempfile.TemporaryDirectory(prefix="counterpart-proof-") as home,
        broken_inside(broken),
        two_stores(Shape(n, speed=_SPEED), home=Path(home)) as stores,
    ):
        before = stores.shown()
        run = stores.run(reason="proof")
        edited = dice.sample(sorted(before), round(n * share))
        books = Books(stores.target)
        books.add(dict.fromkeys(edited, 3), stores.place)
        left = {sku: pieces for sku, pieces in stores.shown().items() if sku in set(edited)}
        books.mark()
        wrong = _undone(stores, run.id)
        shown, judged = stores.shown(), books.judged()
    not_restored = [sku for sku, pieces in before.items() if sku not in left and shown.get(sku) != pieces]
    not_left = [sku for sku, pieces in left.items() if shown.get(sku) != pieces]
    if not_left:
        wrong.append(f"{len(not_left)} edited rows were touched, e.g. {not_left[0]}")
    return Verdict(
        "undo",
        n,
        len(not_restored),
        int(judged["again"]),
        tuple(wrong),
        {
            "edited": len(edited),
            "left": len(edited) - len(not_left),
            "restored": n - len(edited) - len(not_restored),
        },
    )


def _undone(stores: Stores, run_id: str) -> list[str]:
    """The plan, and its carrying out, past the brake as an operator would let it."""
    plan = stores.ended(UndoVerbs(stores.ws).propose(run_id, "proof"))
    if plan.status is not Status.PLANNED:
        return [f"the plan ended {plan.status}: {plan.error and plan.error.english()}"]
    undo = stores.ended(stores.ws.run_verbs.apply_plan(plan.id, "proof"))
    if undo.status is Status.BRAKED:
        stores.ws.run_verbs.confirm(undo.id, [hit.code for hit in undo.brakes], by="proof")
        undo = stores.ended(undo.id)
    if undo.status is not Status.DONE:
        return [f"the undo ended {undo.status}: {undo.error and undo.error.english()} {undo.counts}"]
    return []
