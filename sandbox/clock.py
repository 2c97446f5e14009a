"""Time in a sandbox: the wall clock tells what time it is, a scaled one tells how much has passed."""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta


class Clock:
    """Real wall time for timestamps, scaled time for rate windows, latency, search lag and expiry.

    ``speed`` 20 means that twenty scaled seconds pass in one real second.
    """

    def __init__(self, speed: float = 1.0) -> None:
        """``speed`` must be above zero; ValueError otherwise."""
        if not speed > 0:
            raise ValueError(f"speed must be above 0, not {speed!r}")
        self.speed = float(speed)
        self._started = time.monotonic()

    def now(self) -> datetime:
        """The real time of day, aware UTC; never scaled, so that dates stay believable."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Scaled seconds since this clock was made; never goes back."""
        return (time.monotonic() - self._started) * self.speed

    async def sleep(self, seconds: float) -> None:
        """Wait so many scaled seconds."""
        await asyncio.sleep(max(0.0, seconds) / self.speed)


class ManualClock(Clock):
    """A clock that stands still until a test moves it; sleeping moves it too, without waiting."""

    def __init__(self, now: datetime | None = None) -> None:
        super().__init__(1.0)
        self._now = now or datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
        self._elapsed = 0.0

    def advance(self, seconds: float) -> None:
        """Let so many seconds pass, on both faces of the clock."""
        if seconds < 0:
            raise ValueError("a clock does not go back")
        self._elapsed += seconds
        self._now += timedelta(seconds=seconds)

    def now(self) -> datetime:
        return self._now

    def monotonic(self) -> float:
        return self._elapsed

    async def sleep(self, seconds: float) -> None:
        self.advance(max(0.0, seconds))
        await asyncio.sleep(0)
