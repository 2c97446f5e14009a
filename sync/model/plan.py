"""A plan as a value: what a run found, decided and will do. One `Planned` per record read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from sync.model.call import Change
from sync.model.entity import Entity
from sync.model.text import Message

# The order in which a run's changes go out; a phase starts when the one before has settled.
PHASES = (
    "create",
    "product",
    "variants",
    "media",
    "publish",
    "track",
    "activate",
    "stock",
    "adjust",
    "gone",
    "mark",
    "order",
    "status",
    "fulfil",
    "tracking",
)

Half = str | int | bool | None
Pair = tuple[Half, Half]


@dataclass(frozen=True, slots=True)
class Settle:
    """Baseline pairs to store: per field (what A shows, what B shows). A None on B's side means "as B shows
    it at the next read" (a platform may normalise what it was given). For stock: `place` and whole numbers in
    field "available"."""

    kind: str
    id_a: str
    fields: Mapping[str, Pair] = field(default_factory=dict)
    place: str = ""


@dataclass(frozen=True, slots=True)
class Bind:
    """Two records found to be the same thing. `parent_a` is A's id of the parent's binding, "" for none."""

    kind: str
    id_a: str
    id_b: str
    parent_a: str = ""
    label: str = ""
    origin: str = "a"


@dataclass(frozen=True, slots=True)
class Park:
    """A record that needs a person. `facts` are shown side by side: candidates, values, what each choice
    does."""

    entity: Entity
    record_id: str
    label: str
    cause: str
    message: Message
    sku: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class PlannedChange:
    """A change, the phase it goes out in, and what to settle once it is applied."""

    change: Change
    phase: str
    settle: tuple[Settle, ...] = ()


@dataclass(frozen=True, slots=True)
class Item:
    """One record's line in the report. `planned` is the outcome if all goes well; `outcome` what became of it
    ("" until settled); `cause` and `message` say why it was skipped, parked or failed."""

    entity: Entity
    source_id: str
    label: str
    planned: str
    target_id: str = ""
    sku: str = ""
    outcome: str = ""
    cause: str = ""
    message: Message | None = None


@dataclass(frozen=True, slots=True)
class Planned:
    """Everything decided about one record."""

    item: Item
    changes: tuple[PlannedChange, ...] = ()
    binds: tuple[Bind, ...] = ()
    settles: tuple[Settle, ...] = ()
    parks: tuple[Park, ...] = ()


@dataclass(frozen=True, slots=True)
class Binding:
    """Two records that are the same thing, and per field the pair that was last settled. `created_at`: since
    when this is known; None if it is not stored yet."""

    id: int
    kind: str
    id_a: str
    id_b: str
    parent_id: int | None = None
    origin: str = "a"
    version: int = 1
    baseline: Mapping[str, Pair] = field(default_factory=dict)
    label: str = ""
    created_at: datetime | None = None
