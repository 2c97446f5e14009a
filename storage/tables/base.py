"""The one `metadata` of the product and the column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, Dialect, Integer, MetaData, Text
from sqlalchemy.types import TypeDecorator

from storage.clock import from_micros, to_micros
from storage.jsontext import dump_json, load_json

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

BigId = BigInteger().with_variant(Integer, "sqlite")
"""64 bits everywhere; on SQLite spelt INTEGER, which alone makes a primary key the row's own number."""

BYTEWISE = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is compared byte by byte everywhere, as SQLite and Python do, whatever language the PostgreSQL
database was made for: for what is looked for by its beginning, or walked along in its order."""

_LAST = "\U0010ffff"  # sorts after whatever may follow a beginning


def begins(column: ColumnElement[str], text: str) -> ColumnElement[bool]:
    """The text itself or what begins with it, capitals told apart; by the index of a BYTEWISE column."""
    return (column >= text) & (column < text + _LAST)


class Json(TypeDecorator[Any]):
    """A JSON value as text with sorted keys; Decimals, datetimes and dates come back as what they were."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else dump_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else load_json(value)


class UtcDateTime(TypeDecorator[datetime]):
    """An aware time as integer microseconds since 1970 UTC: exact, sortable, the same on every database.

    A naive time is refused with ValueError; what comes back is in UTC.
    """

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else to_micros(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else from_micros(value)
