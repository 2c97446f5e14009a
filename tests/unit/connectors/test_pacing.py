"""Budgets, with a clock that moves only by sleeping."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.connectors.pacing import URGENT_POINTS, Bucket, SameUrl, SlidingWindow, Told
from sync.errors import Cancelled
from tests.contract.doubles import ScaledClock, StillClock


@given(st.integers(1, 12), st.floats(1, 60), st.lists(st.floats(0, 20), min_size=1, max_size=60))
def test_no_window_ever_holds_more_than_its_limit(limit: int, seconds: float, pauses: list[float]) -> None:
    clock = StillClock()
    window, taken = SlidingWindow(limit, seconds, clock), []
    for pause in pauses:
        clock.time += pause
        window.take()
        taken.append(clock.time)
    for first, beyond in zip(taken, taken[limit:], strict=False):
        assert beyond - first >= seconds - 1e-6


def test_spacing_counts_from_the_answer() -> None:
    clock = StillClock()
    window = SlidingWindow(12, 60, clock, spacing=5.1)
    window.take()
    clock.time += 40
    window.answered()
    window.take()
    assert clock.time == pytest.approx(45.1)


def test_a_smaller_window_and_a_pause() -> None:
    clock = StillClock()
    window = SlidingWindow(30, 60, clock)
    for _ in range(2):
        window.take()
    window.resize(2)
    window.take()
    assert clock.time == pytest.approx(60)
    window.pause(100)
    window.take()
    assert clock.time == pytest.approx(160)


def test_a_window_of_nothing_is_a_mistake() -> None:
    with pytest.raises(ValueError):
        SlidingWindow(0, 60, StillClock())


def test_equal_urls_keep_apart() -> None:
    clock = StillClock()
    same = SameUrl(clock, 31)
    assert same.wait("/a") == 0
    same.note("/a")
    clock.time += 10
    assert same.wait("/a") == pytest.approx(21) and same.wait("/b") == 0
    clock.time += 21
    assert same.wait("/a") == 0


def settled(bucket: Bucket, available: float, maximum: float = 2000, restore: float = 100) -> None:
    answered(bucket, 0, 0, available, bucket.take(0), maximum, restore)


def answered(
    bucket: Bucket,
    requested: float,
    actual: float,
    available: float,
    mark: float,
    maximum: float = 2000,
    restore: float = 100,
) -> None:
    bucket.settle(requested, actual, Told(available, maximum, restore, 0.0, mark))


class Store:
    """A store's bucket as the platform keeps it."""

    def __init__(self, clock: StillClock, maximum: float = 2000, restore: float = 100) -> None:
        self.clock, self.maximum, self.restore = clock, maximum, restore
        self.level, self.at = maximum, clock.time

    def call(self, requested: float, actual: float) -> float:
        """Charges a call and returns what is then available; a call that does not fit fails the test."""
        self.level = min(self.maximum, self.level + (self.clock.time - self.at) * self.restore)
        self.at = self.clock.time
        assert self.level >= requested - 1e-6, "throttled"
        self.level -= actual
        return self.level


@pytest.mark.parametrize("requested, actual", [(500, 500), (900, 900), (990, 120), (30, 30)])
def test_the_whole_budget_is_spent_and_never_more(requested: float, actual: float) -> None:
    clock = StillClock()
    store, bucket = Store(clock), Bucket(clock)
    calls = int(60_000 / actual)
    for _ in range(calls):
        mark = bucket.take(requested)
        answered(bucket, requested, actual, store.call(requested, actual), mark)
        clock.time += 0.1
    bound = (calls * actual - store.maximum) / store.restore
    assert (bucket.maximum, bucket.restore) == (2000, 100)
    # The first answers teach the size; the slice for urgent work and a call's own size stay unspent at the
    # end.
    assert clock.time <= max(bound, calls * 0.1) * 1.03 + 15


def test_refunds_come_back_at_once() -> None:
    clock = StillClock()
    bucket = Bucket(clock)
    settled(bucket, 2000)
    began = clock.time
    for _ in range(10):
        answered(bucket, 1000, 10, 1990, bucket.take(1000))
    assert clock.time - began < 12


def test_another_app_that_empties_the_bucket_is_noticed() -> None:
    clock = StillClock()
    bucket = Bucket(clock)
    settled(bucket, 2000)
    answered(bucket, 10, 10, 50, bucket.take(10))
    began = clock.time
    bucket.take(550, urgent=True)
    assert clock.time - began == pytest.approx(5, abs=0.2)


def test_a_slice_is_kept_for_urgent_work() -> None:
    clock = StillClock()
    bucket = Bucket(clock)
    settled(bucket, 220)
    began = clock.time
    answered(bucket, 200, 200, 20, bucket.take(200, urgent=True))
    assert clock.time == began
    settled(bucket, 220)
    began = clock.time
    bucket.take(200)
    assert clock.time - began == pytest.approx((200 + URGENT_POINTS - 220) / 100, abs=0.05)


def test_throttling_stops_all_but_the_urgent() -> None:
    clock = StillClock()
    bucket = Bucket(clock)
    settled(bucket, 2000)
    began = clock.time
    bucket.throttled(7)
    bucket.take(1)
    assert clock.time - began == pytest.approx(7, abs=0.2)


def test_a_lost_call_leaves_its_points_spent() -> None:
    clock = StillClock()
    bucket = Bucket(clock)
    settled(bucket, 1000)
    bucket.take(700)
    bucket.lost(700)
    began = clock.time
    bucket.take(900, urgent=True)
    assert clock.time - began == pytest.approx(6, abs=0.3)


def test_a_cancelled_take_leaves_the_queue() -> None:
    clock = StillClock()
    bucket = Bucket(clock)
    settled(bucket, 0)
    clock.cancelled = True
    with pytest.raises(Cancelled):
        bucket.take(500)
    clock.cancelled = False
    bucket.take(10)


def test_many_threads_share_one_bucket_without_a_throttled_call() -> None:
    clock = ScaledClock(200)
    bucket, lock, done = Bucket(clock), threading.Lock(), []
    level, at = [1000.0], [clock.monotonic()]

    def call() -> tuple[float, bool]:
        with lock:
            now = clock.monotonic()
            level[0], at[0] = min(1000.0, level[0] + (now - at[0]) * 50), now
            fits = level[0] >= 50
            level[0] -= 50 if fits else 0
            return level[0], fits

    def work() -> None:
        for _ in range(10):
            mark = bucket.take(50)
            available, fits = call()
            answered(bucket, 50, 50 if fits else 0, available, mark, 1000, 50)
            done.append(fits)

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert done == [True] * 40


class HandClock(StillClock):
    """Time that a test turns on by hand; whoever sleeps waits for it."""

    def __init__(self) -> None:
        super().__init__()
        self._moved = threading.Condition()

    def sleep(self, seconds: float) -> None:
        with self._moved:
            until = self.time + seconds
            assert self._moved.wait_for(lambda: self.time >= until, timeout=60)

    def turn(self, seconds: float) -> None:
        with self._moved:
            self.time += seconds
            self._moved.notify_all()


def eventually(true: Callable[[], bool]) -> None:
    """Waits until something has come about in another thread."""
    until = time.monotonic() + 60
    while not true():
        assert time.monotonic() < until
        time.sleep(0.001)


def turned_until(clock: HandClock, true: Callable[[], bool]) -> None:
    """Lets the clock's time pass until something has come about in another thread."""

    def look() -> bool:
        if not true():
            clock.turn(0.05)
        return true()

    eventually(look)


def test_the_urgent_overtake_all_who_wait() -> None:
    clock = HandClock()
    bucket, done = Bucket(clock), []
    settled(bucket, 0)

    def work(name: str, cost: float, urgent: bool = False) -> None:
        bucket.take(cost, urgent)
        done.append(name)

    threads = [threading.Thread(target=work, args=(f"ordinary {n}", 60.0)) for n in range(5)]
    threads.append(threading.Thread(target=work, args=("urgent", 10.0, True)))
    for count, thread in enumerate(threads, 1):
        thread.start()
        eventually(lambda count=count: len(bucket._queue) == count)  # type: ignore[misc]
    turned_until(clock, lambda: len(done) == 6)
    assert done[0] == "urgent"


def test_a_cancelled_head_lets_the_next_one_on() -> None:
    clock = HandClock()
    bucket, stopped = Bucket(clock), threading.Event()
    settled(bucket, 0)
    sleep = clock.sleep

    def cancelled_once(seconds: float) -> None:
        if threading.current_thread().name == "cancelled":
            stopped.wait(60)
            raise Cancelled("The run was cancelled.")
        sleep(seconds)

    clock.sleep = cancelled_once  # type: ignore[method-assign]
    errors: list[str] = []

    def head() -> None:
        try:
            bucket.take(500)
        except Cancelled as error:
            errors.append(str(error))

    first = threading.Thread(target=head, name="cancelled")
    first.start()
    eventually(lambda: len(bucket._queue) == 1)
    second = threading.Thread(target=lambda: bucket.take(10))
    second.start()
    eventually(lambda: len(bucket._queue) == 2)
    stopped.set()
    first.join(60)
    turned_until(clock, lambda: not second.is_alive())
    assert errors and not first.is_alive()
