"""What can be wrong with a Sentos record, by cause: the operator's sentence and the field that is left
alone.

A record with a problem goes on with all its other fields; a cause with field "" concerns the whole record
or variant.
"""

from __future__ import annotations

from sync.model.problem import Problem
from sync.model.text import say

# cause: (field, sentence)
CAUSES: dict[str, tuple[str, str]] = {
    "record.unreadable": ("", "Sentos sent a record that cannot be understood: {detail}"),
    "title.missing": ("title", "The product has no name in Sentos."),
    "variants.none": ("options", "None of the product's variants can be used."),
    "variant.unreadable": ("options", "A variant cannot be understood: {detail}"),
    "sku.empty": ("sku", "A variant without a SKU is skipped ({detail}). Give it a stock code in Sentos."),
    "sku.duplicate": ("sku", "The SKU {value} appears twice in this product; the first variant is kept."),
    "options.duplicate": (
        "options",
        "Two variants are both {value}; the first is kept, this one is skipped.",
    ),
    "price.ambiguous": (
        "price",
        "The price {value} can be read in two ways. Say in the connection's settings whether "
        "a point separates thousands, or write it with a decimal comma in Sentos.",
    ),
    "price.unreadable": ("price", "The price {value} cannot be read."),
    "price.negative": ("price", "The price {value} is below zero."),
    "currency.unknown": ("price", "The currency {value} is not known."),
    "stock.missing": ("stock", "Sentos sent no stock rows; the stock is left as it is."),
    "stock.unreadable": ("stock", "The stock {value} is no whole number; it is left as it is."),
    "image.unsafe": ("images", "The picture address {value} is not allowed."),
    "order.date": ("placed_at", "The order date {value} cannot be read."),
    "order.amount": ("total", "The amount {value} of the order cannot be read."),
    "order.line": ("lines", "A line of the order cannot be understood: {detail}"),
}


def problem(cause: str, *, sku: str = "", field: str = "", **params: object) -> Problem:
    """A problem of a known cause (KeyError for another), with the sentence's parameters cut to a readable
    length."""
    usual, sentence = CAUSES[cause]
    return Problem(
        cause,
        say(sentence, **{name: str(value)[:120] for name, value in params.items()}),
        field or usual,
        sku,
    )
