"""The shared widgets, drawn by AppTest."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from streamlit.testing.v1 import AppTest

from console import access
from console.i18n import reading_in
from console.state import Shell
from pages.parts import ago, duration, label_of, money, number, plain, share, shown
from pages.parts.status import STATES
from storage.users import User

NOW = datetime(2026, 11, 20, 21, 30, tzinfo=UTC)


@pytest.fixture
def signed_in(shell: Shell, admin: User, monkeypatch: pytest.MonkeyPatch) -> str:
    """A living session of the administrator, shown by every AppTest of this test."""
    token = shell.sessions.start(admin)
    monkeypatch.setattr(access, "token", lambda: token)
    return token


@pytest.mark.parametrize(
    "text",
    [
        "**bold**",
        "<b>x</b>",
        "![i](http://x/y.png)",
        "[a](http://b)",
        ":material/home:",
        ":red[x]",
        "$x$",
        "# h",
        "`c`",
        "|a|b|",
    ],
)
def test_no_markup_survives_in_remote_text(text: str) -> None:
    escaped = plain(text)
    for sign in "*_`<>[]()#$|:!":
        assert escaped.count(sign) == escaped.count(f"\\{sign}")


@given(st.text())
def test_remote_text_is_one_line_and_loses_no_letter(text: str) -> None:
    escaped = plain(text, limit=10_000)
    assert "\n" not in escaped
    assert [c for c in escaped if c.isalnum()] == [c for c in text if c.isalnum()]


@pytest.mark.parametrize("text", ["see https://evil.test/x", "www.evil.test", "mail me@evil.test"])
def test_remote_addresses_do_not_become_links(text: str) -> None:
    assert "\u2060" in plain(text)


def test_long_remote_text_is_cut() -> None:
    assert plain("a" * 1000, limit=20) == "a" * 19 + "…"


def test_times_are_shown_on_the_operators_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(access, "reader", lambda: access.Reader("tr", "Europe/Istanbul"))
    assert shown(NOW) == "21.11.2026 00:30"
    assert shown(None) == "–"
    with pytest.raises(ValueError, match="zone"):
        shown(NOW.replace(tzinfo=None))


@pytest.mark.parametrize(
    ("before", "said"),
    [
        (5, "just now"),
        (60, "1 minute ago"),
        (125, "2 minutes ago"),
        (7300, "2 hours ago"),
        (90_000, "19 Nov 2026, 20:30"),
    ],
)
def test_how_long_ago(before: int, said: str) -> None:
    assert ago(NOW - timedelta(seconds=before), NOW) == said


@pytest.mark.parametrize(
    ("seconds", "said"), [(8, "0:08"), (725, "12:05"), (3723.4, "1:02:03"), (None, "–"), (-3, "0:00")]
)
def test_lengths_of_time(seconds: float | None, said: str) -> None:
    assert duration(seconds) == said


def test_money_is_exact_and_written_as_the_reader_does() -> None:
    assert money(Decimal("1299.9"), "TRY") == "1,299.90 ₺"
    assert money(Decimal("0.125"), "EUR") == "0.125 €"
    assert money(Decimal("1E+3"), "XXX") == "1,000.00 XXX"
    assert money(None, "TRY") == "–"
    with reading_in("tr"):
        assert money(Decimal("-1299.90"), "TRY") == "-1.299,90 ₺"
        assert number(1234567) == "1.234.567"
        assert share(979, 1000) == "%97,9"
    assert share(1, 0) == "–"


def test_every_state_has_a_word_in_both_languages() -> None:
    with reading_in("tr"):
        assert all(label_of(state) for state in STATES)
    assert label_of("never heard of") == "never heard of"


def test_a_page_of_all_parts_draws(signed_in: str) -> None:
    def page() -> None:
        import streamlit as st

        from pages.parts import (
            Metric,
            Progress,
            clear_filters,
            empty_state,
            export_button,
            metric_row,
            page_header,
            pager,
            pick_many,
            pick_one,
            progress_panel,
            search_box,
            section,
            status_badge,
        )

        with page_header("Runs", "All of them"):
            st.button("Sync now")
        metric_row(
            [
                Metric("Products", "2,787", "+8%", "vs yesterday", series=[1, 2, 3]),
                Metric("Failed", "3", good="down"),
            ]
        )
        status_badge("connected", "all scopes granted")
        section("Running")
        progress_panel(
            Progress("a *b*", "running", "Writing", 5, 10, 61, 2.5, 2, "<i>", {"created": 5}),
            key="run",
            cancel=lambda: None,
        )
        search_box("Search", "q")
        pick_one("Source", ["a", "b"], "source")
        pick_many("Level", ["info", "error"], "level")
        clear_filters(["q"])
        pager(key="p", newer=False, older=True, caption="1–100")
        export_button("runs", ["a"], lambda: [[1]], key="csv")
        empty_state("inbox", "Nothing", "At all")

    test = AppTest.from_function(page).run()
    assert not test.exception
    assert [title.value for title in test.title] == ["Runs"]
    assert test.metric[0].value == "2,787"
    assert test.get("progress")[0].proto.text == "Writing · 5 of 10 (50%)"
    assert test.button(key="p_newer").disabled and not test.button(key="p_older").disabled


def test_a_table_shows_text_as_text_and_refuses_a_flood(signed_in: str) -> None:
    def page(count: int) -> None:
        from pages.parts import status_cell, status_column, table, text_column

        rows = [{"name": "<b>x</b>", "state": status_cell("failed"), "hidden": 1} for _ in range(count)]
        table(rows, {"name": text_column("Name"), "state": status_column("State", ["failed"])}, key="t")

    test = AppTest.from_function(page, args=(3,)).run()
    assert list(test.dataframe[0].value.columns) == ["name", "state"]
    assert list(test.dataframe[0].value["name"]) == ["<b>x</b>"] * 3
    assert AppTest.from_function(page, args=(1001,)).run().exception


def confirming() -> AppTest:
    def page() -> None:
        import streamlit as st

        from pages.parts import Question, ask

        def act() -> None:
            st.session_state["done"] = st.session_state.get("done", 0) + 1
            st.session_state["asking"] = False

        # AppTest draws the whole page where a browser draws the dialog alone: it has to be opened each time.
        if st.button("Delete", key="delete"):
            st.session_state["asking"] = True
        if st.session_state.get("asking"):
            ask(Question("Delete?", "It goes.", "my-shop", "Delete it", ["2 links"]), act, key="sure")

    return AppTest.from_function(page).run().button(key="delete").click().run()


def test_the_typed_word_must_match(signed_in: str) -> None:
    test = confirming()
    assert test.button(key="sure_do").disabled
    test.text_input(key="sure_phrase").input("my-sho").run()
    button = test.button(key="sure_do")
    assert button.disabled
    button.proto.disabled = False  # what a forged click would do
    button.click().run()
    assert "done" not in test.session_state


def test_the_right_word_acts_once(signed_in: str) -> None:
    test = confirming()
    test.text_input(key="sure_phrase").input("my-shop").run()
    test.button(key="sure_do").click().run()
    assert test.session_state["done"] == 1
    test.run()
    assert test.session_state["done"] == 1


def test_a_toast_said_in_a_callback_shows_once() -> None:
    def page() -> None:
        import streamlit as st

        from pages.parts import say_later, toasts

        toasts.show()
        st.button("Save", key="save", on_click=say_later, args=("Saved",))

    test = AppTest.from_function(page).run().button(key="save").click().run()
    assert [toast.value for toast in test.toast] == ["Saved"]
    assert not test.run().toast


def live_page() -> None:
    import streamlit as st

    from pages.parts import live

    state: Any = st.session_state
    state["drawn_pages"] = state.get("drawn_pages", 0) + 1

    def draw() -> None:
        st.text("drawn")

    live(draw, running=lambda: frozenset(st.session_state.get("runs", ())), key="live")


def test_a_live_part_draws_and_asks_who_it_is(signed_in: str, shell: Shell) -> None:
    test = AppTest.from_function(live_page).run()
    assert [text.value for text in test.text] == ["drawn"]
    shell.sessions.revoke(signed_in)
    assert not test.run().text
