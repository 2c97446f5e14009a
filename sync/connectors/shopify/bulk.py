"""The catalogue by bulk queries: products with media, metafields and channels in one operation, variants with
stock and pictures in another, both at once; their result files are joined on disk.

Shopify Admin 2026-10: up to five operations at once, no points for running, at most two levels of connections
(so variants get an operation of their own), children as lines of their own with `__parentId`, in any order.
"""

from __future__ import annotations

import json
import tempfile
import threading
from array import array
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import IO, Any, NoReturn

from sync.connectors.contract import Services
from sync.connectors.shopify.client import Client
from sync.connectors.shopify.documents import Document, document
from sync.connectors.shopify.wire.values import number_of
from sync.errors import OutcomeUnknown, RecordRefused, Transient
from sync.model.text import say

Row = Mapping[str, Any]
PAGE = 250
# Objects a second while nothing better is known, and objects a product has about.
_FIRST_RATE, _OBJECTS = 5000.0, 12
_LEAST_WAIT, _MOST_WAIT = 2.0, 30.0
# Without any progress for so long the operation is given up.
STUCK_SECONDS = 1800.0
# Seconds between attempts to start an operation.
_PAUSES = (5.0, 15.0, 45.0, 0.0)
_KINDS = ("products", "variants")
RUNNING = frozenset({"CREATED", "RUNNING", "CANCELING"})


class BulkFailed(Transient):
    """A bulk operation failed twice, or none may be started (now, or with this query)."""


@dataclass(slots=True)
class _Lines:
    """A result file on disk and where in it whose lines are."""

    file: IO[bytes]
    roots: list[tuple[int, int]] = field(default_factory=list)
    children: dict[str, array[int]] = field(default_factory=dict)
    count: int = 0

    def at(self, offset: int) -> dict[str, Any]:
        self.file.seek(offset)
        row: dict[str, Any] = json.loads(self.file.readline())
        return row

    def below(self, parent: str) -> list[dict[str, Any]]:
        return [self.at(offset) for offset in self.children.get(parent, ())]


class Catalogue:
    """Two result files, joined product by product. Memory holds the places of the lines, not the lines."""

    def __init__(self, products: _Lines, variants: _Lines) -> None:
        self._products, self._variants = products, variants

    def pages(self, size: int = PAGE) -> Iterator[list[Row]]:
        """Products in order of their numbers, in the shape of graphql/products.graphql."""
        page: list[Row] = []
        for _, offset in sorted(self._products.roots):
            page.append(self._product(self._products.at(offset)))
            if len(page) == size:
                yield page
                page = []
        if page:
            yield page

    def _product(self, row: dict[str, Any]) -> Row:
        below = self._products.below(row["id"])
        return {
            **row,
            "media": {"nodes": [c for c in below if _is_media(c)]},
            "metafields": {"nodes": [c for c in below if "namespace" in c]},
            "resourcePublicationsV2": {"nodes": [c for c in below if "publication" in c]},
            "variants": {"nodes": self._variants_of(row["id"])},
        }

    def _variants_of(self, product: str) -> list[Row]:
        rows = [
            {**row, "media": {"nodes": self._variants.below(row["id"])}}
            for row in self._variants.below(product)
        ]
        return sorted(rows, key=lambda row: (row.get("position") or 0, number_of(row["id"])))


def _is_media(row: Row) -> bool:
    return "namespace" not in row and "publication" not in row


class Bulk:
    """Runs bulk operations of one shop."""

    def __init__(self, client: Client, services: Services) -> None:
        self._client, self._clock, self._keep = client, services.clock, services.keep
        # Two reads of one connection share the five places that Shopify gives.
        self._lock = threading.Lock()

    @contextmanager
    def catalogue(self, locations: tuple[str, ...], products: int) -> Iterator[Catalogue]:
        """The whole catalogue; its files go away at the end. `products` (about how many there are) paces the
        asking. Raises BulkFailed after a second failure of the same operation."""
        with tempfile.TemporaryFile() as first, tempfile.TemporaryFile() as second:
            files = {"products": _Lines(first), "variants": _Lines(second)}
            with self._lock:
                self._fetch(files, locations, products)
            yield Catalogue(files["products"], files["variants"])

    def _fetch(self, files: dict[str, _Lines], locations: tuple[str, ...], products: int) -> None:
        ids = {kind: self.start(document(f"bulk_{kind}", locations)) for kind in _KINDS}
        done = self._finished(ids, products)
        for kind in _KINDS:
            try:
                self._collect(kind, done[kind], files[kind])
            except Transient:
                again = {**ids, kind: self.start(document(f"bulk_{kind}", locations))}
                self._collect(kind, self._finished(again, products)[kind], _emptied(files[kind]), last=True)

    def start(self, asked: Document, grouped: bool = False) -> str:
        """Starts one operation and returns its id, waiting for a free place if others run; `grouped`: its
        children's lines follow their parent's. One whose answer was lost is started once more: an export
        changes nothing. Raises BulkFailed if no place gets free, or Shopify does not take the query."""
        for pause in _PAUSES:
            operation = self._started(asked, grouped)
            if operation:
                return operation
            self._clock.sleep(pause)
        raise BulkFailed(say("Shopify is busy with other bulk operations."))

    def _started(self, asked: Document, grouped: bool) -> str:
        """The operation's id; "" if it may be tried again later."""
        try:
            data = self._client.query("bulk_run", {"query": asked.text, "grouped": grouped}).data
        except OutcomeUnknown:
            return ""
        payload = data.get("bulkOperationRunQuery") or {}
        if operation := payload.get("bulkOperation"):
            return str(operation["id"])
        error: Row = next(iter(payload.get("userErrors") or ()), {})
        if error.get("code") in ("OPERATION_IN_PROGRESS", "LIMIT_REACHED"):
            return ""
        # The same is to be had page by page, dearer.
        raise BulkFailed(say("Shopify refuses the bulk query."), str(error.get("message"))[:300])

    def _finished(self, ids: dict[str, str], products: int) -> dict[str, Row]:
        """The state of both operations once none of them runs. Asks as seldom as it can: first when the last
        time's pace says that they are done."""
        started = moved = self._clock.monotonic()
        seen = -1
        wait = self._guess(products)
        while True:
            self._clock.sleep(wait)
            state = self._client.query("bulk_status", ids).data
            found = {kind: state.get(kind) or {} for kind in _KINDS}
            now, count = (
                self._clock.monotonic(),
                sum(int(row.get("objectCount") or 0) for row in found.values()),
            )
            if not any(row.get("status") in RUNNING for row in found.values()):
                self._learn(products, now - started)
                return found
            moved, seen = (now, count) if count != seen else (moved, seen)
            if now - moved > STUCK_SECONDS:
                self.give_up(ids.values())
            wait = _next_wait(now - started, count, products)

    def give_up(self, operations: Iterable[str]) -> NoReturn:
        """Cancels operations that do not move on. Raises BulkFailed."""
        stuck = BulkFailed(say("Shopify's bulk operation does not move on."))
        try:
            for operation in operations:
                self._client.query("bulk_cancel", {"id": operation})
        except (OutcomeUnknown, RecordRefused) as error:
            raise stuck from error
        raise stuck

    def _collect(self, kind: str, state: Row, lines: _Lines, last: bool = False) -> None:
        """Fetches one result. Transient if the operation failed or its file is not whole."""
        kind_of_error = BulkFailed if last else Transient
        if state.get("status") != "COMPLETED":
            raise kind_of_error(
                say("Shopify's bulk operation failed."),
                f"{kind}: {state.get('status')} {state.get('errorCode')}",
            )
        try:
            if state.get("url"):
                self._download(kind, str(state["url"]), lines)
        except Transient as torn:
            raise kind_of_error(torn.message, torn.detail) from torn
        if (len(lines.roots), lines.count) != (int(state["rootObjectCount"]), int(state["objectCount"])):
            raise kind_of_error(say("Shopify's bulk result is not whole."), f"{kind}: {lines.count} lines")

    def _download(self, kind: str, url: str, lines: _Lines) -> None:
        """Streams a result file to disk and notes whose line is where."""
        offset = 0
        for line in self._client.http.lines(url):
            if not line:
                continue
            raw = line.encode() + b"\n"
            lines.file.write(raw)
            _index(lines, _parsed(line), offset, by_product=kind == "variants")
            offset += len(raw)

    def _guess(self, products: int) -> float:
        """Seconds until asking first makes sense."""
        rate = float(self._keep.get("bulk-rate") or _FIRST_RATE / _OBJECTS)
        return min(max(products / rate, _LEAST_WAIT), 600.0)

    def _learn(self, products: int, seconds: float) -> None:
        rate = max(products, 1) / max(seconds, _LEAST_WAIT)
        self._keep.put("bulk-rate", f"{rate:.3f}", self._clock.now() + timedelta(days=30))


def _index(lines: _Lines, row: Row, offset: int, by_product: bool) -> None:
    lines.count += 1
    parent = row.get("__parentId")
    if parent is None:
        lines.roots.append((number_of(str(row["id"])), offset))
        parent = (row.get("product") or {}).get("id") if by_product else None
    if parent is not None:
        lines.children.setdefault(str(parent), array("Q")).append(offset)


def _parsed(line: str) -> Row:
    try:
        row = json.loads(line)
    except ValueError:
        row = None
    if not isinstance(row, dict):
        raise Transient(say("Shopify's bulk result is not whole."), f"a line of {len(line)} characters")
    return row


def _emptied(lines: _Lines) -> _Lines:
    lines.file.seek(0)
    lines.file.truncate()
    lines.roots, lines.children, lines.count = [], {}, 0
    return lines


def _next_wait(elapsed: float, objects: int, products: int) -> float:
    """By the pace so far; never less than two seconds, nor more than half a minute."""
    left = products * _OBJECTS - objects
    pace = objects / elapsed if elapsed > 0 else 0.0
    guess = left / pace if pace > 0 and left > 0 else elapsed / 2
    return min(max(guess, _LEAST_WAIT), _MOST_WAIT)
