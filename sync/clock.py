"""The real clock, scaled for sandboxes, whose sleep a cancelled run does not have to wait for."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime

from sync.errors import Cancelled
from sync.model.text import say

_SLICE = 0.25  # real seconds between two looks at whether the run has been cancelled
_cancelled: ContextVar[Callable[[], bool]] = ContextVar("cancelled", default=lambda: False)


@contextmanager
def cancellable(asked: Callable[[], bool]) -> Iterator[None]:
    """Within this block (and contexts copied from it) sleeping ends with `Cancelled` once `asked()` is
    true."""
    token = _cancelled.set(asked)
    try:
        yield
    finally:
        _cancelled.reset(token)


def check_cancelled() -> None:
    """Raises Cancelled if the operator asked the work of this context to stop."""
    if _cancelled.get()():
        raise Cancelled(say("Cancelled by the operator."))


class RealClock:
    """Wall time, and durations scaled by `speed`: at speed 60 a minute's pacing takes a second. Real hosts
    have speed 1."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed = speed
        self._start = time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return (time.monotonic() - self._start) * self.speed

    def sleep(self, seconds: float) -> None:
        """Sleeps so many scaled seconds; raises Cancelled when the run is cancelled meanwhile."""
        end = time.monotonic() + max(0.0, seconds) / self.speed
        while True:
            check_cancelled()
            left = end - time.monotonic()
            if left <= 0:
                return
            time.sleep(min(left, _SLICE))
