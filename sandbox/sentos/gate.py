"""What every Sentos call passes first: identity, caller's address, rights, rate limits, the habits of the
house.

Limits as quoted from the official document by public clients: 12 POST a minute, the *same* GET (path and
query)
twice a minute; over that 429. Window and scope are unknown: per key and sliding 60 s here.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import random
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, Literal

from starlette.requests import Request
from starlette.responses import Response

from sandbox.answers import Json, base_url, with_fault
from sandbox.faults import TRANSPORT, Fault
from sandbox.platform import Tools
from sandbox.sentos.settings import Now, Settings, listed

WINDOW_SECONDS = 60.0
TOO_MANY = "Too Many Requests"


class Refused(Exception):
    """A handler's refusal: HTTP status, message and, as validation gives them, errors by field."""

    def __init__(self, status: int, message: str, errors: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.status, self.message, self.errors = status, message, errors

    def answer(self) -> Json:
        """As Sentos words it."""
        body: dict[str, Any] = {"message": self.message}
        if self.errors is not None:
            body["errors"] = self.errors
        return Json(body, self.status)


@dataclass
class Ask:
    """One request as a handler sees it: everything is read already, so that handlers never wait."""

    operation: str
    params: dict[str, str]
    query: dict[str, str]
    body: Any
    base: str
    faults: Callable[[str], Fault | None] = field(repr=False)

    def number(self, name: str = "id") -> int:
        """An id out of the path; Refused 404 when it is none."""
        if not self.params[name].isascii() or not self.params[name].isdigit():
            raise Refused(404, "Kayıt bulunamadı")
        return int(self.params[name])


Handler = Callable[[Ask], Any]


class Gate:
    """Lets calls through to their handlers and writes each into the ledger, refused ones too."""

    def __init__(self, tools: Tools, settings: Now, seed: int) -> None:
        self._tools, self._settings = tools, settings
        self._seed = seed
        self.reset()

    def reset(self) -> None:
        """Forget the windows and start the dice anew."""
        self._dice = random.Random(f"{self._seed}:habits")
        self._windows: dict[str, deque[float]] = {}

    def endpoint(
        self, operation: str, kind: Literal["read", "write"], handler: Handler
    ) -> Callable[[Request], Awaitable[Response]]:
        """The Starlette endpoint of one operation."""

        async def call(request: Request) -> Response:
            raw = await request.body()
            path = request.url.path + (f"?{request.url.query}" if request.url.query else "")
            answer = self._stopped(request, operation, path)
            if answer is None:
                answer = await self._served(request, operation, raw, handler)
            status = answer.status_code
            # 444 is the mark of an answer that was never given: not a refusal.
            self._tools.ledger.call(
                operation,
                kind=kind,
                status=status,
                path=path,
                throttled=status == 429,
                refused=400 <= status < 444,
            )
            return answer

        return call

    def _stopped(self, request: Request, operation: str, path: str) -> Response | None:
        """The answer of a call that does not get in."""
        settings = self._settings()
        host = request.client.host if request.client else ""
        if not identified(request, settings):
            return Json({"message": "Unauthorized"}, 401)
        if settings.allowed_ips and host not in listed(settings.allowed_ips):
            return Json({"message": f"Unauthorized: IP {host}"}, 401)
        if operation in listed(settings.forbidden):
            return Json({"message": "Bu işlem için yetkiniz yok"}, 403)
        wait = self._over_limit(request.method, path, settings)
        return None if wait is None else self._too_many(wait)

    def _too_many(self, wait: float) -> Json:
        headers = {"Retry-After": str(math.ceil(wait))} if self._settings().retry_after else None
        return Json({"message": TOO_MANY}, 429, headers)

    def _over_limit(self, method: str, path: str, settings: Settings) -> float | None:
        """Seconds until the call would be let in, or None when it is: then it counts."""
        limits = _limits(method, path, settings)
        now = self._tools.clock.monotonic()
        waits = [wait for name, most in limits if (wait := self._wait(name, most, now)) is not None]
        if waits:
            return max(waits)
        for name, _ in limits:
            self._windows.setdefault(name, deque()).append(now)
        return None

    def _wait(self, name: str, most: int, now: float) -> float | None:
        window = self._windows.get(name)
        if window is None:
            if len(self._windows) > 20_000:
                self._windows = {
                    key: kept for key, kept in self._windows.items() if kept[-1] > now - WINDOW_SECONDS
                }
            return None if most > 0 else WINDOW_SECONDS
        while window and window[0] <= now - WINDOW_SECONDS:
            window.popleft()
        return None if len(window) < most else (window[0] if window else now) + WINDOW_SECONDS - now

    async def _served(self, request: Request, operation: str, raw: bytes, handler: Handler) -> Response:
        query, params = dict(request.query_params), {k: str(v) for k, v in request.path_params.items()}
        facts = {**query, **params, "method": request.method, "path": request.url.path}
        facts.pop("operation", None)
        fault = self._tools.faults.take(operation, only=TRANSPORT, **facts)

        def take(name: str) -> Fault | None:
            return self._tools.faults.take(operation, only=(name,), **facts)

        async def produce() -> Response:
            if (habit := await self._habit()) is not None:
                return habit
            return _handled(
                handler, Ask(operation, params, query, _parsed(raw), base_url(request), take), raw
            )

        return await with_fault(fault, self._tools.clock, produce, self._throttled, _expired)

    async def _habit(self) -> Response | None:
        """Under load Sentos stalls, or answers 500 where it means 429."""
        settings = self._settings()
        if settings.stall_rate and self._dice.random() < settings.stall_rate:
            await self._tools.clock.sleep(settings.stall_seconds)
        if settings.error_rate and self._dice.random() < settings.error_rate:
            return Json({"message": "Internal Server Error"}, 500)
        return None

    def _throttled(self, fault: Fault) -> Response:
        after = fault.params.get("retry_after")
        return Json({"message": TOO_MANY}, 429, None if after is None else {"Retry-After": str(after)})


def _limits(method: str, path: str, settings: Settings) -> list[tuple[str, int]]:
    if method in ("GET", "HEAD"):
        pairs = [(f"GET {path}", settings.same_get_per_min), ("GET", settings.total_get_per_min)]
    else:
        name = method if method != "POST" and not settings.put_shares_post else "POST"
        pairs = [(name, settings.post_per_min)]
    return [(name, most) for name, most in pairs if most is not None]


def _expired(_: Fault) -> Response:
    return Json({"message": "Unauthorized"}, 401)


_NOT_JSON = object()


def _parsed(raw: bytes) -> Any:
    if not raw.strip():
        return None
    try:
        return json.loads(raw)
    except ValueError:
        return _NOT_JSON


def _handled(handler: Handler, ask: Ask, raw: bytes) -> Response:
    if ask.body is _NOT_JSON:
        return Json({"message": "Geçersiz JSON"}, 400)
    try:
        answer = handler(ask)
    except Refused as refused:
        return refused.answer()
    return answer if isinstance(answer, Response) else Json(answer)


def identified(request: Request, settings: Settings) -> bool:
    """Whether the caller shows key and secret in the demanded way.

    Basic is what every working client uses; which value goes into Bearer and Token is unknown: either does.
    """
    wanted = (settings.key, settings.secret)
    scheme, _, value = request.headers.get("authorization", "").partition(" ")
    shown = {
        "basic": scheme.lower() == "basic" and _basic(value) == wanted,
        "headers": (request.headers.get("x-api-key"), request.headers.get("x-api-secret")) == wanted,
        "bearer": scheme.lower() == "bearer" and value.strip() in wanted,
        "token": scheme.lower() == "token" and value.strip() in wanted,
    }
    return any(shown.values()) if settings.auth == "any" else shown[settings.auth]


def _basic(value: str) -> tuple[str, str] | None:
    try:
        user, colon, password = base64.b64decode(value.strip(), validate=True).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError):
        return None
    return (user, password) if colon else None
