"""Numbers and money as the reader writes them."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal

from console import i18n

_SIGNS = {"TRY": "₺", "EUR": "€", "USD": "$", "GBP": "£"}
_TO_TURKISH = str.maketrans(",.", ".,")


def number(value: int | float | Decimal | None, places: int = 0) -> str:
    """1,234.5 in English, 1.234,5 in Turkish; a dash for None."""
    if value is None:
        return "–"
    text = f"{value:,.{places}f}"
    return text.translate(_TO_TURKISH) if i18n.current() == "tr" else text


def money(amount: Decimal | None, currency: str) -> str:
    """An amount with its currency, two places at least and all that it has: 1,299.90 ₺, 0.125 €; a dash for
    None.
    """
    if amount is None:
        return "–"
    exponent = amount.normalize().as_tuple().exponent
    places = max(2, -exponent if isinstance(exponent, int) else 2)
    exact = amount.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_EVEN)
    return f"{number(exact, places)} {_SIGNS.get(currency, currency)}"


def share(part: int, whole: int, places: int = 1) -> str:
    """`part` of `whole` in percent; a dash of nothing."""
    if not whole:
        return "–"
    text = number(Decimal(part) * 100 / whole, places)
    return f"%{text}" if i18n.current() == "tr" else f"{text}%"
