"""Quiet hours and intervals where the clock is changed."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from sync.model.flow import Schedule
from sync.queue.quiet import after_quiet


def test_the_end_of_quiet_hours_in_the_hour_that_comes_twice_lies_ahead() -> None:
    schedule = Schedule(minutes=5, quiet_from="22:00", quiet_to="02:30", timezone="Europe/Berlin")
    at = datetime(2026, 10, 25, 1, 10, tzinfo=UTC)  # ten past two, for the second time
    assert after_quiet(schedule, at) == at + timedelta(minutes=20)
