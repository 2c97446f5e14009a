"""Access tokens: the static one of a custom app and those of the client credentials grant."""

from __future__ import annotations

import json
import secrets
from typing import Any
from urllib.parse import parse_qs

from starlette.requests import Request

from sandbox.answers import Json
from sandbox.shopify.store import Store


class Tokens:
    """Which tokens this store accepts; granted ones expire by the scaled clock.

    Expiry is kept as scaled seconds since the start, so a restart gives every granted token its full time
    again.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._issued_at: dict[str, float] = {}

    def accepts(self, token: str | None) -> bool:
        """Whether a call with this token is let in."""
        if not token:
            return False
        if token == self._store.settings.token:
            return True
        if self._store.get("token", token) is None:
            return False
        now = self._store.tools.clock.monotonic()
        return now - self._issued_at.setdefault(token, now) < self._store.settings.token_seconds

    def revoke_all(self) -> None:
        """Forget every granted token, as after an uninstall."""
        for token in list(self._store.kinds["token"]):
            self._store.drop("token", token)
        self._issued_at.clear()

    async def grant(self, request: Request) -> Json:
        """``POST /admin/oauth/access_token`` with ``grant_type=client_credentials``, as form or JSON."""
        given = await _fields(request)
        settings = self._store.settings
        if given.get("grant_type") != "client_credentials":
            return _refused("unsupported_grant_type", "The grant type is not supported.")
        if given.get("client_id") != settings.client_id:
            return _refused("invalid_client", "The client does not exist.", 401)
        if given.get("client_secret") != settings.client_secret:
            return _refused("invalid_client", "The client secret is wrong.", 401)
        token = f"shpat_{secrets.token_hex(16)}"
        self._store.save("token", {"id": token})
        self._issued_at[token] = self._store.tools.clock.monotonic()
        seconds = int(settings.token_seconds)
        return Json({"access_token": token, "scope": settings.scopes, "expires_in": seconds})


def _refused(error: str, description: str, status: int = 400) -> Json:
    return Json({"error": error, "error_description": description}, status)


async def _fields(request: Request) -> dict[str, Any]:
    raw = await request.body()
    if "json" in request.headers.get("content-type", ""):
        try:
            found = json.loads(raw)
        except ValueError:
            return {}
        return found if isinstance(found, dict) else {}
    return {name: values[0] for name, values in parse_qs(raw.decode(errors="replace")).items()}
