"""Faults that a test switches on by name: matched, counted, and drawn by a seed."""

from __future__ import annotations

import random
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import Any

TRANSPORT = (
    "timeout_after",  # the effect is applied, the answer never comes
    "timeout_before",  # no effect, no answer
    "reset",  # connection reset, no effect
    "throttle",  # 429, or THROTTLED
    "server_error",  # 5xx
    "html_body",  # an HTML page where JSON was promised
    "truncated_json",  # the effect is applied, half of the answer arrives
    "expired_token",  # 401
)
ANSWERS = ("partial_user_errors", "stale_search", "empty_catalogue", "failed_bulk")
WEBHOOKS = ("webhook_duplicate", "webhook_late", "webhook_lost", "webhook_reordered")
COMMON = TRANSPORT + ANSWERS + WEBHOOKS


class UnknownFault(ValueError):
    """A fault was asked for that this sandbox cannot make, or its settings make no sense."""


@dataclass(slots=True)
class Fault:
    """One fault that is switched on. ``count`` None means for ever; ``after`` skips the first matches.

    ``match`` maps a fact (``operation`` or another one the platform states) to a value, a shell pattern or a
    list of them. ``params`` are the fault's own settings, e.g. ``{"status": 503, "hold": 5}``.
    """

    id: int
    name: str
    match: dict[str, Any] = field(default_factory=dict)
    count: int | None = None
    probability: float = 1.0
    after: int = 0
    seed: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    seen: int = 0
    hits: int = 0
    _dice: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def strikes(self, facts: dict[str, Any]) -> bool:
        """Whether this fault hits a request with these facts; counts the look and the hit."""
        if self.count is not None and self.hits >= self.count:
            return False
        if not all(_agrees(wanted, facts.get(name)) for name, wanted in self.match.items()):
            return False
        self.seen += 1
        if self.seen <= self.after or self._dice.random() >= self.probability:
            return False
        self.hits += 1
        return True

    def to_dict(self) -> dict[str, Any]:
        """As listed by ``GET /_sandbox/faults``."""
        names = ("id", "name", "match", "count", "probability", "after", "seed", "params", "seen", "hits")
        return {name: getattr(self, name) for name in names}


class Faults:
    """The faults of one sandbox. ``extra`` names those that only its platform knows."""

    def __init__(self, extra: Iterable[str] = ()) -> None:
        self.names: tuple[str, ...] = (*COMMON, *extra)
        self._on: list[Fault] = []
        self._next_id = 1

    def add(self, settings: dict[str, Any]) -> Fault:
        """Switch a fault on from the body of ``POST /_sandbox/faults``; UnknownFault says what is wrong
        with it."""
        name = settings.get("name")
        if name not in self.names:
            raise UnknownFault(f"unknown fault {name!r}; this sandbox knows: {', '.join(self.names)}")
        known = {"name", "match", "count", "probability", "after", "seed", "params"}
        if odd := sorted(set(settings) - known):
            raise UnknownFault(f"unknown setting {', '.join(odd)}; a fault has: {', '.join(sorted(known))}")
        fault = Fault(id=self._next_id, **_checked(settings))
        self._next_id += 1
        self._on.append(fault)
        return fault

    def take(self, operation: str, *, only: Collection[str] | None = None, **facts: Any) -> Fault | None:
        """The first fault that strikes this operation, consumed; ``only`` limits which names are looked
        at."""
        for fault in self._on:
            if (only is None or fault.name in only) and fault.strikes({"operation": operation, **facts}):
                return fault
        return None

    def list(self) -> list[dict[str, Any]]:
        """All faults that are switched on, with how often they were matched (``seen``) and struck
        (``hits``)."""
        return [fault.to_dict() for fault in self._on]

    def clear(self) -> None:
        """Switch every fault off."""
        self._on.clear()


def _agrees(wanted: Any, fact: Any) -> bool:
    if isinstance(wanted, list):
        return any(_agrees(one, fact) for one in wanted)
    if isinstance(wanted, str):
        return fact is not None and fnmatchcase(str(fact), wanted)
    return bool(wanted == fact)


def _checked(settings: dict[str, Any]) -> dict[str, Any]:
    """Every setting in its type, or UnknownFault naming the one that is not."""
    values = {name: value for name, value in settings.items() if value is not None}
    for name, types in (("match", dict), ("params", dict), ("count", int), ("after", int), ("seed", int)):
        if name in values and (not isinstance(values[name], types) or isinstance(values[name], bool)):
            raise UnknownFault(f"{name} must be {'an object' if types is dict else 'a whole number'}")
    chance = values.get("probability", 1.0)
    if isinstance(chance, bool) or not isinstance(chance, int | float) or not 0 <= chance <= 1:
        raise UnknownFault("probability must be a number from 0 to 1")
    return values
