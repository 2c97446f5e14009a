"""A guard taken away in this process, and put back."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from bench.proof.breaks import BREAKS
from sync.connectors.shopify.client import Client
from sync.engine.apply import Apply
from sync.managers.stock.book import StockBook
from sync.managers.undo import stock

_GUARDS = (
    (Apply, "send"),
    (Apply, "look_up"),
    (Client, "execute"),
    (StockBook, "settle"),
    (stock, "judge"),
)


@contextmanager
def broken_inside(name: str) -> Iterator[None]:
    """As `--break NAME` does to a worker; "" takes nothing away."""
    kept = [(owner, what, getattr(owner, what)) for owner, what in _GUARDS]
    if name:
        BREAKS[name]()
    try:
        yield
    finally:
        for owner, what, was in kept:
            setattr(owner, what, was)
