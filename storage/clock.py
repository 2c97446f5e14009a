"""Time as storage sees it: aware UTC datetimes outside, integer microseconds since 1970 inside."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]
"""Answers the present moment as an aware datetime in UTC; handed in so that tests can hold time still."""

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def utc_now() -> datetime:
    """The machine's clock, aware, in UTC."""
    return datetime.now(UTC)


def to_micros(value: datetime) -> int:
    """Whole microseconds since 1970-01-01 UTC. Raises ValueError for a time without a zone."""
    if value.tzinfo is None or value.utcoffset() is None:
        raise ValueError(f"a time without a time zone cannot be stored: {value!r}")
    return (value - EPOCH) // _MICROSECOND


def from_micros(value: int) -> datetime:
    """The aware UTC time of `to_micros`; exact in both directions."""
    return EPOCH + timedelta(microseconds=value)
