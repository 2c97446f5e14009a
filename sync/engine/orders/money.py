"""Money to the kuruş: spreading a sum over lines, and lines whose sum does not divide by their pieces."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from sync.model.values import Money


def kurus(money: Money | None) -> int:
    """An amount in hundredths; nothing is 0."""
    return 0 if money is None else int(money.amount * 100)


def lira(amount: int) -> Money:
    """The inverse of `kurus`: Turkish lira, the only currency that leaves here."""
    return Money(Decimal(amount) / 100, "TRY")


def spread(total: int, weights: Sequence[int]) -> list[int]:
    """`total` (kuruş, not negative) in shares proportional to `weights` (not negative) by largest remainder:
    the shares add up to `total`, none is a whole kuruş away from its exact share, and while `total` is at
    most the sum of the weights none exceeds its weight. Raises ValueError if there is something to spread
    over nothing."""
    base = sum(weights)
    if total < 0 or any(weight < 0 for weight in weights):
        raise ValueError("shares of something negative")
    if base == 0:
        if total:
            raise ValueError("nothing to spread it over")
        return [0] * len(weights)
    shares = [total * weight // base for weight in weights]
    remainders = sorted(range(len(weights)), key=lambda n: (-(total * weights[n] % base), n))
    for n in remainders[: total - sum(shares)]:
        shares[n] += 1
    return shares


def split(total: int, quantity: int) -> list[tuple[int, int]]:
    """A line's sum as (pieces, kuruş each): one part if it divides, else two, e.g. 100,00 for 3 is 2 × 33,33
    + 1 × 33,34."""
    each, rest = divmod(total, quantity)
    return [(quantity - rest, each), (rest, each + 1)] if rest else [(quantity, each)]
