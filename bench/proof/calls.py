"""Calls of a few rows, so that a small run has a hundred of them. Handed in from outside: the product's
own size is 250."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from sync.connectors.shopify import batch

_KIND = "set_stock"


@contextmanager
def small_calls(rows: int) -> Iterator[None]:
    """Stock goes out `rows` at a time."""
    shared, most, build = before = batch.KINDS[_KIND]
    batch.KINDS[_KIND] = (shared, lambda _: 1 / rows, build)
    try:
        yield
    finally:
        batch.KINDS[_KIND] = before
