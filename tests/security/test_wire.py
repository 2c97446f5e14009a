"""What a hostile server may answer: bombs, drips, endless lines, and ways into the private network."""

from __future__ import annotations

import gzip
import io
import socket
import threading
import zlib
from collections.abc import Callable, Iterator
from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest

from sync.connectors import http as http_module
from sync.connectors import transport
from sync.connectors.guard import Guard, PrivateAddress, is_public, safe_url
from sync.connectors.http import PAYLOAD_START, Http
from sync.connectors.redact import Redactor
from sync.connectors.sentos import money as sentos
from sync.connectors.shopify.wire import values as shopify
from sync.errors import BrokenContract, CounterpartError, OutcomeUnknown, Transient
from tests.contract.doubles import ScaledClock, Trace

Answer = Callable[[socket.socket], None]
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nConnection: close\r\n"


class Server:
    """Answers each connection byte for byte as a test says, until it is told to end."""

    def __init__(self) -> None:
        self.answers: list[Answer] = []
        self.requests: list[bytes] = []
        self.ended = threading.Event()
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._socket.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def _serve(self) -> None:
        while True:
            try:
                peer, _ = self._socket.accept()
            except OSError:
                return
            with peer:
                try:
                    self.requests.append(peer.recv(65536))
                    (self.answers.pop(0) if len(self.answers) > 1 else self.answers[0])(peer)
                except OSError:
                    pass  # the client has hung up, which is what most of these tests want

    def drip(self, peer: socket.socket, piece: bytes) -> None:
        """One piece now and then, always within the read timeout, for as long as the client listens."""
        while not self.ended.wait(0.05):
            peer.sendall(piece)

    def close(self) -> None:
        self.ended.set()
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Server]:
    running = Server()
    yield running
    running.close()


def client(server: Server, **options: Any) -> Http:
    settings = {"allow_private": True, "timeout": (30.0, 30.0), **options}
    return Http(server.url, ScaledClock(), Trace(), **settings)


IMPATIENT = (30.0, 0.2)


# -- bombs -----------------------------------------------------------------------------------------


def packed(raw: bytes, encoding: bytes) -> Answer:
    return lambda peer: peer.sendall(HEAD + b"Content-Encoding: " + encoding + b"\r\n\r\n" + raw)


@pytest.mark.parametrize(
    ("raw", "encoding"),
    [
        (gzip.compress(b"0" * 20_000_000), b"gzip"),
        (zlib.compress(b"0" * 20_000_000), b"deflate"),
        (gzip.compress(gzip.compress(b"0" * 200_000_000, 1)), b"gzip, gzip"),
    ],
    ids=["gzip", "deflate", "twice"],
)
def test_what_unpacks_to_too_much_is_refused(server: Server, raw: bytes, encoding: bytes) -> None:
    server.answers = [packed(raw, encoding)]
    with pytest.raises(BrokenContract, match="larger"):
        client(server, max_body=1_000_000).request("GET", "/x")
    with pytest.raises(BrokenContract, match="larger"):
        list(client(server).lines(f"{server.url}/x", max_bytes=1_000_000))


def test_a_write_answered_by_a_bomb_is_not_known(server: Server) -> None:
    server.answers = [packed(gzip.compress(b"0" * 20_000_000), b"gzip")]
    with pytest.raises(OutcomeUnknown):
        client(server, max_body=1_000_000).request("POST", "/x", write=True)


def test_an_endless_body_without_a_length_is_refused(server: Server) -> None:
    def pour(peer: socket.socket) -> None:
        peer.sendall(HEAD + b"\r\n")
        while True:
            peer.sendall(b"0" * 65536)

    server.answers = [pour]
    with pytest.raises(BrokenContract, match="larger"):
        client(server, max_body=1_000_000).request("GET", "/x")


def test_a_line_that_nobody_could_hold_is_refused(server: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_module, "MAX_LINE", 200_000)
    server.answers = [lambda peer: peer.sendall(HEAD + b"\r\n{}\n" + b"x" * 2_000_000)]
    lines = client(server).lines(f"{server.url}/x")
    assert next(lines) == "{}"
    with pytest.raises(BrokenContract, match="larger"):
        list(lines)


@pytest.mark.parametrize(
    "raw", [b"[" * 200_000, b'{"a":' * 200_000, b"9" * 200_000, b'{"a": ' + b"9" * 5000 + b"}", b"-Infinity"]
)
def test_json_that_is_meant_to_break_the_reader_is_an_error_with_a_name(server: Server, raw: bytes) -> None:
    server.answers = [lambda peer: peer.sendall(HEAD + b"\r\n" + raw)]
    answer = client(server).request("GET", "/x")
    with pytest.raises((Transient, BrokenContract)):
        answer.json()
    with pytest.raises((Transient, BrokenContract)):
        answer.json(decimals=True)


@pytest.mark.parametrize("huge", ["1e999999999", "1e-999999999", "-1E+400", "9" * 5000, "1e15"])
def test_a_number_that_would_fill_the_memory_is_none(huge: str) -> None:
    for raw in (Decimal(huge), huge):
        with pytest.raises(ValueError):
            sentos.amount(raw)
        with pytest.raises(ValueError):
            shopify.decimal(raw)
    with pytest.raises(ValueError):
        sentos.pieces(Decimal(huge))


@pytest.mark.parametrize("zero", ["0e999999999", "0e-999999999", "0.00"])
def test_a_long_zero_is_a_short_one(zero: str) -> None:
    assert f"{sentos.amount(Decimal(zero)):f}" == f"{shopify.decimal(zero):f}" == "0"


# -- drips -----------------------------------------------------------------------------------------


def test_a_body_that_drips_ends(server: Server) -> None:
    def answer(peer: socket.socket) -> None:
        peer.sendall(HEAD + b"Content-Length: 60000\r\n\r\n")
        server.drip(peer, b" ")

    server.answers = [answer]
    with pytest.raises(Transient, match="in time"):
        client(server, timeout=IMPATIENT).request("GET", "/x")
    with pytest.raises(OutcomeUnknown, match="in time"):
        client(server, timeout=IMPATIENT).request("POST", "/x", write=True)


@pytest.mark.parametrize("start", [b"HTTP/1.1 200 OK\r\nX-Endless: ", b"HTTP/1.1 "], ids=["header", "status"])
def test_a_head_that_drips_ends(server: Server, start: bytes) -> None:
    def answer(peer: socket.socket) -> None:
        peer.sendall(start)
        server.drip(peer, b"0")

    server.answers = [answer]
    with pytest.raises(Transient, match="in time"):
        client(server, timeout=IMPATIENT).request("GET", "/x")


def test_an_answer_that_is_always_about_to_come_ends(server: Server) -> None:
    server.answers = [lambda peer: server.drip(peer, b"HTTP/1.1 100 Continue\r\n\r\n")]
    with pytest.raises(Transient, match="in time"):
        client(server, timeout=IMPATIENT).request("GET", "/x")


def test_a_download_that_drips_ends(server: Server) -> None:
    def answer(peer: socket.socket) -> None:
        peer.sendall(HEAD + b"\r\n")
        server.drip(peer, b"{}\n")

    server.answers = [answer]
    with pytest.raises(Transient, match="in time"):
        list(client(server, timeout=IMPATIENT).lines(f"{server.url}/x"))


class Slow(io.RawIOBase):
    """A socket that brings 4 KB at a time, each after so many seconds of a clock that nothing else turns."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
        self.now, self.seconds = 0.0, seconds
        monkeypatch.setattr(transport, "time", SimpleNamespace(monotonic=lambda: self.now))

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.now += self.seconds
        return min(4096, len(buffer))


def test_a_download_may_take_long_while_it_comes(monkeypatch: pytest.MonkeyPatch) -> None:
    """Ninety times what a drip is allowed, at a fair rate; a little below that rate it ends."""
    slow = Slow(monkeypatch, 0.9)
    fair = transport._Paced(slow, 1.0, 4096)
    assert sum(len(fair.read(4096)) for _ in range(100)) == 100 * 4096 and slow.now == pytest.approx(90)
    dripping = transport._Paced(Slow(monkeypatch, 1.1), 1.0, 4096)
    with pytest.raises(TimeoutError):
        for _ in range(100):
            dripping.read(4096)


def test_only_a_download_may_take_longer_while_it_comes(
    server: Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[tuple[float, int]] = []
    expect = http_module.expect
    monkeypatch.setattr(http_module, "expect", lambda *how: (given.append(how), expect(*how))[1])
    server.answers = [lambda peer: peer.sendall(HEAD + b"Content-Length: 3\r\n\r\n{}\n")]
    assert list(client(server).lines(f"{server.url}/x")) == ["{}"]
    client(server).request("GET", "/x")
    assert given == [(150.0, 4096), (150.0, 0)]


# -- ways into the private network -----------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        "0.0.0.0",
        "0.1.2.3",
        "127.0.0.1",
        "127.255.255.254",
        "10.1.2.3",
        "172.31.255.255",
        "192.168.0.1",
        "169.254.169.254",
        "100.100.100.200",
        "192.0.0.1",
        "198.18.0.1",
        "240.0.0.1",
        "255.255.255.255",
        "224.0.0.1",
        "::",
        "::1",
        "::127.0.0.1",
        "::7f00:1",
        "::ffff:127.0.0.1",
        "::ffff:a9fe:a9fe",
        "::ffff:0:7f00:1",
        "64:ff9b::7f00:1",
        "64:ff9b::a9fe:a9fe",
        "64:ff9b:1::1",
        "2002:7f00:1::",
        "2002:a9fe:a9fe::1",
        "2001:0:7f00:1:0:0:80ff:fffe",
        "fc00::1",
        "fd00:ec2::254",
        "fe80::1",
        "fe80::1%eth0",
        "fec0::1",
        "ff02::1",
        "2001:db8::1",
        "100::1",
        "1.2.3",
        "0x7f.1",
        "",
        "localhost",
    ],
)
def test_no_private_address_in_any_dress_is_public(address: str) -> None:
    assert not is_public(address)
    with pytest.raises(PrivateAddress):
        Guard(resolve=lambda *_: ["93.184.215.14", address]).addresses("shop.example", 443, True)


@pytest.mark.parametrize(
    "address", ["93.184.215.14", "2606:2800:21f:cb07::1", "::ffff:93.184.215.14", "64:ff9b::5db8:d70e"]
)
def test_public_addresses_stay_reachable(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", ["0x7f.1", "2130706433", "017700000001", "127.1", "0"])
def test_a_host_that_spells_an_address_is_judged_by_it(host: str) -> None:
    """Through the name service of this machine, which reads these as 127.0.0.1 or 0.0.0.0."""
    with pytest.raises(PrivateAddress):
        Guard().addresses(host, 443, True)


@pytest.mark.parametrize(
    "url",
    [
        "https://１２７.0.0.1/x",
        "https://127。0。0。1/x",
        "https://①②⑦.0.0.1/x",
        "https://ⓛocalhost.local/x",
        "https://metadata.google。internal/x",
        "https://metadata.google.internal./x",
        "https://127.0.0.1\\.cdn.example/x",
        "https://cdn.example\\@127.0.0.1/x",
        "https://127.0.0.1%2f.cdn.example/x",
        "https://%31%32%37.0.0.1/x",
        "https://cdn.example:pw@127.0.0.1/",
        "https://[::7f00:1]/x",
        "https://[fec0::1]/x",
        "https://[fe80::1%25eth0]/x",
        "https://0/x",
        "https://127.1/x",
        "https://0177.0.0.1/x",
        "https://cdn.example/\r\nx",
        "https://cdn.example/\x00",
        "https://cdn.ex\u00adample/x",
        "ftp://cdn.example/x",
        "//cdn.example/x",
        "https:cdn.example",
        "HTTPS://LOCALHOST/x",
        "https://nas.lan/x",
        "https://router.home.arpa/x",
    ],
)
def test_no_picture_address_leads_inside(url: str) -> None:
    assert not safe_url(url)


def test_a_chain_of_redirects_never_leads_inside(server: Server) -> None:
    """The bulk file's host is public and sends us on; each hop is judged when its socket is opened."""
    steps = iter([["127.0.0.1"], ["127.0.0.1"], ["169.254.169.254"]])
    server.answers = [
        lambda peer: peer.sendall(
            b"HTTP/1.1 302 Found\r\nLocation: http://other.example:%d/\r\nConnection: close\r\n\r\n"
            % server.port
        )
    ]

    class Sandboxed(Guard):
        """Takes this machine for the internet, and the cloud's metadata service for what it is."""

        def addresses(self, host: str, port: int, encrypted: bool) -> list[str]:
            found = next(steps)
            return (
                found
                if found == ["127.0.0.1"]
                else Guard(resolve=lambda *_: found).addresses(host, port, True)
            )

    http = client(server, guard=Sandboxed(True))
    with pytest.raises(PrivateAddress):
        list(http.lines(f"http://files.example:{server.port}/x"))
    assert len(server.requests) == 2


def test_a_redirect_from_https_to_plain_http_is_refused() -> None:
    with pytest.raises(PrivateAddress):
        Guard().check_scheme("http", "files.example")


@pytest.mark.parametrize(
    "to", ["file:///etc/passwd", "ftp://127.0.0.1/x", "gopher://127.0.0.1:6379/_x", "//", "http://[broken/"]
)
def test_a_redirect_to_no_web_address_is_an_error_with_a_name(server: Server, to: str) -> None:
    server.answers = [lambda peer: peer.sendall(b"HTTP/1.1 302 Found\r\nLocation: %s\r\n\r\n" % to.encode())]
    with pytest.raises(CounterpartError):
        list(client(server).lines(f"{server.url}/x"))
    assert client(server).request("GET", "/x").status == 302


def test_no_credential_of_ours_follows_a_redirect(server: Server) -> None:
    server.answers = [
        lambda peer: peer.sendall(b"HTTP/1.1 302 Found\r\nLocation: /other\r\nConnection: close\r\n\r\n"),
        lambda peer: peer.sendall(HEAD + b"Content-Length: 2\r\n\r\n{}"),
    ]
    list(client(server, secrets=("shpat_secret_value",)).lines(f"{server.url}/x"))
    assert not any(
        word in sent for sent in server.requests for word in (b"Authorization", b"Cookie", b"shpat_")
    )


# -- secrets in what is told of it -----------------------------------------------------------------


def test_a_secret_at_the_edge_of_a_payload_is_not_left_in_halves(server: Server) -> None:
    secret = "s3cr3t-" * 6
    raw = b"x" * (PAYLOAD_START - 20) + secret.encode() + b" and more"
    server.answers = [lambda peer: peer.sendall(HEAD + b"\r\n" + raw)]
    start = client(server, secrets=(secret,)).request("GET", "/x").start()
    assert "s3cr3t" not in start and len(start) <= PAYLOAD_START


@pytest.mark.parametrize("secret", ['quo"ted\\secret', "şifre+&= x", "tab\tsecret"])
def test_a_secret_is_hidden_in_every_spelling(secret: str) -> None:
    import base64
    import json
    from urllib.parse import quote, quote_plus

    spelled = [
        secret,
        json.dumps(secret),
        json.dumps(secret, ensure_ascii=False),
        quote(secret),
        quote_plus(secret),
        repr(secret),
        base64.b64encode(secret.encode()).decode(),
    ]
    for text in spelled[:3] + spelled[4:]:
        assert "•••" in Redactor([secret]).clean(f"before {text} after"), text
