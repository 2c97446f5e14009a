"""The budget of points in a world of its own: calls that travel, answers that overtake each other, a store
that counts. Time is a heap of events, nothing sleeps."""

from __future__ import annotations

import heapq
import random
from dataclasses import dataclass, field
from typing import Any

import pytest

from sync.connectors.pacing import URGENT_POINTS, Points, Told

STANDARD, PLUS = (2000.0, 100.0), (20_000.0, 1000.0)
COST, LATENCY, MOST = 10.0, 0.35, 32


@dataclass
class Store:
    """A store's bucket as the platform keeps it; `others` points a second are spent by somebody else."""

    maximum: float
    restore: float
    others: float = 0.0
    throttled: int = 0
    used: float = 0.0
    at: float = 0.0
    level: float = field(init=False)

    def __post_init__(self) -> None:
        self.level = self.maximum

    def call(self, now: float, cost: float) -> tuple[bool, int]:
        passed = now - self.at
        self.level = max(0.0, min(self.maximum, self.level + passed * (self.restore - self.others)))
        self.at = now
        fits = self.level >= cost
        self.level -= cost if fits else 0.0
        self.used += cost if fits else 0.0
        self.throttled += not fits
        return fits, int(self.level)


class World:
    """A writer that keeps as many calls in flight as `Points.useful` says, until `calls` are answered."""

    def __init__(
        self, calls: int, plan: tuple[float, float], *, jitter: float, seed: int, others: float = 0.0
    ):
        self.store, self.points = Store(*plan, others=others), Points(0.0)
        self._left, self._open, self._jitter, self._chance = calls, calls, jitter, random.Random(seed)
        self._events: list[tuple[float, int, str, Any]] = []
        self._number, self._flying, self._waiting, self.now = 0, 0, False, 0.0
        self.flying: list[int] = []

    def run(self) -> float:
        """Seconds until the last answer."""
        self._send()
        while self._open:
            self.now, _, kind, data = heapq.heappop(self._events)
            getattr(self, f"_{kind}")(data)
            self._send()
        return self.now

    def _later(self, seconds: float, kind: str, data: Any = None) -> None:
        self._number += 1
        heapq.heappush(self._events, (self.now + seconds, self._number, kind, data))

    def _travel(self) -> float:
        return LATENCY / 2 * (1 + self._chance.uniform(-self._jitter, self._jitter))

    def _send(self) -> None:
        while self._left and not self._waiting and self._flying < self.points.useful(self.now, MOST):
            wait = self.points.wait(self.now, COST, urgent=False)
            if wait:
                self._waiting = True
                self._later(wait, "wake")
                return
            mark = self.points.spend(COST)
            self._left, self._flying = self._left - 1, self._flying + 1
            self.flying.append(self._flying)
            self._later(self._travel(), "arrive", (self.now, mark))

    def _wake(self, _: object) -> None:
        self._waiting = False

    def _arrive(self, sent: tuple[float, float]) -> None:
        fits, available = self.store.call(self.now, COST)
        self._later(self._travel(), "answer", (fits, available, *sent))

    def _answer(self, data: tuple[bool, int, float, float]) -> None:
        fits, available, sent, mark = data
        self._flying -= 1
        told = Told(available, self.store.maximum, self.store.restore, self.now - sent, mark)
        self.points.settle(self.now, COST, COST if fits else 0.0, told)
        if fits:
            self._open -= 1
            self.points.measured(self.now - sent, COST)
        else:
            self._left += 1
            self.points.throttled(self.now, max(COST - available, 1.0) / self.store.restore, available)


@pytest.mark.parametrize("jitter", [0.0, 0.5])
@pytest.mark.parametrize("seed", range(5))
def test_a_hundred_thousand_rows_take_hardly_longer_than_their_points(jitter: float, seed: int) -> None:
    world = World(400, STANDARD, jitter=jitter, seed=seed)
    assert world.run() <= 20 * 1.05
    assert world.store.throttled == 0


@pytest.mark.parametrize("jitter", [0.0, 0.5])
def test_a_million_rows_spend_nearly_every_point(jitter: float) -> None:
    world = World(4000, STANDARD, jitter=jitter, seed=1)
    given = STANDARD[0] + world.run() * STANDARD[1]
    assert world.store.used / given >= 0.97 and world.store.throttled == 0


def test_a_large_shop_is_kept_busy_by_all_calls_in_flight() -> None:
    world = World(4000, PLUS, jitter=0.3, seed=1)
    assert world.run() <= 4000 / MOST * LATENCY * 1.05
    assert world.store.throttled == 0 and min(world.flying[MOST:]) == MOST


def test_a_small_shop_is_not_held_by_more_calls_than_it_feeds() -> None:
    world = World(4000, STANDARD, jitter=0.3, seed=1)
    world.run()
    assert max(world.flying[:MOST]) == MOST  # what is to spare at first goes out at once
    assert max(world.flying[1000:]) <= 8


def test_somebody_else_who_spends_is_made_room_for() -> None:
    world = World(1000, STANDARD, jitter=0.3, seed=1, others=60.0)
    seconds = world.run()
    assert world.store.throttled <= 10
    assert seconds <= (10_000 - 2000) / 40 * 1.1


def test_points_that_a_lost_call_took_come_back() -> None:
    points = Points(0.0)
    points.spend(500)
    points.lost(500)
    mark = points.spend(10)
    points.settle(1.0, 10, 10, Told(1900, 2000, 100, 0.0, mark))
    assert points.level == 1900


def test_the_urgent_never_wait_for_more_than_their_own_points() -> None:
    world = World(1000, STANDARD, jitter=0.3, seed=1)
    waits = []
    answer = world._answer

    def watched(data: Any) -> None:
        answer(data)
        waits.append(world.points.wait(world.now, 30.0, urgent=True))

    world._answer = watched  # type: ignore[method-assign]
    world.run()
    assert max(waits) <= 30.0 / STANDARD[1]
    assert sum(wait == 0 for wait in waits) >= 0.9 * len(waits) and URGENT_POINTS >= 30


def test_a_large_call_that_was_refused_does_not_hold_up_the_urgent() -> None:
    points = Points(0.0)
    mark = points.spend(990)
    points.settle(0.0, 990, 0, Told(10, 2000, 100, 0.0, mark))
    points.throttled(0.0, 9.8, 10)
    assert points.wait(0.0, 5, urgent=False) == pytest.approx(9.8)
    assert points.wait(0.0, 5, urgent=True) == 0
    assert points.wait(0.0, 30, urgent=True) == pytest.approx(0.2)
