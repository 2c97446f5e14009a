"""Amounts and pieces as Sentos spells them. Live answers mix "190,00", "1.299,90", "29.9", 29.9 and 0
(public client code: secgin/SentosApiLibrary, Cnbkrtl/VervegrandPortal-V2); reading "1.299,90" as 0.00 is
the classic accident."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

CURRENCIES = {
    "": "TRY",
    "tl": "TRY",
    "try": "TRY",
    "₺": "TRY",
    "ytl": "TRY",
    "usd": "USD",
    "$": "USD",
    "eur": "EUR",
    "€": "EUR",
    "gbp": "GBP",
    "£": "GBP",
}
AMBIGUOUS, THOUSANDS, DECIMAL = "ask", "thousands", "decimal"

_NUMBER = re.compile(r"[-+]?[0-9][0-9.,]*|[-+]?[.,][0-9]+", re.ASCII)
_GROUPED = {mark: re.compile(rf"[0-9]{{1,3}}(\{mark}[0-9]{{3}})+", re.ASCII) for mark in ".,"}


class Unreadable(ValueError):
    """No amount at all."""


class Ambiguous(ValueError):
    """An amount with two readings, such as "1.220"."""


def currency_code(raw: object) -> str | None:
    """The ISO code of a currency as Sentos names it ("TL" → TRY; nothing → TRY); None for an unknown word."""
    word = str(raw or "").strip()
    if word.casefold() in CURRENCIES:
        return CURRENCIES[word.casefold()]
    return word if re.fullmatch(r"[A-Z]{3}", word) else None


def amount(raw: object, dots: str = AMBIGUOUS) -> Decimal | None:
    """An amount; None when there is none (null, "", []). A number is taken as it is. In a text with both
    marks the last one is the decimal mark; a lone comma is one; a lone point is one unless exactly three
    digits follow up to three others: that is Ambiguous, or what `dots` says ("thousands" or "decimal").
    Raises Unreadable for anything else."""
    if raw is None or raw == "" or raw == [] or raw == {}:
        return None
    if isinstance(raw, bool) or not isinstance(raw, str | int | float | Decimal):
        raise Unreadable(f"{type(raw).__name__} is no amount")
    if not isinstance(raw, str):
        return _finite(str(raw))
    bare = _bare(raw)
    return None if not bare else _signed(bare, dots)


def _bare(raw: str) -> str:
    """The digits, marks and sign alone; a currency before or after them is dropped."""
    squeezed = "".join(c for c in raw if not c.isspace())
    found = _NUMBER.search(squeezed)
    if found is None:
        if squeezed.casefold() in CURRENCIES:
            return ""
        raise Unreadable(f"{raw!r} is no amount")
    before, after = squeezed[: found.start()], squeezed[found.end() :]
    if any(rest.casefold() not in CURRENCIES for rest in (before, after)):
        raise Unreadable(f"{raw!r} is no amount")
    return found.group()


def _signed(bare: str, dots: str) -> Decimal:
    sign, digits = ("-", bare[1:]) if bare[0] == "-" else ("", bare.lstrip("+"))
    return _finite(sign + _plain(digits, dots))


def _plain(digits: str, dots: str) -> str:
    """The same number with a point as its only mark."""
    last = max(digits.rfind("."), digits.rfind(","))
    if last < 0:
        return digits
    mark, other = digits[last], "," if digits[last] == "." else "."
    if other in digits:
        return _with_groups(digits[:last], other) + "." + digits[last + 1 :]
    if digits.count(mark) > 1:
        return _with_groups(digits, mark)
    if mark == "." and _GROUPED["."].fullmatch(digits) and not digits.startswith("0"):
        if dots == AMBIGUOUS:
            raise Ambiguous(digits)
        return digits.replace(".", "") if dots == THOUSANDS else digits
    return digits.replace(",", ".")


def _with_groups(whole: str, mark: str) -> str:
    if not _GROUPED[mark].fullmatch(whole):
        raise Unreadable(f"{whole!r} is not grouped by thousands")
    return whole.replace(mark, "")


def _finite(text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        raise Unreadable(f"{text!r} is no amount") from None
    # JSON may say 1e-999999999: one such number, written out, would fill the memory.
    if not value.is_finite() or (value and not -12 <= value.adjusted() < 12):
        raise Unreadable(f"{text[:40]!r} is no amount")
    return value or Decimal(0)


def pieces(raw: object) -> int | None:
    """A whole number of pieces out of 3, "3", "3,00" or "-2"; None when there is none. Raises Unreadable
    for half ones."""
    value = amount(raw, DECIMAL)
    if value is None:
        return None
    if value != value.to_integral_value():
        raise Unreadable(f"{raw!r} is no whole number")
    return int(value)
