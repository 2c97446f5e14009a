"""What happens between two calls: sales and edits that a test lets strike just before a certain call."""

from __future__ import annotations

import random
from dataclasses import dataclass, field
from typing import Any

from sandbox.control import BadRequest
from sandbox.shopify.cells import Cell, cell_at
from sandbox.shopify.plan import Operation
from sandbox.shopify.store import Store

Obj = dict[str, Any]
KNOWN = {"operation", "after", "count", "rows", "share", "pieces", "seed", "twice"}


@dataclass(slots=True)
class Hook:
    """Strikes before a call of ``operation``: the first ``after`` of them are let through, then ``count`` are
    struck (None: all).

    ``rows`` are stock rows as ``POST stock`` takes them (``sku``, ``location``, ``delta`` or ``available``).
    Instead of them ``share`` (0 to 1) draws rows of the call itself and sells ``pieces`` of each: the race
    that compare-and-set is there for. Whether a place is struck is decided the first time a call carries it,
    so that ``share`` is a share of all rows however often they are sent again; with ``twice`` it is decided
    anew each time.
    """

    id: int
    operation: str = "inventorySetQuantities"
    after: int = 0
    count: int | None = 1
    rows: list[Obj] = field(default_factory=list)
    share: float = 0.0
    pieces: int = 1
    seed: int = 1
    twice: bool = False
    seen: int = 0
    hits: int = 0
    sold: int = 0
    _decided: set[tuple[int, int]] = field(default_factory=set, repr=False)
    _dice: random.Random = field(default_factory=random.Random, repr=False)

    def __post_init__(self) -> None:
        self._dice = random.Random(self.seed)

    def due(self, operation: str) -> bool:
        """Whether this call is struck; counts it."""
        if operation != self.operation or (self.count is not None and self.hits >= self.count):
            return False
        self.seen += 1
        if self.seen <= self.after:
            return False
        self.hits += 1
        return True

    def drawn(self, rows: list[Obj], store: Store) -> list[Cell]:
        """The cells of a call's rows that are sold from."""
        if not self.share:
            return []
        found = []
        for row in rows:
            cell = cell_at(store, str(row["inventoryItemId"]), str(row["locationId"]), "available")
            if cell is None or (not self.twice and (cell.item, cell.place) in self._decided):
                continue
            self._decided.add((cell.item, cell.place))
            if self._dice.random() < self.share:
                found.append(cell)
        return found

    def to_dict(self) -> Obj:
        """As ``GET /_sandbox/hooks`` lists it."""
        names = ("id", "operation", "after", "count", "rows", "share", "pieces", "seed", "twice")
        return {name: getattr(self, name) for name in (*names, "seen", "hits", "sold")}


class Hooks:
    """The hooks of one store."""

    def __init__(self) -> None:
        self._on: list[Hook] = []
        self._next = 1

    def add(self, given: Obj) -> Hook:
        """From the body of ``POST /_sandbox/hooks``; BadRequest says what is wrong with it."""
        if odd := sorted(set(given) - KNOWN):
            raise BadRequest(f"unknown setting {', '.join(odd)}; a hook has: {', '.join(sorted(KNOWN))}")
        if not given.get("rows") and not given.get("share"):
            raise BadRequest("a hook needs rows (sku, delta or available) or a share of the call's own rows")
        try:
            hook = Hook(self._next, **given)
        except TypeError as error:
            raise BadRequest(str(error)) from error
        self._next += 1
        self._on.append(hook)
        return hook

    def clear(self) -> None:
        """Take all hooks away."""
        self._on.clear()

    def shown(self) -> list[Obj]:
        """All hooks with how often they were looked at and struck."""
        return [hook.to_dict() for hook in self._on]

    def due(self, operation: Operation) -> list[Hook]:
        """The hooks that strike before this operation."""
        if not self._on:
            return []
        return [hook for hook in self._on for root in operation.roots if hook.due(root.name)]


def rows_of(operation: Operation, variables: Obj) -> list[Obj]:
    """The stock rows that an operation is about to write."""
    rows: list[Obj] = []
    for root in operation.roots:
        given = root.arguments(variables).get("input")
        if isinstance(given, dict):
            rows += given.get("quantities") or given.get("changes") or []
    return rows
