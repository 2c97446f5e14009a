"""What a platform can do with an entity, declared: planner, console and contract tests obey it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from sync.model.call import Verb
from sync.model.text import Message


class Need(StrEnum):
    """What a stock flow does at one end only: the source is read and never written; a target whose products
    are made draft or archived takes more than stock. `Connector.check` takes it beside entities."""

    STOCK_READ = "stock.read"
    STOCK_HIDE = "stock.hide"


@dataclass(frozen=True, slots=True)
class CallSize:
    """How changes of one verb travel: at most `rows` in a call, which costs `points` and `each` more for each
    of them (0 where the platform counts no points)."""

    rows: int = 1
    points: float = 0.0
    each: float = 0.0


@dataclass(frozen=True, slots=True)
class Support:
    """`readable`/`writable` are field names of the entity; `groups` maps a writable field to the call it
    travels in (fields of different groups become different changes); `settle_seconds` after which "not found"
    means "not written"; `most`: the largest stock quantity it takes, None if it names none;
    `calls` says how `batch` packs a verb, where that can be told beforehand."""

    readable: frozenset[str] = frozenset()
    writable: frozenset[str] = frozenset()
    groups: Mapping[str, str] = field(default_factory=dict)
    creates: bool = False
    updates: bool = False
    compares: bool = False
    calls_in_flight: int = 1
    settle_seconds: float = 0.0
    most: int | None = None
    calls: Mapping[Verb, CallSize] = field(default_factory=dict)


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
