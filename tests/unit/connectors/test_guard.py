"""Which addresses may be reached, in every spelling that an attacker would try."""

from __future__ import annotations

import pytest

from sync.connectors.guard import Guard, PrivateAddress, is_public, safe_url

PRIVATE = [
    "127.0.0.1",
    "10.0.0.1",
    "172.16.9.9",
    "192.168.1.1",
    "169.254.169.254",
    "100.64.0.1",
    "0.0.0.0",
    "224.0.0.1",
    "::1",
    "fe80::1%eth0",
    "fc00::1",
    "::ffff:127.0.0.1",
    "64:ff9b::7f00:1",
    "2002:7f00:1::",
    "nonsense",
]
PUBLIC = ["93.184.215.14", "2606:2800:21f:cb07::1"]


@pytest.mark.parametrize("address", PRIVATE)
def test_private_addresses_are_known_as_such(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", PUBLIC)
def test_public_addresses_too(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("answers", [["10.0.0.1"], ["93.184.215.14", "127.0.0.1"]])
def test_one_private_answer_of_the_name_service_spoils_all(answers: list[str]) -> None:
    with pytest.raises(PrivateAddress):
        Guard(resolve=lambda host, port: answers).addresses("shop.example", 443, True)


def test_private_networks_are_open_only_where_allowed() -> None:
    guard = Guard(allow_private=True, resolve=lambda host, port: ["127.0.0.1"])
    assert guard.addresses("localhost", 80, False) == ["127.0.0.1"]


def test_plain_http_never_reaches_a_public_host() -> None:
    with pytest.raises(PrivateAddress):
        Guard(allow_private=True, resolve=lambda host, port: PUBLIC).addresses("shop.example", 80, False)


@pytest.mark.parametrize("scheme", ["http", "ftp", "file", ""])
def test_only_https_by_default(scheme: str) -> None:
    with pytest.raises(PrivateAddress):
        Guard().check_scheme(scheme, "shop.example")


@pytest.mark.parametrize(
    "url",
    [
        "http://127.0.0.1/x.jpg",
        "https://localhost/x.jpg",
        "https://LOCALHOST./x",
        "http://2130706433/x",
        "http://0x7f.1/x",
        "http://017700000001/",
        "http://[::1]/x",
        "http://[::ffff:10.0.0.1]/",
        "http://169.254.169.254/latest/meta-data",
        "https://printer.local/x",
        "https://intranet/x.jpg",
        "https://user:pass@shop.example/x.jpg",
        "file:///etc/passwd",
        "javascript:alert(1)",
        "data:image/png;base64,AA",
        "//shop.example/x",
        "https:///x.jpg",
        "https://shop.example:99999/",
        "https://shop.example/a b.jpg",
        "",
        "x.jpg",
        "http://[broken/",
    ],
)
def test_unsafe_picture_addresses(url: str) -> None:
    assert not safe_url(url)


@pytest.mark.parametrize(
    "url", ["https://cdn.example.com/x.jpg", "http://93.184.215.14/x", "https://çiçek.example.com/ş.jpg"]
)
def test_safe_picture_addresses(url: str) -> None:
    assert safe_url(url)


def test_the_sandbox_may_serve_pictures_where_private_is_allowed() -> None:
    assert safe_url("http://127.0.0.1:8500/urunres/o_1.jpg", allow_private=True)
    assert not safe_url("file:///etc/passwd", allow_private=True)
