"""A fresh process, asked by a stranger first: the pages stay shut (Streamlit would run the files of pages/ by
themselves).
"""

from __future__ import annotations

import http.client
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.server import ROOT, Console

HANDSHAKE = {
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Protocol": "streamlit",
}


@pytest.fixture(scope="module")
def console(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Console]:
    with Console(tmp_path_factory.mktemp("home")) as running:
        yield running


def get(console: Console, path: str, headers: dict[str, str] | None = None) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection("127.0.0.1", console.port, timeout=60)
    try:
        connection.request("GET", path, headers=headers or {})
        answer = connection.getresponse()
        return answer.status, answer.getheader("location") or "", answer.read().decode(errors="replace")
    finally:
        connection.close()


def test_the_first_request_of_a_fresh_process_gets_no_page(console: Console) -> None:
    """Keep this test first in the file: it must be the first to speak to the process."""
    status, location, body = get(console, "/sync")
    assert (status, location) == (303, "/first-visit")
    assert body == ""


def test_a_strangers_websocket_is_refused(console: Console) -> None:
    own = {**HANDSHAKE, "Origin": f"http://127.0.0.1:{console.port}"}
    for headers in (HANDSHAKE, own, {**own, "Cookie": "counterpart_session=guess"}):
        assert get(console, "/_stcore/stream", headers)[0] == 403


@pytest.mark.parametrize("path", ["/_stcore/host-config", "/media/x.csv", "/sync/_stcore/host-config"])
def test_a_stranger_gets_nothing_of_streamlit(console: Console, path: str) -> None:
    assert get(console, path)[0] in (303, 401)


def test_health_answers_strangers(console: Console) -> None:
    status, _location, body = get(console, "/healthz")
    assert status == 200
    assert '"database":"ok"' in body


@pytest.mark.parametrize(
    "name", ["icon.svg", "logo.svg", "signin.css", "signin.js", "fonts/inter-latin-wght-normal.woff2"]
)
def test_the_sign_ins_files_are_served(console: Console, name: str) -> None:
    assert get(console, f"/app/static/{name}")[0] == 200


def test_streamlit_never_runs_the_files_of_pages_by_themselves(tmp_path: Path) -> None:
    """Guards the internal attribute on which app.py relies: a new Streamlit may have renamed it."""
    program = (
        "import app\n"
        "from streamlit.runtime.pages_manager import PagesManager\n"
        "manager = PagesManager('app.py')\n"
        "assert manager.uses_pages_directory is False, manager.uses_pages_directory\n"
        "print('shut')"
    )
    environment = {**os.environ, "COUNTERPART_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60
    )
    assert done.stdout.strip() == "shut", done.stderr
