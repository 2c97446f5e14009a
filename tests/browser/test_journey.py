"""The whole way of a newcomer: password, sandbox, test, full run, orders, decisions, logs, dashboard."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.server import Console

pytestmark = pytest.mark.browser
Pages = Callable[..., Page]


def test_from_the_first_visit_to_shop_and_erp_in_step(
    console: Console, new_page: Pages, hosts: set[str]
) -> None:
    page = new_page(viewport={"width": 1360, "height": 900})
    steps.first_visit(page, console)
    steps.start_sandbox(page)
    tested = five_products(page, console)
    everything(page, console, tested)
    orders(page, console)
    a_decision(page)
    the_log(page)
    the_dashboard(page)
    assert hosts == {urlsplit(console.url).netloc}
    steps.quiet(console)


def five_products(page: Page, console: Console) -> int:
    steps.begin(page, "Products", "test")
    figures = steps.ended(page, "Succeeded")
    steps.balances(page, figures)
    assert figures["Created"] == 5
    assert console.sandbox("shopify", "state")["counts"]["products"] == 5
    return figures["Created"]


def everything(page: Page, console: Console, tested: int) -> None:
    steps.begin(page, "Products", "full")
    figures = steps.ended(page, "Succeeded")
    steps.balances(page, figures)
    assert figures["Unchanged"] == tested and figures["Failed"] == 0
    assert figures["Needs you"] > 0
    in_shop = console.sandbox("shopify", "state")["counts"]["products"]
    assert in_shop == figures["Created"] + figures["Unchanged"]


def orders(page: Page, console: Console) -> None:
    steps.begin(page, "Orders", "full")
    figures = steps.ended(page, "Succeeded")
    steps.balances(page, figures)
    in_shop = console.sandbox("shopify", "state")["counts"]["orders"]
    assert in_shop == figures["Read"] == figures["Created"] + figures["Needs you"] + figures["Skipped"]
    assert console.sandbox("sentos", "state")["counts"]["orders"] == figures["Created"] > 0


def a_decision(page: Page) -> None:
    """Open what shares a SKU with another product, and skip it: the badge counts one less."""
    steps.go(page, "Needs you")
    waiting = badge(page)
    page.locator(".st-key-cause").get_by_text(re.compile("Several possible matches")).click()
    steps.tick(page, 0)
    case = page.locator(".st-key-case")
    expect(case.get_by_text("shares a SKU with")).to_be_visible(timeout=steps.SLOW)
    name = steps.cell(page, 0, 1)
    expect(case.get_by_text(name).first).to_be_visible()

    steps.press(case, "skip_")
    dialog = page.get_by_role("dialog")
    dialog.get_by_label("Type 1 to confirm").fill("1")
    dialog.get_by_role("button", name="Skip from now on").click()
    expect(dialog).to_have_count(0, timeout=steps.SLOW)
    expect(steps.menu_item(page, "Needs you")).to_have_text(
        re.compile(rf"\D{waiting - 1}$"), timeout=steps.SLOW
    )

    page.get_by_role("radio", name="Resolved").or_(page.get_by_role("button", name="Resolved")).first.click()
    expect(page.get_by_text("1–1 of 1")).to_be_visible(timeout=steps.SLOW)
    expect(page.locator(".st-key-case").get_by_text(name).first).to_be_visible()


def badge(page: Page) -> int:
    """How many items wait, as the menu says on every page."""
    found = re.search(r"(\d+)$", steps.menu_item(page, "Needs you").inner_text().strip())
    assert found, "the menu shows no number"
    return int(found[1])


def the_log(page: Page) -> None:
    """Filter by text, open a row, and take the file."""
    steps.go(page, "Logs")
    page.get_by_label("Text, SKU or id").fill("five")
    page.get_by_label("Text, SKU or id").press("Enter")
    expect(page.get_by_text("No row matches.")).to_be_visible(timeout=steps.SLOW)
    page.get_by_label("Text, SKU or id").fill("orders")
    page.get_by_label("Text, SKU or id").press("Enter")
    expect(page.get_by_text("1–1 of 1")).to_be_visible(timeout=steps.SLOW)
    expect(page).to_have_url(re.compile(r"q=orders"))
    steps.tick(page, 0)
    detail = page.locator(".st-key-log_detail")
    expect(detail.get_by_text("The sandbox shop has received 120 orders.")).to_be_visible(timeout=steps.SLOW)
    rows = list(csv.reader(io.StringIO(steps.download(page, "logs_csv"))))
    assert len(rows) == 2 and "The sandbox shop has received 120 orders." in rows[1]


def the_dashboard(page: Page) -> None:
    steps.go(page, "Dashboard")
    main = page.get_by_test_id("stMain")
    connected = main.locator('[class*="st-key-connection_"]').filter(has_text="Connected")
    expect(connected).to_have_count(2, timeout=steps.SLOW)
    expect(main.get_by_test_id("stMetricValue").filter(has_text="100.00%")).to_be_visible()
    expect(main.get_by_text("Success rate")).to_be_visible()
    expect(main.locator("canvas").first).to_be_visible()


def test_a_fresh_process_refuses_whoever_is_not_signed_in(console: Console, new_page: Pages) -> None:
    steps.first_visit(new_page(), console)
    console.stop()
    console.start()
    status, headers, body = console.ask("/sync")  # the very first request of this process
    assert status == 303 and urlsplit(headers["location"]).path == "/login"
    assert "Preview" not in body
    for path in ("/_stcore/stream", "/_stcore/host-config", "/media/x.csv"):
        assert console.ask(path)[0] in (401, 403), path
    page = new_page()
    page.goto(f"{console.url}/settings")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()
    assert urlsplit(page.url).path == "/login"
    steps.quiet(console)
