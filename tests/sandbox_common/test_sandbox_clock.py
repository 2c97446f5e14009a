"""The sandbox's clock: stamps are real, spans are scaled."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pytest

from sandbox.clock import Clock, ManualClock


def test_scaled_time_runs_faster_than_the_wall() -> None:
    clock = Clock(speed=1000)
    before, stamp = clock.monotonic(), clock.now()
    asyncio.run(clock.sleep(20))
    assert clock.monotonic() - before >= 20
    assert clock.now() - stamp < timedelta(seconds=20)
    assert clock.now().utcoffset() == timedelta(0)


def test_a_speed_of_zero_is_refused() -> None:
    with pytest.raises(ValueError, match="above 0"):
        Clock(0)


def test_a_manual_clock_moves_only_when_told() -> None:
    clock = ManualClock()
    stamp = clock.now()
    assert clock.monotonic() == 0
    clock.advance(61)
    asyncio.run(clock.sleep(4))
    assert clock.monotonic() == 65
    assert clock.now() - stamp == timedelta(seconds=65)
    with pytest.raises(ValueError):
        clock.advance(-1)
