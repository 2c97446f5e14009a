"""One platform over HTTP: guarded addresses, bounded bodies, and errors named by what happens next.

What a status code means is each connector's own table; here only what never became an answer is judged:
not sent → Transient (nothing happened) · sent, a read → Transient · sent, a write → OutcomeUnknown.
"""

from __future__ import annotations

import json
import socket
import ssl
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, NoReturn
from urllib.parse import urljoin, urlsplit

import requests
from requests.structures import CaseInsensitiveDict
from urllib3.exceptions import HTTPError, NameResolutionError

from sync.connectors.guard import Guard, PrivateAddress
from sync.connectors.redact import Redactor
from sync.connectors.transport import expect, forget_sent, new_session, was_sent
from sync.errors import BrokenContract, NeedsOperator, OutcomeUnknown, Transient
from sync.model.ports import Clock, Trace
from sync.model.text import Message, say

__all__ = ["Http", "PrivateAddress", "Response", "UnknownHost", "WebPage"]

USER_AGENT = "Counterpart/1.0"
MAX_BODY = 64 * 1024 * 1024
MAX_DOWNLOAD = 4 * 1024 * 1024 * 1024
MAX_LINE = 32 * 1024 * 1024
"""Bytes of one line of a bulk result: a product with 2,048 variants has less than one of them."""
PAYLOAD_START = 2000
_CHUNK = 64 * 1024
_SLOWEST = 4 * 1024  # bytes a second that a long download must bring on average
_REDIRECTS = (301, 302, 303, 307, 308)


class WebPage(Transient):
    """A page of HTML where data was promised: maintenance, a login, or somebody else's host."""


class UnknownHost(Transient):
    """The name service does not know the host: mistyped, or it is down for the moment."""


@dataclass(frozen=True, slots=True)
class Response:
    """A whole answer. `text` is the decoded body, `seconds` (scaled) how long it took, `write` whether the
    request may have changed something. Its repr shows neither headers nor body."""

    status: int
    headers: Mapping[str, str] = field(repr=False)
    text: str = field(repr=False)
    seconds: float = 0.0
    write: bool = False
    _redactor: Redactor = field(default_factory=Redactor, repr=False)

    def json(self, *, decimals: bool = False) -> Any:
        """The body as JSON; with `decimals` numbers with a point are Decimal. If it is none (HTML, cut
        off, NaN): OutcomeUnknown for a write that was answered 2xx (it may well have been carried out),
        else Transient for what a second try can mend (a page of HTML, a torn body) and BrokenContract for
        the rest."""
        try:
            return json.loads(
                self.text, parse_float=Decimal if decimals else float, parse_constant=_no_constant
            )
        except (ValueError, RecursionError) as error:
            self._no_json(str(error))

    def start(self) -> str:
        """The beginning of the body without secrets, for errors and logs."""
        # Cleaned before it is cut: half a secret at the edge would not be recognised.
        return self._redactor.clean(self.text[: 2 * PAYLOAD_START])[:PAYLOAD_START]

    def retry_after(self) -> float | None:
        """Seconds of the Retry-After header, None if absent or not a number."""
        try:
            return max(0.0, float(self.headers.get("Retry-After", "")))
        except ValueError:
            return None

    def looks_html(self) -> bool:
        """Whether the body is a web page instead of data."""
        return "html" in self.headers.get("Content-Type", "").lower() or self.text.lstrip()[:1] == "<"

    def _no_json(self, reason: str) -> NoReturn:
        html = self.looks_html()
        message = (
            say("The platform answered with a web page instead of data.")
            if html
            else say("The platform's answer is not readable.")
        )
        detail = f"status {self.status}, {len(self.text)} characters, {reason}"
        if self.write and self.status < 300:
            raise OutcomeUnknown(message, f"{detail}: {self.start()[:300]}") from None
        if html:
            raise WebPage(message, f"{detail}: {self.start()[:300]}", self.retry_after()) from None
        if not self.text.strip() or self.text.lstrip()[:1] in "{[":
            raise Transient(message, f"{detail}: {self.start()[:300]}", self.retry_after()) from None
        raise BrokenContract(message, detail, self.start()) from None


class Http:
    """Requests to one base URL. Safe between threads: a request takes a session with its open connection from
    those at rest and puts it back, so that there are never more of them than requests at once.

    `timeout` is (connect, read) in real seconds: sockets know no scaled time. `secrets` are hidden in
    every error; `hide` adds later ones (tokens). Redirects are answers, not followed."""

    def __init__(
        self,
        base_url: str,
        clock: Clock,
        trace: Trace,
        *,
        allow_private: bool = False,
        timeout: tuple[float, float] = (10.0, 60.0),
        secrets: Iterable[str] = (),
        max_body: int = MAX_BODY,
        guard: Guard | None = None,
    ) -> None:
        self.base_url = base_url.rstrip("/")
        self._clock, self._trace, self._timeout, self._max_body = clock, trace, timeout, max_body
        self._guard = guard or Guard(allow_private)
        self._redactor = Redactor(secrets)
        self._lock = threading.Lock()
        self._resting: list[requests.Session] = []
        self._closings = 0

    def __repr__(self) -> str:
        return f"Http({self.base_url!r})"

    def hide(self, secret: str) -> None:
        """Hides one more secret in everything that is reported from now on."""
        self._redactor.hide(secret)

    def clean(self, text: str) -> str:
        """The text without secrets."""
        return self._redactor.clean(text)

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, str] | None = None,
        json: object = None,
        headers: Mapping[str, str] | None = None,
        write: bool = False,
        operation: str = "",
        data: Mapping[str, str] | None = None,
        traced: bool = True,
    ) -> Response:
        """Sends one request below the base URL and returns whatever answer comes, also 4xx and 5xx.
        `write` says that it may change something; `data` is a form body instead of JSON. With `traced`
        False the caller reports to the trace itself (when the answer tells points). Raises PrivateAddress,
        NeedsOperator (certificate), UnknownHost, Transient, OutcomeUnknown (write without an answer),
        BrokenContract (body too large)."""
        url = self._url(path)
        started = self._clock.monotonic()
        body = None if json is None else _dumped(json)
        sent = {**({"Content-Type": "application/json"} if body is not None else {}), **(headers or {})}
        _require_sendable(sent)
        status = 0
        try:
            with self._answer(
                method, url, write=write, params=params, data=body if data is None else data, headers=sent
            ) as raw:
                status = raw.status_code
                text = self._body(raw, write)
                seconds = self._clock.monotonic() - started
                return Response(
                    status, CaseInsensitiveDict(raw.headers), text, seconds, write, self._redactor
                )
        finally:
            if traced or not status:
                self._trace.request(
                    operation or f"{method} {path}",
                    seconds=self._clock.monotonic() - started,
                    throttled=status == 429,
                )

    def lines(self, url: str, *, max_bytes: int = MAX_DOWNLOAD, redirects: int = 3) -> Iterator[str]:
        """The lines of a file at any absolute URL (a bulk result), streamed, without our credentials.
        Every host on the way passes the guard. Raises as `request`; Transient also when the file is
        refused or torn off."""
        yield from _split(self.chunks(url, max_bytes=max_bytes, redirects=redirects))

    def chunks(self, url: str, *, max_bytes: int = MAX_DOWNLOAD, redirects: int = 3) -> Iterator[bytes]:
        """The same file in pieces as they come, cut anywhere."""
        with self._followed(url, redirects) as raw:
            if raw.status_code != 200:
                raise Transient(say("A result file could not be fetched."), f"status {raw.status_code}")
            yield from self._chunks(raw, max_bytes)

    def close(self) -> None:
        """Gives the sockets back, those in use as soon as they are free; a later request opens new ones."""
        with self._lock:
            sessions, self._resting = self._resting, []
            self._closings += 1
        for session in sessions:
            session.close()

    def _url(self, path: str) -> str:
        if not path.startswith("/"):
            raise ValueError(f"a path below the base URL, not {self.clean(path)!r}")
        return self.base_url + path

    @contextmanager
    def _session(self) -> Iterator[requests.Session]:
        """The session that rested last (its connection is the least likely to have been cut), or a new
        one."""
        with self._lock:
            session, closings = (self._resting.pop() if self._resting else None), self._closings
        session = session or new_session(self._guard, USER_AGENT)
        try:
            yield session
        finally:
            with self._lock:
                kept = closings == self._closings
                if kept:
                    self._resting.append(session)
            if not kept:
                session.close()

    @contextmanager
    def _answer(
        self, method: str, url: str, *, write: bool, slowest: int = 0, **parts: Any
    ) -> Iterator[requests.Response]:
        """The answer with its body unread; what goes wrong on the wire gets its name here. It has five times
        the read timeout to arrive, and longer while it brings `slowest` bytes a second."""
        self._guard.check_scheme(urlsplit(url).scheme, urlsplit(url).hostname or "")
        forget_sent()
        expect(5 * self._timeout[1], slowest)
        try:
            with (
                self._session() as session,
                session.request(
                    method, url, timeout=self._timeout, stream=True, allow_redirects=False, **parts
                ) as raw,
            ):
                yield raw
        except (requests.RequestException, HTTPError, OSError) as error:
            self._failed(error, write, urlsplit(url).hostname or "")

    @contextmanager
    def _followed(self, url: str, redirects: int) -> Iterator[requests.Response]:
        for _ in range(redirects + 1):
            with self._answer("GET", url, write=False, slowest=_SLOWEST) as raw:
                if raw.status_code not in _REDIRECTS:
                    yield raw
                    return
                url = self._next_hop(url, raw.headers.get("Location", ""))
        raise BrokenContract(say("The platform redirects in circles."), f"more than {redirects} redirects")

    def _next_hop(self, url: str, location: str) -> str:
        """Where a redirect leads; BrokenContract if it is no address at all."""
        try:
            onwards = urljoin(url, location)
            urlsplit(onwards)
        except ValueError as error:
            raise BrokenContract(
                say("The platform's answer is not readable."), f"redirect to {self.clean(location)[:200]!r}"
            ) from error
        return onwards

    def _body(self, raw: requests.Response, write: bool) -> str:
        collected = b"".join(self._chunks(raw, self._max_body, write))
        return collected.decode("utf-8-sig", errors="replace")

    def _chunks(self, raw: requests.Response, most: int, write: bool = False) -> Iterator[bytes]:
        """The decompressed body piece by piece; the bound counts what comes out of the decompressor."""
        total = 0
        for chunk in raw.raw.stream(_CHUNK, decode_content=True):
            total += len(chunk)
            if total > most:
                self._too_large(most, write)
            yield chunk

    def _too_large(self, most: int, write: bool) -> NoReturn:
        if write:
            raise OutcomeUnknown(
                say("The platform's answer is larger than allowed."), f"more than {most} bytes"
            )
        raise BrokenContract(say("The platform's answer is larger than allowed."), f"more than {most} bytes")

    def _failed(self, error: Exception, write: bool, host: str) -> NoReturn:
        detail = self.clean(f"{type(error).__name__}: {error}")[:500]
        causes = _causes(error)
        if not was_sent():
            self._not_sent(causes, host, detail)
        message = _said(causes, host)
        # `from None`: requests keeps the request, with its credentials, on its exceptions.
        if write:
            raise OutcomeUnknown(message, detail) from None
        raise Transient(message, detail) from None

    def _not_sent(self, causes: list[BaseException], host: str, detail: str) -> NoReturn:
        if any(isinstance(c, ssl.SSLCertVerificationError) for c in causes):
            raise NeedsOperator(say("The certificate of {host} is not valid.", host=host), detail) from None
        if any(isinstance(c, NameResolutionError) for c in causes) and _no_such_name(causes):
            raise UnknownHost(say("There is no host {host}.", host=host), detail) from None
        raise Transient(say("{host} cannot be reached.", host=host), detail) from None


def _require_sendable(headers: Mapping[str, str]) -> None:
    """Raises NeedsOperator for a value that no header can carry: a key that was typed or copied wrongly."""
    for value in headers.values():
        if not (value.isprintable() and value.isascii()):
            raise NeedsOperator(
                say("The credentials hold a sign that cannot be sent, such as ş. Copy them again.")
            )


def _said(causes: list[BaseException], host: str) -> Message:
    if any(isinstance(c, TimeoutError) or "Timeout" in type(c).__name__ for c in causes):
        return say("{host} did not answer in time.", host=host)
    return say("The connection to {host} broke before the answer was complete.", host=host)


def _no_such_name(causes: list[BaseException]) -> bool:
    """The name does not exist (a passing failure of the name service has another number)."""
    errors = [c for c in causes if isinstance(c, socket.gaierror)]
    return not errors or any(c.errno != socket.EAI_AGAIN for c in errors)


def _causes(error: BaseException) -> list[BaseException]:
    """The error and all that it wraps: causes, urllib3's reasons, exceptions among the arguments."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        item = waiting.pop()
        if isinstance(item, BaseException) and item not in found and len(found) < 20:
            found.append(item)
            waiting += [item.__cause__, item.__context__, getattr(item, "reason", None), *item.args]
    return found


def _split(chunks: Iterator[bytes]) -> Iterator[str]:
    """Lines out of pieces, without their ends; an empty last line is none. BrokenContract for a line that
    nobody could hold."""
    open_line = bytearray()
    for chunk in chunks:
        first, *others = chunk.split(b"\n")
        open_line += first
        if len(open_line) > MAX_LINE:
            raise BrokenContract(
                say("The platform's answer is larger than allowed."), f"a line of more than {MAX_LINE} bytes"
            )
        for following in others:
            yield _line(open_line)
            open_line = bytearray(following)
    if open_line:
        yield _line(open_line)


def _line(raw: bytearray) -> str:
    return raw.decode("utf-8", errors="replace").rstrip("\r")


def _dumped(value: object) -> bytes:
    """JSON as it goes over the wire; Decimal becomes a number with its own digits. NaN is refused."""
    return json.dumps(
        value, ensure_ascii=False, separators=(",", ":"), default=_number, allow_nan=False
    ).encode()


def _number(value: object) -> float | int:
    if isinstance(value, Decimal):
        return int(value) if value == value.to_integral_value() else float(value)
    raise TypeError(f"{type(value).__name__} does not go into JSON")


def _no_constant(name: str) -> NoReturn:
    raise ValueError(f"{name} is no JSON")
