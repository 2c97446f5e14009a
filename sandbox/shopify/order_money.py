"""Money of an order: its sums, discounts, fees and taxes as bags of two currencies."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.order_totals import ZERO, cents
from sandbox.shopify.project import resolver
from sandbox.shopify.variant_fields import plain

Obj = dict[str, Any]


def bag(order: Obj, amount: object) -> Obj:
    """A ``MoneyBag``: in the store's currency and in the buyer's."""
    shop = Decimal(str(amount))
    presentment = cents(shop * Decimal(order["_rate"]))
    return {
        "shopMoney": {"amount": plain(str(shop)), "currencyCode": order["currencyCode"]},
        "presentmentMoney": {
            "amount": plain(str(presentment)),
            "currencyCode": order["presentmentCurrencyCode"],
        },
    }


TOTALS = {
    "subtotalPriceSet": "subtotal",
    "currentSubtotalPriceSet": "current_subtotal",
    "totalPriceSet": "total",
    "originalTotalPriceSet": "total",
    "currentTotalPriceSet": "current_total",
    "totalTaxSet": "tax",
    "currentTotalTaxSet": "current_tax",
    "totalDiscountsSet": "discounts",
    "currentTotalDiscountsSet": "current_discounts",
    "totalShippingPriceSet": "shipping",
    "currentShippingPriceSet": "current_shipping",
    "totalReceivedSet": "received",
    "totalOutstandingSet": "outstanding",
    "totalCapturableSet": "capturable",
    "totalRefundedSet": "refunded",
    "totalRefundedShippingSet": "refunded_shipping",
    "totalTipReceivedSet": "tip",
    "netPaymentSet": "net",
    "refundDiscrepancySet": "zero",
}
# Null unless the order has any.
OPTIONAL = {
    "currentTotalDutiesSet": "duties",
    "originalTotalDutiesSet": "duties",
    "currentTotalAdditionalFeesSet": "fees",
    "originalTotalAdditionalFeesSet": "fees",
}


def _total(name: str) -> Any:
    return lambda order, arguments, context: bag(order, order["_totals"][name])


def _optional(name: str) -> Any:
    return lambda order, arguments, context: (
        bag(order, order["_totals"][name]) if Decimal(order["_totals"][name]) else None
    )


for _field, _name in TOTALS.items():
    resolver("Order", _field)(_total(_name))
for _field, _name in OPTIONAL.items():
    resolver("Order", _field)(_optional(_name))


@resolver("Order", "cartDiscountAmountSet", "currentCartDiscountAmountSet")
def cart_discount(order: Obj, arguments: Obj, context: Context) -> Obj:
    """Discounts that were laid on the whole order."""
    across = {one["index"] for one in order["_discounts"] if one["allocationMethod"] == "ACROSS"}
    parts = [one for line in order["_lines"] for one in line["_allocations"] if one["index"] in across]
    return bag(order, sum((Decimal(one["amount"]) for one in parts), ZERO))


@resolver("Order", "totalCashRoundingAdjustment")
def cash_rounding(order: Obj, arguments: Obj, context: Context) -> Obj:
    """What rounding to coins added or took."""
    return {"paymentSet": bag(order, order["_rounding"]), "refundSet": bag(order, 0)}


@resolver("Order", "additionalFees")
def additional_fees(order: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """Fees beside goods, shipping and tax."""
    if not Decimal(order["_fees"]):
        return []
    id = order["id"].replace("Order", "AdditionalFee")
    return [{"id": id, "name": "Hizmet bedeli", "price": bag(order, order["_fees"]), "taxLines": []}]


@resolver("Order", "taxLines", "currentTaxLines")
def order_taxes(order: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """Taxes of lines and shipping, summed by rate."""
    sums: dict[tuple[str, float], Decimal] = {}
    for one in [*order["_lines"], *order["_shipping"]]:
        for part in one["_tax"]:
            key = (part["title"], part["rate"])
            sums[key] = sums.get(key, ZERO) + Decimal(part["amount"])
    return [
        tax(order, {"title": title, "rate": rate, "amount": amount}) for (title, rate), amount in sums.items()
    ]


def tax(order: Obj, one: Obj) -> Obj:
    return {
        "title": one["title"],
        "rate": one["rate"],
        "ratePercentage": one["rate"] * 100 if one["rate"] is not None else None,
        "source": None,
        "channelLiable": None,
        "priceSet": bag(order, one["amount"]),
    }
