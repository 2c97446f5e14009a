"""The wire: what never became an answer gets the right name, bodies are bounded, secrets stay inside."""

from __future__ import annotations

import gzip
import json
import socket
import threading
import traceback
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from decimal import Decimal
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from sync.connectors.guard import Guard, PrivateAddress
from sync.connectors.http import Http, UnknownHost, WebPage
from sync.errors import BrokenContract, OutcomeUnknown, Transient
from tests.contract.doubles import ScaledClock, Trace

SECRET = "shpat_very-secret-token"


class Script:
    """A server whose next answer a test writes as a function of the request."""

    def __init__(self) -> None:
        self.answer: Callable[[BaseHTTPRequestHandler], None] = lambda request: body(request, b"{}")
        self.seen: list[tuple[str, dict[str, str]]] = []
        self.peers: set[Any] = set()


def body(request: BaseHTTPRequestHandler, raw: bytes, status: int = 200, **headers: str) -> None:
    """Sends one whole answer."""
    request.send_response(status)
    for name, value in {
        "Content-Type": "application/json",
        "Content-Length": str(len(raw)),
        **headers,
    }.items():
        request.send_header(name.replace("_", "-"), value)
    request.end_headers()
    request.wfile.write(raw)


@pytest.fixture
def script() -> Iterator[tuple[Script, str]]:
    script = Script()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _any(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            self.rfile.read(length)
            script.seen.append((self.path, dict(self.headers)))
            script.peers.add(self.client_address)
            script.answer(self)

        do_GET = do_POST = do_PUT = _any

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield script, f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()
    thread.join()


def client(url: str, **options: Any) -> Http:
    settings = {"allow_private": True, "timeout": (30.0, 30.0), "secrets": (SECRET,), **options}
    return Http(url, ScaledClock(), Trace(), **settings)


def drop(request: BaseHTTPRequestHandler) -> None:
    request.close_connection = True
    request.connection.shutdown(socket.SHUT_RDWR)


def test_json_with_exact_decimals(script: tuple[Script, str]) -> None:
    script[0].answer = lambda request: body(request, b'\xef\xbb\xbf{"price": 1299.90, "name": "\xc5\x9eal"}')
    answer = client(script[1]).request("GET", "/x")
    assert answer.json(decimals=True) == {"price": Decimal("1299.90"), "name": "Şal"}


def test_what_is_sent(script: tuple[Script, str]) -> None:
    client(script[1]).request(
        "POST", "/x", json={"a": Decimal("1.50"), "b": Decimal(3)}, params={"q": "ş"}, write=True
    )
    path, headers = script[0].seen[0]
    assert path == "/x?q=%C5%9F" and headers["Content-Type"] == "application/json"
    assert headers["User-Agent"].startswith("Counterpart/") and "Cookie" not in headers


def test_connections_are_reused_within_a_thread(script: tuple[Script, str]) -> None:
    http = client(script[1])
    for _ in range(3):
        http.request("GET", "/x")
    assert len(script[0].peers) == 1


def test_threads_that_come_and_go_use_the_same_connections(script: tuple[Script, str]) -> None:
    written, url = script
    http = client(url)
    for _ in range(3):
        with ThreadPoolExecutor(1) as pool:
            pool.submit(http.request, "GET", "/x").result()
    assert len(written.peers) == 1


def test_there_are_never_more_connections_than_requests_at_once(script: tuple[Script, str]) -> None:
    written, url = script
    http, together = client(url), threading.Barrier(8, timeout=30)

    def at_once(request: BaseHTTPRequestHandler) -> None:
        together.wait()
        body(request, b"{}")

    written.answer = at_once
    with ThreadPoolExecutor(8) as pool:
        for _ in range(3):
            answers = list(pool.map(lambda _: http.request("GET", "/x").status, range(8)))
            assert answers == [200] * 8
    assert len(written.peers) == 8


def test_a_connection_in_use_is_given_back_after_closing(script: tuple[Script, str]) -> None:
    written, url = script
    http = client(url)
    written.answer = lambda request: (http.close(), body(request, b"{}"))[1]
    assert http.request("GET", "/x").status == 200
    written.answer = lambda request: body(request, b"{}")
    assert http.request("GET", "/x").status == 200
    assert len(written.peers) == 2


def test_cookies_are_not_kept(script: tuple[Script, str]) -> None:
    script[0].answer = lambda request: body(request, b"{}", Set_Cookie="session=1")
    http = client(script[1])
    http.request("GET", "/x")
    http.request("GET", "/x")
    assert "Cookie" not in script[0].seen[1][1]


def test_redirects_are_answers(script: tuple[Script, str]) -> None:
    script[0].answer = lambda request: body(request, b"", 302, Location="http://169.254.169.254/")
    assert client(script[1]).request("GET", "/x").status == 302
    assert len(script[0].seen) == 1


def test_a_followed_redirect_is_guarded_again(script: tuple[Script, str]) -> None:
    script[0].answer = lambda request: body(request, b"", 302, Location="ftp://127.0.0.1/file")
    with pytest.raises(PrivateAddress):
        list(client(script[1]).lines(script[1] + "/file"))


def test_a_redirect_in_circles_ends(script: tuple[Script, str]) -> None:
    script[0].answer = lambda request: body(request, b"", 302, Location=script[1] + "/again")
    with pytest.raises(BrokenContract):
        list(client(script[1]).lines(script[1] + "/file"))


def test_lines_are_streamed_whole(script: tuple[Script, str]) -> None:
    script[0].answer = lambda request: body(request, "ilk\nikinci ş\r\nson".encode())
    assert list(client(script[1]).lines(script[1] + "/file")) == ["ilk", "ikinci ş", "son"]


def test_a_bomb_is_refused(script: tuple[Script, str]) -> None:
    bomb = gzip.compress(b"0" * 5_000_000)
    script[0].answer = lambda request: body(request, bomb, Content_Encoding="gzip")
    http = client(script[1], max_body=100_000)
    with pytest.raises(BrokenContract):
        http.request("GET", "/x")
    with pytest.raises(OutcomeUnknown):
        http.request("POST", "/x", write=True)


@pytest.mark.parametrize("write, error", [(False, WebPage), (True, OutcomeUnknown)])
def test_html_instead_of_json(script: tuple[Script, str], write: bool, error: type[Exception]) -> None:
    script[0].answer = lambda request: body(request, b"<html>Bakim</html>", Content_Type="text/html")
    with pytest.raises(error):
        client(script[1]).request("GET", "/x", write=write).json()


@pytest.mark.parametrize("raw", [b'{"data": [1, 2', b"", b'{"a": NaN}', b"[" * 50_000])
def test_json_that_is_torn_or_none(script: tuple[Script, str], raw: bytes) -> None:
    script[0].answer = lambda request: body(request, raw)
    with pytest.raises(Transient):
        client(script[1]).request("GET", "/x").json()
    with pytest.raises(OutcomeUnknown):
        client(script[1]).request("POST", "/x", write=True).json()


def test_nonsense_is_a_broken_contract_with_its_start(script: tuple[Script, str]) -> None:
    script[0].answer = lambda request: body(request, f"ok then, {SECRET}".encode())
    with pytest.raises(BrokenContract) as caught:
        client(script[1]).request("GET", "/x").json()
    assert caught.value.payload.startswith("ok then") and SECRET not in caught.value.payload


@pytest.mark.parametrize("write, error", [(False, Transient), (True, OutcomeUnknown)])
def test_no_answer_after_sending(script: tuple[Script, str], write: bool, error: type[Exception]) -> None:
    script[0].answer = drop
    with pytest.raises(error):
        client(script[1]).request("POST", "/x", json={}, write=write)


@pytest.mark.parametrize("write, error", [(False, Transient), (True, OutcomeUnknown)])
def test_an_answer_that_does_not_come_in_time(
    script: tuple[Script, str], write: bool, error: type[Exception]
) -> None:
    done = threading.Event()
    script[0].answer = lambda request: done.wait(30)  # type: ignore[assignment, return-value]
    with pytest.raises(error, match="in time"):
        client(script[1], timeout=(30.0, 0.2)).request("POST", "/x", json={}, write=write)
    done.set()


def test_a_body_that_breaks_off(script: tuple[Script, str]) -> None:
    def half(request: BaseHTTPRequestHandler) -> None:
        request.send_response(200)
        request.send_header("Content-Length", "1000")
        request.end_headers()
        request.wfile.write(b'{"a":')
        drop(request)

    script[0].answer = half
    with pytest.raises(OutcomeUnknown):
        client(script[1]).request("POST", "/x", write=True)
    with pytest.raises(Transient):
        client(script[1]).request("GET", "/x")


def test_a_write_that_never_left_is_transient() -> None:
    with socket.socket() as deaf:  # bound, so that nobody else gets the port, and not listening
        deaf.bind(("127.0.0.1", 0))
        port = deaf.getsockname()[1]
        with pytest.raises(Transient, match="cannot be reached"):
            client(f"http://127.0.0.1:{port}").request("POST", "/x", json={}, write=True)


def test_an_unknown_host() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    http = client("https://no-such-firm.example", guard=Guard(True, resolve))
    with pytest.raises(UnknownHost):
        http.request("POST", "/x", json={}, write=True)


def test_a_name_service_that_is_down_is_not_an_unknown_host() -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise socket.gaierror(socket.EAI_AGAIN, "later")

    with pytest.raises(Transient) as caught:
        client("https://firm.example", guard=Guard(True, resolve)).request("GET", "/x")
    assert not isinstance(caught.value, UnknownHost)


def test_the_address_that_was_checked_is_the_one_that_is_used(script: tuple[Script, str]) -> None:
    """A second answer of the name service (DNS rebinding) has no chance: it is asked once a connection."""
    asked: list[str] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append(host)
        return ["127.0.0.1"]

    port = script[1].rpartition(":")[2]
    http = client(f"http://firm.example:{port}", guard=Guard(True, resolve))
    http.request("GET", "/x")
    http.request("GET", "/x")
    assert asked == ["firm.example"] and script[0].seen[0][1]["Host"] == f"firm.example:{port}"


def test_private_hosts_are_refused_before_anything_is_sent(script: tuple[Script, str]) -> None:
    http = Http(script[1].replace("http:", "https:"), ScaledClock(), Trace())
    with pytest.raises(PrivateAddress):
        http.request("GET", "/x")
    assert not script[0].seen


def test_secrets_are_in_no_error_and_no_traceback(script: tuple[Script, str]) -> None:
    script[0].answer = drop
    http = client(script[1])
    headers = {"Authorization": f"Bearer {SECRET}"}
    try:
        http.request("GET", f"/x/{SECRET}", headers=headers, write=True)
    except OutcomeUnknown as error:
        shown = "".join(traceback.format_exception(error)) + repr(error) + error.detail + repr(http)
    source_line = "headers = {"
    assert SECRET not in shown.replace(source_line, "")


def test_what_is_spent_is_traced(script: tuple[Script, str]) -> None:
    script[0].answer = lambda request: body(request, b"{}", 429)
    trace = Trace()
    Http(script[1], ScaledClock(), trace, allow_private=True).request("GET", "/x", operation="things.list")
    [(operation, figures)] = trace.requests
    assert operation == "things.list" and figures["throttled"] and figures["seconds"] >= 0


def test_closing_twice_and_going_on(script: tuple[Script, str]) -> None:
    http = client(script[1])
    http.request("GET", "/x")
    http.close()
    http.close()
    assert json.loads(http.request("GET", "/x").text) == {}
