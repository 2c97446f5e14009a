"""Quiet hours of a schedule: a fire inside them is put off to their end."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sync.errors import NeedsOperator
from sync.model.flow import Schedule
from sync.model.text import say

_CLOCK = re.compile(r"([01]?\d|2[0-3])[:.]([0-5]\d)")


def checked_quiet(schedule: Schedule) -> tuple[str, str]:
    """The schedule's quiet hours, from and to, as "HH:MM", both or none. Raises NeedsOperator saying what
    they may be."""
    begin, end = _tidy(schedule.quiet_from), _tidy(schedule.quiet_to)
    if bool(begin) != bool(end):
        raise NeedsOperator(say("Quiet hours need a beginning and an end, such as 23:00 and 06:30."))
    if begin and begin == end:
        raise NeedsOperator(say("Quiet hours must end at another time than they begin."))
    return begin, end


def _tidy(text: str) -> str:
    if not text.strip():
        return ""
    found = _CLOCK.fullmatch(text.strip())
    if found is None:
        raise NeedsOperator(say("“{text}” is no time of day. Example: 23:00.", text=text.strip()))
    return f"{int(found[1]):02}:{found[2]}"


def after_quiet(schedule: Schedule, at: datetime) -> datetime:
    """`at`, or the end of the quiet hours that `at` falls into (UTC)."""
    if not (schedule.quiet_from and schedule.quiet_to):
        return at
    zone = ZoneInfo(schedule.timezone)
    local = at.astimezone(zone)
    begin, end = time.fromisoformat(schedule.quiet_from), time.fromisoformat(schedule.quiet_to)
    clock = local.time()
    inside = begin <= clock < end if begin < end else clock >= begin or clock < end
    if not inside:
        return at
    day = local.date() + timedelta(days=0 if clock < end else 1)
    found = datetime.combine(day, end, tzinfo=zone)
    if found.astimezone(UTC) <= at:  # the hour that comes twice in autumn: its second end
        found = found.replace(fold=1)
    return found.astimezone(UTC)


def put_off(schedule: Schedule, at: datetime) -> bool:
    """Is `at`, the next fire as shown, the end of quiet hours that it was put off to?"""
    if not (schedule.quiet_from and schedule.quiet_to):
        return False
    local = at.astimezone(ZoneInfo(schedule.timezone))
    return local.strftime("%H:%M:%S") == f"{schedule.quiet_to}:00"
