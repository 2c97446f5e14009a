"""All variants with their stock by one bulk query: on disk while it is hashed, then read line by line.

Shopify Admin 2026-10: running a bulk query costs no points; starting it costs 10 and asking how far it is 1.
The levels are selected by location, inline, so that every variant is one line and nothing has to be joined;
only where there are very many locations they come as lines of their own, each behind its variant's.
"""

from __future__ import annotations

import itertools
import json
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import IO, Any

from sync.connectors.contract import Services
from sync.connectors.digest import ContentDigest
from sync.connectors.http import MAX_LINE
from sync.connectors.shopify.bulk import RUNNING, STUCK_SECONDS, Bulk, BulkFailed
from sync.connectors.shopify.client import Client
from sync.connectors.shopify.documents import Document, document
from sync.connectors.shopify.wire.stock import placed
from sync.errors import NeedsOperator, Transient
from sync.model.text import Message, say

Row = Mapping[str, Any]
# Seconds until the first asking while no earlier export told how long one takes; and the bounds of a pause.
_FIRST_WAIT, _LEAST_WAIT, _MOST_WAIT = 2.0, 1.0, 600.0
_PACE = "stock-export"
# Up to so many locations every variant's levels are inline: half the bytes and about two thirds of the time
# (measured where every item is stocked everywhere). But the query grows with the locations, and Shopify takes
# none beyond 65,535 bytes: some 290 of them.
MOST_INLINE = 100
_PARSED = 2000


@dataclass(slots=True)
class Export:
    """A result on disk. `digest` stands for its content, `count` for its variants. `places`: the locations
    whose levels are lines of their own; () if every line is a variant with its levels."""

    file: IO[bytes]
    digest: str
    count: int
    places: tuple[str, ...] = ()

    def rows(self, size: int) -> Iterator[list[Row]]:
        """The variants in lists of at most `size`, parsed as they are asked for. BulkFailed for lines that
        are not grouped."""
        self.file.seek(0)
        lines = (line for line in self.file if line != b"\n")
        found = self._joined(lines) if self.places else _each(lines)
        while part := list(itertools.islice(found, size)):
            yield part

    def _joined(self, lines: Iterator[bytes]) -> Iterator[Row]:
        """Each variant with the levels that follow it."""
        numbers = {place: number for number, place in enumerate(self.places)}
        variant: Row | None = None
        levels: list[Row] = []
        for row in _each(lines):
            parent = row.get("__parentId")
            if parent is None:
                yield from _whole(variant, levels, numbers)
                variant, levels = row, []
            elif variant is None or parent not in (
                variant["id"],
                (variant.get("inventoryItem") or {}).get("id"),
            ):
                raise BulkFailed(_torn(), "stock: a level that does not follow its variant")
            else:
                levels.append(row)
        yield from _whole(variant, levels, numbers)


class StockExport:
    """Takes exports of one shop's stock."""

    def __init__(self, client: Client, services: Services, bulk: Bulk) -> None:
        self._client, self._clock, self._keep, self._bulk = client, services.clock, services.keep, bulk

    @contextmanager
    def taken(self, places: tuple[str, ...]) -> Iterator[Export]:
        """An export of everything, checked against the counts that Shopify tells; its file goes away at the
        end. Raises BulkFailed after a second failure."""
        with tempfile.TemporaryFile() as file:
            try:
                export = self._twice(places, file)
            except OSError as error:
                raise NeedsOperator(
                    say(
                        "What Shopify exports cannot be laid down in {folder}: {reason}",
                        folder=tempfile.gettempdir(),
                        reason=error.strerror or str(error),
                    )
                ) from error
            yield export

    def _twice(self, places: tuple[str, ...], file: IO[bytes]) -> Export:
        try:
            return self._fetched(places, file)
        except BulkFailed:
            raise
        except Transient:
            file.seek(0)
            file.truncate()
        try:
            return self._fetched(places, file)
        except Transient as failed:
            raise BulkFailed(failed.message, failed.detail) from failed

    def _fetched(self, places: tuple[str, ...], file: IO[bytes]) -> Export:
        asked, grouped = stock_document(places), len(places) > MOST_INLINE
        state = self._finished(self._bulk.start(asked, grouped))
        if state.get("status") != "COMPLETED":
            raise Transient(
                say("Shopify's bulk operation failed."),
                f"stock: {state.get('status')} {state.get('errorCode')}",
            )
        digest = ContentDigest(asked.text)
        lines, variants = self._download(str(state["url"]), file, digest) if state.get("url") else (0, 0)
        if (variants, lines) != (int(state["rootObjectCount"]), int(state["objectCount"])):
            raise Transient(_torn(), f"stock: {lines} lines")
        if not grouped and variants != lines:
            raise Transient(_torn(), "stock: a line that is no variant")
        file.flush()
        return Export(file, digest.text(), variants, places if grouped else ())

    def _download(self, url: str, file: IO[bytes], digest: ContentDigest) -> tuple[int, int]:
        """Streams the result to disk and into the digest; returns the number of lines, and of variants among
        them."""
        count, children, rest = 0, 0, b""
        for chunk in self._client.http.chunks(url):
            file.write(chunk)
            *lines, rest = (rest + chunk).split(b"\n")
            if len(rest) > MAX_LINE:
                raise Transient(_torn(), "a line without an end")
            count += digest.add(filter(None, lines))
            children += sum(map(_is_child, lines))
        count += digest.add([rest] if rest else [])
        return count, count - children - _is_child(rest)

    def _finished(self, operation: str) -> Row:
        """The state of the operation once it no longer runs. Asks seldom: first when the last export's pace
        says that it is done, then ever more slowly."""
        took, total = self._pace()
        started = moved = self._clock.monotonic()
        seen, wait = -1, min(max(took, _LEAST_WAIT), _MOST_WAIT)
        while True:
            self._clock.sleep(wait)
            state: Row = self._client.query("bulk_state", {"id": operation}).data.get("bulkOperation") or {}
            now, count = self._clock.monotonic(), int(state.get("objectCount") or 0)
            if state.get("status") not in RUNNING:
                self._learn(now - started, count, took)
                return state
            moved, seen = (now, count) if count != seen else (moved, seen)
            if now - moved > STUCK_SECONDS:
                self._bulk.give_up([operation])
            wait = _pause(now - started, count, total)

    def _pace(self) -> tuple[float, int]:
        """Seconds that the last export took, and how many lines it had."""
        seconds, _, count = (self._keep.get(_PACE) or "").partition("/")
        return (float(seconds), int(count)) if count else (_FIRST_WAIT, 0)

    def _learn(self, seconds: float, count: int, took: float) -> None:
        if not 0.8 < seconds / max(took, 0.1) < 1.2 or not self._keep.get(_PACE):
            self._keep.put(_PACE, f"{seconds:.2f}/{count}", self._clock.now() + timedelta(days=30))


def stock_document(places: tuple[str, ...]) -> Document:
    """The bulk query of all variants with their levels at `places`."""
    if len(places) > MOST_INLINE:
        return document("bulk_stock_levels")
    return document("bulk_stock", places)


def _pause(elapsed: float, count: int, total: int) -> float:
    """By the pace so far, if there is one to go by; always so long that few questions are asked in all."""
    projected = (total - count) * elapsed / count if total > count > 0 else 0.0
    return min(max(projected, elapsed * 0.3, _LEAST_WAIT), _MOST_WAIT)


def _is_child(line: bytes) -> bool:
    """Within a value the quotation marks would be escaped."""
    return b'"__parentId":' in line


def _each(lines: Iterator[bytes]) -> Iterator[Row]:
    while part := list(itertools.islice(lines, _PARSED)):
        yield from _parsed(part)


def _whole(variant: Row | None, levels: list[Row], numbers: Mapping[str, int]) -> Iterator[Row]:
    """The variant with its levels, in the shape of one whose levels are inline."""
    if variant is None or not levels:
        yield from () if variant is None else (variant,)
        return
    try:
        yield {**variant, "inventoryItem": placed(variant["inventoryItem"], levels, numbers)}
    except (KeyError, TypeError) as error:
        raise BulkFailed(_torn(), f"stock: a level without a location ({error})") from error


def _parsed(lines: list[bytes]) -> list[Row]:
    """Lines as one list: a third cheaper than one by one."""
    try:
        rows = json.loads(b"[" + b",".join(lines) + b"]")
    except ValueError as error:
        raise Transient(_torn(), f"stock: {error}"[:200]) from error
    if len(rows) != len(lines) or not all(
        isinstance(row, dict) and isinstance(row.get("id"), str) for row in rows
    ):
        raise Transient(_torn(), "stock: a line that is no variant")
    return list(rows)


def _torn() -> Message:
    return say("Shopify's bulk result is not whole.")
