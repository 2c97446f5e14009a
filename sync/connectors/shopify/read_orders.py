"""Reading orders: by page in order of the filtered time, by id, or by name.

Without the scope read_all_orders Shopify shows the orders of the last 60 days only and says nothing of the
others (shopify.dev, "Access scopes").
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sync.connectors.shopify.client import Answer, Client
from sync.connectors.shopify.cost import page_size
from sync.connectors.shopify.documents import document
from sync.connectors.shopify.failures import Problem
from sync.connectors.shopify.read import overlapped
from sync.connectors.shopify.wire import order as wire
from sync.connectors.shopify.wire.values import gids, more, nodes, number_of, parts, search_value
from sync.model.order import Order
from sync.model.page import Page, ReadFilter
from sync.model.values import key_of

_LINES = 50
_NAMES = 40
_BY_ID = 100
_PAGE = 250
_WINDOW = 20_000
Raw = Mapping[str, Any]


class OrderReader:
    """Yields pages of orders."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def read(self, which: ReadFilter, since: str) -> Iterator[Page]:
        """See `Connector.read`. A cursor is "<seen>:<Shopify's cursor>" and holds for the same filter."""
        if which.ids:
            for part in parts(gids(which.ids, "Order"), _BY_ID):
                answer = self._client.query("orders_by_id", {"ids": part, "lines": _LINES}, partial=True)
                yield Page(tuple(self._orders(answer, answer.data.get("nodes"))))
        elif which.names:
            yield from self._named(which.names)
        else:
            yield from self._swept(which, since)

    def _named(self, names: Sequence[str]) -> Iterator[Page]:
        wanted = {_bare(name) for name in names}
        for part in parts(list(dict.fromkeys(names)), _NAMES):
            query = " OR ".join(f"name:{search_value(name)}" for name in part)
            found = [
                order
                for page in self._pages(query, "ID", "", 0)
                for order in page.records
                if isinstance(order, Order) and _bare(order.name) in wanted
            ]
            yield Page(tuple(found))

    def _swept(self, which: ReadFilter, since: str) -> Iterator[Page]:
        query, sort = _filter(which)
        yield from self._pages(query, sort, since, which.limit, count=True)

    def _pages(self, query: str, sort: str, since: str, limit: int, count: bool = False) -> Iterator[Page]:
        before, _, after = since.partition(":")
        seen, left, asked = int(before or 0), limit or None, query
        expected, exact = self._count(query) if count else (None, False)
        first = page_size(document("orders"), {"lines": _LINES}, most=min(limit or _PAGE, _PAGE))
        while True:
            variables = {"first": first, "after": after or None, "query": asked or None, "sortKey": sort}
            answer = self._client.query("orders", {**variables, "lines": _LINES}, partial=True)
            connection = answer.data["orders"]
            orders = self._orders(answer, connection.get("nodes"))[:left]
            seen, after = seen + len(orders), more(connection)
            left = None if left is None else left - len(orders)
            done = not after or left == 0
            complete = done and not limit and exact and seen == expected
            cursor = f"{seen}:{connection['pageInfo']['endCursor'] or ''}"
            yield Page(tuple(orders), cursor, expected=expected, complete=complete)
            if done:
                return
            if seen % _WINDOW < first:
                # Shopify's cursors reach 25,000 records far; from there it goes on by the sorted field.
                after, asked = "", " AND ".join(filter(None, (query, _behind(sort, orders[-1]))))

    def _count(self, query: str) -> tuple[int, bool]:
        count = self._client.query("orders_count", {"query": query or None}).data["ordersCount"] or {}
        return int(count.get("count") or 0), count.get("precision") == "EXACT"

    def _orders(self, answer: Answer, rows: object) -> list[Order]:
        listed = rows if isinstance(rows, list) else []
        return [
            wire.order(self._completed(row), withheld(answer.problems, n))
            for n, row in enumerate(listed)
            if isinstance(row, Mapping) and row.get("id")
        ]

    def _completed(self, row: Raw) -> Raw:
        """The order with all pages of its lines."""
        after, lines = more(row.get("lineItems")), nodes(row.get("lineItems"))
        while after:
            order = self._client.query("order_lines", {"id": row["id"], "after": after}).data["order"] or {}
            lines += nodes(order.get("lineItems"))
            after = more(order.get("lineItems"))
        return {**row, "lineItems": {"nodes": lines}}


def withheld(problems: Sequence[Problem], number: int) -> tuple[str, ...]:
    """What Shopify denied of the order at `number` of the page, as paths below the order
    ("customer.firstName")."""
    found = []
    for problem in problems:
        at = next((n for n, step in enumerate(problem.path) if step.isdigit()), None)
        if at is None:
            found.append(
                ".".join(step for step in problem.path if step not in ("orders", "nodes", "edges", "node"))
            )
        elif int(problem.path[at]) == number:
            found.append(".".join(problem.path[at + 1 :]))
    return tuple(sorted({path for path in found if path}))


def _filter(which: ReadFilter) -> tuple[str, str]:
    """Search text and the sort key that belongs to it."""
    if which.updated_since:
        query = f"updated_at:>={search_value(overlapped(which.updated_since))}"
        if which.created_since:
            query += f" AND created_at:>={search_value(which.created_since)}"
        return query, "UPDATED_AT"
    if which.created_since:
        return f"created_at:>={search_value(which.created_since)}", "CREATED_AT"
    return "", "ID"


def _behind(sort: str, last: Order) -> str:
    """The filter that goes on at an order, which may come once more."""
    if sort == "ID":
        return f"id:>{number_of(last.id)}"
    field, moment = (
        ("updated_at", last.updated_at) if sort == "UPDATED_AT" else ("created_at", last.placed_at)
    )
    return f"{field}:>={search_value((moment or last.placed_at).isoformat())}"


def _bare(name: str) -> str:
    """An order's name as people type it, with or without #."""
    return key_of(name).lstrip("#")
