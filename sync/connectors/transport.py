"""The sockets below `http`: requests' adapter with connections that are guarded, that know whether they sent
anything, and that do not wait for ever for an answer that drips."""

from __future__ import annotations

import http.client
import io
import socket
import threading
import time
from typing import Any, ClassVar

import requests
from requests.adapters import HTTPAdapter
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.exceptions import ConnectTimeoutError, NameResolutionError, NewConnectionError

from sync.connectors.guard import Guard

_wire = threading.local()


def forget_sent() -> None:
    """Before a request: nothing has gone out on this thread yet."""
    _wire.sent = False


def was_sent() -> bool:
    """Whether the first byte of this thread's request went to an open connection: only then may it have
    had an effect."""
    return bool(getattr(_wire, "sent", False))


def expect(seconds: float, slowest: int = 0) -> None:
    """Before a request: all waiting for this thread's next answer, head and body, may add up to so many
    seconds, and to longer as long as it brings at least `slowest` bytes a second (0: no longer)."""
    _wire.expected = (seconds, slowest)


class _Paced(io.RawIOBase):
    """A socket's bytes within `expect`. The read timeout alone starts anew with every byte: a server that
    drips one now and then would hold its thread for ever."""

    def __init__(self, raw: io.RawIOBase, seconds: float, slowest: int) -> None:
        self._raw, self._left, self._slowest = raw, seconds, slowest

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        began = time.monotonic()
        count: int | None = self._raw.readinto(buffer)
        self._left -= time.monotonic() - began - ((count or 0) / self._slowest if self._slowest else 0.0)
        if self._left < 0:
            raise TimeoutError("the answer drips too slowly")
        return count

    def close(self) -> None:
        self._raw.close()
        super().close()


class _PacedResponse(http.client.HTTPResponse):
    """http.client's own, reading through `_Paced`."""

    def __init__(self, sock: socket.socket, *args: Any, **more: Any) -> None:
        super().__init__(sock, *args, **more)
        seconds, slowest = getattr(_wire, "expected", (float("inf"), 0))
        self.fp = io.BufferedReader(_Paced(self.fp.detach(), seconds, slowest))


class _Guarded:
    """Opens sockets only to addresses that the guard has just approved; mixed into urllib3's connections."""

    guard: ClassVar[Guard]
    encrypted: ClassVar[bool]
    response_class: ClassVar[type[http.client.HTTPResponse]] = _PacedResponse

    def _new_conn(self: Any) -> socket.socket:
        try:
            found = self.guard.addresses(self._dns_host, self.port, self.encrypted)
        except socket.gaierror as error:
            raise NameResolutionError(self.host, self, error) from error
        last: OSError | None = None
        for address in found:
            try:
                return self._connected(address)
            except OSError as error:
                last = error
        if isinstance(last, TimeoutError):
            raise ConnectTimeoutError(self, f"no connection to {self.host} within {self.timeout} s") from last
        raise NewConnectionError(self, f"no connection to {self.host}: {last}") from last

    def _connected(self: Any, address: str) -> socket.socket:
        timeout = self.timeout if isinstance(self.timeout, int | float) else None
        made = socket.create_connection((address, self.port), timeout)
        for option in self.socket_options or ():
            made.setsockopt(*option)
        return made

    def send(self: Any, data: Any) -> None:
        if self.sock is None:
            self.connect()
        _wire.sent = True
        super().send(data)  # type: ignore[misc]


class GuardedAdapter(HTTPAdapter):
    """An adapter whose every connection, also one after a redirect, passes the guard. No retries of its
    own."""

    def __init__(self, guard: Guard) -> None:
        self._guard = guard
        super().__init__(max_retries=0, pool_connections=4, pool_maxsize=4)

    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        facts = {"guard": self._guard}
        plain = type("GuardedHTTP", (_Guarded, HTTPConnection), {**facts, "encrypted": False})
        secure = type("GuardedHTTPS", (_Guarded, HTTPSConnection), {**facts, "encrypted": True})
        self.poolmanager.pool_classes_by_scheme = {
            "http": type("GuardedHTTPPool", (HTTPConnectionPool,), {"ConnectionCls": plain}),
            "https": type("GuardedHTTPSPool", (HTTPSConnectionPool,), {"ConnectionCls": secure}),
        }


def new_session(guard: Guard, user_agent: str) -> requests.Session:
    """A session without proxies, netrc or cookies: what leaves is what the connector says, to the host it
    names."""
    session = _Session()
    session.trust_env = False
    session.cookies.set_policy(_NoCookies())
    session.headers.update(
        {"User-Agent": user_agent, "Accept": "application/json", "Accept-Encoding": "gzip, deflate"}
    )
    for scheme in ("http://", "https://"):
        session.mount(scheme, GuardedAdapter(guard))
    return session


class _Session(requests.Session):
    """requests looks at a redirect's address even where it does not follow it, and stumbles over a broken
    one."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        return None


class _NoCookies(requests.cookies.cookielib.DefaultCookiePolicy):  # type: ignore[name-defined]
    """Takes and gives none."""

    def set_ok(self, cookie: Any, request: Any) -> bool:
        return False

    def return_ok(self, cookie: Any, request: Any) -> bool:
        return False
