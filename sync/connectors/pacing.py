"""Rate budgets of platforms, shared by all threads of a connector. All times are the clock's scaled
seconds; every wait is computed from the budget's own state and spent in `clock.sleep`, which a cancelled
run leaves by `Cancelled`."""

from __future__ import annotations

import bisect
import itertools
import math
import threading
from collections import deque
from dataclasses import dataclass, field

from sync.model.ports import Clock

# What an unknown Shopify store has at least (Shopify API limits, smallest bucket); the first answer tells the
# truth.
FIRST_MAXIMUM = 1000.0
FIRST_RESTORE = 50.0
# What is kept for the urgent: a few items read again and a write, twice. More would be missing at the end of
# every large run; the urgent also come first in the queue, so that the next points are theirs.
URGENT_POINTS = 40.0
URGENT_SHARE = 0.1
_SOON = 0.05
_ENOUGH = 1e-6
# How far one answer moves our count towards the platform's.
_STEP = 0.1
# How much of a throttled call's lesson each answer takes back.
_FORGETS = 0.002


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
        self._slow, self._slow_until = limit, float("-inf")

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
        slow = self._clock.monotonic() < self._slow_until
        limit = min(self._limit, self._slow) if slow else self._limit
        full = self._taken[-limit] + self._seconds if len(self._taken) >= limit else float("-inf")
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

    def slow(self, limit: int, seconds: float) -> None:
        """Only so many fit for so long (the platform said that it is too much)."""
        with self._lock:
            self._slow, self._slow_until = max(1, limit), self._clock.monotonic() + seconds

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

    def take(self, url: str) -> None:
        """Waits until this URL may be asked; whoever asks two at once takes turns himself."""
        wait = self.wait(url)
        if wait > 0:
            self._clock.sleep(wait)

    def note(self, url: str) -> None:
        """The URL is being asked now."""
        with self._lock:
            now = self._clock.monotonic()
            for old in [u for u, sent in self._sent.items() if sent[-1] + self._seconds < now]:
                del self._sent[old]
            self._sent.setdefault(url, deque(maxlen=self._limit)).append(now)


@dataclass(frozen=True, slots=True)
class Told:
    """The throttleStatus of an answer. It took `age` seconds from sending to answer; `mark` is what `spend`
    said when the call went out."""

    available: float
    maximum: float
    restore: float
    age: float = 0.0
    mark: float = 0.0


class Points:
    """The arithmetic of a leaky bucket of points as Shopify's GraphQL API keeps it: its size and speed are
    learnt from each answer. Pure; `now` is handed in; not safe between threads."""

    def __init__(self, now: float) -> None:
        self.maximum, self.restore = FIRST_MAXIMUM, FIRST_RESTORE
        self.level, self.in_flight = FIRST_MAXIMUM, 0.0
        self._at, self._not_before = now, float("-inf")
        self._seconds, self._cost = 0.0, 0.0
        self._spent, self._told, self._trust = 0.0, False, 1.0

    @property
    def kept(self) -> float:
        """Points that only the urgent may spend."""
        return min(URGENT_POINTS, URGENT_SHARE * self.maximum)

    def wait(self, now: float, cost: float, urgent: bool) -> float:
        """Seconds until `cost` points may be spent; 0 if at once. A cost above the bucket waits for a full
        one."""
        self._refill(now)
        needed = min(cost + (0.0 if urgent else self.kept), self.maximum)
        wait = (needed - self.level) / self.restore
        if not urgent:
            wait = max(wait, self._not_before - now)
        return wait if wait > _ENOUGH else 0.0

    def spend(self, cost: float) -> float:
        """Takes the points of a call that goes out now; returns all that was ever spent, as the call's
        mark."""
        self.level -= cost
        self.in_flight += cost
        self._spent += cost
        return self._spent

    def settle(self, now: float, requested: float, actual: float, told: Told) -> None:
        """See `Bucket.settle`. The platform's number is half a round trip old and lacks what went out after
        the call. Ours is drawn to it step by step, because answers overtake each other; it is never believed
        to be higher by more than what is kept for the urgent, so that this is the most that an error can
        take."""
        self._refill(now)
        self.lost(requested)
        self.maximum, self.restore = max(told.maximum, 1.0), max(told.restore, 0.1)
        since = self._spent - told.mark
        counted = self.level + requested - actual
        likely = told.available + self.restore * told.age / 2 - since
        alone = self.in_flight == 0 and since == 0
        counted += (likely - counted) * (1.0 if alone or not self._told else _STEP)
        most = told.available + min(self.restore * told.age, self.kept) * self._trust
        self.level, self._told = min(counted, most, self.maximum), True
        self._trust = min(1.0, self._trust + _FORGETS)

    def lost(self, requested: float) -> None:
        """A call is over that tells nothing: its points count as spent."""
        self.in_flight = max(0.0, self.in_flight - requested)

    def throttled(self, now: float, wait: float, available: float) -> None:
        """Nobody but the urgent may spend anything for `wait` seconds; those go as soon as their own points
        are there. Somebody else must have spent points that we counted on: for a while the platform's number
        is taken as it is."""
        self.level, self._trust = min(self.level, available), 0.0
        self._not_before = max(self._not_before, now + wait)

    def measured(self, seconds: float, cost: float) -> None:
        """A write took so long and cost so much: the mean of the last ones says how many belong in flight."""
        weight = 0.1 if self._cost else 1.0
        self._seconds += weight * (seconds - self._seconds)
        self._cost += weight * (max(cost, 1.0) - self._cost)

    def useful(self, now: float, most: int) -> int:
        """How many writes in flight the budget feeds: those that fit into a round trip at the speed at which
        points come back, with half as many again, and more while there are points to spare. `most` as long as
        nothing was measured."""
        if not self._cost:
            return most
        self._refill(now)
        steady = 1.5 * self.restore * self._seconds / self._cost
        spare = max(0.0, self.level - self.kept) / self._cost / 4
        return min(max(2, math.ceil(steady + spare) + 1), most)

    def _refill(self, now: float) -> None:
        if now > self._at:
            self.level = min(self.maximum, self.level + (now - self._at) * self.restore)
            self._at = now


@dataclass(order=True, slots=True)
class _Waiter:
    """One thread in the queue: the urgent first, then first come first served."""

    ordinary: bool
    number: int
    turn: threading.Event = field(default_factory=threading.Event, compare=False)


class Bucket:
    """`Points` shared by threads.

    `take` waits until the requested cost fits, first come first served, urgent callers before the others, for
    whom a slice of the bucket stays untouched. Every `take` is followed by exactly one `settle` or `lost`."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._queue: list[_Waiter] = []
        self._points = Points(clock.monotonic())

    def take(self, cost: float, urgent: bool = False) -> float:
        """Waits for its turn and for `cost` points, and spends them. A cost above the bucket waits for a
        full one. Returns the call's mark, which `settle` is to get."""
        me = _Waiter(not urgent, next(self._numbers))
        with self._lock:
            bisect.insort(self._queue, me)
        try:
            while True:
                wait, mark = self._try(me, cost)
                if wait == 0:
                    return mark
                if wait < 0:
                    me.turn.wait()
                else:
                    # Half of it, because refunds of calls in flight usually make it shorter.
                    self._clock.sleep(max(wait / 2, min(wait, _SOON)))
        finally:
            with self._lock:
                self._queue.remove(me)
                if self._queue:
                    self._queue[0].turn.set()

    def _try(self, me: _Waiter, cost: float) -> tuple[float, float]:
        """(0, mark) if the points are spent, else the seconds that are missing; negative: others come
        first."""
        with self._lock:
            me.turn.clear()
            if self._queue[0] is not me:
                return -1.0, 0.0
            wait = self._points.wait(self._clock.monotonic(), cost, not me.ordinary)
            return wait, 0.0 if wait else self._points.spend(cost)

    def settle(self, requested: float, actual: float, told: Told) -> None:
        """An answer came: `requested` is what was taken, `actual` what it cost (0 if throttled), the rest is
        its throttleStatus."""
        with self._lock:
            self._points.settle(self._clock.monotonic(), requested, actual, told)

    def lost(self, requested: float) -> None:
        """No answer came: the points count as spent."""
        with self._lock:
            self._points.lost(requested)

    def throttled(self, wait: float, available: float = 0.0) -> None:
        """The platform refused a call for lack of points, of which it had `available`: only the urgent are
        sent for `wait` seconds, as soon as there are enough for them. (After `settle` or `lost`.)"""
        with self._lock:
            self._points.throttled(self._clock.monotonic(), wait, available)

    def measured(self, seconds: float, cost: float) -> None:
        """A write was answered after so many seconds and cost so many points."""
        with self._lock:
            self._points.measured(seconds, cost)

    def useful(self, most: int) -> int:
        """How many writes may usefully be in flight now, at least 2 and at most `most`."""
        with self._lock:
            return self._points.useful(self._clock.monotonic(), most)

    @property
    def restore(self) -> float:
        """Points a second, as last told."""
        return self._points.restore

    @property
    def maximum(self) -> float:
        """Size of the bucket, as last told."""
        return self._points.maximum
