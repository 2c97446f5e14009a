"""How a tenant wants to be signed in to. Every working public client uses Basic; the others are what
panels and older documents also speak of. Which one it is, is found out by asking, each time at another
address (equal GETs are rationed)."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass

Headers = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Method:
    """One way of signing in: its name, its words in the request's headers, and where it is tried out."""

    name: str
    title: str
    headers: Callable[[str, str], Headers]
    probe: str


def _basic(key: str, secret: str) -> Headers:
    return {"Authorization": "Basic " + base64.b64encode(f"{key}:{secret}".encode()).decode()}


METHODS: tuple[Method, ...] = (
    Method("basic", "Basic", _basic, "/categories"),
    Method(
        "headers",
        "X-API-Key and X-API-Secret",
        lambda k, s: {"X-API-Key": k, "X-API-Secret": s},
        "/platforms",
    ),
    Method("bearer", "Bearer", lambda k, s: {"Authorization": f"Bearer {k}"}, "/sales-channels"),
    Method("token", "Token", lambda k, s: {"Authorization": f"Token {k}"}, "/warehouses"),
)
BY_NAME: dict[str, Method] = {method.name: method for method in METHODS}


def mark(base_url: str, key: str, secret: str) -> str:
    """Tells sets of credentials apart without showing them: what was found out for one says nothing about
    another."""
    return hashlib.sha256(f"{base_url}\0{key}\0{secret}".encode()).hexdigest()[:16]
