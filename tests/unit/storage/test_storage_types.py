"""Column types give back exactly what they were given, or refuse it."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, create_engine, insert, select
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import StatementError

from storage.clock import from_micros, to_micros
from storage.jsontext import dump_json, load_json
from storage.tables.base import Json, UtcDateTime

DIALECT = sqlite.dialect()  # type: ignore[no-untyped-call]
zones = st.integers(-14 * 60, 14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
moments = st.datetimes(min_value=datetime(2, 1, 1), max_value=datetime(9998, 12, 31), timezones=zones)
digits = st.lists(st.integers(0, 9), min_size=1, max_size=18).map(tuple)
decimals = st.builds(lambda *parts: Decimal(parts), st.integers(0, 1), digits, st.integers(-20, 20))
texts = st.text(st.characters(exclude_categories=()), max_size=20)
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts
    | decimals
    | moments
    | st.dates(),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            texts | st.sampled_from(["$decimal", "$datetime", "$date", "$object"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


def _same(one: Any, two: Any) -> bool:
    """Equal and of the same type, all the way down (1, 1.0, True and Decimal(1) are different)."""
    if isinstance(one, dict):
        return (
            isinstance(two, dict)
            and one.keys() == two.keys()
            and all(_same(one[key], two[key]) for key in one)
        )
    if isinstance(one, list):
        return isinstance(two, list) and len(one) == len(two) and all(map(_same, one, two))
    return type(one) is type(two) and one == two


@given(values)
def test_json_comes_back_as_it_was(value: Any) -> None:
    assert _same(load_json(dump_json(value)), value)


@given(st.dictionaries(texts, values, max_size=5))
def test_equal_objects_give_equal_text_that_a_database_takes(value: dict[str, Any]) -> None:
    backwards = dict(reversed(value.items()))
    assert dump_json(value) == dump_json(backwards)
    dump_json(value).encode("utf-8")


def test_equal_moments_give_equal_text() -> None:
    istanbul = datetime(2026, 11, 20, 15, tzinfo=timezone(timedelta(hours=3)))
    assert dump_json(istanbul) == '{"$datetime":"2026-11-20T12:00:00+00:00"}'
    assert dump_json(istanbul) == dump_json(istanbul.astimezone(UTC))


def test_json_keeps_turkish_letters_readable() -> None:
    assert dump_json({"b": Decimal("1.20"), "a": "Tişört"}) == '{"a":"Tişört","b":{"$decimal":"1.20"}}'


@pytest.mark.parametrize(
    "value", [b"x", {1, 2}, {1: "x"}, object(), float("nan"), float("inf"), datetime(2026, 1, 1)]
)
def test_json_refuses_what_it_cannot_give_back(value: Any) -> None:
    with pytest.raises((TypeError, ValueError)):
        dump_json(value)


@given(moments, moments)
def test_moments_are_exact_and_sort_like_time(one: datetime, two: datetime) -> None:
    assert from_micros(to_micros(one)) == one
    assert from_micros(to_micros(one)).tzinfo is UTC
    assert (to_micros(one) < to_micros(two)) == (one < two)


def test_a_naive_time_never_reaches_the_database() -> None:
    with pytest.raises(ValueError, match="time zone"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), DIALECT)


def test_types_work_in_a_real_table_and_in_conditions() -> None:
    metadata = MetaData()
    table = Table(
        "t",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("at", UtcDateTime),
        Column("body", Json),
    )
    engine = create_engine("sqlite://")
    metadata.create_all(engine)
    at = datetime(2026, 11, 20, 12, tzinfo=UTC)
    with engine.begin() as connection:
        connection.execute(
            insert(table),
            [
                {"at": at, "body": {"day": date(2026, 1, 2)}},
                {"at": at + timedelta(days=1), "body": None},
            ],
        )
        early = connection.execute(select(table).where(table.c.at < at + timedelta(hours=1))).mappings().all()
        assert [dict(row) for row in early] == [{"id": 1, "at": at, "body": {"day": date(2026, 1, 2)}}]
        assert connection.execute(select(table.c.id).where(table.c.body.is_(None))).scalars().all() == [2]
        with pytest.raises(StatementError, match="time zone"):
            connection.execute(insert(table).values(at=datetime(2026, 1, 1)))
    engine.dispose()
