"""Rate budgets of platforms, shared by all threads of a connector. All times are the clock's scaled
seconds; every wait is computed from the budget's own state and spent in `clock.sleep`, which a cancelled
run leaves by `Cancelled`."""

from __future__ import annotations

import bisect
import itertools
import threading
from collections import deque

from sync.model.ports import Clock

# What an unknown Shopify store has at least (Shopify API limits, smallest bucket); the first answer tells the
# truth.
FIRST_MAXIMUM = 1000.0
FIRST_RESTORE = 50.0
URGENT_SHARE = 0.1
_SOON = 0.05


class SlidingWindow:
    """At most `limit` takes in any `seconds`, first come first served. `spacing` also keeps that distance
    between two.

    A take reserves its moment at once and then sleeps till it has come; a cancelled sleep leaves the
    moment unused."""

    def __init__(self, limit: int, seconds: float, clock: Clock, spacing: float = 0.0) -> None:
        if limit < 1:
            raise ValueError("a window of no calls")
        self._limit, self._seconds, self._spacing, self._clock = limit, seconds, spacing, clock
        self._taken: deque[float] = deque()
        self._lock = threading.Lock()
        self._not_before = float("-inf")

    def take(self) -> None:
        """Waits for the next free moment."""
        with self._lock:
            now = self._clock.monotonic()
            moment = max(now, self._not_before, self._next_moment())
            self._taken.append(moment)
            while len(self._taken) > max(self._limit, 1):
                self._taken.popleft()
        if moment > now:
            self._clock.sleep(moment - now)

    def _next_moment(self) -> float:
        spaced = self._taken[-1] + self._spacing if self._taken else float("-inf")
        full = self._taken[-self._limit] + self._seconds if len(self._taken) >= self._limit else float("-inf")
        return max(spaced, full)

    def answered(self) -> None:
        """Counts the last take from now on, because its answer has just come: however long a request
        travels, two can then never reach the platform closer together than here. Only where one request is
        made at a time."""
        with self._lock:
            if self._taken:
                self._taken[-1] = max(self._taken[-1], self._clock.monotonic())

    def pause(self, seconds: float) -> None:
        """Nobody takes anything for so long (the platform said that it is too much)."""
        with self._lock:
            self._not_before = max(self._not_before, self._clock.monotonic() + seconds)

    def resize(self, limit: int) -> None:
        """Changes how many takes fit; those already reserved stay."""
        if limit < 1:
            raise ValueError("a window of no calls")
        with self._lock:
            self._limit = limit


class SameUrl:
    """Keeps equal requests `limit` per `seconds` (Sentos: the same GET twice a minute, so one in 31 s)."""

    def __init__(self, clock: Clock, seconds: float = 31.0, limit: int = 1) -> None:
        self._clock, self._seconds, self._limit = clock, seconds, limit
        self._sent: dict[str, deque[float]] = {}
        self._lock = threading.Lock()

    def wait(self, url: str) -> float:
        """Seconds until this URL may be asked again, 0 if at once."""
        with self._lock:
            sent = self._sent.get(url, ())
            if len(sent) < self._limit:
                return 0.0
            return max(0.0, sent[-self._limit] + self._seconds - self._clock.monotonic())

    def note(self, url: str) -> None:
        """The URL is being asked now."""
        with self._lock:
            now = self._clock.monotonic()
            for old in [u for u, sent in self._sent.items() if sent[-1] + self._seconds < now]:
                del self._sent[old]
            self._sent.setdefault(url, deque(maxlen=self._limit)).append(now)


class Bucket:
    """A leaky bucket of points as Shopify's GraphQL API keeps it: its size and speed are learnt from each
    answer.

    `take` waits until the requested cost fits, first come first served, urgent callers before the others,
    for whom a slice of the bucket stays untouched. Every `take` is followed by exactly one `settle` or
    `lost`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._numbers = itertools.count()
        self._queue: list[tuple[bool, int]] = []
        self._maximum, self._restore = FIRST_MAXIMUM, FIRST_RESTORE
        self._level, self._at = FIRST_MAXIMUM, clock.monotonic()
        self._in_flight = 0.0
        self._not_before = float("-inf")

    def take(self, cost: float, urgent: bool = False) -> None:
        """Waits for its turn and for `cost` points, and spends them. A cost above the bucket waits for a
        full one."""
        ticket = (not urgent, next(self._numbers))
        with self._changed:
            bisect.insort(self._queue, ticket)
        try:
            while (wait := self._try(ticket, cost)) > 0:
                # Half of it, because refunds of calls in flight usually make it shorter.
                self._clock.sleep(max(wait / 2, min(wait, _SOON)))
        finally:
            with self._changed:
                self._queue.remove(ticket)
                self._changed.notify_all()

    def _try(self, ticket: tuple[bool, int], cost: float) -> float:
        """Once at the head of the queue: spends and returns 0, or returns the seconds that are missing."""
        with self._changed:
            while self._queue[0] != ticket:
                self._changed.wait()
            now = self._refill()
            slice_kept = URGENT_SHARE * self._maximum if ticket[0] else 0.0
            needed = min(cost + slice_kept, self._maximum)
            wait = max((needed - self._level) / self._restore, self._not_before - now)
            if wait > 1e-6:
                return wait
            self._level -= cost
            self._in_flight += cost
            return 0.0

    def settle(
        self, requested: float, actual: float, available: float, maximum: float, restore: float
    ) -> None:
        """An answer came: `requested` is what was taken, `actual` what it cost (0 if throttled), the rest
        is its throttleStatus. Our own count is believed as far as the platform's number allows it: that
        number already lacks the calls in flight which arrived there, and still holds those on their way."""
        with self._changed:
            self._refill()
            self._in_flight = max(0.0, self._in_flight - requested)
            self._maximum, self._restore = max(maximum, 1.0), max(restore, 0.1)
            counted = self._level + requested - actual
            self._level = min(max(counted, available - self._in_flight), available, self._maximum)
            self._changed.notify_all()

    def lost(self, requested: float) -> None:
        """No answer came: the points count as spent."""
        with self._changed:
            self._in_flight = max(0.0, self._in_flight - requested)

    def throttled(self, wait: float) -> None:
        """The platform refused a call for lack of points: nobody is sent for `wait` seconds. (After
        `settle`.)"""
        with self._changed:
            self._not_before = max(self._not_before, self._clock.monotonic() + wait)

    @property
    def restore(self) -> float:
        """Points a second, as last told."""
        return self._restore

    @property
    def maximum(self) -> float:
        """Size of the bucket, as last told."""
        return self._maximum

    def _refill(self) -> float:
        now = self._clock.monotonic()
        self._level = min(self._maximum, self._level + (now - self._at) * self._restore)
        self._at = now
        return now
