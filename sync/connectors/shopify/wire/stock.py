"""Variants as Shopify tells them → stock items. Pure, and lean: a sweep calls it a million times."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any

from sync.model.problem import Problem
from sync.model.stock import ItemKind, StockItem, StockLevel
from sync.model.text import say
from sync.model.values import text

Wire = Mapping[str, Any]
_PLAIN_TITLE = " - Default Title"
_NOTHING: Wire = {}


def stock_item(raw: Wire, places: Sequence[str]) -> StockItem:
    """A ProductVariant with the fragment `StockItem`. A place where the item was never stocked is not among
    its levels; one where it no longer is comes with `active` False. What cannot be understood becomes a
    problem, and then no level is told."""
    item, product = raw.get("inventoryItem") or _NOTHING, raw.get("product") or _NOTHING
    problems: list[Problem] = []
    kind = ItemKind.PLAIN
    if raw.get("requiresComponents"):
        kind = ItemKind.BUNDLE
    elif product.get("isGiftCard"):
        kind = ItemKind.GIFT_CARD
    sku, tracked, tags = raw.get("sku"), item.get("tracked"), product.get("tags")
    return StockItem(
        raw["id"],
        item.get("id") or "",
        product.get("id") or "",
        None if sku is None else text(sku),
        text(raw.get("displayName")).removesuffix(_PLAIN_TITLE),
        tracked if isinstance(tracked, bool) else None,
        kind,
        tuple(tags) if isinstance(tags, list) else None,
        levels(item, places, problems),
        tuple(problems),
        _status(product.get("status")),
    )


@lru_cache(16)
def _status(raw: str | None) -> str:
    """In small letters; one text for all items that have it."""
    return text(raw).lower()


def turned(raw: Wire) -> Wire | None:
    """An InventoryItem with its variant (graphql/stock_by_item) in the shape of a variant; None without
    one."""
    rows = (raw.get("variants") or _NOTHING).get("nodes") or ()
    return {**rows[0], "inventoryItem": raw} if rows else None


def levels(item: Wire, places: Sequence[str], problems: list[Problem]) -> tuple[StockLevel, ...]:
    """The levels at `places`, which the answer names l0, l1 … If one cannot be read there are none at all: a
    sum without it could be more than there is."""
    found = []
    for name, place in zip(_names(len(places)), places, strict=True):
        raw = item.get(name)
        if raw is None:
            continue
        try:
            found.append(_level(raw, place))
        except (KeyError, TypeError, ValueError, AttributeError):
            problems.append(
                Problem(
                    "stock.unreadable", say("The stock at {place} is not readable.", place=place), "available"
                )
            )
    return () if problems else tuple(found)


@lru_cache(64)
def _names(count: int) -> tuple[str, ...]:
    return tuple(f"l{number}" for number in range(count))


def _level(raw: Wire, place: str) -> StockLevel:
    available = on_hand = None
    reserved = 0
    for row in raw["quantities"]:
        name, pieces = row["name"], row["quantity"]
        if type(pieces) is not int:
            raise TypeError(f"{name}: {pieces!r}")
        if name == "available":
            available = pieces
        elif name == "on_hand":
            on_hand = pieces
        else:
            reserved += pieces
    if available is None:
        raise KeyError("available")
    return StockLevel(place, available, on_hand, reserved, raw.get("isActive") is not False)


def placed(item: Wire, levels: Sequence[Wire], number_of: Mapping[str, int]) -> Wire:
    """An InventoryItem whose levels came one by one, as if they had been selected by location; `number_of` is
    each wanted location's place in the order. KeyError, TypeError for a level that does not tell its
    location."""
    known = ((number_of.get(level["location"]["id"]), level) for level in levels)
    return {**item, **{f"l{number}": level for number, level in known if number is not None}}


def with_more(item: Wire, more: Wire, before: int, count: int) -> Wire:
    """An InventoryItem with the levels of another read of it, whose `count` locations come after `before`
    others."""
    return {**item, **{f"l{before + n}": more.get(f"l{n}") for n in range(count)}}
