"""First visit → password → welcome; sign out; and nothing is ever asked of another host."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import PASSWORD
from tests.browser.server import Console
from tests.browser.steps import SLOW, first_visit

pytestmark = pytest.mark.browser


def test_first_visit_to_welcome_and_on(
    console: Console, new_page: Callable[..., Page], hosts: set[str]
) -> None:
    page = new_page()
    first_visit(page, console)
    assert page.url == f"{console.url}/welcome"
    expect(page.get_by_role("button", name="Start the sandbox")).to_be_visible()
    expect(page.get_by_role("button", name="Open the settings")).to_be_visible()
    for name in ("Dashboard", "Sync", "Needs you", "Logs", "Settings"):
        page.get_by_test_id("stSidebarNavLink").filter(has_text=name).click()
        expect(page.get_by_role("heading", name=name, exact=True)).to_be_visible(timeout=SLOW)
        expect(page).to_have_title(f"{name} · Counterpart")
    assert hosts == {urlsplit(console.url).netloc}


def test_signing_out_shuts_the_page_in_every_window(console: Console, new_page: Callable[..., Page]) -> None:
    here, there = new_page(), new_page()
    first_visit(here, console)
    there.goto(f"{console.url}/profile")
    there.get_by_label("Name").fill("admin")
    there.get_by_label("Password").fill(PASSWORD)
    there.get_by_role("button", name="Sign in").click()
    expect(there.get_by_role("heading", name="Profile", exact=True)).to_be_visible(timeout=SLOW)

    there.locator(".st-key-sign_out_everywhere button").click()
    expect(there.get_by_role("button", name="Sign in")).to_be_visible(timeout=SLOW)
    assert urlsplit(there.url).path == "/login"

    here.locator(".st-key-start_sandbox button").click()
    expect(here.get_by_role("button", name="Sign in")).to_be_visible(timeout=SLOW)
    assert urlsplit(here.url).path == "/login"


def test_the_language_changes_on_the_spot(console: Console, new_page: Callable[..., Page]) -> None:
    page = new_page()
    first_visit(page, console)
    page.locator(".st-key-user_menu summary").click()
    page.get_by_role("radio", name="Türkçe").or_(page.get_by_role("button", name="Türkçe")).first.click()
    expect(page.get_by_role("heading", name="Counterpart'a hoş geldiniz")).to_be_visible(timeout=SLOW)


def test_the_sign_in_is_turkish_dark_and_narrow_where_the_visitor_is(
    console: Console, new_page: Callable[..., Page]
) -> None:
    page = new_page(locale="tr-TR", color_scheme="dark", viewport={"width": 390, "height": 844})
    page.goto(console.url)
    expect(page.get_by_label("Parola", exact=True)).to_be_visible()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 18, 31)"
    assert page.evaluate("document.documentElement.scrollWidth") <= 390
    assert page.evaluate("document.fonts.check('16px Inter', 'ğışİ')")
