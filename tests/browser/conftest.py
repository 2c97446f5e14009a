"""A real browser on a real console. Chromium or Chrome must be installed: `make browser` says how."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect, sync_playwright

from tests.browser.server import Console

PASSWORD = "correct horse battery"
SLOW = 60_000
"""Milliseconds until something that does not come fails its test, on a machine that others use too."""
expect.set_options(timeout=SLOW)
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """The installed browser; a missing one fails the tests rather than skipping them unseen.

    It ends with its file, because Playwright keeps an event loop in this thread as long as it lives.
    """
    path = next((found for name in NAMES if (found := shutil.which(name))), None)
    if path is None:
        pytest.fail("no Chromium or Chrome is installed; `make browser` installs it or says how")
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def console(tmp_path: Any) -> Iterator[Console]:
    """A console that nobody has visited yet."""
    with Console(tmp_path) as running:
        yield running


@pytest.fixture
def hosts() -> set[str]:
    """Every host that a page of this test asked for anything."""
    return set()


@pytest.fixture
def new_page(browser: Browser, hosts: set[str]) -> Iterator[Callable[..., Page]]:
    """A page in a browser profile of its own; keyword arguments as for `new_context`."""
    contexts = []

    def open_page(**options: Any) -> Page:
        context = browser.new_context(**{"locale": "en-GB", "timezone_id": "Europe/Istanbul", **options})
        contexts.append(context)
        context.set_default_timeout(SLOW)
        page = context.new_page()
        page.on("request", lambda request: _note(hosts, request.url))
        page.on("websocket", lambda socket: _note(hosts, socket.url))
        return page

    yield open_page
    for context in contexts:
        context.close()


def _note(hosts: set[str], url: str) -> None:
    parts = urlsplit(url)
    if parts.scheme not in ("data", "blob"):
        hosts.add(parts.netloc)
