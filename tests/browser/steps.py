"""What an operator does in the console, as steps of the browser tests."""

from __future__ import annotations

import re

from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import PASSWORD, SLOW
from tests.browser.server import Console

A_RUN = 600_000
"""Milliseconds that a run of the whole sandbox may take on a machine that others use too."""
_ROW, _HEAD = 34, 34


def first_visit(page: Page, console: Console) -> None:
    """From the first request to the signed-in welcome page."""
    page.goto(f"{console.url}/sync")
    expect(page).to_have_url(f"{console.url}/first-visit")
    page.get_by_label("Password", exact=True).fill(PASSWORD)
    page.get_by_label("Password again").fill(PASSWORD)
    page.get_by_role("button", name="Create and sign in").click()
    expect(page.get_by_role("heading", name="Welcome to Counterpart")).to_be_visible(timeout=SLOW)


def start_sandbox(page: Page) -> None:
    """The one click; ends on the Sync page with both flows."""
    press(page, "start_sandbox")
    heading(page, "Sync")
    expect(card(page, "Orders")).to_be_visible(timeout=SLOW)


def heading(page: Page, name: str) -> None:
    """Wait for the page with this title."""
    expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=SLOW)
    sound(page)


def go(page: Page, name: str) -> None:
    """To a page by the menu."""
    menu_item(page, name).click()
    heading(page, name)


def menu_item(page: Page, name: str) -> Locator:
    """An entry of the menu on the left."""
    return page.get_by_test_id("stSidebarNavLink").filter(has_text=name)


def press(page: Page | Locator, key: str) -> None:
    """The button with this key (its beginning), once it can be pressed."""
    button = page.locator(f'[class*="st-key-{key}"] button:visible').first
    expect(button).to_be_enabled(timeout=SLOW)
    button.click()


def card(page: Page, name: str) -> Locator:
    """A flow's card on the Sync page."""
    title = page.get_by_role("heading", name=name, exact=True)
    return page.locator('.st-key-flows [class*="st-key-flow_"]').filter(has=title)


def begin(page: Page, flow: str, mode: str) -> None:
    """Start a run of a flow from the Sync page (preview, test, full); ends on the page of the run."""
    go(page, "Sync")
    press(card(page, flow), f"{mode}_")
    expect(page).to_have_url(re.compile(r"/run\?id="), timeout=SLOW)


def ended(page: Page, state: str) -> dict[str, int]:
    """Wait for the run's end in this state; the figures of its report by their labels."""
    head = page.locator(".st-key-page_header")
    expect(head.get_by_text(re.compile(rf"{state}$")).first).to_be_visible(timeout=A_RUN)
    report = page.locator(".st-key-result")
    expect(report.get_by_test_id("stMetricValue")).to_have_count(7, timeout=SLOW)
    sound(page)
    labels = report.get_by_test_id("stMetricLabel").all_inner_texts()
    values = report.get_by_test_id("stMetricValue").all_inner_texts()
    return {label.strip(): int(value.replace(",", "")) for label, value in zip(labels, values, strict=True)}


def balances(page: Page, figures: dict[str, int]) -> None:
    """Every record that was read has one outcome, and the page says so."""
    read, *outcomes = figures.values()
    assert len(outcomes) == 6 and read == sum(outcomes), figures
    expect(page.get_by_text("The report balances")).to_be_visible()


def writing(page: Page) -> None:
    """Wait until the run that is shown has written something and still writes."""
    changes = re.compile(r"· [1-9][\d,]* of [\d,]+ changes")  # other stages count records
    progress = page.locator('[class*="st-key-live_"]').get_by_text(changes)
    expect(progress.first).to_be_visible(timeout=A_RUN)


def tick(page: Page, row: int) -> None:
    """Tick the box of a row (0 is the first) in the page's table."""
    grid = page.get_by_test_id("stDataFrame").first
    expect(grid).to_be_visible(timeout=SLOW)
    grid.click(position={"x": 15, "y": _HEAD + _ROW * row + _ROW // 2})


def cell(page: Page, row: int, column: int) -> str:
    """The text of a cell of the page's table; the box at the left does not count."""
    grid = page.get_by_test_id("stDataFrame").first
    return grid.locator("tbody tr").nth(row).locator("td").nth(column).inner_text()


def download(page: Page, key: str) -> str:
    """The CSV file behind an export button."""
    page.locator(f".st-key-{key}_menu button").first.click()
    with page.expect_download(timeout=SLOW) as waiting:
        page.locator(f".st-key-{key} button").first.click()
    text = waiting.value.path().read_text(encoding="utf-8-sig")
    page.keyboard.press("Escape")
    return text


def sound(page: Page) -> None:
    """The page shows no error of ours."""
    expect(page.get_by_test_id("stException")).to_have_count(0)
    expect(page.get_by_text("Traceback")).to_have_count(0)


def quiet(console: Console) -> None:
    """The server has printed no error of ours."""
    assert "Traceback" not in console.said(), console.said()
