"""What a platform can do with an entity, declared: planner, console and contract tests obey it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from sync.model.text import Message


@dataclass(frozen=True, slots=True)
class Support:
    """`readable`/`writable` are field names of the entity; `groups` maps a writable field to the call it
    travels in (fields of different groups become different changes); `settle_seconds` after which "not found"
    means "not written"."""

    readable: frozenset[str] = frozenset()
    writable: frozenset[str] = frozenset()
    groups: Mapping[str, str] = field(default_factory=dict)
    creates: bool = False
    updates: bool = False
    compares: bool = False
    calls_in_flight: int = 1
    settle_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class FormField:
    """One input of a connection's settings form. kind: text, secret, choice, switch, number."""

    name: str
    label: str
    kind: str = "text"
    required: bool = False
    help: str = ""
    placeholder: str = ""
    choices: tuple[str, ...] = ()
    default: str = ""


@dataclass(frozen=True, slots=True)
class Choice:
    """Something at a platform that a mapping can name: a location, warehouse, price list, sales channel,
    category. `writable` False: it may be read, but nothing be written to it."""

    id: str
    name: str
    detail: str = ""
    writable: bool = True


@dataclass(frozen=True, slots=True)
class Missing:
    """Something `check` found wanting."""

    code: str
    message: Message


@dataclass(frozen=True, slots=True)
class Check:
    """Result of testing a connection. `identity` tells accounts apart (Shopify: shop id; Sentos: firm
    address); `facts` are shown to the operator (shop name, currency, plan, API version, sign-in method)."""

    ok: bool
    identity: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)
    missing: tuple[Missing, ...] = ()
    scopes: frozenset[str] = frozenset()
