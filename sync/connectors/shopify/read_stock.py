"""Reading stock: the whole shop by one bulk query, a few items by id, SKU or tag."""

from __future__ import annotations

import json
import logging
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from itertools import chain
from typing import Any

from sync.connectors.digest import ContentDigest
from sync.connectors.shopify.bulk import BulkFailed
from sync.connectors.shopify.client import Client
from sync.connectors.shopify.cost import page_size
from sync.connectors.shopify.documents import document
from sync.connectors.shopify.export import StockExport, stock_document
from sync.connectors.shopify.facts import Facts
from sync.connectors.shopify.failures import TooDear
from sync.connectors.shopify.wire.stock import stock_item, turned, with_more
from sync.connectors.shopify.wire.values import gids, more, nodes, number_of, parts, search_value
from sync.model.page import Page, ReadFilter
from sync.model.stock import StockItem
from sync.model.values import key_of

PAGE = 2000
_BY_ID = 250
_FIND = 40
# Places whose levels are asked for at once: by id (two points each), on a page (as many for each row).
_AT_ONCE, _ON_PAGES = 200, 40
# Questions under way at once.
_TOGETHER = 4
# Shopify's cursors reach 25,000 records far; before that it goes on by id.
_WINDOW = 20_000
_log = logging.getLogger("counterpart.shopify")
Raw = Mapping[str, Any]
Places = tuple[str, ...]


class StockReader:
    """Yields pages of stock items."""

    def __init__(self, client: Client, facts: Facts, export: StockExport) -> None:
        self._client, self._facts, self._export = client, facts, export

    def read(self, which: ReadFilter, since: str) -> Iterator[Page]:
        """See `Connector.read`. The cursor of a sweep's last page is the digest of its content; a sweep does
        not resume in its middle. `ids` may be those of variants or of inventory items."""
        named = tuple(sorted(set(which.locations)))
        places = named or self._facts.own_places()
        if which.ids:
            yield from limited(self._by_id(which, places), which.limit)
        elif which.skus:
            yield from limited(self._by_sku(which, places), which.limit)
        elif which.tags:
            yield from limited(self._by_tag(which, places), which.limit)
        elif which.limit:
            found = self._pages("", places, which.urgent, most=min(which.limit, _BY_ID))
            yield from limited((Page(_items(rows, places)) for rows in found), which.limit)
        else:
            yield from self._whole(places, since)

    # ── a few ───────────────────────────────────────────────────────────────────────────────────────────────

    def _by_id(self, which: ReadFilter, places: Places) -> Iterator[Page]:
        variants = gids(which.ids, "ProductVariant")
        items = gids((i for i in which.ids if "/InventoryItem/" in i), "InventoryItem")

        def read(name: str) -> Callable[[list[str]], list[Raw]]:
            return lambda part: self._nodes(name, part, places, which.urgent)

        for rows in together(read("stock_by_id"), parts(variants, _BY_ID)):
            yield Page(_items(rows, places))
        for rows in together(read("stock_by_item"), parts(items, _BY_ID)):
            yield Page(_items([made for row in rows if (made := turned(row))], places))
        if not (variants or items):
            yield Page(())

    def _nodes(self, name: str, ids: list[str], places: Places, urgent: bool) -> list[Raw]:
        """Those of the ids that exist, with their levels at all the places, so many places a query as its
        cost allows."""
        rows = self._once(name, ids, places[:_AT_ONCE], urgent)
        for start in range(_AT_ONCE, len(places), _AT_ONCE):
            part = places[start : start + _AT_ONCE]
            more = {row["id"]: row for row in self._once(name, ids, part, urgent)}
            # One that is gone by now has no level at these places: it does not exist any more.
            rows = [_joined(row, more[row["id"]], start, len(part)) for row in rows if row["id"] in more]
        return rows

    def _once(self, name: str, ids: list[str], places: Places, urgent: bool) -> list[Raw]:
        """One query. That 250 ids cost no more than one is not told by Shopify, so a refusal for the cost
        halves them."""
        try:
            data = self._client.query(name, {"ids": ids}, locations=places, urgent=urgent).data
            return [row for row in nodes(data.get("nodes")) if row.get("id")]
        except TooDear:
            if len(ids) < 2:
                raise
        half = len(ids) // 2
        return [
            *self._once(name, ids[:half], places, urgent),
            *self._once(name, ids[half:], places, urgent),
        ]

    def _by_sku(self, which: ReadFilter, places: Places) -> Iterator[Page]:
        """Searched, then compared: Shopify's index may match more than the SKU, and lags behind the shop."""
        skus = [sku for sku in dict.fromkeys(which.skus) if sku.strip()]
        wanted, given = {key_of(sku) for sku in skus}, set[str]()

        def search(part: list[str]) -> list[Raw]:
            query = " OR ".join(f"sku:{search_value(sku)}" for sku in part)
            return [row for rows in self._pages(query, places, which.urgent) for row in rows]

        for rows in together(search, parts(skus, _FIND)):
            found = [row for row in rows if key_of(row.get("sku")) in wanted and row["id"] not in given]
            given.update(row["id"] for row in found)
            yield Page(_items(found, places))
        if not skus:
            yield Page(())

    def _by_tag(self, which: ReadFilter, places: Places) -> Iterator[Page]:
        wanted = {key_of(tag) for tag in which.tags}
        query = " OR ".join(f"tag:{search_value(tag)}" for tag in which.tags)
        for rows in self._pages(query, places, which.urgent):
            tagged = [
                row for row in rows if wanted & set(map(key_of, (row.get("product") or {}).get("tags") or ()))
            ]
            yield Page(_items(tagged, places))

    def _pages(
        self, query: str, places: Places, urgent: bool = False, most: int = _BY_ID
    ) -> Iterator[list[Raw]]:
        """Cursor pages in order of ids, as large as their cost allows. With many places that would be a few
        rows a page: the levels are then read by the ids of a page."""
        apart = len(places) > _ON_PAGES
        doc, after, asked, seen = document("stock_pages", () if apart else places), "", query, 0
        first = page_size(doc, {}, most=most)
        while True:
            variables = {"first": first, "after": after or None, "query": asked or None}
            connection = self._client.execute(doc, variables, urgent=urgent).data["productVariants"]
            rows, after = nodes(connection), more(connection)
            seen += len(rows)
            yield self._nodes("stock_by_id", [row["id"] for row in rows], places, urgent) if apart else rows
            if not after:
                return
            if seen % _WINDOW < first:
                after, behind = "", f"id:>{number_of(rows[-1]['id'])}"
                asked = f"({query}) AND {behind}" if query else behind

    # ── all ─────────────────────────────────────────────────────────────────────────────────────────────────

    def _whole(self, places: Places, since: str) -> Iterator[Page]:
        """The whole shop. A bulk operation that fails twice gives way to pages."""
        try:
            with self._export.taken(places) as export:
                cursor = f"s:{export.digest}"
                if cursor == since:
                    yield Page((), cursor, expected=export.count, complete=True, unchanged=True)
                    return
                for rows in export.rows(PAGE):
                    yield Page(_items(rows, places), expected=export.count)
                yield Page((), cursor, expected=export.count, complete=True)
        except BulkFailed as failed:
            _log.warning("Reading the stock of %s page by page: %s", self._client.shop, failed)
            yield from self._whole_by_pages(places)

    def _whole_by_pages(self, places: Places) -> Iterator[Page]:
        counted = self._client.query("variants_count").data["productVariantsCount"] or {}
        digest, seen, expected = ContentDigest(stock_document(places).text), 0, int(counted.get("count") or 0)
        for rows in self._pages("", places):
            digest.add(json.dumps(row, ensure_ascii=False, separators=(",", ":")).encode() for row in rows)
            seen += len(rows)
            yield Page(_items(rows, places), expected=expected)
        yield Page((), f"s:{digest.text()}", expected=expected, complete=seen == expected)


def _items(rows: list[Raw], places: Places) -> tuple[StockItem, ...]:
    return tuple(stock_item(row, places) for row in rows)


def _joined(row: Raw, more: Raw, before: int, count: int) -> Raw:
    """A variant, or an inventory item with its variant, with the levels of another read of it."""
    if "inventoryItem" not in row:
        return with_more(row, more, before, count)
    item, other = row["inventoryItem"] or {}, more.get("inventoryItem") or {}
    return {**row, "inventoryItem": with_more(item, other, before, count)}


def together(ask: Callable[[list[str]], list[Raw]], asked: Iterator[list[str]]) -> Iterator[list[Raw]]:
    """The answers to several questions in their order, a few under way at once. What the caller's context
    holds (whether the run was cancelled) holds for them too."""
    first, second = next(asked, None), next(asked, None)
    if first is None or second is None:
        yield from ([] if first is None else [ask(first)])
        return
    with ThreadPoolExecutor(_TOGETHER, thread_name_prefix="read-stock") as pool:
        waiting: deque[Future[list[Raw]]] = deque()
        for part in chain((first, second), asked):
            waiting.append(pool.submit(copy_context().run, ask, part))
            if len(waiting) >= _TOGETHER:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()


def limited(pages: Iterator[Page], limit: int) -> Iterator[Page]:
    """No more than `limit` records (0: all)."""
    left = limit
    for page in pages:
        yield Page(page.records[:left]) if limit else page
        left -= len(page.records)
        if limit and left <= 0:
            return
