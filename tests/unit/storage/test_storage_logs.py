"""The log answers every question about what happened, in order, fast and without secrets."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select, text, update
from sqlalchemy.dialects import postgresql

from storage.database import Database
from storage.logs import Count, LogRow, Logs
from storage.redact import MASK, REDACTOR
from storage.search import LogFilter, fts_query, matching_ids
from storage.tables.logs import log_hours
from storage.tables.logs import logs as table
from sync.model.text import say


@pytest.fixture
def logs(db: Database, clock) -> Logs:
    return Logs(db, clock)


def _row(sentence: str = "A price changed", level: Any = "info", **values: Any) -> LogRow:
    return LogRow(level, say(sentence), **values)


def _texts(logs: Logs, **wanted: Any) -> list[str]:
    return [row.message.english() for row in logs.page(LogFilter(**wanted)).rows]


def test_a_row_comes_back_whole(logs: Logs, clock) -> None:
    row = LogRow(
        "error",
        say("{count} prices of {title} are 0", count=3, title="Tişört 👕"),
        at=clock(),
        connection_id="c1",
        link_id="k1",
        flow_id="f1",
        entity="price",
        record="gid://shopify/Product/7",
        sku="TSH-1",
        run_id="r1",
        detail="HTTP 500\nbody",
    )
    logs.write([row])
    found = logs.page().rows
    assert found == [row] and logs.get(found[0].id) == row
    assert found[0].message.render("{title}: {count} Preise sind 0") == "Tişört 👕: 3 Preise sind 0"
    assert logs.get(1) is None


def test_a_row_without_a_time_happens_now(logs: Logs, clock) -> None:
    logs.write([_row()])
    assert logs.page().rows[0].at == clock()


def test_newest_first_also_when_written_late_or_at_once(logs: Logs, clock) -> None:
    logs.write([_row("now 1"), _row("now 2")])
    logs.write([_row("now 3"), _row("an hour ago", at=clock() - timedelta(hours=1))])
    logs.write([_row("two hours ago", at=clock() - timedelta(hours=2)), _row("now 4")])
    assert _texts(logs) == ["now 4", "now 3", "now 2", "now 1", "an hour ago", "two hours ago"]


def test_two_processes_writing_the_same_moment_lose_nothing(db: Database, clock) -> None:
    one, two = Logs(db, clock), Logs(db, clock)
    for number in range(4):
        one.write([_row(f"one {number} {part}") for part in range(3)])
        two.write([_row(f"two {number} {part}") for part in range(3)])
    assert len(set(_texts(one))) == 24


def test_pages_join_without_gap_or_overlap(logs: Logs, clock) -> None:
    logs.write([_row(f"row {number}", level="error" if number % 3 else "info") for number in range(50)])
    seen, cursor, pages = [], None, 0
    while True:
        page = logs.page(LogFilter(levels=("error",)), cursor, limit=7)
        seen += [row.message.english() for row in page.rows]
        pages += 1
        if page.next_cursor is None:
            break
        cursor = page.next_cursor
    assert seen == [f"row {number}" for number in reversed(range(50)) if number % 3]
    assert pages == 5


def test_a_full_last_page_has_no_next(logs: Logs) -> None:
    logs.write([_row() for _ in range(10)])
    assert logs.page(limit=10).next_cursor is None
    assert logs.page(limit=9).next_cursor is not None


FACTS: dict[str, list[Any]] = {
    "level": ["success", "error", "warning", "info"],
    "connection_id": [None, "c1", "c2", "c12"],
    "link_id": [None, "k1"],
    "flow_id": [None, "f1", "f2"],
    "entity": ["product", "order"],
    "run_id": [None, "r1", "r2"],
    "sku": [None, "TSH-1", "TSH-1-RED", "A.B/1", "a.b:1", "ÇAN_7"],
    "record": [None, "gid://shopify/Product/1", "12", "123"],
}
SENTENCES = [
    "Price of lacivert tişört changed",
    "Order refused: no SKU",
    "Tişört created",
    "100% done, 5 left",
]


def _many(clock: Any, count: int = 400) -> list[LogRow]:
    chance = random.Random(3)
    return [
        LogRow(
            message=say(chance.choice(SENTENCES)),
            at=clock() - timedelta(minutes=chance.randrange(6_000)),
            **{name: chance.choice(options) for name, options in FACTS.items()},
        )
        for _ in range(count)
    ]


def _matches(row: LogRow, wanted: LogFilter) -> bool:
    """The filter's meaning, without text, in plain Python."""
    same = all(getattr(wanted, name) in (None, getattr(row, name)) for name in FACTS if name != "level")
    assert row.at
    return (
        same
        and (not wanted.levels or row.level in wanted.levels)
        and (wanted.since is None or row.at >= wanted.since)
        and (wanted.until is None or row.at < wanted.until)
    )


def _time(row: LogRow) -> Any:
    return row.at


def test_every_combination_of_filters_means_what_it_says(logs: Logs, clock) -> None:
    rows = _many(clock)
    logs.write(rows)
    chance = random.Random(5)
    for _ in range(150):
        facts = {
            name: chance.choice([None, None, *options]) for name, options in FACTS.items() if name != "level"
        }
        wanted = LogFilter(
            levels=tuple(chance.sample(FACTS["level"], chance.randrange(3))),
            since=chance.choice([None, clock() - timedelta(minutes=4_000)]),
            until=chance.choice([None, clock() - timedelta(minutes=1_000)]),
            **facts,
        )
        expected = sorted((row for row in rows if _matches(row, wanted)), key=_time, reverse=True)
        page = logs.page(wanted, limit=1_000)
        assert [row.at for row in page.rows] == [row.at for row in expected], wanted
        assert logs.count_capped(wanted) == Count(len(expected), False)


@pytest.mark.parametrize(
    ("typed", "found"),
    [
        ("tişört", True),
        ("TIŞÖRT", True),
        ("tis", True),
        ("tisort", True),
        ("price tişört", True),
        ("changed price", True),
        ("pric tişört", False),
        ("tsh-1-r", True),
        ("TSH-1-RED", True),
        ("product/7", True),
        ("shopify product 7", True),
        ("nowhere", False),
        ('"', False),
        ("***", False),
        ('price" OR "x', False),
        ("NEAR(price)", False),
        ("price AND", False),
        ("-price", False),
        ("", True),
        ("   ", True),
        ("price\0changed", True),
        ("\ue000linfo", False),
        ("%", False),
        ("price, changed!", True),
    ],
)
def test_search_finds_words_and_beginnings_and_never_breaks(logs: Logs, typed: str, found: bool) -> None:
    logs.write([_row("Price of tişört changed", sku="TSH-1-RED", record="gid://shopify/Product/7")])
    assert bool(logs.page(LogFilter(text=typed)).rows) is found


@settings(max_examples=150)
@given(st.text(st.characters(exclude_categories=()), max_size=30))
def test_nothing_that_can_be_typed_breaks_the_search(logs: Logs, typed: str) -> None:
    logs.page(LogFilter(text=typed, sku=typed or None, record=typed or None, connection_id=typed or None))


def test_facets_are_not_found_as_words(logs: Logs) -> None:
    logs.write([_row("Something", level="error", entity="order", connection_id="shop")])
    words = ("error", "order", "shop", "lerror", "l", "eorder")
    assert [_texts(logs, text=word) for word in words] == [[]] * 6


def test_counts_stop_at_the_cap(logs: Logs) -> None:
    logs.write([_row() for _ in range(30)])
    assert logs.count_capped(cap=29) == Count(29, True)
    assert logs.count_capped(cap=30) == Count(30, False)
    assert logs.count_capped(LogFilter(text="!!!")) == Count(0, False)


def test_the_histogram_counts_hours(logs: Logs, clock) -> None:
    clock.now = clock.now.replace(minute=30)
    logs.write(
        [
            _row(level="error", connection_id="c1"),
            _row(level="error"),
            _row(level="success", connection_id="c1"),
        ]
    )
    logs.write(
        [_row(level="error", at=clock() - timedelta(minutes=31)), _row(at=clock() - timedelta(hours=24))]
    )
    hours = logs.histogram(24)
    assert len(hours) == 24 and hours[-1].hour == clock().replace(minute=0)
    assert hours[-1][1:] == (1, 2, 0, 0) and hours[-2][1:] == (0, 1, 0, 0)
    assert sum(sum(hour[1:]) for hour in hours) == 4, "what is 24 hours old has left the picture"
    assert logs.histogram(1, connection_id="c1")[0][1:] == (1, 1, 0, 0)


def test_pruning_keeps_the_newest_rows(logs: Logs, clock, monkeypatch) -> None:
    monkeypatch.setattr("storage.logs.PRUNED_AT_ONCE", 3)
    logs.write([_row(f"row {number}", at=clock() - timedelta(days=number)) for number in range(20)])
    assert logs.prune(max_rows=100, max_days=15) == 4
    assert logs.prune(max_rows=10, max_days=15) == 6
    assert _texts(logs) == [f"row {number}" for number in range(10)]
    assert _texts(logs, text="row") == _texts(logs), "the search has forgotten the rest too"
    assert logs.prune(max_rows=10, max_days=15) == 0


def test_pruning_leaves_a_sound_index_and_old_hours_go(sqlite: Database, clock) -> None:
    logs, db = Logs(sqlite, clock), sqlite
    logs.write([_row(at=clock() - timedelta(days=number)) for number in range(20)])
    logs.prune(max_rows=5, max_days=10)
    with db.write() as connection:
        connection.execute(text("INSERT INTO logs_search (logs_search, rank) VALUES ('integrity-check', 1)"))
        assert connection.execute(select(log_hours)).rowcount != 0
    assert sum(sum(hour[1:]) for hour in logs.histogram(24 * 30)) in (10, 11)


def test_a_changed_row_is_found_by_its_new_words_only(db: Database, logs: Logs) -> None:
    logs.write([_row("Order of Ada Lovelace")])
    with db.write() as connection:
        connection.execute(update(table).values(text="Order of a person"))
    assert len(_texts(logs, text="person")) == 1 and _texts(logs, text="Lovelace") == []


def test_export_gives_every_row_once_while_others_write(logs: Logs, monkeypatch) -> None:
    monkeypatch.setattr("storage.logs.EXPORTED_AT_ONCE", 4)
    logs.write([_row(f"row {number}") for number in range(11)])
    exported = []
    for row in logs.export(LogFilter(text="row")):
        exported.append(row.message.english())
        if len(exported) == 5:
            logs.write([_row("row newer")])
    assert exported == [f"row {number}" for number in reversed(range(11))]


def test_no_secret_reaches_the_log(db: Database, logs: Logs) -> None:
    REDACTOR.learn(["tok-5566778899"])
    refused = say("refused {url}", url="https://h/?t=tok-5566778899")
    logs.write([LogRow("error", refused, detail="Bearer abcdefghijkl")])
    with db.read() as connection:
        stored = str(connection.execute(select(table)).all())
    assert "5566778899" not in stored and "abcdefghijkl" not in stored and MASK in stored


def test_text_that_databases_dislike_is_stored_readably(logs: Logs) -> None:
    odd = say("half {a}", a="\ud83d")
    logs.write([LogRow("info", odd, detail="nul \0 here", sku="\ud83d", record="x" * 9_000)])
    row = logs.page().rows[0]
    assert (row.detail, row.sku, len(row.record or "")) == ("nul   here", "?", 500)


def test_wrong_rows_are_refused_whole(logs: Logs, clock) -> None:
    with pytest.raises(ValueError, match="level"):
        logs.write([_row(), _row(level="fatal")])
    with pytest.raises(ValueError, match="time zone"):
        logs.write([_row(), _row(at=clock().replace(tzinfo=None))])
    assert logs.page().rows == []
    logs.write([])


def test_a_log_row_joins_the_transaction_it_tells_of(db: Database, logs: Logs) -> None:
    with pytest.raises(ZeroDivisionError), db.write() as connection:
        logs.write_with(connection, [_row()])
        _ = 1 / 0
    assert logs.page().rows == []


def test_the_query_is_an_intersection_of_words_and_facets() -> None:
    wanted = LogFilter(levels=("error", "info"), connection_id="c1", text='a "b', sku="S-1")
    assert fts_query(wanted) == (
        '"a" AND """b" * AND "S-1" AND "\ue000cc1" AND ("\ue000lerror" OR "\ue000linfo")'
    )
    assert fts_query(LogFilter()) == "" and fts_query(LogFilter(text="?!")) is None


def test_postgresql_asks_the_same_with_its_own_means(clock) -> None:
    wanted = LogFilter(levels=("error",), connection_id="c1", text="tişört TSH-1", since=clock())
    ids = matching_ids(wanted, "postgresql")
    assert ids is not None
    sql = str(ids.compile(dialect=postgresql.dialect()))  # type: ignore[no-untyped-call]
    assert "logs.words @@" in sql and "AS TSQUERY" in sql
    assert "logs.connection_id =" in sql and "logs.level IN" in sql and "logs.id >=" in sql
    assert matching_ids(replace(wanted, text="?!"), "postgresql") is None


def test_rare_and_common_words_page_alike(logs: Logs, clock, monkeypatch) -> None:
    logs.write([_row(f"common {'rare' if n % 10 == 0 else 'row'} {n}", at=clock()) for n in range(40)])
    for few in (3, 10_000):
        monkeypatch.setattr("storage.logs.FEW", few)
        first = logs.page(LogFilter(text="rare"), limit=3)
        rest = logs.page(LogFilter(text="rare"), first.next_cursor, limit=3)
        found = [row.message.english() for row in (*first.rows, *rest.rows)]
        assert found == [f"common rare {n}" for n in (30, 20, 10, 0)] and rest.next_cursor is None
        assert len(logs.page(LogFilter(text="comm"), limit=25).rows) == 25
