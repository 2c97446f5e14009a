"""All of it."""

from __future__ import annotations

from sync.application import Application
from tests.pages.seed import stock
from tests.pages.seed.logs import logs
from tests.pages.seed.runs import history, preview
from tests.pages.seed.shop import Shop, connect
from tests.pages.seed.waiting import waiting


def everything(ws: Application, products: int = 250) -> Shop:
    """All of it."""
    shop = connect(ws)
    history(ws, shop, products)
    preview(ws, shop, products)
    waiting(ws, shop)
    logs(ws, shop)
    outlet = stock.stores(ws)
    stock.matched(ws, outlet)
    stock.live(ws, outlet)
    stock.matched(ws, stock.stores(ws, number=2))
    return shop
