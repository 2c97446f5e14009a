"""The sandbox's control plane has no password: only programs of this machine may speak to it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from sandbox.__main__ import create
from sandbox.platform import Options
from sandbox.server import build_app
from tests.pages.asgi import Answer, request, scope_of
from tests.pages.asgi import run as run_steps

HERE = {"host": "127.0.0.1:9"}


@pytest.fixture(scope="module", params=["sentos", "shopify"])
def box(request: pytest.FixtureRequest) -> Iterator[Any]:
    platform = create(Options(platform=request.param))
    yield build_app(platform)
    platform.tools.state.close()


def test_a_program_of_this_machine_may(box: Any) -> None:
    assert json.loads(request(box, "GET", "/_sandbox/health", **HERE).text)["ok"] is True
    assert request(box, "GET", "/_sandbox/health", host="localhost:9").status == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "https://evil.test"},
        {"origin": "null"},
        {"origin": "http://127.0.0.1:9"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-origin"},
        {"host": "evil.test:9"},
        {"host": "127.0.0.1.evil.test"},
        {"host": ""},
        {"host": "[::1"},
    ],
)
@pytest.mark.parametrize(
    ("method", "path"), [("POST", "/_sandbox/reset"), ("POST", "/_sandbox/seed"), ("GET", "/_sandbox/state")]
)
def test_no_web_page_may(box: Any, headers: dict[str, str], method: str, path: str) -> None:
    assert request(box, method, path, **{**HERE, **headers}).status == 403


@pytest.mark.parametrize("client", [("192.168.1.7", 5), ("203.0.113.9", 5), ("::ffff:10.0.0.9", 5), None])
def test_nobody_else_in_the_network_may(box: Any, client: Any) -> None:
    """Also when the sandbox is served to it (`--host 0.0.0.0`)."""
    assert from_client(box, client).status == 403
    assert from_client(box, ("127.0.0.1", 5)).status == 200


def from_client(box: Any, client: Any) -> Answer:
    sent: list[Any] = []

    async def send(message: Any) -> None:
        sent.append(message)

    async def receive() -> Any:
        return {"type": "http.request", "body": b"", "more_body": False}

    run_steps(box(scope_of("http", "/_sandbox/state", HERE, method="GET", client=client), receive, send))
    return Answer(sent[0]["status"], [], b"")
