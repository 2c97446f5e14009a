"""Sign-in, gate and websocket under attack: strange names, other sites, spoofed addresses, idle pages."""

from __future__ import annotations

import dataclasses
import threading
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from streamlit import config
from streamlit.proto.BackMsg_pb2 import BackMsg
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from console.gate import Gate, is_public
from console.state import Shell
from storage.sessions import Sessions
from storage.users import User
from tests.pages.asgi import OWN, Answer, request, run, scope_of
from tests.pages.conftest import PASSWORD

REBOUND = {"host": "evil.test:8501", "origin": "http://evil.test:8501"}
CONNECT = {"type": "websocket.connect"}


def cookie(shell: Shell, user: User) -> str:
    return f"counterpart_session={shell.sessions.start(user)}"


def guess(app: Any, name: str = "admin", password: str = "a wrong password", **headers: str) -> Answer:
    return request(app, "POST", "/login", form={"name": name, "password": password}, **{**OWN, **headers})


# -- DNS rebinding ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "path", ["/", "/login", "/first-visit", "/sync", "/_stcore/host-config", "/app/static/icon.svg"]
)
def test_under_a_strangers_name_nothing_is_served(app: Any, shell: Shell, admin: User, path: str) -> None:
    assert request(app, "GET", path, cookie=cookie(shell, admin), **REBOUND).status == 403


def test_under_a_strangers_name_nobody_guesses_or_locks_out(app: Any, admin: User) -> None:
    for _ in range(12):
        assert guess(app, **REBOUND).status == 403
    assert guess(app, password=PASSWORD).status == 303


def test_under_a_strangers_name_no_websocket_opens(shell: Shell, admin: User) -> None:
    headers = {**REBOUND, "cookie": cookie(shell, admin)}
    assert [m["type"] for m in websocket(shell, headers, [CONNECT])] == ["websocket.close"]


@pytest.mark.parametrize(
    "host", ["[::1", "a:b:c", "127.0.0.1@evil.test", "127.0.0.1.evil.test", "ⓛocalhost.test", ""]
)
def test_names_that_are_none_are_strange(app: Any, admin: User, host: str) -> None:
    assert request(app, "GET", "/login", host=host.encode().decode("latin-1")).status == 403


@pytest.mark.parametrize("path", ["/healthz", "/_stcore/health"])
def test_monitors_may_use_any_name(app: Any, admin: User, path: str) -> None:
    assert request(app, "GET", path, host="console.shop.example").status == 200


@pytest.mark.parametrize("address", ["0.0.0.0", "::", "192.0.2.7", None])
def test_it_makes_no_difference_where_the_console_listens(
    app: Any, shell: Shell, admin: User, monkeypatch: pytest.MonkeyPatch, address: str | None
) -> None:
    """A container listens on all addresses, and its port is published on this machine alone."""
    options = {"server.allowedHosts": [], "server.address": address}
    monkeypatch.setattr(config, "get_option", options.__getitem__)
    assert request(app, "GET", "/login", **REBOUND).status == 403
    session = {"cookie": cookie(shell, admin)}
    assert [m["type"] for m in websocket(shell, {**REBOUND, **session}, [CONNECT])] == ["websocket.close"]
    for own in ("127.0.0.1:8501", "localhost:8501", "192.0.2.7", "[::1]:8501"):
        assert request(app, "GET", "/login", host=own).status == 200


def test_a_listed_name_is_ours_and_then_no_other(
    app: Any, admin: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    options = {"server.allowedHosts": ["console.shop.example"], "server.address": "127.0.0.1"}
    monkeypatch.setattr(config, "get_option", options.__getitem__)
    assert request(app, "GET", "/login", host="console.shop.example").status == 200
    assert request(app, "GET", "/login", host="127.0.0.1:8501").status == 403


# -- other sites and other ports -------------------------------------------------------------------


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://localhost:3000"},  # another program here: cookies do not know ports
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"sec_fetch_site": "same-site"},
        {},
    ],
)
def test_a_session_does_nothing_for_another_sites_page(
    app: Any, shell: Shell, admin: User, method: str, headers: dict[str, str]
) -> None:
    answer = request(app, method, "/_stcore/upload_file/a/b", cookie=cookie(shell, admin), **headers)
    assert answer.status == 403
    assert request(app, "POST", "/sync", cookie=cookie(shell, admin), **OWN).status == 200


@pytest.mark.parametrize(
    "path",
    [
        "/_stcore/stream/../../sync",
        "/static/..%2fsync",
        "/STATIC/x",
        "/static\\..\\sync",
        "//static/x",
        "/webhooks/../sync",
        "/healthz/../sync",
        "/_stcore/health/x",
        "/login/../sync",
        "/login\x00",
        "/login ",
    ],
)
def test_no_spelling_of_a_path_is_public_by_accident(path: str) -> None:
    climbs_nowhere = path == "/static/..%2fsync"  # a server has decoded it before it comes here
    assert is_public(path) is False or climbs_nowhere


def test_exports_are_kept_in_no_cache(app: Any, shell: Shell, admin: User) -> None:
    answer = request(app, "GET", "/media/export.csv", cookie=cookie(shell, admin))
    assert (answer.status, answer.header("cache-control")) == (200, "private, no-store")


# -- guessing --------------------------------------------------------------------------------------


@pytest.mark.usefixtures("still")
def test_a_forwarded_address_of_ones_own_does_not_help(shell: Shell, app: Any, admin: User) -> None:
    """As uvicorn stands before the console: what a proxy of this machine forwards is believed, and a client
    that makes addresses up is still stopped by the name it guesses at."""
    proxied = ProxyHeadersMiddleware(app, trusted_hosts="127.0.0.1")
    tries = [guess(proxied, x_forwarded_for=f"203.0.113.{n}").status for n in range(8)]
    assert 429 in tries
    assert guess(proxied, password=PASSWORD, x_forwarded_for="198.51.100.7").status == 429


@pytest.mark.usefixtures("still")
def test_the_proxys_own_word_counts_not_the_clients(shell: Shell, app: Any, admin: User) -> None:
    """`X-Forwarded-For: made up, real`: the real one, which the proxy added, pays."""
    proxied = ProxyHeadersMiddleware(app, trusted_hosts="127.0.0.1")
    for n in range(14):
        guess(proxied, name=f"user {n}", x_forwarded_for=f"10.0.0.{n}, 203.0.113.9")
    assert shell.throttle.allowed("somebody else", "203.0.113.9") > 0
    assert shell.throttle.allowed("somebody else", "10.0.0.3") == 0


@pytest.mark.usefixtures("still")
def test_guessing_in_parallel_gains_nothing(app: Any, shell: Shell, admin: User) -> None:
    heard: list[int] = []
    threads = [threading.Thread(target=lambda: heard.append(guess(app).status)) for _ in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(heard) == len(threads) and heard.count(401) <= 3, "three guesses are free, then one waits"
    assert set(heard) <= {401, 429}


@pytest.mark.usefixtures("still")
def test_a_name_of_ones_own_does_not_wash_guesses_away(app: Any, shell: Shell, admin: User) -> None:
    """Guess at many names, sign in with one's own in between: the address still pays for every guess."""
    shell.users.create("mallory", PASSWORD, "viewer")
    for n in range(10):
        shell.throttle.reserve(f"victim {n}", "127.0.0.1")
        shell.throttle.reserve("mallory", "127.0.0.1")
        shell.throttle.succeeded("mallory", "127.0.0.1")
    shell.throttle.reserve("victim", "127.0.0.1")
    assert shell.throttle.allowed("another victim", "127.0.0.1") > 0


@pytest.mark.usefixtures("still")
def test_an_owner_who_always_signs_in_rightly_never_waits(shell: Shell, admin: User) -> None:
    for _ in range(30):
        assert shell.throttle.reserve("admin", "192.0.2.1") == 0
        shell.throttle.succeeded("admin", "192.0.2.1")


@pytest.mark.usefixtures("still")
@pytest.mark.parametrize("name", ["admin", "nobody-at-all"])
def test_a_refusal_does_not_tell_who_exists(app: Any, admin: User, name: str) -> None:
    answers = [guess(app, name=name) for _ in range(5)]
    assert [a.status for a in answers] == [401, 401, 401, 429, 429]
    assert "Name or password is wrong." in answers[0].text


# -- forms -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("announced", ["²", "9" * 5000, "+5", "0x10", " "])
def test_odd_lengths_are_refused_not_stumbled_over(app: Any, admin: User, announced: str) -> None:
    answer = request(app, "POST", "/login", body=[b"name=a"], **{**OWN, "content_length": announced})
    assert answer.status == 413


def test_a_form_of_endless_fields_is_refused(app: Any, admin: User) -> None:
    answer = request(app, "POST", "/login", body=[b"a=1&" * 1000], **OWN)
    assert answer.status == 400


def test_no_error_shows_a_traceback(app: Any, admin: User, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_args: Any, **_options: Any) -> Any:
        raise RuntimeError("disk /secret/place is gone")

    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.disconnect"}

    monkeypatch.setattr(Sessions, "user_of", broken)
    with pytest.raises(RuntimeError):
        run(app(scope_of("http", "/sync", {"cookie": "counterpart_session=x"}, method="GET"), receive, send))
    assert sent[0]["status"] == 500
    assert sent[1]["body"] == b"Internal Server Error"


# -- sessions --------------------------------------------------------------------------------------


def websocket(shell: Shell, headers: dict[str, str], incoming: list[Any]) -> list[Any]:
    """What the gate sends back, and what it lets through to the page."""
    seen: list[Any] = []

    async def behind(_scope: Any, receive: Any, _send: Any) -> None:
        while (message := await receive())["type"] != "websocket.disconnect":
            seen.append(message)

    async def receive() -> Any:
        following = incoming.pop(0) if incoming else {"type": "websocket.disconnect"}
        return following() if callable(following) else following

    async def send(message: Any) -> None:
        seen.append(message)

    run(Gate(behind, lambda: shell)(scope_of("websocket", "/_stcore/stream", headers), receive, send))
    return seen


def message(*, by_itself: bool) -> dict[str, Any]:
    back = BackMsg()
    back.rerun_script.query_string = "q"
    back.rerun_script.is_auto_rerun = by_itself
    return {"type": "websocket.receive", "bytes": back.SerializeToString()}


@pytest.mark.parametrize(("by_itself", "lives"), [(True, False), (False, True)])
def test_an_open_page_does_not_keep_the_session_of_somebody_who_has_gone(
    shell: Shell, admin: User, by_itself: bool, lives: bool
) -> None:
    """A live part draws itself anew every few seconds; only what a person does counts as use."""
    now = [datetime(2026, 11, 20, 9, 0, tzinfo=UTC)]
    shell = dataclasses.replace(shell, sessions=Sessions(shell.database, lambda: now[0]))
    headers = {**OWN, "cookie": cookie(shell, admin)}

    def half_an_hour_later() -> Any:
        now[0] += timedelta(minutes=30)
        return message(by_itself=by_itself)

    seen = websocket(shell, headers, [CONNECT, *[half_an_hour_later] * 6])
    last = BackMsg.FromString(seen[-1]["bytes"])
    assert (last.rerun_script.query_string == "q") is lives


@pytest.mark.parametrize("raw", [b"", b"\xff\xff\xff", None])
def test_a_message_that_is_none_is_no_use_of_a_session(raw: bytes | None) -> None:
    from console.gate import is_a_persons

    assert is_a_persons(raw) is (raw != b"\xff\xff\xff")


def test_a_session_planted_before_signing_in_is_not_adopted(app: Any, shell: Shell, admin: User) -> None:
    answer = guess(app, password=PASSWORD, cookie="counterpart_session=planted")
    assert answer.cookie_value("counterpart_session") != "planted"
    assert shell.sessions.user_of("planted") is None
