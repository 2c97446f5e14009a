"""HTTP answers that a well-behaved server would not give, and the plain JSON ones."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.types import Receive, Scope, Send

from sandbox.clock import Clock
from sandbox.faults import Fault

HELD_SECONDS = 120.0
_PAGE = "<!DOCTYPE html><html><head><title>{0}</title></head><body><h1>{0}</h1><hr>nginx</body></html>"


class Json(Response):
    """JSON with its letters unescaped; takes any value, or bytes that are JSON already."""

    media_type = "application/json"

    def render(self, content: Any) -> bytes:
        if isinstance(content, bytes):
            return content
        return json.dumps(content, ensure_ascii=False, separators=(",", ":"), default=str).encode()


class Dropped(Response):
    """No answer at all: the connection is held for ``hold`` scaled seconds, then closed, or reset at once."""

    def __init__(self, clock: Clock, *, hold: float = 0.0, reset: bool = False) -> None:
        super().__init__(status_code=444)
        self._clock, self._hold, self._reset = clock, hold, reset

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        # Cancelled means that the server ends: then the connection is dropped at once.
        with suppress(asyncio.CancelledError):
            await _until_gone(self._clock, self._hold, receive)
        transport = scope["state"]["sandbox.transport"]
        if self._reset:
            _linger_zero(transport)
        transport.abort()
        # The server learns of the loss in the next turn of the loop and then expects no answer from us.
        while not scope["state"]["sandbox.gone"].is_set():
            await asyncio.sleep(0)


async def with_fault(
    fault: Fault | None,
    clock: Clock,
    produce: Callable[[], Awaitable[Response]],
    throttled: Callable[[Fault], Response],
    unauthorised: Callable[[Fault], Response],
) -> Response:
    """The answer of ``produce`` as a transport fault leaves it; the two others are the platform's own words.

    ``params``: ``hold`` seconds for the timeouts, ``status`` for server_error and html_body, ``effect``
    true lets
    server_error and html_body hide an applied effect.
    """
    if fault is None:
        return await produce()
    if fault.name in ("timeout_after", "truncated_json") or fault.params.get("effect"):
        return _spoilt(fault, clock, await produce())
    if fault.name == "throttle":
        return throttled(fault)
    if fault.name == "expired_token":
        return unauthorised(fault)
    return _spoilt(fault, clock, Response())


def _spoilt(fault: Fault, clock: Clock, answer: Response) -> Response:
    hold = float(fault.params.get("hold", HELD_SECONDS))
    if fault.name in ("timeout_after", "timeout_before"):
        return Dropped(clock, hold=hold)
    if fault.name == "reset":
        return Dropped(clock, reset=True)
    if fault.name == "truncated_json":
        body = bytes(answer.body)
        return Response(body[: len(body) // 2], answer.status_code, media_type="application/json")
    if fault.name == "html_body":
        return HTMLResponse(_PAGE.format("Bakım çalışması"), int(fault.params.get("status", 200)))
    status = int(fault.params.get("status", 500))
    return Json({"message": f"Server error {status}"}, status)


async def _until_gone(clock: Clock, seconds: float, receive: Receive) -> None:
    """Wait, but no longer than the client does."""
    if seconds <= 0:
        return
    waiting = asyncio.ensure_future(clock.sleep(seconds))
    leaving = asyncio.ensure_future(_disconnect(receive))
    await asyncio.wait({waiting, leaving}, return_when=asyncio.FIRST_COMPLETED)
    waiting.cancel()
    leaving.cancel()


async def _disconnect(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


def _linger_zero(transport: asyncio.Transport) -> None:
    # Closing a socket that lingers for zero seconds sends RST instead of FIN.
    connection = transport.get_extra_info("socket")
    if connection is not None:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))


def base_url(request: Request) -> str:
    """Scheme, host and port under which the client sees this server, without a trailing slash."""
    return str(request.base_url).rstrip("/")
