"""A real browser on a console whose every foreign word is an attack, with the content policy switched off, so
that only the console's own escaping stands between."""

from __future__ import annotations

import http.client
import socket
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect
from streamlit.proto.BackMsg_pb2 import BackMsg

from storage.sessions import Sessions
from storage.users import Users
from sync.application import open_application
from sync.managers.views import runs
from tests.browser.conftest import PASSWORD, browser, hosts, new_page
from tests.browser.server import Console
from tests.security.poison import poisoned

__all__ = ["browser", "hosts", "new_page"]
pytestmark = pytest.mark.browser
SLOW = 30_000
#: Anything in the page that came of the attack.
GREW = """() => [...document.querySelectorAll(
        'zq, [src*="zq.test"], [href*="zq"]:not([href^="#"]), a[href^="javascript"], [onerror]')]
    .concat([...document.querySelectorAll(
        'strong, em, code, del, span.katex, [data-testid="stIconMaterial"]')]
        .filter(e => e.textContent.trim() === 'zq'))
    .map(e => e.outerHTML.slice(0, 200))"""


class Spoilt:
    """A running console over a poisoned installation, and a session of its administrator."""

    def __init__(self, console: Console, token: str, run_ids: list[str]) -> None:
        self.console, self.token, self.run_ids = console, token, run_ids


@pytest.fixture(scope="module")
def spoilt(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Spoilt]:
    home = tmp_path_factory.mktemp("spoilt")
    ws = open_application({"COUNTERPART_HOME": str(home)})
    admin = Users(ws.db).create_first("admin", PASSWORD)
    poisoned(ws)
    token = Sessions(ws.db).start(admin)
    found = [line.run.id for line in runs.recent(ws, limit=3)]
    ws.close()
    with Console(home) as running:
        yield Spoilt(running, token, found)


@pytest.fixture
def page(spoilt: Spoilt, new_page: Callable[..., Page]) -> Page:
    made = new_page(bypass_csp=True)
    made.context.add_cookies(
        [{"name": "counterpart_session", "value": spoilt.token, "url": spoilt.console.url, "httpOnly": True}]
    )
    return made


def test_nothing_that_others_wrote_comes_alive(spoilt: Spoilt, page: Page, hosts: set[str]) -> None:
    alarms: list[str] = []
    page.on("dialog", lambda dialog: (alarms.append(dialog.message), dialog.dismiss()))
    addresses = [
        "/",
        "/sync",
        "/needs_you",
        "/logs",
        "/settings",
        "/settings?section=links",
        *(f"/run?id={run_id}" for run_id in spoilt.run_ids),
    ]
    for address in addresses:
        page.goto(spoilt.console.url + address)
        expect(page.get_by_test_id("stHeading").first).to_be_visible(timeout=SLOW)
        expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=SLOW)
        assert page.evaluate(GREW) == [], address
        assert address == "/logs" or "zq" in page.locator("body").inner_text(), f"{address} shows no attack"
    assert alarms == []
    assert hosts == {urlsplit(spoilt.console.url).netloc}


def test_a_live_part_says_that_nobody_asked_for_it(spoilt: Spoilt, page: Page) -> None:
    """On this the idle time of sessions rests (console.gate.is_a_persons)."""
    with page.expect_websocket(timeout=SLOW) as opened:
        page.goto(spoilt.console.url + "/sync")
    first = opened.value.wait_for_event("framesent", timeout=SLOW)
    assert not BackMsg.FromString(first).rerun_script.is_auto_rerun, "opening the page is a person's doing"
    opened.value.wait_for_event("framesent", by_itself, timeout=SLOW)


def by_itself(raw: bytes) -> bool:
    return BackMsg.FromString(raw).rerun_script.is_auto_rerun


RAW = [
    "/app/static/../../data/secret.key",
    "/app/static/%2e%2e/%2e%2e/app.py",
    "/app/static/..%2f..%2fapp.py",
    "/app/static/..%5c..%5capp.py",
    "/static/../../../app.py",
    "/static/%2e%2e/%2e%2e/%2e%2e/server.py",
    "/media/../app.py",
    "/component/../app.py",
    "/component/x/../../app.py",
    "//etc/passwd",
    "/app/static//etc/passwd",
    "/app/static/%00",
    "/_stcore/../app.py",
    "/app/static/fonts/../../app.py",
    "/%2e%2e/app.py",
    "/app/static/",
    "/app/static",
]


@pytest.mark.parametrize("signed_in", [False, True])
def test_no_path_reads_a_file_that_is_not_served(spoilt: Spoilt, signed_in: bool) -> None:
    for target in RAW:
        status, body = raw(spoilt, f"GET {target}", spoilt.token if signed_in else "")
        assert b"uses_pages_directory" not in body and b"root:" not in body and b"import " not in body, target
        if not signed_in:
            assert status in (303, 400, 401, 403, 404), (target, status)


@pytest.mark.parametrize(
    "start",
    [
        "OPTIONS /sync",
        "TRACE /sync",
        "PROPFIND /",
        "POST /_stcore/upload_file/a/b",
        "PUT /_stcore/upload_file/a/b",
        "DELETE /_stcore/upload_file/a/b",
        "GET /_stcore/metrics",
        "GET /_stcore/script-health-check",
        "GET /_stcore/host-config",
        "GET /_stcore/message?hash=x",
        "GET /component/a/b",
        "GET /media/a.csv",
        "GET /oauth2callback",
        "GET /auth/login",
        "GET http://127.0.0.1/sync",
        "GET /sync/_stcore/stream",
        "GET /_stcore/agent",
        "POST /auth/logout",
    ],
)
def test_no_method_and_no_machinery_opens_to_a_stranger(spoilt: Spoilt, start: str) -> None:
    status, body = raw(spoilt, start, "")
    assert status in (303, 400, 401, 403, 404, 405), status
    assert b"sessionId" not in body and b"zq" not in body


def raw(spoilt: Spoilt, start: str, token: str) -> tuple[int, bytes]:
    """One request, sent as it is written: no client in between tidies the path up."""
    host = f"127.0.0.1:{spoilt.console.port}"
    cookie = f"Cookie: counterpart_session={token}\r\n" if token else ""
    with socket.create_connection(("127.0.0.1", spoilt.console.port), timeout=60) as peer:
        peer.sendall(
            f"{start} HTTP/1.1\r\nHost: {host}\r\n{cookie}".encode()
            + b"Content-Length: 0\r\nConnection: close\r\n\r\n"
        )
        answer: Any = http.client.HTTPResponse(peer)
        answer.begin()
        return answer.status, answer.read()


def test_a_page_that_fails_shows_no_traceback(spoilt: Spoilt, page: Page) -> None:
    """The shipped settings hide the error; the log has it."""
    import sqlite3

    database = spoilt.console.home / "counterpart.db"
    with sqlite3.connect(database, timeout=60) as broken:
        broken.execute("ALTER TABLE bindings RENAME TO bindings_gone")
        broken.execute("ALTER TABLE attention RENAME TO attention_gone")
    page.goto(spoilt.console.url + "/needs_you")
    expect(page.get_by_test_id("stException").first).to_be_visible(timeout=SLOW)
    shown = page.locator("body").inner_text()
    assert not [
        word
        for word in ("Traceback", "no such table", "sqlalchemy", "/work", "site-packages", ".py")
        if word in shown
    ]
    assert "no such table" in spoilt.console.output.read_text(errors="replace")
