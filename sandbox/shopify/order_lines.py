"""Lines of an order: money, allocations, taxes, and what they point to."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.order_money import bag, tax
from sandbox.shopify.order_totals import ZERO, cents, line_discount, line_net, line_total
from sandbox.shopify.project import resolver

Obj = dict[str, Any]


def of_line(line: Obj, context: Context) -> Obj:
    """The order of a line."""
    found = context.store.order_with(line["id"])
    assert found is not None
    return found


def _line_money(amount_of: Any) -> Any:
    return lambda line, arguments, context: bag(of_line(line, context), amount_of(line))


def _line_level(line: Obj, order: Obj) -> Decimal:
    each = {one["index"] for one in order["_discounts"] if one["allocationMethod"] == "EACH"}
    return sum((Decimal(one["amount"]) for one in line["_allocations"] if one["index"] in each), ZERO)


resolver("LineItem", "originalUnitPriceSet")(_line_money(lambda line: line["_unit"]))
resolver("LineItem", "originalTotalSet")(_line_money(line_total))
resolver("LineItem", "unfulfilledOriginalTotalSet")(
    _line_money(lambda line: Decimal(line["_unit"]) * line["unfulfilledQuantity"])
)
resolver("LineItem", "discountedUnitPriceAfterAllDiscountsSet")(
    _line_money(lambda line: cents(line_net(line) / line["quantity"]))
)


@resolver("LineItem", "discountedTotalSet")
def discounted_total(line: Obj, arguments: Obj, context: Context) -> Obj:
    """After the line's own discounts; those of the order only with ``withCodeDiscounts``."""
    order = of_line(line, context)
    if arguments.get("withCodeDiscounts"):
        return bag(order, line_net(line))
    return bag(order, line_total(line) - _line_level(line, order))


@resolver("LineItem", "discountedUnitPriceSet")
def discounted_unit(line: Obj, arguments: Obj, context: Context) -> Obj:
    """One piece after the line's own discounts, approximately."""
    order = of_line(line, context)
    return bag(order, cents((line_total(line) - _line_level(line, order)) / line["quantity"]))


@resolver("LineItem", "totalDiscountSet")
def total_discount(line: Obj, arguments: Obj, context: Context) -> Obj:
    """The line's own discounts."""
    order = of_line(line, context)
    return bag(order, _line_level(line, order))


@resolver("LineItem", "unfulfilledDiscountedTotalSet")
def unfulfilled_total(line: Obj, arguments: Obj, context: Context) -> Obj:
    """What is not shipped yet, discounted."""
    share = Decimal(line["unfulfilledQuantity"]) / line["quantity"]
    return bag(of_line(line, context), cents((line_total(line) - line_discount(line)) * share))


@resolver("LineItem", "discountAllocations")
def allocations(line: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """Which discount gave how much on this line."""
    order = of_line(line, context)
    return [
        {
            "allocatedAmountSet": bag(order, one["amount"]),
            "discountApplication": order["_discounts"][one["index"]],
        }
        for one in line["_allocations"]
    ]


@resolver("LineItem", "taxLines")
def line_taxes(line: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """Taxes on this line."""
    order = of_line(line, context)
    return [tax(order, one) for one in line["_tax"]]


@resolver("LineItem", "variant")
def line_variant(line: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The variant as it is now; null for custom lines and deleted ones."""
    return context.store.variants.get(line["_variant"] or "")


@resolver("LineItem", "product")
def line_product(line: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The product as it is now; null for custom lines and deleted ones."""
    return context.store.get("product", line["_product"] or "")
