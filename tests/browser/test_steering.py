"""Steering: choose what of a plan is written, be stopped by the brake, cancel, go away, lose the power.

One console and one sandbox serve the whole file; each test makes its own runs.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable, Iterator
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import steps
from tests.browser.server import Console

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    """A console that the tests of this file share."""
    with Console(tmp_path_factory.mktemp("steering")) as console:
        yield console


@pytest.fixture(scope="module")
def session(running: Console, browser: Browser) -> Iterator[dict[str, object]]:
    """The cookies of an operator who has signed in and started the sandbox."""
    context = browser.new_context(locale="en-GB")
    page = context.new_page()
    steps.first_visit(page, running)
    steps.start_sandbox(page)
    yield {"storage_state": context.storage_state()}
    context.close()


@pytest.fixture
def open_page(
    running: Console, session: dict[str, object], new_page: Callable[..., Page], hosts: set[str]
) -> Iterator[Callable[[], Page]]:
    """A window of that operator; at the end nothing has gone to another host, and the server is content."""

    def opened() -> Page:
        page = new_page(**session, viewport={"width": 1360, "height": 900})
        page.goto(f"{running.url}/sync")
        steps.heading(page, "Sync")
        return page

    yield opened
    assert hosts == {urlsplit(running.url).netloc}
    steps.quiet(running)


def hold_back(console: Console) -> None:
    """From now on the shop takes twenty more products and then says "too busy" until `let_go` or its end."""
    busy = {"name": "throttle", "match": {"operation": ["ProductSet*", "productSet*"]}, "after": 20}
    console.sandbox("shopify", "faults", busy)


def let_go(console: Console) -> None:
    """The shop takes everything again."""
    console.sandbox("shopify", "faults", method="DELETE")


def written(console: Console) -> tuple[object, object]:
    """What the shop has really taken so far."""
    ledger = console.sandbox("shopify", "ledger?summary=1")
    return ledger["writes"], ledger["effects"]


def test_only_the_ticked_rows_of_a_plan_are_written(running: Console, open_page: Callable[[], Page]) -> None:
    page = open_page()
    clean = [p for p in running.sandbox("sentos", "state")["products"] if p["dirt"] is None][10:14]
    products = steps.card(page, "Products")
    products.get_by_text("Some products").click()
    products.get_by_label("Product numbers at the source").fill(", ".join(str(p["id"]) for p in clean))
    products.get_by_label("Product numbers at the source").press("Enter")
    steps.press(products, "preview_")
    assert steps.ended(page, "Plan ready")["To create"] == 4
    assert running.sandbox("shopify", "state")["counts"]["products"] == 0
    expect(page.get_by_text("4 rows ticked")).to_be_visible(timeout=steps.SLOW)

    left_out = steps.cell(page, 1, 3)
    assert left_out in {p["sku"] for p in clean}
    steps.tick(page, 1)
    steps.press(page, "untick")
    expect(page.get_by_text("3 rows ticked")).to_be_visible(timeout=steps.SLOW)

    rows = list(csv.DictReader(io.StringIO(steps.download(page, "items_csv"))))
    unticked = {row["sku"] for row in rows if row["ticked"].lower() in ("no", "false", "0")}
    assert unticked == {left_out}

    steps.press(page, "apply")
    expect(page.get_by_role("heading", name="Products · Full")).to_be_visible(timeout=steps.SLOW)
    figures = steps.ended(page, "Succeeded")
    steps.balances(page, figures)
    assert (figures["Created"], figures["Skipped"]) == (3, 1)
    assert running.sandbox("shopify", "state")["counts"]["products"] == 3


def test_a_run_is_cancelled_between_two_records(running: Console, open_page: Callable[[], Page]) -> None:
    page = open_page()
    hold_back(running)
    steps.begin(page, "Products", "full")
    steps.writing(page)
    steps.press(page, "live_")
    expect(page.get_by_text("Stopping").first).to_be_visible(timeout=steps.SLOW)
    let_go(running)
    figures = steps.ended(page, "Cancelled")
    steps.balances(page, figures)
    assert figures["Created"] < figures["Read"] and figures["Skipped"] > 0


def test_a_run_outlives_the_browser_and_the_power(running: Console, open_page: Callable[[], Page]) -> None:
    page = open_page()
    hold_back(running)
    steps.begin(page, "Products", "full")
    steps.writing(page)
    address = page.url
    page.context.close()

    back = open_page()
    expect(back.locator(".st-key-running_now")).to_be_visible(timeout=steps.SLOW)
    running.kill()
    running.start()

    back.goto(address)
    figures = steps.ended(back, "Succeeded")
    steps.balances(back, figures)
    assert figures["Failed"] == 0
    in_shop = running.sandbox("shopify", "state")["counts"]["products"]
    assert in_shop == figures["Created"] + figures["Updated"] + figures["Unchanged"]


def test_the_brake_asks_before_an_empty_source_is_believed(
    running: Console, open_page: Callable[[], Page]
) -> None:
    page = open_page()
    running.sandbox("sentos", "faults", {"name": "empty_catalogue"})
    before = written(running)
    steps.begin(page, "Products", "full")
    brake = page.locator(".st-key-brake")
    expect(brake.get_by_text("Stopped before the first write")).to_be_visible(timeout=steps.A_RUN)
    assert written(running) == before

    steps.press(brake, "confirm")
    dialog = page.get_by_role("dialog")
    go_on = dialog.get_by_role("button", name="Go on and write")
    expect(go_on).to_be_disabled()
    asked = dialog.get_by_label(re.compile("Type .+ to confirm"))
    phrase = re.search("Type (.+) to confirm", dialog.inner_text())
    assert phrase
    asked.fill("yes")
    expect(go_on).to_be_disabled()
    asked.fill(phrase[1])
    expect(go_on).to_be_enabled(timeout=steps.SLOW)
    go_on.click()
    figures = steps.ended(page, "Succeeded")
    steps.balances(page, figures)
    assert figures["Created"] == figures["Updated"] == 0
