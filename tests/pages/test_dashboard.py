"""The dashboard in AppTest: every figure is the database's."""

from __future__ import annotations

from datetime import timedelta

from sync.application import Application
from tests.pages import seed
from tests.pages.operating import Open, metrics, open_page, operator, shop, texts, ws

__all__ = ["open_page", "operator", "shop", "ws"]


def test_an_empty_installation_is_led_to_its_beginning(open_page: Open) -> None:
    test = open_page("dashboard")
    assert "Nothing is connected yet" in texts(test) and not test.metric


def test_connected_but_never_run(open_page: Open, shop: seed.Shop) -> None:
    test = open_page("dashboard")
    assert metrics(test)["Stock rows"] == "0" and metrics(test)["Success rate"] == "–"
    assert "Nothing has run yet" in texts(test)


def test_the_figures_are_those_of_the_last_day(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    seed.stock_run(ws, shop, 40, seed.NOW - timedelta(hours=2), 1.0)
    seed.stock_run(ws, shop, 30, seed.NOW - timedelta(hours=30), 1.0)
    seed.first_run(ws, shop, 12, seed.NOW - timedelta(hours=3))
    shown = metrics(open_page("dashboard"))
    assert shown["Stock rows"] == "40"
    assert shown["Failed changes"] == "1"
    assert (
        shown["Success rate"] == "98.51%"
    )  # 40 stock + 8 prices + 9 creates + 9 publications of 67 answered


def test_what_fails_is_counted_by_cause(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    seed.first_run(ws, shop, 120, seed.NOW - timedelta(hours=3))
    test = open_page("dashboard")
    assert "Nothing failed" not in texts(test)
    assert len(test.get("vega_lite_chart")) == 2


def test_waiting_items_and_running_runs_stand_on_it(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    seed.waiting(ws, shop, 8)
    seed.running(ws, shop)
    seed.braked(ws, shop, 5)
    test = open_page("dashboard")
    assert "Creating orders" in test.get("progress")[0].proto.text
    assert "Nothing has been written" in texts(test)


def test_a_broken_connection_says_why(open_page: Open, ws: Application, shop: seed.Shop) -> None:
    from sync.model.text import say

    ws.connections.record_check(shop.link.a, None, say("Sentos refuses user name or key."))
    assert "Sentos refuses user name or key" in texts(open_page("dashboard")).replace("\\", "")


def test_whoever_may_mend_it_is_led_to_a_broken_connection(
    open_page: Open, ws: Application, shop: seed.Shop
) -> None:
    from sync.model.text import say

    ws.connections.record_check(shop.link.b, None, say("The token is refused."))
    for page in ("dashboard", "sync"):
        told = open_page(page, role="admin") if page == "dashboard" else open_page(page)
        assert "The token is refused" in texts(told).replace("\\", "")
        ways = [link.proto.label for link in told.get("page_link")]
        assert ("Open connection" in ways) is (page == "dashboard"), "only an administrator mends it"
