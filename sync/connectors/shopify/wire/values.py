"""The smallest parts of an answer: money, times, weights, ids. Each tolerates null and refuses nonsense by
ValueError."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from sync.model.values import Money, text, utc

# WeightUnit of the Shopify Admin 2026-10 schema, in grams.
_GRAMS = {
    "GRAMS": Decimal(1),
    "KILOGRAMS": Decimal(1000),
    "OUNCES": Decimal("28.349523125"),
    "POUNDS": Decimal("453.59237"),
}


def decimal(raw: object) -> Decimal:
    """An exact number from text, int or JSON float (by its shortest spelling). ValueError for anything
    else, also for 1e999999999: written out, one such number would fill the memory."""
    if isinstance(raw, bool) or raw is None:
        raise ValueError(f"not a number: {raw!r}")
    try:
        number = Decimal(str(raw))
    except InvalidOperation:
        raise ValueError(f"not a number: {raw!r}") from None
    if not number.is_finite() or (number and not -12 <= number.adjusted() < 15):
        raise ValueError(f"not a number: {str(raw)[:40]!r}")
    return number or Decimal(0)


def amount(raw: object, currency: str) -> Money | None:
    """A `Money` scalar, which is in the shop's currency; None for null."""
    return None if raw is None else Money(decimal(raw), currency)


def money_v2(raw: object) -> Money | None:
    """A MoneyV2 object; None for null."""
    if not isinstance(raw, Mapping) or raw.get("amount") is None:
        return None
    return Money(decimal(raw["amount"]), text(raw.get("currencyCode")))


def shop_money(raw: object) -> Money | None:
    """The shop-currency side of a MoneyBag; None for null."""
    return money_v2(raw.get("shopMoney")) if isinstance(raw, Mapping) else None


def moment(raw: object) -> datetime | None:
    """An ISO-8601 time as aware UTC; None for null."""
    return None if not raw else utc(datetime.fromisoformat(str(raw)))


def grams(raw: object) -> Decimal | None:
    """A Weight object in grams; None for null or an unknown unit."""
    if not isinstance(raw, Mapping) or raw.get("value") is None or raw.get("unit") not in _GRAMS:
        return None
    exact = decimal(raw["value"]) * _GRAMS[str(raw["unit"])]
    return exact.quantize(Decimal("0.001")).normalize() + 0


def nodes(raw: object) -> list[Mapping[str, Any]]:
    """The nodes of a connection, or of a plain list; nulls left out."""
    rows = raw.get("nodes") if isinstance(raw, Mapping) else raw
    return [row for row in rows if isinstance(row, Mapping)] if isinstance(rows, list) else []


def more(raw: object) -> str:
    """The cursor behind which a connection goes on; "" if it ends here."""
    info = raw.get("pageInfo") if isinstance(raw, Mapping) else None
    return text(info.get("endCursor")) if isinstance(info, Mapping) and info.get("hasNextPage") else ""


def number_of(gid: str) -> int:
    """The number in a gid ("gid://shopify/Product/12" → 12); 0 if there is none."""
    tail = gid.rpartition("/")[2].partition("?")[0]
    return int(tail) if tail.isdigit() else 0


def gids(ids: Iterable[str], kind: str) -> list[str]:
    """Ids as gids of one kind, each once; bare numbers are taken as such, anything else names nothing and is
    left out."""
    made = (f"gid://shopify/{kind}/{one}" if one.isdigit() else one for one in ids)
    return [one for one in dict.fromkeys(made) if re.fullmatch(rf"gid://shopify/{kind}/\d+", one)]


def search_value(raw: str) -> str:
    """A value for Shopify's search syntax, quoted (shopify.dev, "Search syntax")."""
    return "'" + raw.replace("\\", "\\\\").replace("'", "\\'") + "'"


def parts(rows: list[str], size: int) -> Iterator[list[str]]:
    """A list in pieces of at most `size`."""
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
