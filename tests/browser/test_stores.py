"""Two stores in a real browser: first visit, baseline, live run, match, figures, changes, a SKU pushed,
undo."""

from __future__ import annotations

import csv
import io
import re
import threading
import time
from collections.abc import Callable
from urllib.parse import quote, urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser import steps
from tests.browser.server import Console

pytestmark = pytest.mark.browser
Pages = Callable[..., Page]
VIEWS = {
    "Flows": "overview",
    "Match": "match",
    "Validation": "validation",
    "Change log": "changes",
}
SOURCE, OUTLET = "shopify-source", "shopify-outlet-1"


def test_stock_follows_from_one_store_to_the_other(
    console: Console, new_page: Pages, hosts: set[str]
) -> None:
    page = new_page(viewport={"width": 1360, "height": 900})
    steps.first_visit(page, console)
    two_stores(page)
    first = baseline(page)
    the_match(page)
    the_figures(page)
    a_change_follows(page, console)
    one_sku_at_once(page, console)
    the_change_log(page)
    taken_back(page, first)
    assert hosts == {urlsplit(console.url).netloc}
    steps.quiet(console)


def two_stores(page: Page) -> None:
    """The one click on the first page; ends on Inventory with the flow before its baseline."""
    steps.press(page, "start_stores")
    expect(page.get_by_role("heading", name="Inventory", exact=True)).to_be_visible(timeout=steps.A_RUN)
    expect(page.get_by_text("First one full alignment")).to_be_visible(timeout=steps.SLOW)


def baseline(page: Page) -> str:
    """The first run, watched to its end; answers where its page is."""
    steps.press(page, "full_")
    expect(page).to_have_url(re.compile(r"/run\?id="), timeout=steps.SLOW)
    figures = steps.ended(page, "Succeeded")
    steps.balances(page, figures)
    assert figures["Read"] == 1_000 and figures["Updated"] > 900 and figures["Failed"] == 0
    expect(page.get_by_text("Left out (rows):")).to_be_visible()
    return page.url


def the_match(page: Page) -> None:
    view(page, "Match")
    numbers = page.locator(".st-key-match_numbers")
    expect(numbers.get_by_test_id("stMetricValue")).to_have_count(8, timeout=steps.SLOW)
    page.locator(".st-key-class").get_by_text("SKU used twice").click()
    expect(page.get_by_text("Several items of one side share the SKU.")).to_be_visible(timeout=steps.SLOW)
    rows = list(csv.reader(io.StringIO(steps.download(page, "match_csv"))))
    assert rows[0][0] == "class" and len(rows) > 2 and {row[0] for row in rows[1:]} == {"duplicate"}


def the_figures(page: Page) -> None:
    """The sandbox has validated itself; a person confirms once more, by name."""
    view(page, "Validation")
    expect(page.get_by_text("Validated by the sandbox's demo.")).to_be_visible(timeout=steps.SLOW)
    steps.press(page, "do_validate")
    expect(page.get_by_text(re.compile("Validated by admin"))).to_be_visible(timeout=steps.SLOW)


def a_change_follows(page: Page, console: Console) -> None:
    sku, place = some_item(page)
    moved(console, sku, 17)
    view(page, "Flows")
    steps.press(page, "delta_")
    expect(page).to_have_url(re.compile(r"/run\?id="), timeout=steps.SLOW)
    figures = steps.ended(page, "Succeeded")
    assert figures["Updated"] == 1, figures
    assert total_at(console, OUTLET, sku, place) == total_at(console, SOURCE, sku)


def one_sku_at_once(page: Page, console: Console) -> None:
    sku, place = some_item(page)
    moved(console, sku, 3)
    wanted = total_at(console, SOURCE, sku)
    view(page, "Flows")
    page.locator('[class*="st-key-more_"] button').first.click()
    typed = page.locator('[class*="st-key-push_skus_"] textarea')
    typed.fill(sku)
    typed.press("Control+Enter")
    steps.press(page, "do_push_")
    expect(page.get_by_text("1 SKU is on its way.")).to_be_visible(timeout=steps.SLOW)
    until(lambda: total_at(console, OUTLET, sku, place) == wanted)


def the_change_log(page: Page) -> None:
    """A pushed SKU stands on top, by a person."""
    view(page, "Change log")
    assert change(page, 0, 7) in ("By a person", "Queue")


def taken_back(page: Page, first: str) -> None:
    """The baseline's undo is planned, not done."""
    page.goto(first)
    steps.press(page, "undo")
    expect(page.locator(".st-key-undo_head")).to_be_visible(timeout=steps.A_RUN)
    expect(page.get_by_text("Plan ready").first).to_be_visible(timeout=steps.A_RUN)
    expect(page.locator(".st-key-plan")).to_be_visible(timeout=steps.SLOW)


# -- helpers -------------------------------------------------------------------------------------------------


def view(page: Page, name: str) -> None:
    """A part of the Inventory page."""
    steps.go(page, "Inventory")
    choice = page.locator(".st-key-inventory_view").get_by_text(name, exact=False).first
    choice.click()
    expect(page).to_have_url(re.compile(f"view={VIEWS[name]}"), timeout=steps.SLOW)
    steps.sound(page)


def until(true: Callable[[], bool], seconds: float = 60.0) -> None:
    """Wait until it is so."""
    pause, end = threading.Event(), time.monotonic() + seconds
    while not true():
        assert time.monotonic() < end, "it did not come"
        pause.wait(0.2)


def some_item(page: Page) -> tuple[str, str]:
    """SKU and location of a row that the change log shows."""
    view(page, "Change log")
    return change(page, 5, 2), change(page, 5, 3)


def change(page: Page, row: int, column: int) -> str:
    """A cell of the change log: time, state, SKU, location, before, after, source, cause."""
    rows = page.locator('[class*="st-key-changes_rows_"] tbody tr')
    return rows.nth(row).locator("td").nth(column).inner_text(timeout=steps.SLOW)


def moved(console: Console, sku: str, pieces: int) -> None:
    """Somebody counts more pieces at the main store."""
    console.sandbox(SOURCE, "stock", {"sku": sku, "delta": pieces})


def total_at(console: Console, box: str, sku: str, place: str = "") -> int:
    """What a store can sell of a SKU at a location, or over all of them."""
    found = console.sandbox(box, f"stock/level?sku={quote(sku)}")["variants"]
    levels = [level for variant in found for level in variant["levels"] if place in ("", level["name"])]
    return sum(int(level["available"]) for level in levels)
