"""The leaky bucket of cost points that belongs to app and store."""

from __future__ import annotations

from typing import Any

from sandbox.clock import Clock
from sandbox.shopify.settings import PLANS


class Bucket:
    """Holds up to ``maximum`` points and fills by ``rate`` points a scaled second."""

    def __init__(self, clock: Clock, plan: str) -> None:
        self.maximum, self.rate = PLANS[plan]
        self._clock = clock
        self._level = self.maximum
        self._at = clock.monotonic()

    def available(self) -> float:
        """Points there are now."""
        now = self._clock.monotonic()
        self._level = min(self.maximum, self._level + (now - self._at) * self.rate)
        self._at = now
        return self._level

    def take(self, points: float) -> bool:
        """Take the points if they are there."""
        if self.available() < points:
            return False
        self._level -= points
        return True

    def give_back(self, points: float) -> None:
        """Return what was requested but not used."""
        self._level = min(self.maximum, self._level + points)

    def status(self) -> dict[str, Any]:
        """``throttleStatus`` of an answer."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.available()),
            "restoreRate": self.rate,
        }
