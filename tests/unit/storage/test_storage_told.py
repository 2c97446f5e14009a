"""What an error of the database tells: statement and reason, never the values, for tracebacks are kept."""

from __future__ import annotations

import traceback
from collections.abc import Iterator

import pytest
from sqlalchemy import Integer, bindparam, text
from sqlalchemy.exc import DBAPIError, SQLAlchemyError

from storage.database import Database

BUYER = "Ayşe Yılmaz, Moda Cd. 7"


@pytest.fixture
def people(database: Database) -> Iterator[Database]:
    """A table that keeps each name once."""
    with database.write() as tx:
        tx.exec_driver_sql(
            "CREATE TABLE people (name varchar(200) UNIQUE, note varchar(200) NOT NULL, age integer)"
        )
    yield database
    with database.write() as tx:
        tx.exec_driver_sql("DROP TABLE people")


def _told(db: Database, statement: str, **values: object) -> str:
    """The traceback of what this statement raises."""
    query = text(statement)
    with pytest.raises(SQLAlchemyError) as raised, db.write() as tx:
        tx.execute(query, values)
    return "".join(traceback.format_exception(raised.value))


INSERT = "INSERT INTO people (name, note) VALUES (:name, :note)"


def test_a_name_that_stands_there_already_is_not_told(people: Database) -> None:
    """PostgreSQL says in DETAIL: Key (name)=(…) already exists."""
    with people.write() as tx:
        tx.execute(text(INSERT), {"name": BUYER, "note": "x"})
    told = _told(people, INSERT, name=BUYER, note="x")
    assert BUYER not in told and "INSERT INTO people" in told and "unique" in told.casefold()


def test_a_row_that_lacks_something_is_not_told(people: Database) -> None:
    """PostgreSQL says in DETAIL: Failing row contains (…)."""
    told = _told(people, INSERT, name=BUYER, note=None)
    assert BUYER not in told and "null" in told.casefold()


def test_what_the_driver_refuses_is_not_told(people: Database) -> None:
    told = _told(people, "INSERT INTO people (name, note, age) VALUES (:name, 'x', :age)", name=BUYER, age={})
    assert BUYER not in told and "INSERT INTO people" in told


@pytest.mark.parametrize("cast", ["integer", "json", "timestamptz"])
def test_what_cannot_be_read_is_not_quoted(postgres_url: str, cast: str) -> None:
    """The very first sentence quotes it: invalid input syntax for type integer: "…"."""
    db = Database(postgres_url)
    try:
        told = _told(db, f"SELECT CAST(:given AS {cast})", given=BUYER)
    finally:
        db.close()
    assert BUYER not in told and "invalid input syntax" in told


def test_the_code_of_an_error_stays(postgres_url: str) -> None:
    """Whoever decides by it whether the database was away still can."""
    db = Database(postgres_url)
    number = bindparam("n", type_=Integer)
    try:
        with pytest.raises(DBAPIError) as raised, db.write() as tx:
            tx.execute(text("SELECT 1 / :n").bindparams(number), {"n": 0})
    finally:
        db.close()
    assert getattr(raised.value.orig, "sqlstate", "") == "22012"
    assert "division by zero" in str(raised.value)
