"""The control plane under ``/_sandbox``: what a test or a demo may ask and change behind the platform's
back. It has no password, so it listens to programs of this machine alone: not to others when the sandbox is
served to a network, and not to web pages that a browser of this machine shows."""

from __future__ import annotations

import ipaddress
import json
import os
from typing import Any
from urllib.parse import urlsplit

from starlette.requests import HTTPConnection, Request
from starlette.routing import BaseRoute, Mount, Route, Router
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.answers import Json
from sandbox.faults import UnknownFault
from sandbox.platform import Platform


class BadRequest(ValueError):
    """The control plane was asked something that makes no sense; the message says what would."""


async def body_of(request: Request) -> dict[str, Any]:
    """The JSON object in the body ({} when there is none); BadRequest when it is something else."""
    raw = await request.body()
    if not raw.strip():
        return {}
    try:
        body = json.loads(raw)
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from error
    if not isinstance(body, dict):
        raise BadRequest("the body must be a JSON object")
    return body


def control_plane(platform: Platform) -> BaseRoute:
    """All routes below ``/_sandbox``, the platform's own ones first."""
    plane = _Plane(platform)
    routes = [
        *platform.control_routes(),
        Route("/health", plane.health),
        Route("/ledger", plane.ledger),
        Route("/state", plane.state),
        Route("/faults", plane.list_faults, methods=["GET"]),
        Route("/faults", plane.add_fault, methods=["POST"]),
        Route("/faults", plane.clear_faults, methods=["DELETE"]),
        Route("/reset", plane.reset, methods=["POST"]),
        Route("/seed", plane.seed, methods=["POST"]),
    ]
    return Mount("/_sandbox", app=_OnlyHere(Router(routes)))


class _OnlyHere:
    """Refuses (403) what does not come from a program of this machine."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if _is_from_here(HTTPConnection(scope)):
            await self._app(scope, receive, send)
        else:
            refusal = Json({"error": "the control plane answers programs of this machine only"}, 403)
            await refusal(scope, receive, send)


def _is_from_here(request: HTTPConnection) -> bool:
    """A browser names the page that asks (Origin, Sec-Fetch-Site), and a page that gave its own name our
    address (DNS rebinding) shows in Host."""
    page = request.headers.get("origin") or request.headers.get("sec-fetch-site", "none") != "none"
    client = request.client.host if request.client else ""
    return not page and _is_loopback(client) and _is_loopback(_name_in(request.headers.get("host", "")))


def _name_in(host: str) -> str:
    try:
        return urlsplit(f"//{host}").hostname or ""
    except ValueError:
        return ""


def _is_loopback(name: str) -> bool:
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


async def bad_request(_: Request, error: Exception) -> Json:
    """How BadRequest and UnknownFault reach the caller."""
    return Json({"error": str(error)}, 400)


HANDLERS: dict[Any, Any] = {BadRequest: bad_request, UnknownFault: bad_request}


class _Plane:
    """The routes that every platform has."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform

    async def health(self, _: Request) -> Json:
        name, speed = self._platform.name, self._platform.tools.clock.speed
        return Json({"ok": True, "platform": name, "pid": os.getpid(), "speed": speed})

    async def ledger(self, request: Request) -> Json:
        """``summary=1``: counts only. ``calls=1``: the request log instead of the effects. ``since``,
        ``limit``."""
        ledger, query = self._platform.tools.ledger, request.query_params
        since, limit = _whole(query.get("since", "0"), "since"), query.get("limit")
        most = None if limit is None else _whole(limit, "limit")
        if query.get("summary", "0") not in ("", "0"):
            return Json(ledger.summary())
        if query.get("calls", "0") not in ("", "0"):
            return Json({"calls": ledger.calls(since, most), "summary": ledger.summary()})
        return Json(ledger.to_dict(since, most))

    async def state(self, _: Request) -> Json:
        return Json(self._platform.state())

    async def list_faults(self, _: Request) -> Json:
        faults = self._platform.tools.faults
        return Json({"faults": faults.list(), "names": list(faults.names)})

    async def add_fault(self, request: Request) -> Json:
        fault = self._platform.tools.faults.add(await body_of(request))
        return Json(fault.to_dict(), 201)

    async def clear_faults(self, _: Request) -> Json:
        self._platform.tools.faults.clear()
        return Json({"faults": []})

    async def reset(self, _: Request) -> Json:
        tools = self._platform.tools
        tools.ledger.clear()
        tools.faults.clear()
        tools.state.clear()
        self._platform.reset()
        return Json({"reset": True})

    async def seed(self, request: Request) -> Json:
        body, options = await body_of(request), self._platform.options
        products = _whole(body.get("products", options.products), "products")
        seed = _whole(body.get("seed", options.seed), "seed")
        return Json(self._platform.seed(products, seed, _share(body.get("dirt", options.dirt))))


def _whole(value: object, name: str) -> int:
    try:
        number = int(str(value))
    except ValueError as error:
        raise BadRequest(f"{name} must be a whole number, not {value!r}") from error
    if number < 0:
        raise BadRequest(f"{name} must not be negative")
    return number


def _share(value: object) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1:
        raise BadRequest(f"dirt must be a number from 0 to 1, not {value!r}")
    return float(value)
