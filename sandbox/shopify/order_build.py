"""An order out of a plain description, with sums, allocations, taxes, payments, stock and fulfilment
orders."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.ids import gid
from sandbox.shopify.order_discounts import lay_discounts, lay_taxes
from sandbox.shopify.order_frame import frame
from sandbox.shopify.order_pay import pay
from sandbox.shopify.order_stock import commit_stock, route
from sandbox.shopify.order_totals import cents, count_line, recalculate
from sandbox.shopify.store import Store

Obj = dict[str, Any]


# What a description may hold; a word that nobody reads would make a test of nothing.
_WORDS = """
lines discount shipping customer email phone billing shipping_address payment gateway note attributes tags tip
duties fees rounding presentment taxes_included withheld test take_stock transactions created_at processed_at
updated_at currency financial_status location name po_number source_identifier source_name
"""
SPEC = frozenset(_WORDS.split())


class BadOrder(ValueError):
    """A description that no shop would accept; the message says why."""


def build_order(store: Store, spec: Obj) -> Obj:
    """Place an order; BadOrder if it cannot be.

    ``spec``: ``lines`` [{variant | sku | title, quantity, price, discount, tax_rate | taxes, gift_card, …}],
    ``discount`` {code, amount | percentage}, ``shipping`` [{title, price, tax_rate}], ``customer``,
    ``email``,
    ``phone``, ``billing``, ``shipping_address``, ``payment`` paid | pending | authorized | none, ``gateway``,
    ``note``, ``attributes``, ``tags``, ``tip``, ``duties``, ``fees``, ``rounding``, ``presentment``
    {currency, rate},
    ``taxes_included``, ``withheld``, ``test``, ``take_stock``.
    """
    if odd := sorted(set(spec) - SPEC):
        raise BadOrder(f"unknown {', '.join(odd)}; an order knows: {', '.join(sorted(SPEC))}")
    if not spec.get("lines"):
        raise BadOrder("an order needs lines")
    order = frame(store, spec)
    order["_lines"] = [_line(store, one) for one in spec["lines"]]
    order["_shipping"] = [_shipping(store, one) for one in spec.get("shipping") or ()]
    lay_discounts(order, spec.get("discount"))
    lay_taxes(order)
    for part in (*order["_lines"], *order["_shipping"]):
        del part["_given"]
    recalculate(order)
    pay(store, order, spec)
    route(store, order, spec)
    if spec.get("take_stock", True):
        commit_stock(store, order)
    recalculate(order)
    store.note_order(order)
    store.save("order", order)
    return order


def _line(store: Store, given: Obj) -> Obj:
    variant = _variant(store, given)
    product = store.product_of(variant) if variant else None
    quantity, price = int(given.get("quantity", 1)), given.get("price")
    if quantity < 1:
        raise BadOrder("a line's quantity must be above 0")
    if price is None and variant is None:
        raise BadOrder("a line without a variant needs a price")
    line: Obj = {
        "__typename": "LineItem",
        "id": gid("LineItem", store.number()),
        **_titles(variant, product, given),
        "sku": given["sku"] if "sku" in given else (variant["_item"]["sku"] if variant else None),
        "quantity": quantity,
        "requiresShipping": given.get("requires_shipping", not given.get("gift_card", False)),
        "taxable": given.get("taxable", True),
        "isGiftCard": bool(given.get("gift_card")),
        "customAttributes": [{"key": k, "value": v} for k, v in (given.get("attributes") or {}).items()],
        **SAME,
        "duties": [],
        "_variant": variant["id"] if variant else None,
        "_product": product["id"] if product else given.get("product"),
        "_unit": str(cents(variant["price"] if price is None and variant else price)),
        "_allocations": [],
        "_tax": [],
        "_given": {name: given[name] for name in ("tax_rate", "taxes", "discount") if name in given},
    }
    count_line(line)
    return line


# What is the same for every line.
SAME: Obj = {
    "merchantEditable": True,
    "restockable": True,
    "lineItemGroup": None,
    "contract": None,
    "sellingPlan": None,
    "weight": None,
    "_refunded": 0,
    "_removed": 0,
    "_fulfilled": 0,
}


def _titles(variant: Obj | None, product: Obj | None, given: Obj) -> Obj:
    title = given.get("title") or (product["title"] if product else "Özel ürün")
    variant_title = given.get("variant_title")
    if variant and variant["title"] != "Default Title":
        variant_title = variant["title"]
    return {
        "title": title,
        "variantTitle": variant_title,
        "name": f"{title} - {variant_title}" if variant_title else title,
        "vendor": given.get("vendor") or (product["vendor"] if product else None),
    }


def _variant(store: Store, given: Obj) -> Obj | None:
    if given.get("variant"):
        if found := store.variants.get(given["variant"]):
            return found
        raise BadOrder(f"there is no variant {given['variant']}")
    if given.get("sku") and not given.get("title"):
        ids = store.with_sku(given["sku"])
        if not ids:
            raise BadOrder(f"there is no variant with SKU {given['sku']}")
        return store.variants[ids[0]]
    return None


def _shipping(store: Store, given: Obj) -> Obj:
    return {
        "__typename": "ShippingLine",
        "id": gid("ShippingLine", store.number()),
        "title": given.get("title") or "Standart Kargo",
        "code": given.get("code"),
        "source": given.get("source") or "shopify",
        "carrierIdentifier": None,
        "custom": False,
        "isRemoved": False,
        "phone": None,
        "deliveryCategory": None,
        "shippingRateHandle": None,
        "_price": str(cents(given.get("price") or 0)),
        "_discount": str(cents(given.get("discount") or 0)),
        "_given": {name: given[name] for name in ("tax_rate", "taxes") if name in given},
        "_tax": [],
    }
