"""Reading for an order run: the shop's orders, and of Sentos only what concerns them.

Sentos holds the orders of all marketplaces; they pass by in pages and only ours, and those it fetched from
Shopify by itself, are kept. Nothing is asked for once per bound order.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from storage.clock import utc_now
from storage.staging import Key
from sync.engine.orders.match import is_foreign
from sync.engine.orders.select import is_older, skipped
from sync.engine.orders.transform import reference_of, shop_number, transform
from sync.errors import NeedsOperator
from sync.managers.context import Context
from sync.managers.orders.older import Older
from sync.managers.orders.scope import (
    FOREIGN_DAYS,
    OLD_ORDERS,
    changed_since,
    covers,
    hidden_before,
    narrow,
    sentos_since,
    start,
)
from sync.model.entity import Entity
from sync.model.order import Order
from sync.model.page import ReadFilter
from sync.model.run import Mode
from sync.model.text import say

TEST_RECORDS = 5
_MANY = 10_000
_PART = 200


class Reading:
    """Both read stages of one run. Repeatable: staging replaces what is read again."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.ws, self.run = ctx, ctx.ws, ctx.run
        self.shop = shop_of(ctx)
        self.prefix = f"{shop_number(self.shop)}-"
        self.foreign: list[Order] = []
        self.done = 0

    # -- the shop --------------------------------------------------------------------------------------------

    def source(self) -> None:
        """The orders that this run is about."""
        scope = self.run.scope
        if narrow(self.run):
            if scope.ids:
                self._stage(self.ctx.source_side, self._shop(ReadFilter(ids=scope.ids)))
            if scope.names:
                self._stage(self.ctx.source_side, self._shop(ReadFilter(names=_spellings(scope.names))))
            return
        self._say_what_is_hidden()
        which = ReadFilter(created_since=start(self.ctx).isoformat(), updated_since=changed_since(self.ctx))
        if self.run.mode is Mode.TEST:
            self._first(which)
            return
        self._stage(self.ctx.source_side, self._shop(which))
        self._read_missing(self._parked())

    def _say_what_is_hidden(self) -> None:
        """Orders that are silently absent would look like orders that are not there."""
        until = hidden_before(self.ctx)
        if until is None:
            return
        self.ws.journal.say(
            "warning",
            say(
                "The flow takes orders since {start}, but Shopify shows the app none from before {until}: "
                "older ones are not read and not counted. Have the app granted the access scope {scope} "
                "(on request at Shopify) and test the connection again, or choose a later date.",
                start=f"{start(self.ctx):%Y-%m-%d}",
                until=f"{until:%Y-%m-%d}",
                scope=OLD_ORDERS,
            ),
            connection_id=self.ctx.source_connection.id,
            link_id=self.ctx.link.id,
            flow_id=self.ctx.flow.id,
            entity=Entity.ORDER.value,
            run_id=self.run.id,
        )

    def _first(self, which: ReadFilter) -> None:
        """Only until there are five orders that can be created."""
        ready = 0
        for page in self._shop(which):
            self._stage(self.ctx.source_side, [page])
            bound = self.ws.bindings.by_b(self.ctx.link.id, "order", [o.id for o in page])
            ready += sum(1 for o in page if o.id not in bound and self._ready(o))
            if ready >= TEST_RECORDS:
                return

    def _ready(self, order: Order) -> bool:
        return not is_older(order, self.ctx.flow.orders) and self._makes(order)

    def _parked(self) -> list[str]:
        """Orders that wait for a person are looked at again by every run, so that they close by
        themselves."""
        link = self.ctx.link.id
        ours = [
            p.record_id for p in self.ws.attention.list(link_id=link, entity=Entity.ORDER.value, limit=_MANY)
        ]
        theirs = [
            p.record_id
            for p in self.ws.attention.list(link_id=link, entity=Entity.FULFILMENT.value, limit=_MANY)
        ]
        return [*ours, *(b.id_b for b in self.ws.bindings.by_a(link, "order", theirs).values())]

    def _read_missing(self, ids: Iterable[str]) -> None:
        """Reads those of the shop's orders that are not staged yet."""
        have = set(self.ws.staging.ids(self.run.id, self.ctx.source_side))
        missing = [i for i in dict.fromkeys(ids) if i and i not in have]
        for part in _parts(missing):
            self._stage(self.ctx.source_side, self._shop(ReadFilter(ids=part)))

    def _shop(self, which: ReadFilter) -> Iterator[list[Order]]:
        for page in self.ctx.source.read(Entity.ORDER, which):
            yield [r for r in page.records if isinstance(r, Order)]

    # -- Sentos ----------------------------------------------------------------------------------------------

    def target(self) -> None:
        """What Sentos shows of our orders, whether it fetches Shopify's by itself, and which of the unbound
        it has already."""
        if not narrow(self.run):
            self._windows()
            self._refuse_foreign()
        elif covers(self.run, "statuses"):
            self._bound_ones()
        if covers(self.run, "orders"):
            self._look_up()
        if covers(self.run, "statuses") and not narrow(self.run):
            self._read_missing(self._moved())

    def _windows(self) -> None:
        """New orders (to see foreign ones) and, if the run covers statuses, those that changed."""
        since = sentos_since(self.ctx)
        created = since or utc_now() - FOREIGN_DAYS
        self._stage(self.ctx.target_side, self._sentos(ReadFilter(created_since=created.isoformat())))
        if covers(self.run, "statuses"):
            updated = since or start(self.ctx)
            self._stage(self.ctx.target_side, self._sentos(ReadFilter(updated_since=updated.isoformat())))

    def _sentos(self, which: ReadFilter) -> Iterator[list[Order]]:
        for page in self.ctx.target.read(Entity.ORDER, which):
            yield self._ours([r for r in page.records if isinstance(r, Order)])

    def _ours(self, orders: Sequence[Order]) -> list[Order]:
        bound = self.ws.bindings.by_a(self.ctx.link.id, "order", [o.id for o in orders])
        strange = [o for o in orders if is_foreign(o, self.prefix, bound)]
        self.foreign += [o for o in strange if o.placed_at >= utc_now() - FOREIGN_DAYS]
        shown = {o.id for o in strange}
        return [o for o in orders if o.id in bound or o.id in shown or o.reference.startswith(self.prefix)]

    def _refuse_foreign(self) -> None:
        """Raises NeedsOperator if Sentos receives Shopify's orders on its own: ours would be second ones."""
        found = {o.id: o for o in self.foreign}
        if found and not self.ctx.flow.orders.allow_foreign:
            example = next(iter(found.values()))
            raise NeedsOperator(
                say(
                    "Sentos already receives Shopify orders by itself: {count} orders with the source "
                    "Shopify in the last 30 days are not from here, for example {example}. Nothing was "
                    "written, so that no order is booked twice. Switch off the Shopify integration in "
                    "Sentos, or, if those orders are of another shop or it is off already, allow it in the "
                    "order flow's settings.",
                    count=len(found),
                    example=example.code or example.id,
                )
            )

    def _bound_ones(self) -> None:
        ids = self.ws.staging.ids(self.run.id, self.ctx.source_side)
        bound = self.ws.bindings.by_b(self.ctx.link.id, "order", ids)
        if bound:
            self._stage(
                self.ctx.target_side, self._raw_sentos(ReadFilter(ids=tuple(b.id_a for b in bound.values())))
            )

    def _look_up(self) -> None:
        """Asks Sentos for each order that would be created, by our reference and by its code: the ledger may
        have been lost."""
        decisions = self.ws.decisions.of(self.ctx.link.id, Entity.ORDER.value)
        for order in self._candidates():
            self.ctx.check()
            verb, target = decisions.get(order.id, ("", ""))
            if verb == "skip":
                continue
            reference = reference_of(order, self.shop)
            if verb == "bind" and target:
                self._stage(self.ctx.target_side, self._raw_sentos(ReadFilter(ids=(target,))))
            elif not self.ws.staging.find(self.run.id, self.ctx.target_side, "reference", [reference]):
                self._stage(self.ctx.target_side, self._raw_sentos(self._numbers_of(order, reference)))

    def _numbers_of(self, order: Order, reference: str) -> ReadFilter:
        """Our reference and the order's name, each where we write it. An order that Sentos fetched by itself
        may have its numbers anywhere: where such are allowed every number is asked for everywhere."""
        if not self.ctx.flow.orders.allow_foreign:
            return ReadFilter(references=(reference,), names=(order.name,))
        return ReadFilter(names=(reference, order.name, *((order.code,) if order.code else ())))

    def _candidates(self) -> Iterator[Order]:
        """Unbound orders that the flow takes and that can be expressed; in a test the first five."""
        gate, found = Older.of(self.ctx), 0
        for page in self.ws.staging.pages(self.run.id, self.ctx.source_side):
            orders = [r for r in page if isinstance(r, Order)]
            bound = self.ws.bindings.by_b(self.ctx.link.id, "order", [o.id for o in orders])
            for order in orders:
                if order.id not in bound and gate.lets(order) and self._makes(order):
                    found += 1
                    yield order
                if self.run.mode is Mode.TEST and found >= TEST_RECORDS:
                    return

    def _makes(self, order: Order) -> bool:
        settings = self.ctx.flow.orders
        return skipped(order, settings) is None and transform(order, settings, self.shop).order is not None

    def _raw_sentos(self, which: ReadFilter) -> Iterator[list[Order]]:
        for page in self.ctx.target.read(Entity.ORDER, which):
            yield [r for r in page.records if isinstance(r, Order)]

    def _moved(self) -> list[str]:
        """The shop's ids of bound orders that Sentos showed."""
        bound = self.ws.bindings.by_a(
            self.ctx.link.id, "order", self.ws.staging.ids(self.run.id, self.ctx.target_side)
        )
        return [b.id_b for b in bound.values()]

    # -- staging ---------------------------------------------------------------------------------------------

    def _stage(self, side: str, pages: Iterable[Sequence[Order]]) -> None:
        for orders in pages:
            self.ctx.check()
            self.ws.staging.put(self.run.id, side, [(o, _keys(o)) for o in orders])
            self.done += len(orders)
            self.ctx.progress(self.done, None)


def shop_of(ctx: Context) -> str:
    """The shop's identity, part of every reference. Raises NeedsOperator before the connection's first
    test."""
    if not ctx.source_connection.identity:
        raise NeedsOperator(say("The shop's connection has never been tested. Test it in Settings first."))
    return ctx.source_connection.identity


def _keys(order: Order) -> list[Key]:
    """How a staged order can be found."""
    keys = (("reference", order.reference), ("code", order.code), ("code", order.code.removeprefix("#")))
    return [(name, value, "") for name, value in dict.fromkeys(keys) if value]


def _spellings(names: Sequence[str]) -> tuple[str, ...]:
    """An order number typed without its # is meant too."""
    return tuple(
        dict.fromkeys(n for name in names for n in (name.strip(), f"#{name.strip().removeprefix('#')}") if n)
    )


def _parts(ids: Sequence[str]) -> Iterator[tuple[str, ...]]:
    for at in range(0, len(ids), _PART):
        yield tuple(ids[at : at + _PART])
