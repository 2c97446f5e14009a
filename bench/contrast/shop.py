"""A Shopify store as a short script talks to it: a token, one POST, and a second's sleep when throttled."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import requests

PATH = "/admin/api/2026-10/graphql.json"
_SET = """mutation($input: InventorySetQuantitiesInput!, $key: String!) {
  inventorySetQuantities(input: $input) @idempotent(key: $key) { userErrors { field message code } } }"""


@dataclass(frozen=True, slots=True)
class Row:
    """One item at one location, and what it should hold."""

    item: str
    place: str
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
