"""Connections: cursor pages over sorted rows, with ``nodes``, ``edges`` and ``pageInfo``."""

from __future__ import annotations

import base64
import binascii
import json
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

from sandbox.shopify.errors import Refusal
from sandbox.shopify.ids import number_of

Obj = dict[str, Any]
Key = Callable[[Obj], tuple[Any, int]]
PAGE_LIMIT = 250
# Arguments of a bulk query's connections: all rows at once.
EVERYTHING: Obj = {"first": 10**9, "after": None, "before": None, "_unlimited": True}


def by_id(obj: Obj) -> tuple[Any, int]:
    """Sort key of most lists."""
    number = number_of(obj["id"])
    return number, number


def by_field(name: str) -> Key:
    """Sort by a field, then id."""
    return lambda obj: (obj.get(name) or "", number_of(obj["id"]))


def page(rows: Sequence[Obj], arguments: Obj, key: Key = by_id, limit: int = PAGE_LIMIT) -> Obj:
    """One page of ``rows``, which must ascend by ``key``; Refusal when neither ``first`` nor ``last`` is
    given."""
    first, last = arguments.get("first"), arguments.get("last")
    if "_unlimited" not in arguments:
        _check_window(first, last, limit)
    backwards = bool(arguments.get("reverse"))
    window: Sequence[Obj]
    low, high = 0, len(rows)
    for cursor, low_end in ((arguments.get("after"), not backwards), (arguments.get("before"), backwards)):
        if cursor and low_end:
            low = max(low, _found(bisect_right, rows, cursor, key))
        elif cursor:
            high = min(high, _found(bisect_left, rows, cursor, key))
    if "_unlimited" in arguments and not backwards:
        window, size = rows[low:high], high - low
    elif backwards:
        window, size = _tail(rows, low, high, first, last)
    else:
        window, size = _head(rows, low, high, first, last)
    return _connection(window, size, arguments, key)


def listed(rows: Sequence[Obj], arguments: Obj, limit: int = PAGE_LIMIT) -> Obj:
    """One page of rows in the order they have (positions are the cursors)."""
    if arguments.get("reverse"):
        rows, arguments = list(reversed(rows)), {**arguments, "reverse": False}
    places = {id(obj): n for n, obj in enumerate(rows)}
    return page(rows, arguments, lambda obj: (places[id(obj)], 0), limit)


def _check_window(first: int | None, last: int | None, limit: int) -> None:
    size = first if first is not None else last
    if size is None:
        raise Refusal("you must provide one of first or last", code="BAD_REQUEST")
    if first is not None and last is not None:
        raise Refusal("providing both first and last is not supported", code="BAD_REQUEST")
    if size < 0:
        raise Refusal("first and last cannot be negative", code="BAD_REQUEST")
    if size > limit:
        raise Refusal(f"{size} exceeds the maximum page size of {limit}", code="BAD_REQUEST")


def _head(rows: Any, low: int, high: int, first: int | None, last: int | None) -> tuple[list[Obj], int]:
    if first is not None:
        return list(rows[low : min(high, low + first)]), high - low
    return list(rows[max(low, high - (last or 0)) : high]), high - low


def _tail(rows: Any, low: int, high: int, first: int | None, last: int | None) -> tuple[list[Obj], int]:
    window, size = _head(rows, low, high, last, first)
    window.reverse()
    return window, size


def _connection(window: Sequence[Obj], size: int, arguments: Obj, key: Key) -> Obj:
    more = size > len(window)
    forwards = arguments.get("first") is not None
    return {
        "nodes": window,
        "_key": key,
        "pageInfo": {
            "hasNextPage": more if forwards else bool(arguments.get("before")),
            "hasPreviousPage": bool(arguments.get("after")) if forwards else more,
            "startCursor": cursor_of(window[0], key) if window else None,
            "endCursor": cursor_of(window[-1], key) if window else None,
        },
    }


def edges(connection: Obj) -> list[Obj]:
    """The edges of a page, made when they are asked for."""
    key = connection["_key"]
    return [{"node": node, "cursor": cursor_of(node, key)} for node in connection["nodes"]]


def cursor_of(obj: Obj, key: Key) -> str:
    """Where an object stands, opaque to the client."""
    value, number = key(obj)
    text = json.dumps({"last_id": number, "last_value": value}, ensure_ascii=False, separators=(",", ":"))
    return base64.b64encode(text.encode()).decode()


def _found(search: Any, rows: Sequence[Obj], cursor: str, key: Key) -> int:
    """Where a cursor stands among the rows; Refusal when it was made for another sorting, or is none."""
    try:
        place = json.loads(base64.b64decode(cursor, validate=True))
        return int(search(rows, (place["last_value"], place["last_id"]), key=key))
    except (binascii.Error, ValueError, KeyError, TypeError):
        raise Refusal(f"Invalid cursor for current pagination sort: '{cursor}'", code="BAD_REQUEST") from None
