"""Settings of the whole installation: each known by name, with a type, a default and limits."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, delete, select

from storage.clock import Clock, utc_now
from storage.database import Database
from storage.errors import BadInput
from storage.tables.preferences import preferences
from storage.upsert import upsert

T = TypeVar("T")


@dataclass(frozen=True)
class Preference(Generic[T]):
    """One setting: where it is kept, what it is by default, and what it may be."""

    key: str
    kind: type[T]
    default: T
    least: Any = None
    most: Any = None
    choices: tuple[Any, ...] = ()

    def check(self, value: Any) -> T:
        """`value`, if it may be. Raises BadInput with the limits otherwise."""
        right_type = isinstance(value, self.kind) and (self.kind is bool or not isinstance(value, bool))
        if not right_type:
            kind = _KINDS.get(self.kind, "of another type")
            raise BadInput("{setting} must be {kind}.", setting=self.key, kind=kind)
        if (self.least is not None and value < self.least) or (self.most is not None and value > self.most):
            raise BadInput(
                "{setting} must be between {least} and {most}.",
                setting=self.key,
                least=self.least,
                most="∞" if self.most is None else self.most,
            )
        if self.choices and value not in self.choices:
            raise BadInput(
                "{setting} must be one of {choices}.",
                setting=self.key,
                choices=", ".join(map(str, self.choices)),
            )
        checked: T = value
        return checked


_KINDS: dict[type, str] = {
    int: "a whole number",
    str: "text",
    bool: "on or off",
    dict: "an object",
    datetime: "a time",
}
LONG_AGO = datetime.fromisoformat("1970-01-01T00:00:00+00:00")

LOG_ROWS = Preference("logs.max_rows", int, 1_000_000, least=1_000, most=100_000_000)
LOG_DAYS = Preference("logs.max_days", int, 90, least=1, most=3_650)
RUN_DAYS = Preference("runs.max_days", int, 180, least=7, most=3_650)
LANGUAGE = Preference("operator.language", str, "en", choices=("en", "tr"))
TIMEZONE = Preference("operator.timezone", str, "")
CSV_DECIMAL_COMMA = Preference("operator.csv_decimal_comma", bool, False)
PAUSED = Preference("sync.paused", bool, False)
TRIAL_WANTED = Preference("trial.wanted", dict, {})
"""A trial that another process asks the working one to set up: {"products": int, "orders": int}; {}: none."""
RESTORED_AT = Preference("backup.restored_at", datetime, LONG_AGO)
"""When a backup was last put back; `LONG_AGO` means never. What was sent after the backup was made is unknown
to it, so calls without an outcome and records without a binding are looked up before anything is sent
again."""
STOCK_SINCE = Preference("stock.aligned_since", datetime, LONG_AGO)
"""When a backup was last put back, for good: no run from before is the baseline of a stock flow."""

KNOWN: tuple[Preference[Any], ...] = (
    LOG_ROWS,
    LOG_DAYS,
    RUN_DAYS,
    LANGUAGE,
    TIMEZONE,
    CSV_DECIMAL_COMMA,
    PAUSED,
    TRIAL_WANTED,
    RESTORED_AT,
    STOCK_SINCE,
)


class Preferences:
    """Reads and writes settings; a setting nobody has changed has its default."""

    def __init__(self, db: Database, clock: Clock = utc_now) -> None:
        self._db = db
        self._clock = clock

    def get(self, preference: Preference[T]) -> T:
        """The stored value, or the default; also the default where an older version stored what is now
        refused."""
        with self._db.read() as connection:
            stored = connection.execute(
                select(preferences.c.value).where(preferences.c.key == preference.key)
            ).scalar()
        if stored is None:
            return preference.default
        try:
            return preference.check(stored)
        except BadInput:
            return preference.default

    def set(self, preference: Preference[T], value: T) -> None:
        """Stores a value. Raises BadInput when it is outside the setting's limits."""
        with self._db.write() as connection:
            put(connection, preference, value, self._clock())

    def reset(self, preference: Preference[T]) -> None:
        """Back to the default."""
        with self._db.write() as connection:
            connection.execute(delete(preferences).where(preferences.c.key == preference.key))

    def all(self) -> dict[str, Any]:
        """Every known setting by key, with its present value."""
        return {preference.key: self.get(preference) for preference in KNOWN}


def put(connection: Connection, preference: Preference[T], value: T, now: datetime) -> None:
    """`Preferences.set` inside a write transaction that is already open."""
    row = {"key": preference.key, "value": preference.check(value), "changed_at": now}
    upsert(connection, preferences, [row], key=["key"])
