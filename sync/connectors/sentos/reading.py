"""Reading products and orders: full sweeps, windows in time, and single records by id, SKU or number."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sync.connectors.sentos import wire, wire_orders
from sync.connectors.sentos.catalog import Catalog
from sync.connectors.sentos.client import Client
from sync.connectors.sentos.sweep import PAGE_SIZE, Sweep, envelope, record_key
from sync.errors import NeedsOperator, NotAuthorised
from sync.model.order import Order
from sync.model.page import Page, ReadFilter
from sync.model.ports import Clock
from sync.model.product import Product
from sync.model.text import say
from sync.model.values import key_of, utc

# Above so many single look-ups a sweep of the whole list is cheaper.
MOST_LOOKUPS = 20
# Pages after which a look-up that lists other orders is given up.
LOOKUP_PAGES = 10
OVERLAP = timedelta(minutes=10)
AHEAD = timedelta(days=1)


class ProductReader:
    """Reads products; `dots` says how lone points in prices are read."""

    def __init__(self, client: Client, catalog: Catalog, dots: str, allow_private: bool) -> None:
        self._client, self._catalog, self._dots, self._private = client, catalog, dots, allow_private

    def pages(self, which: ReadFilter, since: str) -> Iterator[Page]:
        """Pages of the wanted products. Cursor "page/seen": reading resumes with the next page."""
        reading = wire.Reading(self._dots, self._categories(), self._private)
        if which.ids and len(which.ids) <= MOST_LOOKUPS:
            pages = self._by_id(which, reading)
        elif which.skus and len(which.skus) <= MOST_LOOKUPS:
            pages = self._by_sku(which, reading)
        else:
            pages = self._sweep(which, reading, since)
        yield from limited(pages, which.limit)

    def _categories(self) -> Mapping[str, tuple[str, ...]]:
        """The category names; none if the API user may not see them: products are read all the same."""
        try:
            return self._catalog.categories()
        except NotAuthorised:
            raise
        except NeedsOperator:
            return {}

    def _made(self, raws: list[Any], which: ReadFilter, reading: wire.Reading) -> tuple[Product, ...]:
        found = [wire.product(raw, reading) for raw in raws]
        for product in found:
            self._catalog.saw_lists(set(product.prices))
        kept = [product for product in found if _wanted(product, which)]
        places = frozenset(which.locations)
        return tuple(wire.at_places(product, places) if places else product for product in kept)

    def _by_id(self, which: ReadFilter, reading: wire.Reading) -> Iterator[Page]:
        for number in dict.fromkeys(which.ids):
            raw = (
                self._client.get(f"/products/{_segment(number)}", operation="products.get", missing=True)
                if _segment(number)
                else None
            )
            record = wire.one_record(raw)
            yield Page(self._made([record] if record else [], which, reading))

    def _by_sku(self, which: ReadFilter, reading: wire.Reading) -> Iterator[Page]:
        """One filtered list per SKU. Sentos matches loosely: the exact one may be on any of its pages."""
        given: set[str] = set()
        for sku in dict.fromkeys(which.skus):

            def fetch(page: int, fresh: bool, sku: str = sku) -> Any:
                return self._list({"page": str(page), "size": str(PAGE_SIZE), "sku": sku.strip()}, fresh)

            for step in Sweep(fetch).steps():
                made = [p for p in self._made(step.records, which, reading) if p.id not in given]
                given |= {product.id for product in made}
                yield Page(tuple(made))

    def _sweep(self, which: ReadFilter, reading: wire.Reading, since: str) -> Iterator[Page]:
        page, _, seen = since.partition("/")
        start, before = (int(page) + 1, int(seen)) if page.isdigit() and seen.isdigit() else (1, 0)

        def fetch(number: int, fresh: bool) -> Any:
            return self._list({"page": str(number), "size": str(PAGE_SIZE), "orderby_id": "ASC"}, fresh)

        whole = _is_whole(which)
        for step in Sweep(fetch, start, before).steps():
            yield Page(
                self._made(step.records, which, reading),
                f"{step.page}/{step.seen}",
                expected=step.total if whole else None,
                complete=whole and step.last and step.sound,
            )

    def _list(self, params: dict[str, str], fresh: bool) -> Any:
        return self._client.get("/products", params, fresh=fresh, operation="products.list")


class OrderReader:
    """Reads orders. The cursor is the moment (ISO, UTC) at which the reading began whose orders have all
    been yielded."""

    def __init__(self, client: Client, clock: Clock) -> None:
        self._client, self._clock = client, clock

    def pages(self, which: ReadFilter, since: str) -> Iterator[Page]:
        """Pages of the wanted orders."""
        if which.ids:
            pages = self._by_id(which)
        elif which.names or which.references:
            pages = self._by_name(which)
        else:
            pages = self._windows(which, since)
        yield from limited(pages, which.limit)

    def _by_id(self, which: ReadFilter) -> Iterator[Page]:
        for number in dict.fromkeys(which.ids):
            raw = (
                self._client.get(f"/orders/{_segment(number)}", operation="orders.get", missing=True)
                if _segment(number)
                else None
            )
            record = wire.one_record(raw)
            yield Page((wire_orders.order(record),) if record else ())

    def _by_name(self, which: ReadFilter) -> Iterator[Page]:
        """A number of which nobody said what it is may be either; each question counts against the limits."""
        for reference in dict.fromkeys(which.references):
            yield Page(tuple(self.named(reference, fields=("order_id",))))
        either = ("order_code",) if which.references else ("order_id", "order_code")
        for name in dict.fromkeys(which.names):
            yield Page(tuple(self.named(name, fields=either)))

    def named(
        self, name: str, *, fresh: bool = False, fields: tuple[str, ...] = ("order_id", "order_code")
    ) -> list[Order]:
        """Orders whose reference or code is exactly this text. NeedsOperator if Sentos lists so many others
        that it seems not to look at the number at all: "not there" would then be a guess."""
        found: dict[str, Order] = {}
        for field in fields:
            for raw in self._looked_up(field, name, fresh):
                order = wire_orders.order(raw)
                if name in (order.reference, order.code):
                    found[order.id] = order
        return list(found.values())

    def _looked_up(self, field: str, name: str, fresh: bool) -> Iterator[Any]:
        """What Sentos lists for a number: usually one page of none or one, more where it matches loosely."""
        seen: set[str] = set()
        for page in range(1, LOOKUP_PAGES + 1):
            asked = {**lookup(field, name), "page": str(page)}
            found = envelope(self._client.get("/orders", asked, fresh=fresh, operation="orders.lookup"))
            new = {key: raw for raw in found.data if (key := record_key(raw)) not in seen}
            seen.update(new)
            yield from new.values()
            if not new or (found.total is not None and len(seen) >= found.total):
                return
            if found.total is None and len(found.data) < PAGE_SIZE:
                return
        raise NeedsOperator(
            say(
                "Sentos cannot be asked whether it has order {name}: it answers with {count} others. Nothing "
                "was written, so that no order is booked twice. Ask Sentos support why orders cannot be "
                "looked up by {field}.",
                name=name,
                count=len(seen),
                field=field,
            ),
            f"{field}={name}",
        )

    def _windows(self, which: ReadFilter, since: str) -> Iterator[Page]:
        """One sweep per window in time; the cursor moves on only with the last page, and only if all were
        sound."""
        began = self._clock.now().astimezone(UTC).isoformat()
        windows = self._ranges(which, since)
        sound = True
        for place, (params, keep) in enumerate(windows):
            last_window = place == len(windows) - 1
            for step in Sweep(self._fetcher(params)).steps():
                sound = sound and (step.sound or not step.last)
                orders = tuple(order for raw in step.records if keep(order := wire_orders.order(raw)))
                done = step.last and last_window
                whole = _is_whole(which) and not since
                yield Page(
                    orders,
                    began if done and sound else since,
                    expected=step.total if whole else None,
                    complete=done and sound and whole,
                )

    def _fetcher(self, params: dict[str, str]) -> Callable[[int, bool], Any]:
        def fetch(page: int, fresh: bool) -> Any:
            asked = {
                "page": str(page),
                "size": str(PAGE_SIZE),
                "orderby_field": "id",
                "orderby_direction": "ASC",
                **params,
            }
            return self._client.get("/orders", asked, fresh=fresh, operation="orders.list")

        return fetch

    def _ranges(self, which: ReadFilter, since: str) -> list[tuple[dict[str, str], Callable[[Order], bool]]]:
        """(parameters, local filter) of each window: after a cursor what was created and what was changed."""
        if since:
            start = utc(datetime.fromisoformat(since)) - OVERLAP
            return [self._range("created", start), self._range("updated", start)]
        ranges = []
        if which.created_since:
            start = utc(datetime.fromisoformat(which.created_since))
            ranges.append(self._range("created", start, lambda order: _made_at(order) >= start - OVERLAP))
        if which.updated_since:
            ranges.append(self._range("updated", utc(datetime.fromisoformat(which.updated_since))))
        return ranges or [({}, _all)]

    def _range(
        self, kind: str, start: datetime, keep: Callable[[Order], bool] | None = None
    ) -> tuple[dict[str, str], Callable[[Order], bool]]:
        """The end lies a day ahead: the platform's clock need not be ours. To the minute, so that a repeat
        is the same URL."""
        end = (self._clock.now() + AHEAD).replace(second=0, microsecond=0)
        return (
            {f"{kind}_start_date": wire_orders.local(start), f"{kind}_end_date": wire_orders.local(end)},
            keep or _all,
        )


def lookup(field: str, value: str) -> dict[str, str]:
    """The query that looks an order up by one of its own numbers."""
    return {"page": "1", "size": str(PAGE_SIZE), field: value}


def limited(pages: Iterator[Page], limit: int) -> Iterator[Page]:
    """No more than `limit` records (0: all); a read that was cut short is never complete."""
    left = limit
    for page in pages:
        if not limit:
            yield page
            continue
        taken = page.records[:left]
        left -= len(taken)
        yield Page(taken, page.cursor if len(taken) == len(page.records) else "", page.deleted, page.expected)
        if left <= 0:
            return


def _made_at(order: Order) -> datetime:
    """When Sentos took the order in: a marketplace's order may have been placed long before."""
    return wire_orders.moment(order.attributes.get("created_at")) or order.placed_at


def _all(_: Order) -> bool:
    return True


def _is_whole(which: ReadFilter) -> bool:
    return not (
        which.ids
        or which.skus
        or which.names
        or which.references
        or which.created_since
        or which.updated_since
        or which.limit
    )


def _segment(number: str) -> str:
    """An id as part of a path; "" for what cannot be one (it then does not exist)."""
    return number if number.isascii() and number.isdigit() else ""


def _wanted(product: Product, which: ReadFilter) -> bool:
    return (
        (not which.ids or product.id in which.ids)
        and (not which.skus or wire.has_sku(product, frozenset(map(key_of, which.skus))))
        and (not which.names or product.title in which.names)
    )
