"""The contract of `sync.connectors.contract`, kept with the least machinery: what the other connectors are
compared with."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sync.connectors.contract import Services
from sync.connectors.memory import effects
from sync.connectors.memory.packing import pack, unpack
from sync.connectors.memory.stock import digest_of, stock_items
from sync.connectors.memory.store import Store
from sync.errors import NotAuthorised
from sync.model.call import Call, Change, Found, Outcome, Written
from sync.model.entity import Entity
from sync.model.fields import LIST_FIELDS, PRODUCT_FIELDS, VARIANT_FIELDS
from sync.model.order import Order
from sync.model.page import Page, ReadFilter, Record
from sync.model.product import Product
from sync.model.support import Check, Choice, Missing, Need, Support
from sync.model.text import say
from sync.model.values import fingerprint, key_of

KEY_LIFE = timedelta(hours=23)
_PRODUCT = frozenset(f.name for f in (*PRODUCT_FIELDS, *LIST_FIELDS))
_VARIANT = frozenset(f.name for f in VARIANT_FIELDS)
_ORDER = frozenset({"status", "lines", "total", "buyer", "tracking"})

SUPPORT: dict[Entity, Support] = {
    Entity.PRODUCT: Support(_PRODUCT, _PRODUCT, {}, creates=True, updates=True),
    Entity.VARIANT: Support(_VARIANT, _VARIANT, {}, creates=True, updates=True),
    Entity.MEDIA: Support(frozenset({"url", "alt"}), frozenset({"url", "alt"}), {}, creates=True),
    Entity.PUBLICATION: Support(frozenset({"channels"}), frozenset({"channels"}), {}, creates=True),
    Entity.STOCK: Support(
        frozenset({"available", "tracked"}),
        frozenset({"available", "tracked"}),
        {},
        updates=True,
        compares=True,
    ),
    Entity.ORDER: Support(_ORDER, frozenset({"status"}), {}, creates=True, updates=True),
    Entity.FULFILMENT: Support(
        frozenset({"tracking"}), frozenset({"tracking"}), {}, creates=True, updates=True
    ),
}


class MemoryConnector:
    """A connector to a `Store`. `batch_size` changes of one kind make a call."""

    def __init__(self, store: Store, services: Services, batch_size: int = 3) -> None:
        self._store, self._services, self._batch_size = store, services, batch_size

    def __repr__(self) -> str:
        return "MemoryConnector()"

    def check(self, entities: Sequence[Entity | Need] = ()) -> Check:
        if (fault := self._store.fault("check")) is not None:
            raise fault.error
        if not self._store.authorised:
            return Check(False, missing=(Missing("credentials", say("The key is not accepted.")),))
        return Check(True, identity="memory", facts={"products": str(len(self._store.products))})

    def support(self, entity: Entity) -> Support:
        return SUPPORT.get(entity, Support())

    def read(self, entity: Entity, which: ReadFilter = ReadFilter(), since: str = "") -> Iterator[Page]:
        if entity is Entity.STOCK:
            yield from self._stock(which, since)
            return
        records: list[Record] = []
        if entity is Entity.PRODUCT:
            records += [p for p in self._store.products.values() if _product_wanted(p, which)]
        elif entity is Entity.ORDER:
            records += [o for o in self._store.orders.values() if _order_wanted(o, which)]
        else:
            raise ValueError(f"{entity} is not read on its own")
        yield from self._pages(records[: which.limit or None], since, _is_whole(which))

    def _stock(self, which: ReadFilter, since: str) -> Iterator[Page]:
        """A sweep's last page carries the digest of all of it; the pages before have no cursor."""
        items = stock_items(self._store, which)[: which.limit or None]
        cursor = f"s:{digest_of(items, which.locations)}" if _is_whole(which) else ""
        if cursor and cursor == since:
            yield Page((), cursor, expected=len(items), complete=True, unchanged=True)
            return
        for page in self._pages([*items], "", _is_whole(which)):
            yield replace(page, cursor=cursor if page.complete else "")

    def _pages(self, records: list[Record], since: str, whole: bool) -> Iterator[Page]:
        total = len(records)
        ids = [record.id for record in records]
        left = records[ids.index(since) + 1 :] if since in ids else records
        size = self._store.page_size
        for start in range(0, max(len(left), 1), size):
            self._authorise()
            if (fault := self._store.fault("read")) is not None:
                raise fault.error
            page = tuple(left[start : start + size])
            last = start + size >= len(left)
            yield Page(
                page,
                page[-1].id if page else since,
                expected=total if whole else None,
                complete=last and whole,
            )

    def batch(self, changes: Sequence[Change]) -> list[Call]:
        for change in changes:
            if (change.entity, change.verb) not in effects.EFFECTS:
                raise ValueError(f"memory cannot {change.verb} a {change.entity}")
        calls = []
        for (entity, verb), group in itertools.groupby(changes, key=lambda c: (c.entity, c.verb)):
            kept = list(group)
            calls += [
                self._call(f"{entity}.{verb}", kept[i : i + self._batch_size])
                for i in range(0, len(kept), self._batch_size)
            ]
        return calls

    def _call(self, operation: str, changes: list[Change]) -> Call:
        arguments: dict[str, Any] = {"changes": [pack(change) for change in changes]}
        ids = tuple(change.id for change in changes)
        # The same members always make the same key: a call made again after a crash is still the same call.
        key = fingerprint([operation, ids, arguments])
        return Call(key, operation, arguments, ids, key, self._expiry())

    def _expiry(self) -> datetime:
        return self._services.clock.now() + KEY_LIFE

    def send(self, call: Call) -> list[Outcome]:
        started = self._services.clock.monotonic()
        self._authorise()
        try:
            with self._store.lock:
                return self._sent(call)
        finally:
            self._services.trace.request(call.operation, seconds=self._services.clock.monotonic() - started)

    def _sent(self, call: Call) -> list[Outcome]:
        fault = self._store.fault("send")
        if fault is not None and not fault.applied:
            self._store.failed_at[call.key] = self._services.clock.monotonic()
            raise fault.error
        if call.key not in self._store.answers:
            changes = [unpack(raw) for raw in _members(call)]
            self._store.answers[call.key] = [effects.apply(self._store, change) for change in changes]
        if fault is not None:
            raise fault.error
        return list(self._store.answers[call.key])

    def useful_in_flight(self, entity: Entity) -> int:
        return self.support(entity).calls_in_flight

    def find_written(self, call: Call) -> Written:
        self._authorise()
        with self._store.lock:
            if call.key in self._store.answers:
                return Written(Found.YES, tuple(self._store.answers[call.key]))
            failed = self._store.failed_at.setdefault(call.key, self._services.clock.monotonic())
        left = failed + self._store.visible_after - self._services.clock.monotonic()
        return Written(Found.NO) if left <= 0 else Written(Found.NOT_SURE, ask_again_in=left)

    def prepare(self) -> None:
        """Nothing has to be made here."""

    def choices(self, what: str) -> list[Choice]:
        return list(self._store.choices.get(what, ()))

    def close(self) -> None:
        """Holds no sockets."""

    def _authorise(self) -> None:
        if not self._store.authorised:
            raise NotAuthorised(say("The key is not accepted."))


def _members(call: Call) -> list[Any]:
    members = call.arguments["changes"]
    return list(members) if isinstance(members, list | tuple) else []


def _is_whole(which: ReadFilter) -> bool:
    return which == ReadFilter(locations=which.locations, urgent=which.urgent)


def _product_wanted(product: Product, which: ReadFilter) -> bool:
    skus = {key_of(v.sku) for v in product.variants} | {key_of(product.sku)}
    return (
        (not which.ids or product.id in which.ids)
        and (not which.skus or any(key_of(sku) in skus for sku in which.skus))
        and (not which.names or product.title in which.names)
    )


def _order_wanted(order: Order, which: ReadFilter) -> bool:
    named = {order.name, order.reference, order.code}
    return (
        (not which.ids or order.id in which.ids)
        and (not (numbers := {*which.names, *which.references}) or bool(named & numbers))
        and _since(which.created_since, order.placed_at)
        and _since(which.updated_since, order.updated_at or order.placed_at)
    )


def _since(limit: str, moment: datetime) -> bool:
    return not limit or moment >= datetime.fromisoformat(limit)
