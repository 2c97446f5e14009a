"""Items that need a person."""

from __future__ import annotations

from sync.application import Application
from sync.model.entity import Entity
from sync.model.plan import Bind, Park
from sync.model.text import say
from tests.pages.seed.shop import SIZES, Shop, target_id, title


def waiting(ws: Application, shop: Shop, count: int = 24) -> None:
    """Items for a person, of several causes, some of them resolved."""
    parks = [_park(n) for n in range(count)]
    with ws.db.write() as tx:
        ws.bindings.bind(
            tx,
            shop.link.id,
            [
                Bind("product", "100", target_id(0), label=title(0)),
                Bind("variant", "100-M", "gid://shopify/ProductVariant/1", "100", "MD-1000-M"),
            ],
        )
        ws.attention.park(tx, shop.link.id, shop.products.id, "", parks)
        ws.attention.park(
            tx,
            shop.link.id,
            shop.orders.id,
            "",
            [
                Park(
                    Entity.ORDER,
                    "6001",
                    "#1001",
                    "order.line.sku",
                    say("A line of order {name} has no SKU: Sentos cannot take it.", name="#1001"),
                )
            ],
        )
    for parked in ws.attention.list(limit=count)[-4:]:
        ws.attention.close([parked.id], "ayse")


def _park(n: int) -> Park:
    """By turns: a proposed match, an ambiguous one, a price of 0, a product that is gone."""
    return (_proposed, _ambiguous, _unpriced, _gone)[n % 4](n, title(n), f"MD-{1000 + n}")


def _shown(n: int) -> dict[str, object]:
    """How the shop's candidate looked."""
    facts = {"price": "329.90 TRY", "status": "active", "stock": "7"}
    return {"title": title(n).upper(), "skus": [f"ESKI-{n}-S", f"ESKI-{n}-M"], "facts": facts}


def _source(n: int) -> dict[str, object]:
    facts = {"price": "349.90 TRY", "vendor": "Moda Evi", "stock": "42"}
    return {"title": title(n), "skus": [f"MD-{1000 + n}-{s}" for s in SIZES[:4]], "facts": facts}


def _proposed(n: int, label: str, sku: str) -> Park:
    message = say("A product of the shop has the same title but no common SKU.")
    shown = {target_id(500 + n): _shown(n)}
    facts = {"candidates": list(shown), "key": "title", "source": _source(n), "shown": shown}
    return Park(Entity.PRODUCT, str(100 + n), label, "match.proposed", message, sku, facts)


def _ambiguous(n: int, label: str, sku: str) -> Park:
    message = say("{count} products of the shop match by {key}. Choose the right one.", count=2, key="sku")
    shown = {target_id(600 + n): _shown(n)}
    facts = {"candidates": [*shown, target_id(0)], "key": "sku", "source": _source(n), "shown": shown}
    return Park(Entity.PRODUCT, str(100 + n), label, "match.ambiguous", message, sku, facts)


def _unpriced(n: int, label: str, sku: str) -> Park:
    message = say("{sku} has no price, or the price 0, in price list {list}.", sku=f"{sku}-M", list="shopify")
    facts = {"field": "price", "product": str(100 + n)}
    return Park(Entity.PRODUCT, f"{100 + n}:{sku}-M", label, "price.zero", message, f"{sku}-M", facts)


def _gone(n: int, label: str, sku: str) -> Park:
    message = say("Its product in the shop no longer exists. Create it again, or skip it from now on.")
    facts = {"candidates": [], "key": "binding"}
    return Park(Entity.PRODUCT, str(100 + n), label, "target.gone", message, sku, facts)
