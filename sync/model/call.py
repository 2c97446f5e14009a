"""Changes, the calls that carry them, and what came of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sync.model.entity import Entity
from sync.model.order import Fulfilment, Order
from sync.model.product import Media, Product, Variant
from sync.model.text import Message

Value = str | int | bool | None | tuple[str, ...]
Body = Product | Variant | Media | Order | Fulfilment | None


class Verb(StrEnum):
    """create: the record does not exist at the target · update: fields of an existing one · add, remove:
    entries of a set (tags) · mark: our own sync.* metafields · publish: make visible · activate: stock an
    item at a location · set: an absolute quantity with compare-and-set · adjust: a delta with compare-and-set
    · track: count an item's stock from now on · advance: a document's status."""

    CREATE = "create"
    UPDATE = "update"
    MARK = "mark"
    PUBLISH = "publish"
    ACTIVATE = "activate"
    SET = "set"
    ADJUST = "adjust"
    TRACK = "track"
    ADVANCE = "advance"


@dataclass(frozen=True, slots=True)
class Diff:
    """One field of a change: what the target shows, what it is to show, and why. Values are JSON-able; money
    is text "12.30 TRY", a set is a sorted tuple."""

    field: str
    before: Value
    after: Value
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """What one call can do atomically to one record at one target.

    `target_id` is "" for a create; `parent_id` is the target's id of the parent (product of a variant, order
    of a fulfilment, inventory item of a stock row); for stock `target_id` is the inventory item and `place`
    the location; for a publication `place` is the channel. `body` is the whole wanted record of a create.
    `key` is the unique reference that the target keeps (custom id, order_id). `source_parent` is the source's
    id of the parent record."""

    id: str
    entity: Entity
    verb: Verb
    source_id: str
    target_id: str = ""
    parent_id: str = ""
    place: str = ""
    label: str = ""
    diffs: tuple[Diff, ...] = ()
    body: Body = None
    key: str = ""
    source_parent: str = ""

    def after(self, name: str) -> Value:
        """The wanted value of one field, None if the change does not touch it."""
        return next((d.after for d in self.diffs if d.field == name), None)

    def before(self, name: str) -> Value:
        return next((d.before for d in self.diffs if d.field == name), None)


@dataclass(frozen=True, slots=True)
class Call:
    """One request to a platform, committed before it is sent. `arguments` are JSON-able and complete: sending
    needs nothing else. `key` is the idempotency key (or our own reference); after `expires_at` it may not be
    sent again, only looked up. `urgent`: it overtakes the others of its connection."""

    id: str
    operation: str
    arguments: Mapping[str, object]
    change_ids: tuple[str, ...]
    key: str = ""
    expires_at: datetime | None = None
    cost: float = 0.0
    urgent: bool = False


class State(StrEnum):
    """What became of one member of a call."""

    APPLIED = "applied"
    REFUSED = "refused"
    STALE = "stale"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Outcome:
    """One member's fate. `target_id` at least for creates; `message` says why for refused and stale; `actual`
    is what the target showed instead (stale stock), if the answer says; `named` False: the whole call was
    refused without naming this member (it may be sent again without the named ones)."""

    change_id: str
    state: State
    target_id: str = ""
    message: Message | None = None
    actual: Value = None
    named: bool = True
    ids: Mapping[str, str] = field(default_factory=dict)


class Found(StrEnum):
    """Was a call carried out? yes: with what came of it · no: it was not and will not be; what it carried may
    be decided anew and go as a new call · key: its effect does not show, but may have been there and moved on
    (stock that was sold since); as long as its key is good only the same call, sent again, tells, and until
    then nothing may take its place · not sure yet: asking later helps. "no" and "key" count only after the
    platform's settling time."""

    YES = "yes"
    NO = "no"
    KEY = "key"
    NOT_SURE = "not sure yet"


@dataclass(frozen=True, slots=True)
class Written:
    """Answer of `find_written`: with YES come the outcomes; with NOT_SURE the seconds until asking again
    helps."""

    found: Found
    outcomes: tuple[Outcome, ...] = ()
    ask_again_in: float = 0.0
