"""What stops an order run before its first write. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sync.model.flow import OrderSettings
from sync.model.run import BrakeHit
from sync.model.text import say

_FLOOR, _HALF = 10, 50  # a share needs so many orders; more than half in another currency is the wrong shop


def order_hits(figures: Mapping[str, int], settings: OrderSettings, *, shares: bool) -> Iterator[BrakeHit]:
    """`figures`: read, creates, older (creates of orders from before the flow went live), currency (orders in another one).
    `shares` off (tests, single orders): only the counts apply."""
    creates, older = figures.get("creates", 0), figures.get("older", 0)
    if creates > settings.brake_creates:
        yield BrakeHit("orders.many", say(
            "{count} orders would be written to Sentos; the limit is {limit}. Nothing was changed. Look at the plan; if it is right, confirm "
            "to go on.", count=creates, limit=settings.brake_creates), creates, settings.brake_creates)
    if older > settings.brake_older:
        yield BrakeHit("orders.older", say(
            "{count} orders from before the flow went live would be written to Sentos; the limit is {limit}. Nothing was changed. If Sentos "
            "does not have them already, confirm to go on.", count=older, limit=settings.brake_older), older, settings.brake_older)
    foreign, read = figures.get("currency", 0), figures.get("read", 0)
    if shares and read >= _FLOOR and foreign * 100 > read * _HALF:
        yield BrakeHit("orders.currency", say(
            "{count} of {all} orders are not in Turkish lira. Is this the right shop? Nothing was changed.", count=foreign, all=read),
            foreign, read * _HALF // 100)
