"""One sandbox over real HTTP: the ASGI app, a server that ends promptly, and one in a thread for tests."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import socket
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from uvicorn.protocols.http.auto import AutoHTTPProtocol

from sandbox.answers import Json
from sandbox.control import HANDLERS, control_plane
from sandbox.platform import Platform

_PARENT_LOOK_SECONDS = 0.25


def build_app(platform: Platform) -> ASGIApp:
    """The platform's routes plus its control plane; every answer is committed first and delayed by the
    latency."""
    app = Starlette(
        routes=[control_plane(platform), *platform.routes()],
        exception_handlers={**HANDLERS, 404: _not_found},
    )
    return _Delivery(app, platform)


async def _not_found(request: Request, _: Exception) -> Json:
    return Json({"message": f"Not found: {request.url.path}"}, 404)


class _Delivery:
    """Commits what a request changed before its answer leaves, and lets the answer travel for the latency."""

    def __init__(self, app: ASGIApp, platform: Platform) -> None:
        self._app, self._tools = app, platform.tools

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        if scope["path"].startswith("/_sandbox"):
            await self._committed(scope, receive, send, 0.0)
            return
        self._tools.arrived()
        try:
            await self._committed(scope, receive, send, self._tools.latency)
        finally:
            self._tools.left()

    async def _committed(self, scope: Scope, receive: Receive, send: Send, delay: float) -> None:
        # The delay holds no thread and no lock: any number of answers travel at once.

        async def deliver(message: Message) -> None:
            if message["type"] == "http.response.start":
                self._tools.state.commit()
                if delay:
                    await self._tools.clock.sleep(delay)
            await send(message)

        try:
            await self._app(scope, receive, deliver)
        finally:
            self._tools.state.commit()


class _Protocol(AutoHTTPProtocol):  # type: ignore[misc, valid-type]
    """uvicorn's own, but a request can reach its connection: a fault must be able to drop it."""

    app_state: dict[str, Any]

    def connection_made(self, transport: Any) -> None:
        self.app_state = {**self.app_state, "sandbox.transport": transport, "sandbox.gone": asyncio.Event()}
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self.app_state["sandbox.gone"].set()


class _Server(uvicorn.Server):
    """uvicorn's own, but it ends the moment it is told to instead of at its next tick."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self._ending = asyncio.Event()

    async def main_loop(self) -> None:
        ticks = 0
        while not await self.on_tick(ticks):
            ticks += 1
            with suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), 0.1)

    def end(self, force: bool = False) -> None:
        """To be called in the server's own loop; ``force`` does not wait for requests that hang."""
        self.should_exit, self.force_exit = True, force
        self._ending.set()


def _server(app: ASGIApp) -> _Server:
    config = uvicorn.Config(
        app, http=_Protocol, ws="none", lifespan="off", log_level="warning", access_log=False,
        server_header=False, backlog=256, timeout_keep_alive=75,
    )  # fmt: skip
    return _Server(config)


def listen(host: str, port: int) -> socket.socket:
    """A bound socket (port 0: any free one); OSError when the port is taken."""
    bound = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    bound.bind((host, port))
    # Nagle's algorithm and delayed acknowledgements would add 40 ms to answers that go out in two pieces.
    bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return bound


def url_of(bound: socket.socket) -> str:
    """The address of a bound socket as a URL without a trailing slash."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def serve(platform: Platform, host: str = "127.0.0.1", port: int = 0, parent: int | None = None) -> None:
    """Serve until SIGTERM, SIGINT or the end of process ``parent``; prints one JSON line when ready."""
    bound = listen(host, port)
    try:
        asyncio.run(_serve(platform, bound, parent))
    finally:
        platform.tools.state.close()
        bound.close()


async def _serve(platform: Platform, bound: socket.socket, parent: int | None) -> None:
    server = _server(build_app(platform))
    loop = asyncio.get_running_loop()

    def end() -> None:
        server.end()
        # Nobody waits for requests that hang on purpose.
        loop.call_later(0.2, server.end, True)

    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, end)
    watch = asyncio.ensure_future(_watch(parent, end)) if parent is not None else None
    serving = asyncio.ensure_future(server._serve([bound]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.005)
    _announce(platform, url_of(bound))
    await serving
    if watch is not None:
        watch.cancel()


def _announce(platform: Platform, url: str) -> None:
    ready = {"ready": True, "platform": platform.name, "url": url, "control": f"{url}/_sandbox"}
    sys.stdout.write(json.dumps(ready) + "\n")
    sys.stdout.flush()


async def _watch(parent: int, end: Any) -> None:
    """Call ``end`` once the parent is gone."""
    ours = os.getppid() == parent
    while (os.getppid() == parent) if ours else _alive(parent):
        await asyncio.sleep(_PARENT_LOOK_SECONDS)
    end()


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
        # A process that ended but was not waited for still takes signals.
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except ProcessLookupError:
        return False
    except OSError:
        return True


@dataclass
class Running:
    """A sandbox that runs in a thread of this process."""

    platform: Platform
    url: str

    @property
    def control(self) -> str:
        """Where its control plane is."""
        return f"{self.url}/_sandbox"


@contextmanager
def running(platform: Platform, host: str = "127.0.0.1", port: int = 0) -> Iterator[Running]:
    """Serve in a thread while the block runs; for tests, which may look into ``platform`` as well."""
    bound = listen(host, port)
    server = _server(build_app(platform))
    ready = threading.Event()
    loop = asyncio.new_event_loop()
    thread = threading.Thread(
        target=loop.run_until_complete, args=(_in_thread(server, bound, ready),), daemon=True
    )
    thread.start()
    ready.wait()
    try:
        yield Running(platform, url_of(bound))
    finally:
        loop.call_soon_threadsafe(server.end, True)
        thread.join()
        loop.close()
        platform.tools.state.close()
        bound.close()


async def _in_thread(server: _Server, bound: socket.socket, ready: threading.Event) -> None:
    serving = asyncio.ensure_future(server._serve([bound]))
    while not server.started and not serving.done():
        await asyncio.sleep(0.002)
    ready.set()
    await serving
    hanging = asyncio.all_tasks() - {asyncio.current_task()}
    for task in hanging:
        task.cancel()
    await asyncio.gather(*hanging, return_exceptions=True)
