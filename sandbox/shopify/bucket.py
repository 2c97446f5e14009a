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
        self._at = self._since = clock.monotonic()
        self._spent = self._ran_over = 0.0

    def available(self) -> float:
        """Points there are now."""
        now = self._clock.monotonic()
        filled = self._level + (now - self._at) * self.rate
        self._level, self._at = min(self.maximum, filled), now
        self._ran_over += max(0.0, filled - self.maximum)
        return self._level

    def take(self, points: float) -> bool:
        """Take the points if they are there."""
        if self.available() < points:
            return False
        self._level -= points
        self._spent += points
        return True

    def give_back(self, points: float) -> None:
        """Return what was requested but not used."""
        self._spent -= points
        self._level = min(self.maximum, self._level + points)

    def status(self) -> dict[str, Any]:
        """``throttleStatus`` of an answer."""
        return {
            "maximumAvailable": self.maximum,
            "currentlyAvailable": int(self.available()),
            "restoreRate": self.rate,
        }

    def statistics(self) -> dict[str, Any]:
        """Since the bucket was made or ``forget``: points spent, points that ran over because it was full,
        and for how many scaled seconds it so stood idle."""
        status = self.status()
        return {
            **status,
            "seconds": round(self._clock.monotonic() - self._since, 3),
            "spent": round(self._spent, 3),
            "ran_over": round(self._ran_over, 3),
            "idle_seconds": round(self._ran_over / self.rate, 3),
        }

    def forget(self, fill: bool = False) -> None:
        """Begin the statistics anew; ``fill`` also fills the bucket."""
        self._level = self.maximum if fill else self.available()
        self._at = self._since = self._clock.monotonic()
        self._spent = self._ran_over = 0.0
