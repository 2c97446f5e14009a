"""The gate: nothing but the sign-in is open, a revoked session ends at once, and the answers carry their
headers.
"""

from __future__ import annotations

import json
from typing import Any

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg

from console.gate import Gate, is_public
from console.state import Shell
from storage.oslock import ProcessLock
from storage.users import User
from sync import application
from sync.application import Application
from tests.pages.asgi import OWN, request, run, scope_of


def signed_in(shell: Shell, user: User) -> str:
    return f"counterpart_session={shell.sessions.start(user)}"


@pytest.mark.parametrize("path", ["/", "/sync", "/settings?q=1", "/anything/else"])
def test_a_stranger_is_led_to_the_sign_in(app: Any, admin: User, path: str) -> None:
    answer = request(app, "GET", path)
    assert answer.status == 303
    assert answer.header("location").startswith("/login")
    assert "inside" not in answer.text


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/stream",
        "/_stcore/host-config",
        "/media/file.csv",
        "/component/x/index.html",
        "/_stcore/upload_file/a/b",
    ],
)
def test_a_stranger_gets_nothing_of_the_machinery(app: Any, admin: User, path: str) -> None:
    assert request(app, "GET", path).status == 401


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE"])
def test_a_stranger_writes_nothing(app: Any, admin: User, method: str) -> None:
    assert request(app, method, "/sync").status == 401


def test_whoever_signed_in_comes_through(app: Any, shell: Shell, admin: User) -> None:
    answer = request(app, "GET", "/sync", cookie=signed_in(shell, admin))
    assert (answer.status, answer.text) == (200, "inside")


@pytest.mark.parametrize("cookie", ["counterpart_session=", "counterpart_session=guessed", "other=x"])
def test_a_cookie_alone_opens_nothing(app: Any, admin: User, cookie: str) -> None:
    assert request(app, "GET", "/sync", cookie=cookie).status == 303


def test_a_revoked_session_is_refused_at_once(app: Any, shell: Shell, admin: User) -> None:
    cookie = signed_in(shell, admin)
    shell.sessions.revoke_all(admin.id)
    assert request(app, "GET", "/sync", cookie=cookie).status == 303


@pytest.mark.parametrize(
    "path", ["/static/../sync", "/app/static/../../sync", "/static", "/healthz/", "/loginx", "/webhooks/1"]
)
def test_nothing_hides_behind_a_public_prefix(path: str) -> None:
    assert not is_public(path)


def test_files_without_content_are_open(app: Any) -> None:
    for path in (
        "/login",
        "/first-visit",
        "/healthz",
        "/static/js/index.js",
        "/app/static/icon.svg",
    ):
        assert is_public(path)


def websocket(
    shell: Shell, headers: dict[str, str], incoming: list[dict[str, Any]], between: Any = None
) -> list[Any]:
    """What reaches the app behind the gate, and what the gate sends: [("in", message) | ("out", message)]."""
    seen: list[Any] = []

    async def behind(_scope: Any, receive: Any, _send: Any) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            seen.append(("in", message))
            if between is not None:
                between()

    async def receive() -> Any:
        return incoming.pop(0) if incoming else {"type": "websocket.disconnect"}

    async def send(message: Any) -> None:
        seen.append(("out", message))

    scope = scope_of("websocket", "/_stcore/stream", headers)
    run(Gate(behind, lambda: shell)(scope, receive, send))
    return seen


CONNECT = {"type": "websocket.connect"}


def test_a_websocket_without_a_session_is_refused(shell: Shell, admin: User) -> None:
    assert [what["type"] for _, what in websocket(shell, dict(OWN), [CONNECT])] == ["websocket.close"]


def test_a_websocket_from_another_site_is_refused(shell: Shell, admin: User) -> None:
    headers = {"cookie": signed_in(shell, admin), "origin": "http://evil.test"}
    assert [what["type"] for _, what in websocket(shell, headers, [CONNECT])] == ["websocket.close"]


def test_no_click_of_a_revoked_session_reaches_the_page(shell: Shell, admin: User) -> None:
    click = BackMsg()
    click.rerun_script.widget_states.widgets.add(id="start_full_sync", trigger_value=True)
    incoming = [CONNECT, {"type": "websocket.receive", "bytes": click.SerializeToString()}]
    headers = {"cookie": signed_in(shell, admin), **OWN}
    seen = websocket(shell, headers, incoming, between=lambda: shell.sessions.revoke_all(admin.id))
    arrived = BackMsg.FromString(seen[1][1]["bytes"])
    assert arrived.WhichOneof("type") == "rerun_script"
    assert not arrived.rerun_script.widget_states.widgets


def test_a_click_of_a_living_session_arrives_unchanged(shell: Shell, admin: User) -> None:
    incoming = [CONNECT, {"type": "websocket.receive", "bytes": b"as sent"}]
    seen = websocket(shell, {"cookie": signed_in(shell, admin), **OWN}, incoming)
    assert seen[1] == ("in", {"type": "websocket.receive", "bytes": b"as sent"})


@pytest.mark.parametrize("path", ["/login", "/sync", "/healthz", "/_stcore/stream"])
def test_every_answer_carries_the_security_headers(app: Any, admin: User, path: str) -> None:
    answer = request(app, "GET", path)
    assert answer.header("x-content-type-options") == "nosniff"
    assert answer.header("x-frame-options") == "DENY"
    assert answer.header("referrer-policy") == "same-origin"
    assert "frame-ancestors 'none'" in answer.header("content-security-policy")
    assert answer.header("strict-transport-security") == ""


def test_own_pages_allow_no_inline_script(app: Any, admin: User) -> None:
    policy = request(app, "GET", "/login").header("content-security-policy")
    assert "unsafe" not in policy
    assert "default-src 'none'" in policy


def test_strict_transport_over_https(app: Any, admin: User) -> None:
    assert request(app, "GET", "/login", x_forwarded_proto="https").header("strict-transport-security")


def test_health_names_version_database_and_workers(app: Any) -> None:
    answer = request(app, "GET", "/healthz")
    assert answer.status == 200
    assert json.loads(answer.text) == {"version": "0.1.0", "database": "ok", "workers": "none"}


def test_health_tells_who_works(app: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    ws = application.shared()
    other = ProcessLock(ws.paths.folder / "worker.lock")  # as another process holds it
    assert other.acquire()
    try:
        assert json.loads(request(app, "GET", "/healthz").text)["workers"] == "elsewhere"
    finally:
        other.release()
    monkeypatch.setattr(Application, "works", True)
    assert json.loads(request(app, "GET", "/healthz").text)["workers"] == "running"


def test_health_says_when_the_database_is_gone(
    app: Any, shell: Shell, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> bool:
        raise OSError("disk /secret/path is gone")

    monkeypatch.setattr(shell.users, "any", broken)
    answer = request(app, "GET", "/healthz")
    assert answer.status == 503
    assert json.loads(answer.text)["database"] == "failed"
    assert "secret" not in answer.text


def test_the_dashboards_name_leads_to_the_dashboard(app: Any, shell: Shell, admin: User) -> None:
    answer = request(app, "GET", "/dashboard", cookie=signed_in(shell, admin))
    assert (answer.status, answer.header("location")) == (307, "/")
    assert request(app, "GET", "/dashboard").header("location").startswith("/login")
