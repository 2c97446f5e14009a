"""``orderCreate``: an order through the API, as imports make them."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any

from sandbox.shopify import metafields
from sandbox.shopify.context import Context
from sandbox.shopify.customers import customer_for
from sandbox.shopify.errors import user_error
from sandbox.shopify.ids import number_of
from sandbox.shopify.order_build import BadOrder, build_order
from sandbox.shopify.order_write import save_order
from sandbox.shopify.project import mutation

Obj = dict[str, Any]


@mutation("orderCreate")
def order_create(_: Any, arguments: Obj, context: Context) -> Obj:
    """Create an order; by default without touching stock."""
    given, options = arguments["order"], arguments.get("options") or {}
    errors = _errors(given)
    if errors:
        return {"order": None, "userErrors": errors}
    behaviour = options.get("inventoryBehaviour") or "BYPASS"
    try:
        order = build_order(context.store, _spec(context, given, behaviour))
    except BadOrder as error:
        return {"order": None, "userErrors": [user_error(["order"], str(error), "INVALID")]}
    for one in given.get("metafields") or ():
        metafields.write(context, order, one)
    save_order(context, order)
    context.effect("order.created", str(number_of(order["id"])), args=given, after=order["name"])
    return {"order": order, "userErrors": []}


def _errors(given: Obj) -> list[Obj]:
    if not given.get("lineItems"):
        return [user_error(["order", "lineItems"], "Line items must have at least one line item", "INVALID")]
    if given.get("customerId") and given.get("customer"):
        message = "Only one of `customerId` and `customer` is allowed."
        return [user_error(["order"], message, "REDUNDANT_CUSTOMER_FIELDS")]
    errors = []
    for name in ("lineItems", "shippingLines"):
        for n, one in enumerate(given.get(name) or ()):
            for m, tax in enumerate(one.get("taxLines") or ()):
                if not str(tax.get("rate") or "").strip() and tax.get("rate") != 0:
                    path: list[Any] = ["order", name, n, "taxLines", m, "rate"]
                    errors.append(user_error(path, "Tax line rate is missing", "TAX_LINE_RATE_MISSING"))
    return errors


def _amount(given: Obj | None) -> str | None:
    return (given or {}).get("shopMoney", {}).get("amount")


def _spec(context: Context, given: Obj, behaviour: str) -> Obj:
    currency = given.get("currency") or _first_currency(given) or context.settings.currency
    customer = given.get("customer", {}) or {}
    upsert = customer.get("toUpsert")
    known = context.store.get("customer", (customer.get("toAssociate") or {}).get("id") or "")
    return {
        "lines": [_line(one) for one in given["lineItems"]],
        "shipping": [_shipping(one) for one in given.get("shippingLines") or ()],
        "discount": _discount(given.get("discountCode")),
        "customer": _ref(customer_for(context.store, upsert) if upsert else known),
        "billing": given.get("billingAddress"),
        "shipping_address": given.get("shippingAddress"),
        "transactions": [_transaction(one) for one in given.get("transactions") or ()],
        "financial_status": given.get("financialStatus"),
        "currency": currency,
        "presentment": _presentment(given, currency),
        "taxes_included": given.get("taxesIncluded", False),
        "attributes": {one["key"]: one["value"] for one in given.get("customAttributes") or ()},
        "email": given.get("email"),
        "phone": given.get("phone"),
        "note": given.get("note"),
        "name": given.get("name"),
        "po_number": given.get("poNumber"),
        "tags": given.get("tags"),
        "test": given.get("test"),
        "processed_at": _clamped(context, given.get("processedAt")),
        "source_name": given.get("sourceName"),
        "source_identifier": given.get("sourceIdentifier"),
        "take_stock": behaviour != "BYPASS",
    }


def _ref(customer: Obj | None) -> Obj | None:
    return {"id": customer["id"]} if customer else None


def _clamped(context: Context, moment: str | None) -> str | None:
    """A time in the future becomes now (since 2026-07)."""
    if moment is None:
        return None
    now = context.clock.now()
    asked = datetime.fromisoformat(moment.replace("Z", "+00:00"))
    return context.store.now() if asked > now else moment


def _line(given: Obj) -> Obj:
    line: Obj = {
        "variant": given.get("variantId"),
        "title": given.get("title"),
        "variant_title": given.get("variantTitle"),
        "quantity": given["quantity"],
        "price": _amount(given.get("priceSet")),
        "vendor": given.get("vendor"),
        "requires_shipping": given.get("requiresShipping", False),
        "taxable": given.get("taxable", True),
        "gift_card": given.get("giftCard", False),
        "attributes": {one["name"]: one["value"] for one in given.get("properties") or ()},
        "product": given.get("productId"),
    }
    if "sku" in given:
        line["sku"] = given["sku"]
    if given.get("taxLines") is not None:
        line["taxes"] = [_tax(one) for one in given["taxLines"]]
    return line


def _tax(given: Obj) -> Obj:
    rate = float(given["rate"]) if given.get("rate") is not None else None
    return {"title": given["title"], "rate": rate, "amount": _amount(given.get("priceSet")) or "0"}


def _shipping(given: Obj) -> Obj:
    return {
        "title": given["title"],
        "code": given.get("code"),
        "source": given.get("source"),
        "price": _amount(given["priceSet"]),
        "taxes": [_tax(one) for one in given.get("taxLines") or ()],
    }


def _discount(given: Obj | None) -> Obj | None:
    if not given:
        return None
    if fixed := given.get("itemFixedDiscountCode"):
        return {"code": fixed["code"], "amount": _amount(fixed.get("amountSet"))}
    if share := given.get("itemPercentageDiscountCode"):
        return {"code": share["code"], "percentage": share["percentage"]}
    return None


def _transaction(given: Obj) -> Obj:
    return {
        "kind": given.get("kind") or "SALE",
        "status": given.get("status") or "SUCCESS",
        "gateway": given.get("gateway"),
        "amount": _amount(given["amountSet"]),
    }


def _first_currency(given: Obj) -> str | None:
    money = (given["lineItems"][0].get("priceSet") or {}).get("shopMoney") or {}
    return money.get("currencyCode")


def _presentment(given: Obj, currency: str) -> Obj | None:
    """The buyer's currency with the rate that the first price tells."""
    for line in given["lineItems"]:
        price = line.get("priceSet") or {}
        there, here = price.get("presentmentMoney"), price.get("shopMoney")
        if there and here and Decimal(here["amount"]) and there["currencyCode"] != currency:
            rate = Decimal(there["amount"]) / Decimal(here["amount"])
            return {"currency": there["currencyCode"], "rate": str(rate)}
    return None
