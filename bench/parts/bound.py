"""The least time in which a Shopify store takes so many stock rows. Pure."""

from __future__ import annotations

from dataclasses import dataclass

ROWS = 250
"""Rows of one call at most (Shopify Admin 2026-10, array arguments)."""
POINTS = 10.0
"""What a mutation costs (shopify.dev, "API limits")."""
PLUS_IN_FLIGHT = 32
LATENCY = 0.35
"""Seconds of a round trip."""
PLANS = {"standard": (2000.0, 100.0), "plus": (20000.0, 1000.0)}
"""Points of a full bucket, and how many it refills a second."""


@dataclass(frozen=True, slots=True)
class Bound:
    """What no client can be faster than: `calls` calls of 250 rows whose points the bucket must hold, and
    on a plan that hardly limits, their round trips."""

    calls: int
    seconds: float

    def ratio(self, seconds: float) -> float:
        return round(seconds / self.seconds, 3) if self.seconds else 0.0


def bound(rows: int, plan: str, latency: float = LATENCY) -> Bound:
    """100,000 rows take 20 s and a million 380 s on the Standard plan, 43.75 s on Plus with 0.35 s of
    latency; what fits into a full bucket takes none."""
    calls = -(-rows // ROWS)
    bucket, restore = PLANS[plan]
    seconds = max(0.0, (calls * POINTS - bucket) / restore)
    if plan == "plus":
        seconds = max(seconds, calls * latency / PLUS_IN_FLIGHT)
    return Bound(calls, seconds)
