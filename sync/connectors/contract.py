"""The contract of a connector. Every sentence of these docstrings is a test in tests/contract, run for every
connector against its sandbox, and for `memory`."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol

from sync.model.call import Call, Change, Outcome, Written
from sync.model.entity import Entity
from sync.model.page import Page, ReadFilter
from sync.model.ports import Account, Clock, Keep, SharedState, Trace
from sync.model.support import Check, Choice, FormField, Need, Support


class Connector(Protocol):
    """One account on one platform. Safe to use from several threads at once; pacing is shared between
    them."""

    def check(self, entities: Sequence[Entity | Need] = ()) -> Check:
        """Tests credentials and scopes (those that `entities` need), writes nothing, says what is missing in
        a sentence that an operator understands. Never raises for a reason the operator can mend: it is in
        `missing`. Raises Transient if the platform cannot be reached at the moment."""

    def support(self, entity: Entity) -> Support:
        """What the platform can do with the entity. Pure; an unknown entity gives an empty `Support`."""

    def read(self, entity: Entity, which: ReadFilter = ReadFilter(), since: str = "") -> Iterator[Page]:
        """Yields pages of PRODUCT (variants, media, levels included), ORDER or STOCK records (one a sellable
        item, with its levels at `which.locations`, all writable ones if none are named; a place where an item
        was never stocked is not among them; if one level cannot be understood there are none). `ids` of STOCK
        may be those of variants or of what stock is written by. A STOCK sweep's last page carries a cursor
        that stands for its whole content; handed in as `since`, a sweep that shows the same content again
        yields one page without records, `unchanged` and `complete`. May repeat a record, never misses one.
        `since` is a cursor of an earlier page: reading resumes after it. The last page alone may be
        `complete`, and is so only if the sweep missed nothing (checked against the platform's total where
        there is one). Ids or SKUs that do not exist are simply not among the records. A record that cannot be
        understood comes with `problems`; it never ends the read. Raises NotAuthorised, Transient (retries
        used up) or BrokenContract; pages already yielded stay valid."""

    def batch(self, changes: Sequence[Change]) -> list[Call]:
        """Groups changes into calls as the platform likes them (250 stock rows a call, one create a product).
        Pure and deterministic but for the calls' ids; every change is in exactly one call; order is kept. A
        change that the platform does not support raises ValueError."""

    def send(self, call: Call) -> list[Outcome]:
        """Sends one committed call; one outcome per member. Waits for its share of the rate budget first.
        Throttling, and failures before anything was sent, are retried inside. Raises Transient (nothing
        happened, retries used up), NotAuthorised (nothing happened), OutcomeUnknown (it may have happened). A
        refusal is an outcome, not an exception. An `urgent` call goes before all others that wait and may
        spend what is kept for that."""

    def useful_in_flight(self, entity: Entity) -> int:
        """How many calls of the entity may usefully be in flight now: as many as the rate budget feeds at the
        measured round trip, at least 1, never more than `Support.calls_in_flight`. Cheap; ask again before
        each call."""
        return self.support(entity).calls_in_flight

    def find_written(self, call: Call) -> Written:
        """Was this call carried out? Asked after every unknown outcome before anything is repeated. NO only
        where its effect would still show if it had been carried out (creates, and values that nobody but a
        person changes). Where others move the same figure (stock), KEY for as long as the platform keeps the
        call's key, and afterwards what each member shows. Neither before the settling time is over. Writes
        nothing."""

    def prepare(self) -> None:
        """Makes what our writes need at the target, once (metafield definitions); quiet when it is there.
        Raises NeedsOperator if the operator's rights do not suffice."""

    def choices(self, what: str) -> list[Choice]:
        """Things that a mapping can name: "locations", "channels", "price_lists", "warehouses",
        "sales_channels", "categories". Cached for as long as the platform's limits ask. What nobody may
        write to is not `writable`. An unknown word gives []."""

    def close(self) -> None:
        """Gives sockets back. Idempotent."""


@dataclass(frozen=True, slots=True)
class Services:
    """What a connector is handed beside its account."""

    clock: Clock
    keep: Keep
    trace: Trace
    shared: SharedState | None = None
    """Where several processes may speak to the account; None: this one is alone."""


@dataclass(frozen=True, slots=True)
class Spec:
    """A platform as settings page, docs table and contract tests find it: `sync.connectors.<platform>.SPEC`.

    `fields` make the settings form. `normalise` checks and completes the form's values (raises NeedsOperator
    with what to do); `scopes` tells which access an entity needs, for the settings page."""

    platform: str
    title: str
    fields: tuple[FormField, ...]
    entities: tuple[Entity, ...]
    open: Callable[[Account, Services], Connector]
    normalise: Callable[[dict[str, str]], dict[str, str]]
    scopes: Callable[[Entity | Need], tuple[str, ...]]
    supports: Callable[[Entity], Support]
