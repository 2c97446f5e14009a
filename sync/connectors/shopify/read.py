"""Reading products: a few by id or SKU, small catalogues page by page, large ones by bulk queries.

A page costs at most 1,000 points, whose number depends on its size: page sizes are chosen by the cost
formula.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from sync.connectors.shopify.bulk import Bulk, BulkFailed
from sync.connectors.shopify.client import Client
from sync.connectors.shopify.cost import MAX_COST, page_size
from sync.connectors.shopify.documents import document
from sync.connectors.shopify.facts import Facts
from sync.connectors.shopify.failures import TooDear
from sync.connectors.shopify.wire import product as wire
from sync.connectors.shopify.wire.values import gids, more, nodes, number_of, parts, search_value
from sync.model.page import Page, ReadFilter
from sync.model.product import Product
from sync.model.values import key_of

EVERY_STATUS = "status:active,draft,archived,unlisted"
# Up to so many products pages are quicker than a bulk operation.
SMALL = 300
_VARIANTS, _MEDIA = 50, 10
_LEAN_VARIANTS, _LEAN_MEDIA = 50, 20
_BY_ID = 250
_PAGE = 250
_WINDOW = 20_000
_FIND = 40
# An updated product enters Shopify's search index up to a minute later; windows overlap by more than that.
OVERLAP_SECONDS = 120.0
# Shopify counts no further (schema, QueryRoot.productsCount).
_COUNT_CAP = 10_000
Raw = Mapping[str, Any]
_log = logging.getLogger("counterpart.shopify")


class ProductReader:
    """Yields pages of products."""

    def __init__(self, client: Client, facts: Facts, bulk: Bulk) -> None:
        self._client, self._facts, self._bulk = client, facts, bulk

    def read(self, which: ReadFilter, since: str) -> Iterator[Page]:
        """See `Connector.read`. Cursors: "p:<seen>:<Shopify's cursor>" of pages, "b:<seen>:<product number>"
        of bulk."""
        places = which.locations or self._facts.own_places()
        if which.ids:
            yield from self._listed(gids(which.ids, "Product"), places, which)
        elif which.skus or which.names:
            yield from self._listed(self._find(which), places, which)
        elif which.limit or which.updated_since or which.created_since or since:
            yield from self._paged(_filter(which), places, since, which)
        else:
            yield from self._whole(places)

    # ── named products ──────────────────────────────────────────────────────────────────────────────────────

    def _listed(self, ids: list[str], places: tuple[str, ...], which: ReadFilter) -> Iterator[Page]:
        """Products by id; unknown ids are left out. The last page is never complete: it is no sweep."""
        ids = ids[: which.limit or None]
        for part in parts(ids, _BY_ID):
            yield Page(tuple(self._lean(part) if which.lean else self._by_id(part, places)))
        if not ids:
            yield Page(())

    def _by_id(self, ids: list[str], places: tuple[str, ...]) -> list[Product]:
        rows = self._nodes("products_by_id", ids, _sizes("products_by_id", places), places)
        return [self._product(row, places) for row in rows]

    def _lean(self, ids: list[str]) -> list[Product]:
        rows = self._nodes("products_lean", ids, {"variants": _LEAN_VARIANTS, "media": _LEAN_MEDIA})
        return [wire.lean(self._completed(row, ())) for row in rows]

    def _nodes(
        self, name: str, ids: list[str], sizes: dict[str, int], places: tuple[str, ...] = ()
    ) -> list[Raw]:
        """The products of these ids that exist. One query whatever their number; that this costs no more for
        250 than for one is not told by Shopify, so a refusal for its cost halves it."""
        try:
            data = self._client.query(name, {**sizes, "ids": ids}, locations=places).data
            return [row for row in nodes(data.get("nodes")) if row.get("id")]
        except TooDear:
            if len(ids) < 2:
                raise
            half = len(ids) // 2
            first, second = ids[:half], ids[half:]
            return [*self._nodes(name, first, sizes, places), *self._nodes(name, second, sizes, places)]

    def _find(self, which: ReadFilter) -> list[str]:
        """Ids of the products that have one of the SKUs, or whose handle or title is one of the names."""
        found = [
            row["product"]["id"]
            for part in parts([s for s in which.skus if s.strip()], _FIND)
            for row in self._search("variants_find", " OR ".join(f"sku:{search_value(s)}" for s in part))
            if key_of(row.get("sku")) in {key_of(sku) for sku in part}
        ]
        wanted = {key_of(name) for name in which.names}
        for part in parts([n for n in which.names if n.strip()], _FIND):
            query = " OR ".join(f"handle:{search_value(n)} OR title:{search_value(n)}" for n in part)
            found += [
                row["id"]
                for row in self._search("products_find", query)
                if {key_of(row.get("handle")), key_of(row.get("title"))} & wanted
            ]
        return list(dict.fromkeys(found))

    def _search(self, name: str, query: str) -> Iterator[Raw]:
        after: str | None = None
        while True:
            connection = next(iter(self._client.query(name, {"query": query, "after": after}).data.values()))
            yield from nodes(connection)
            after = more(connection)
            if not after:
                return

    # ── sweeps ──────────────────────────────────────────────────────────────────────────────────────────────

    def _whole(self, places: tuple[str, ...]) -> Iterator[Page]:
        """The whole catalogue. A bulk operation that fails twice gives way to pages."""
        expected, _ = self._count(EVERY_STATUS)
        if expected <= SMALL:
            yield from self._paged(EVERY_STATUS, places, "", ReadFilter())
            return
        try:
            yield from self._bulked(places, expected)
        except BulkFailed as failed:
            _log.warning("Reading the catalogue of %s page by page: %s", self._client.shop, failed)
            yield from self._paged(EVERY_STATUS, places, "", ReadFilter())

    def _bulked(self, places: tuple[str, ...], expected: int, again: bool = True) -> Iterator[Page]:
        """Pages out of the result files; what was created between the two exports is read by id."""
        currency, seen, last, cursor = self._facts.currency(), 0, 0, ""
        with self._bulk.catalogue(places, expected) as catalogue:
            for rows in catalogue.pages():
                products = self._with_late(rows, places, currency)
                seen, last = seen + len(products), number_of(products[-1].id)
                cursor = f"b:{seen}:{last}"
                yield Page(tuple(products), cursor, expected=expected)
        now, exact = self._count(EVERY_STATUS) if seen != expected else (expected, expected < _COUNT_CAP)
        if again and exact and now != seen:
            yield from self._bulked(places, now, again=False)
            return
        yield Page((), cursor, expected=now, complete=seen == now if exact else seen >= now)

    def _with_late(self, rows: list[Raw], places: tuple[str, ...], currency: str) -> list[Product]:
        """Products of the export; one without variants was made while it ran, or lost them, and is read
        again."""
        products = [wire.product(row, currency, places) for row in rows]
        late = [p.id for p in products if not p.variants]
        fresh = {p.id: p for part in parts(late, _BY_ID) for p in self._by_id(part, places)}
        return [fresh.get(p.id, p) for p in products]

    def _paged(
        self, query: str, places: tuple[str, ...], since: str, which: ReadFilter, again: bool = True
    ) -> Iterator[Page]:
        """Cursor pages in order of ids. A sweep whose number does not agree with Shopify's count is done
        once more."""
        seen, after, asked = _resumed(since, query)
        expected, exact = self._count(query)
        first, left, complete = min(which.limit or _PAGE, _PAGE), which.limit or None, False
        while True:
            connection, first = self._page(asked, places, after, first)
            products = [self._product(row, places) for row in nodes(connection)][:left]
            seen, after = seen + len(products), more(connection)
            left = None if left is None else left - len(products)
            done = not after or left == 0
            if done and not which.limit and not _windowed(which):
                complete, expected = self._agrees(query, seen, expected, exact)
            cursor = f"p:{seen}:{connection['pageInfo']['endCursor'] or ''}"
            yield Page(tuple(products), cursor, expected=expected, complete=complete)
            if done:
                break
            if seen % _WINDOW < first:
                # Shopify's cursors reach 25,000 records far; from there it goes on by id.
                after, asked = "", f"{query} AND id:>{number_of(products[-1].id)}"
        if again and not (complete or which.limit or since or _windowed(which)):
            yield from self._paged(query, places, since, which, again=False)

    def _page(self, query: str, places: tuple[str, ...], after: str, most: int) -> tuple[Raw, int]:
        """One page, and the size that it could have: as large as its cost allows, smaller if Shopify reckons
        differently."""
        doc, sizes = document("products", places), _sizes("products", places)
        first = page_size(doc, sizes, most=most)
        while True:
            try:
                variables = {**sizes, "first": first, "after": after or None, "query": query}
                return self._client.execute(doc, variables).data["products"], first
            except TooDear:
                if first == 1:
                    raise
                first //= 2

    def _agrees(self, query: str, seen: int, expected: int, exact: bool) -> tuple[bool, int]:
        """Whether nothing was missed, and how many there are; asks once more if products came or went
        meanwhile."""
        if not exact:
            return seen >= expected, expected
        now = expected if seen == expected else self._count(query)[0]
        return seen == now, now

    def _count(self, query: str) -> tuple[int, bool]:
        """How many products match, and whether that is exact (Shopify counts to 10,000)."""
        count = self._client.query("products_count", {"query": query}).data["productsCount"] or {}
        return int(count.get("count") or 0), count.get("precision") == "EXACT"

    # ── completing a product ────────────────────────────────────────────────────────────────────────────────

    def _product(self, row: Raw, places: tuple[str, ...]) -> Product:
        return wire.product(self._completed(row, places), self._facts.currency(), places)

    def _completed(self, row: Raw, places: tuple[str, ...]) -> Raw:
        """The row with all pages of its variants and media."""
        rest = {"variants": self._rest_of_variants, "media": self._rest_of_media}
        whole = dict(row)
        for name, fetch in rest.items():
            gathered, after = nodes(row.get(name)), more(row.get(name))
            while after:
                connection = fetch(str(row["id"]), after, places).get(name)
                gathered, after = [*gathered, *nodes(connection)], more(connection)
            whole[name] = {"nodes": gathered}
        return whole

    def _rest_of_variants(self, product: str, after: str, places: tuple[str, ...]) -> Raw:
        first = page_size(document("product_variants", places), {})
        variables = {"id": product, "first": first, "after": after}
        return self._client.query("product_variants", variables, locations=places).data["product"] or {}

    def _rest_of_media(self, product: str, after: str, places: tuple[str, ...]) -> Raw:
        return self._client.query("product_media", {"id": product, "after": after}).data["product"] or {}


def _sizes(name: str, places: tuple[str, ...]) -> dict[str, int]:
    """How many variants and pictures come with a product at once: fewer variants where many locations are
    read."""
    media = {"media": _MEDIA, "first": 1}
    variants = page_size(document(name, places), media, name="variants", most=_VARIANTS, limit=MAX_COST / 3)
    return {"variants": variants, "media": _MEDIA}


def _windowed(which: ReadFilter) -> bool:
    return bool(which.updated_since or which.created_since)


def _filter(which: ReadFilter) -> str:
    found = [EVERY_STATUS]
    if which.created_since:
        found.append(f"created_at:>={search_value(which.created_since)}")
    if which.updated_since:
        found.append(f"updated_at:>={search_value(overlapped(which.updated_since))}")
    return " AND ".join(found)


def overlapped(since: str) -> str:
    """An ISO time moved back by the overlap of windows."""
    return (datetime.fromisoformat(since) - timedelta(seconds=OVERLAP_SECONDS)).isoformat()


def _resumed(since: str, query: str) -> tuple[int, str, str]:
    """(records seen, Shopify's cursor, query) of a cursor of ours."""
    if not since:
        return 0, "", query
    kind, seen, rest = since.split(":", 2)
    return (int(seen), rest, query) if kind == "p" else (int(seen), "", f"{query} AND id:>{rest}")
