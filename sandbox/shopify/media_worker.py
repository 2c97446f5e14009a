"""Files become ready: a background thread fetches each source once; which ones are due is asked of it before
each answer."""

from __future__ import annotations

import http.client
import ipaddress
import queue
import threading
from typing import Any
from urllib.parse import urlsplit

from sandbox.clock import Clock
from sandbox.shopify.settings import Settings

Obj = dict[str, Any]
TIMEOUT_SECONDS = 10
MOST_BYTES = 20 * 1024 * 1024
REDIRECTS = 3


class MediaWorker:
    """Knows which files wait. Only loopback hosts are fetched: the sandbox never talks to the world outside,
    so a file from elsewhere becomes READY unseen.
    """

    def __init__(self, clock: Clock, settings: Settings) -> None:
        self._clock, self._settings = clock, settings
        self._waiting: dict[str, float] = {}
        self._asked: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
        self._found: queue.SimpleQueue[tuple[str, str, int]] = queue.SimpleQueue()
        self._results: dict[str, tuple[str, int]] = {}
        self._thread: threading.Thread | None = None

    def expect(self, file: Obj) -> None:
        """A new file: fetch its source, and let it be ready after the media delay."""
        self._waiting[file["id"]] = self._clock.monotonic() + self._settings.media_delay
        if self._settings.fetch_media == "on" and _is_local(file["_source"]):
            self._ask(file["id"], file["_source"])
        else:
            self._results[file["id"]] = ("", 0)

    def clear(self) -> None:
        """Forget what waits."""
        self._waiting.clear()
        self._results.clear()

    def due(self) -> list[tuple[str, str, int]]:
        """Files whose time has come: id, what went wrong ("" if nothing), bytes. They then wait no longer."""
        if not self._waiting:
            return []
        while not self._found.empty():
            id, error, size = self._found.get()
            self._results[id] = (error, size)
        now = self._clock.monotonic()
        ids = [id for id, due in self._waiting.items() if due <= now and id in self._results]
        for id in ids:
            del self._waiting[id]
        return [(id, *self._results.pop(id)) for id in ids]

    def _ask(self, id: str, url: str) -> None:
        self._asked.put((id, url))
        if self._thread is None or not self._thread.is_alive():
            self._thread = threading.Thread(target=self._run, name="shopify-media", daemon=True)
            self._thread.start()

    def _run(self) -> None:
        """Fetch until nothing has been asked for a while; the next request starts another thread."""
        connections: dict[str, http.client.HTTPConnection] = {}
        while True:
            try:
                asked = self._asked.get(timeout=5)
            except queue.Empty:
                break
            if asked is None:
                break
            id, url = asked
            error, size = _fetched(url, connections)
            self._found.put((id, error, size))
        for connection in connections.values():
            connection.close()


def _is_local(url: str) -> bool:
    host = urlsplit(url).hostname or ""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _fetched(url: str, connections: dict[str, http.client.HTTPConnection], hops: int = 0) -> tuple[str, int]:
    """(error, bytes) of one GET; the error is empty when the source gave a file."""
    host = urlsplit(url).netloc
    reused = host in connections
    try:
        status, location, size = _get(url, connections)
    except (OSError, http.client.HTTPException) as error:
        if gone := connections.pop(host, None):
            gone.close()
        # The source may have closed a connection that lay idle; that says nothing about the file.
        return _fetched(url, connections, hops) if reused else (type(error).__name__, 0)
    if status in (301, 302, 307, 308) and hops < REDIRECTS and _is_local(location):
        return _fetched(location, connections, hops + 1)
    if status != 200:
        return f"HTTP {status}", 0
    return ("file is too large", 0) if size > MOST_BYTES else ("", size)


def _get(url: str, connections: dict[str, http.client.HTTPConnection]) -> tuple[int, str, int]:
    """(status, redirect target, bytes) of one GET over a kept connection."""
    parts = urlsplit(url)
    connection = connections.get(parts.netloc)
    if connection is None:
        connection = http.client.HTTPConnection(parts.netloc, timeout=TIMEOUT_SECONDS)
        connections[parts.netloc] = connection
    connection.request("GET", f"{parts.path or '/'}{'?' + parts.query if parts.query else ''}")
    response = connection.getresponse()
    return response.status, response.headers["Location"] or "", len(response.read(MOST_BYTES + 1))
