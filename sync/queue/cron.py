"""Crontab lines as people know them, for APScheduler, which counts weekdays from Monday where cron counts
from Sunday."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo, available_timezones

from apscheduler.triggers.cron import CronTrigger

_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")


def cron_trigger(line: str, timezone: str) -> CronTrigger:
    """The trigger of "minute hour day month weekday"; 0 and 7 are Sunday. Where both day and weekday are
    restricted, both must hold. Raises ValueError for a line or zone that cannot be, or a moment that never
    comes."""
    parts = line.split()
    if len(parts) != 5:
        raise ValueError("five parts are needed: minute hour day month weekday")
    if timezone not in available_timezones():
        raise ValueError(f"unknown time zone {timezone}")
    minute, hour, day, month, weekday = parts
    zone = ZoneInfo(timezone)
    trigger = CronTrigger(
        minute=minute,
        hour=hour,
        day=day,
        month=month,
        day_of_week=_weekdays(weekday.casefold()),
        timezone=zone,
    )
    if trigger.get_next_fire_time(None, datetime.now(zone)) is None:
        raise ValueError("that moment never comes")
    return trigger


def _weekdays(field: str) -> str:
    """The weekday field by names, which mean the same everywhere."""
    if field == "*":
        return field
    days = {day for part in field.split(",") for day in _range(part)}
    return ",".join(name for n, name in enumerate(_DAYS) if n in days)


def _range(part: str) -> list[int]:
    span, _, step = part.partition("/")
    first, dash, last = span.partition("-")
    low, high = (
        (0, 6) if span == "*" else (_day(first), _day(last) if dash else _day(first) if not step else 6)
    )
    if high < low:  # fri-mon, or 5-7 after 7 became 0
        high += 7
    width = int(step) if step else 1
    if width < 1:
        raise ValueError("a step is at least 1")
    return [day % 7 for day in range(low, high + 1, width)]


def _day(name: str) -> int:
    if name in _DAYS:
        return _DAYS.index(name)
    if not name.isdigit() or int(name) > 7:
        raise ValueError(f"{name or 'nothing'} is no weekday")
    return int(name) % 7
