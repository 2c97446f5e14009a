"""A Shopify store as a short script talks to it: a token, one POST, and a second's sleep when throttled."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

PATH = "/admin/api/2026-10/graphql.json"
_SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { field message code } } }"""
_READ = """query($after: String) { inventoryItems(first: 100, after: $after) {
  pageInfo { hasNextPage endCursor }
  nodes { id sku inventoryLevels(first: 5) { nodes { location { id }
    quantities(names: ["available"]) { name quantity } } } } } }"""


@dataclass(frozen=True, slots=True)
class Row:
    """One item at one location, what it holds and what it should hold."""

    item: str
    place: str
    now: int
    wanted: int


@dataclass
class Shop:
    """`url` of the store, its admin token, and how much faster than real time it lives."""

    url: str
    token: str
    speed: float
    calls: int = 0
    throttled: int = 0
    _local: threading.local = field(default_factory=threading.local)
    _count: threading.Lock = field(default_factory=threading.Lock)

    def write(self, rows: Sequence[Row]) -> None:
        """One call with these rows; throttled, it waits a second and sends the same again."""
        key = str(uuid.uuid4())
        while _throttled(self._post(_SET, {"input": _input(rows), "key": key})):
            with self._count:
                self.throttled += 1
            time.sleep(1 / self.speed)

    def rows(self, most: int, plus: int = 7) -> list[Row]:
        """The first `most` (item, location) pairs by the API, each to be raised by `plus`."""
        found: list[Row] = []
        for item in self._items():
            for level in item["inventoryLevels"]["nodes"]:
                now = level["quantities"][0]["quantity"]
                found.append(Row(item["id"], level["location"]["id"], now, max(0, now) + plus))
                break
            if len(found) == most:
                return found
        return found

    def _items(self) -> Iterator[dict[str, Any]]:
        after = None
        while True:
            answer = self._post(_READ, {"after": after})
            if _throttled(answer):
                time.sleep(1 / self.speed)
                continue
            page = answer["data"]["inventoryItems"]
            yield from page["nodes"]
            if not page["pageInfo"]["hasNextPage"]:
                return
            after = page["pageInfo"]["endCursor"]

    def _post(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        session = self._local.__dict__.setdefault("session", requests.Session())
        answer = session.post(
            self.url + PATH,
            json={"query": query, "variables": variables},
            headers={"X-Shopify-Access-Token": self.token},
            timeout=60,
        )
        with self._count:
            self.calls += 1
        answer.raise_for_status()
        body: dict[str, Any] = answer.json()
        return body


def _input(rows: Sequence[Row]) -> dict[str, Any]:
    return {
        "name": "available",
        "reason": "correction",
        "quantities": [
            {
                "inventoryItemId": row.item,
                "locationId": row.place,
                "quantity": row.wanted,
                "changeFromQuantity": None,  # over whatever is there, as such scripts do
            }
            for row in rows
        ],
    }


def _throttled(answer: dict[str, Any]) -> bool:
    errors = answer.get("errors") or []
    if errors and not any((e.get("extensions") or {}).get("code") == "THROTTLED" for e in errors):
        raise RuntimeError(str(errors)[:300])
    refused = ((answer.get("data") or {}).get("inventorySetQuantities") or {}).get("userErrors")
    if refused:
        raise RuntimeError(str(refused)[:300])
    return bool(errors)
