"""Times in the operator's zone and language. Everything stored is UTC; only what is shown passes through
here.
"""

from __future__ import annotations

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from console import access
from console.i18n import _, ngettext

_PATTERNS = {"en": "%d %b %Y, %H:%M", "tr": "%d.%m.%Y %H:%M"}
_MINUTE, _HOUR, _DAY = 60, 3600, 86400


def local(moment: datetime) -> datetime:
    """The same moment on the operator's clock. Raises ValueError for a time without zone."""
    if moment.tzinfo is None:
        raise ValueError("a time without zone cannot be shown")
    return moment.astimezone(ZoneInfo(access.reader().timezone))


def shown(moment: datetime | None) -> str:
    """Day and minute, or a dash for never."""
    return "–" if moment is None else local(moment).strftime(_PATTERNS[access.reader().language])


def day_format() -> str:
    """How a day is typed and shown in a date field, as the reader's language has it."""
    return {"tr": "DD.MM.YYYY"}.get(access.reader().language, "YYYY-MM-DD")


def ago(moment: datetime | None, now: datetime | None = None) -> str:
    """How long since: "just now", "5 minutes ago", "3 hours ago"; older than a day: day and minute; a dash
    for never.
    """
    if moment is None:
        return "–"
    seconds = ((now or datetime.now(UTC)) - moment).total_seconds()
    if seconds < _MINUTE:
        return _("just now")
    if seconds < _HOUR:
        return ngettext("{count} minute ago", "{count} minutes ago", int(seconds // _MINUTE))
    if seconds < _DAY:
        return ngettext("{count} hour ago", "{count} hours ago", int(seconds // _HOUR))
    return shown(moment)


def duration(seconds: float | None) -> str:
    """A length of time as 0:08, 12:05 or 1:02:03; a dash when unknown."""
    if seconds is None:
        return "–"
    minutes, rest = divmod(max(0, round(seconds)), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"
