"""What stops an order run before its first write. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.model.flow import OrderSettings
from sync.model.run import BrakeHit
from sync.model.text import say

_FLOOR, _HALF = 10, 50  # a share needs so many orders; more than half in another currency is the wrong shop


def order_hits(figures: Mapping[str, int], settings: OrderSettings, *, shares: bool) -> Iterator[BrakeHit]:
    """`figures`: read, creates, older (creates of orders from before the flow went live), currency (orders in
    another one). `shares` off (tests, single orders): only the counts apply."""
    yield from _many(figures.get("creates", 0), settings.brake_creates)
    yield from _older(figures.get("older", 0), settings.brake_older)
    if shares:
        yield from _currency(figures.get("currency", 0), figures.get("read", 0))


def _many(count: int, limit: int) -> Iterator[BrakeHit]:
    if count > limit:
        message = say(
            "{count} orders would be written to Sentos; the limit is {limit}. Nothing was changed. Look at "
            "the plan; if it is right, confirm to go on.",
            count=count,
            limit=limit,
        )
        yield BrakeHit("orders.many", message, count, limit)


def _older(count: int, limit: int) -> Iterator[BrakeHit]:
    if count > limit:
        message = say(
            "{count} orders from before the flow went live would be written to Sentos; the limit is "
            "{limit}. Nothing was changed. If Sentos does not have them already, confirm to go on.",
            count=count,
            limit=limit,
        )
        yield BrakeHit("orders.older", message, count, limit)


def _currency(count: int, read: int) -> Iterator[BrakeHit]:
    if read >= _FLOOR and count * 100 > read * _HALF:
        message = say(
            "{count} of {all} orders are not in Turkish lira. Is this the right shop? Nothing was changed.",
            count=count,
            all=read,
        )
        yield BrakeHit("orders.currency", message, count, read * _HALF // 100)
