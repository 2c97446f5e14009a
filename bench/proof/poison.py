"""One row in a hundred can never be written. What do the healthy ones lose by it?

Nothing where that is known before sending: such a row is parked, and no call carries it. What only the
platform can judge is refused by it, and one such row refuses all of its call. To have it judge, the product
is made to forget the bound that it knows: any other refusal by name runs the same way.

Throughput is healthy rows a call: each call costs the same points, and points are what bounds a store.
(Seconds of a shared machine are told beside it, and decide nothing.) Forty calls without poison, whatever the
size: the one more that carries the known poison costs 2.5 % of forty, and would cost half of two.
"""

from __future__ import annotations

import random
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench.parts.books import Books
from bench.parts.stores import Shape, Stores, two_stores
from bench.parts.timing import Stages
from bench.proof.calls import small_calls
from bench.proof.inside import broken_inside
from bench.proof.verdict import Verdict
from sync.connectors.shopify.spec import SUPPORT
from sync.model.entity import Entity
from sync.model.run import Run, Status

TOO_MUCH = 1_500_000_000
"""Pieces that Shopify refuses (INVALID_QUANTITY_TOO_HIGH above a billion)."""
LEAST = 0.95
CALLS = 40
_SHAPE = Shape(10_000, speed=2, latency=0.35)


@dataclass(frozen=True, slots=True)
class Passed:
    """A run: healthy rows that arrived, in how many writing calls and the stores' seconds."""

    healthy: int
    missing: int
    seconds: float
    calls: int
    run: Run

    @property
    def rate(self) -> float:
        """Healthy rows a call."""
        return self.healthy / self.calls if self.calls else 0.0

    @property
    def pace(self) -> float:
        """Healthy rows a second."""
        return self.healthy / self.seconds if self.seconds else 0.0


def prove(n: int = 10_000, *, share: float = 0.01, broken: str = "") -> Verdict:
    """A run without poison, one that sees beforehand what it is, one that meets it first, and one that knows
    it."""
    dice = random.Random(13)
    shape = replace(_SHAPE, skus=n)
    with (
        tempfile.TemporaryDirectory(prefix="counterpart-proof-") as home,
        broken_inside(broken),
        small_calls(n // CALLS),
        two_stores(shape, home=Path(home)) as stores,
    ):
        clean = _pass(stores, dice, ())
        poison = dice.sample(sorted(stores.wanted()), round(n * share))
        seen = _pass(stores, dice, poison)
        with _bound_unknown():
            first, known = (_pass(stores, dice, poison) for _ in range(2))
    wrong = [
        f"healthy rows missing {when}: {run.missing}"
        for when, run in (("without", clean), ("seen", seen), ("at first", first), ("later", known))
        if run.missing
    ]
    if seen.calls > clean.calls or seen.run.counts.parked < len(poison):
        wrong.append(f"what is known before sending was sent: {seen.calls} calls for {clean.calls}")
    shares = {"throughput_first": first.rate / clean.rate, "throughput_known": known.rate / clean.rate}
    if shares["throughput_known"] < LEAST:
        wrong.append(f"healthy throughput {shares['throughput_known']:.0%} of that without poison")
    shares["in_seconds_known"] = known.pace / clean.pace
    figures: dict[str, Any] = {name: round(value, 3) for name, value in shares.items()}
    figures["calls"] = {
        "clean": clean.calls, "seen_before": seen.calls, "first": first.calls, "known": known.calls
    }  # fmt: skip
    parked = first.run.counts.parked + first.run.counts.failed
    return Verdict(
        "poison",
        len(poison),
        seen.missing + first.missing + known.missing,
        0,
        tuple(wrong),
        {"rows": n, "named_by_the_run": parked, **figures},
    )


@contextmanager
def _bound_unknown() -> Iterator[None]:
    """The platform alone knows how large a quantity may be."""
    known = SUPPORT[Entity.STOCK]
    SUPPORT[Entity.STOCK] = replace(known, most=None)
    try:
        yield
    finally:
        SUPPORT[Entity.STOCK] = known


def _pass(stores: Stores, dice: random.Random, poison: tuple[str, ...] | list[str]) -> Passed:
    """Everything moves at the source, the poison to what cannot be; then a full run."""
    books, bad = Books(stores.source), set(poison)
    books.change_all(dice)
    books.set(dict.fromkeys(poison, TOO_MUCH))
    wanted = {sku: pieces for sku, pieces in stores.wanted().items() if sku not in bad}
    stores.target.full_bucket()
    before = stores.target.wire()
    with Stages(stores) as stages:
        run = stores.ended(stores.start(reason="proof"))
    if run.status is Status.BRAKED:
        raise RuntimeError(f"a brake: {run.error and run.error.english()}")
    calls = stores.target.wire().since(before).by_operation.get("inventorySetQuantities", 0)
    shown = stores.shown()
    missing = sum(shown.get(sku) != pieces for sku, pieces in wanted.items())
    return Passed(len(wanted) - missing, missing, stages.written(run), calls, run)
