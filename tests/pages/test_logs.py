"""The log page in AppTest: filters in the address, pages by key, the operator's clock."""

from __future__ import annotations

from datetime import UTC, datetime

from streamlit.testing.v1 import AppTest

from storage.logs import LogRow
from sync.application import Application
from sync.model.text import say
from tests.pages import seed
from tests.pages.operating import Open, open_page, operator, shop, texts, ws

__all__ = ["open_page", "operator", "shop", "ws"]


def rows(test: AppTest) -> list[dict[str, object]]:
    found: list[dict[str, object]] = test.dataframe[0].value.to_dict("records")  # type: ignore[assignment]
    return found


def test_nothing_has_happened(open_page: Open) -> None:
    assert "Nothing has happened yet" in texts(open_page("logs"))


def test_a_page_of_rows_the_newest_first(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    seed.logs(ws, shop, 250)
    test = open_page("logs")
    first = rows(test)
    assert len(first) == 100 and first == sorted(first, key=lambda row: str(row["at"]), reverse=True)
    assert "1–100 of 250" in texts(test) and "Kept: 90 days" in texts(test)
    test.button(key="log_page_on").click().run()
    assert "101–200 of 250" in texts(test) and rows(test)[0] not in first


def test_the_address_names_type_connection_and_text(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    seed.logs(ws, shop, 250)
    assert {tuple(r["level"]) for r in rows(open_page("logs", type="error"))} == {("Error",)}  # type: ignore[arg-type]
    assert {r["where"] for r in rows(open_page("logs", connection=shop.link.a))} == {"Sentos Moda"}
    sku = next(r["sku"] for r in rows(open_page("logs")) if r["sku"])
    assert {r["sku"] for r in rows(open_page("logs", q=str(sku)))} == {sku}


def test_the_rows_of_one_run(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    seed.logs(ws, shop, 20)
    ws.logs.write([LogRow("info", say("Full run started by {who}.", who="ayse"), run_id="abc123")])
    assert [r["text"] for r in rows(open_page("logs", run="abc123"))] == ["Full run started by ayse."]


def test_a_filter_without_rows_says_so(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    seed.logs(ws, shop, 5)
    assert "No row matches" in texts(open_page("logs", q="nothingofthekind"))


def test_times_are_shown_in_the_operators_zone(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    ws.logs.write([LogRow("info", say("Hello"), at=datetime(2026, 1, 5, 22, 30, tzinfo=UTC))])
    test = open_page("logs")
    assert "Europe/Istanbul" in test.dataframe[0].proto.columns


def test_a_sentence_is_read_in_the_readers_language_and_kept_in_english(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    ws.logs.write([LogRow("warning", say("There is no run {id}.", id="x"))])
    [row] = rows(open_page("logs", language="tr", q="no run"))
    assert row["level"] == ["Uyarı"]
