"""Log rows of a day."""

from __future__ import annotations

import random
from datetime import timedelta

from storage.logs import LogRow
from sync.application import Application
from sync.model.text import say
from tests.pages.seed.shop import NOW, Shop, target_id


def logs(ws: Application, shop: Shop, count: int = 400) -> None:
    """Log rows over a day, every level."""
    chance = random.Random(3)
    ws.logs.write([_row(shop, chance, n) for n in range(count)])


def _row(shop: Shop, chance: random.Random, n: int) -> LogRow:
    at = NOW - timedelta(seconds=chance.random() * 86_000)
    kind, sku = chance.random(), f"MD-{1000 + chance.randrange(250)}-M"
    flow, link = shop.products.id, shop.link.id
    if kind < 0.55:
        message = say("Run finished: {read} read, {updated} updated.", read=250, updated=chance.randrange(90))
        return LogRow("success", message, at, flow_id=flow, link_id=link, entity="product")
    if kind < 0.75:
        return LogRow(
            "info",
            say("Full run started by {who}.", who="schedule"),
            at,
            flow_id=shop.orders.id,
            entity="order",
        )
    if kind < 0.92:
        message = say("{sku} has no price, or the price 0, in price list {list}.", sku=sku, list="shopify")
        return LogRow("warning", message, at, shop.link.a, entity="product", record=str(100 + n), sku=sku)
    message, detail = (
        say("Shopify refused it: {reason}", reason="no picture"),
        '{"userErrors": [{"field": ["files"]}]}',
    )
    return LogRow(
        "error", message, at, shop.link.b, entity="product", record=target_id(n), sku=sku, detail=detail
    )
