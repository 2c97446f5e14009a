"""Speak to an ASGI app without a server: one request in, one answer out; and a websocket by hand."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlencode, urlsplit

T = TypeVar("T")
HOST = "localhost:8501"
OWN = {"origin": f"http://{HOST}"}


@dataclass
class Answer:
    """What came back."""

    status: int
    headers: list[tuple[str, str]]
    body: bytes

    def header(self, name: str) -> str:
        """The first header of that name, or ""."""
        return next((value for key, value in self.headers if key == name), "")

    @property
    def text(self) -> str:
        return self.body.decode()

    def cookie(self, name: str) -> str:
        """The whole Set-Cookie line of that cookie, or ""."""
        lines = (value for key, value in self.headers if key == "set-cookie")
        return next((line for line in lines if line.startswith(f"{name}=")), "")

    def cookie_value(self, name: str) -> str:
        return self.cookie(name).partition("=")[2].partition(";")[0]


def scope_of(kind: str, target: str, headers: dict[str, str], **more: Any) -> dict[str, Any]:
    """An ASGI scope for this request."""
    parts = urlsplit(target)
    everything = {"host": HOST, **headers}
    return {
        "type": kind,
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "scheme": "ws" if kind == "websocket" else "http",
        "path": parts.path,
        "raw_path": parts.path.encode(),
        "root_path": "",
        "query_string": parts.query.encode(),
        "headers": [(key.encode(), value.encode()) for key, value in everything.items()],
        "client": ("127.0.0.1", 50000),
        "server": ("127.0.0.1", 8501),
        **more,
    }


def request(
    app: Any,
    method: str,
    target: str,
    *,
    form: dict[str, str] | None = None,
    body: list[bytes] | None = None,
    **headers: str,
) -> Answer:
    """One request; header names with _ for -."""
    chunks = body if body is not None else [urlencode(form or {}).encode()]
    given = {key.replace("_", "-"): value for key, value in headers.items()}
    return run(_request(app, scope_of("http", target, given, method=method), chunks))


def run(steps: Coroutine[Any, Any, T]) -> T:
    """Run to the end in a thread of its own: a browser test of the same process may hold this one's event
    loop.
    """
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, steps).result()


async def _request(app: Any, scope: dict[str, Any], chunks: list[bytes]) -> Answer:
    waiting = [
        {"type": "http.request", "body": chunk, "more_body": index < len(chunks) - 1}
        for index, chunk in enumerate(chunks)
    ]
    sent: list[dict[str, Any]] = []

    async def receive() -> dict[str, Any]:
        return waiting.pop(0) if waiting else {"type": "http.disconnect"}

    async def send(message: Any) -> None:
        sent.append(message)

    await app(scope, receive, send)
    start = next(message for message in sent if message["type"] == "http.response.start")
    headers = [(key.decode().lower(), value.decode()) for key, value in start["headers"]]
    body = b"".join(m.get("body", b"") for m in sent if m["type"] == "http.response.body")
    return Answer(start["status"], headers, body)
