"""Discounts spread over lines to the kuruş, and taxes on what remains."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.order_totals import ZERO, cents, line_net, shipping_net
from sandbox.shopify.variant_fields import plain

Obj = dict[str, Any]


def lay_discounts(order: Obj, given: Obj | None) -> None:
    """Line discounts first, each its own application; then the order's, spread by largest remainder."""
    for line in order["_lines"]:
        amount = cents(line["_given"].get("discount") or 0)
        if amount:
            application = _application(order, "ManualDiscountApplication", "EACH", "EXPLICIT", amount)
            line["_allocations"].append({"amount": str(amount), "index": application["index"]})
    if not given:
        return
    base = sum((line_net(line) for line in order["_lines"]), ZERO)
    amount = cents(given.get("amount") or base * Decimal(str(given.get("percentage") or 0)) / 100)
    amount = min(amount, base)
    kind = "DiscountCodeApplication" if given.get("code") else "AutomaticDiscountApplication"
    application = _application(order, kind, "ACROSS", "ALL", amount, given)
    for line, share in zip(
        order["_lines"], spread(amount, [line_net(one) for one in order["_lines"]]), strict=True
    ):
        if share:
            line["_allocations"].append({"amount": str(share), "index": application["index"]})


def _application(
    order: Obj, kind: str, method: str, target: str, amount: Decimal, given: Obj | None = None
) -> Obj:
    percentage = (given or {}).get("percentage")
    if percentage:
        value: Obj = {"__typename": "PricingPercentageValue", "percentage": float(percentage)}
    else:
        value = {"__typename": "MoneyV2", "amount": plain(str(amount)), "currencyCode": order["currencyCode"]}
    made = {
        "__typename": kind,
        "index": len(order["_discounts"]),
        "allocationMethod": method,
        "targetSelection": target,
        "targetType": "LINE_ITEM",
        "value": value,
        "title": (given or {}).get("title") or (given or {}).get("code") or "İndirim",
        "description": None,
        "code": (given or {}).get("code"),
    }
    order["_discounts"].append(made)
    return made


def spread(amount: Decimal, weights: list[Decimal]) -> list[Decimal]:
    """Divide an amount by weights to the kuruş; what rounding leaves goes to the largest remainders."""
    total = sum(weights, ZERO)
    if not total:
        return [ZERO for _ in weights]
    whole = [int(amount * 100 * weight / total) for weight in weights]
    rest = [amount * 100 * weight / total - part for weight, part in zip(weights, whole, strict=True)]
    order = sorted(range(len(weights)), key=lambda n: (-rest[n], n))
    for n in order[: int(amount * 100) - sum(whole)]:
        whole[n] += 1
    return [Decimal(part) / 100 for part in whole]


def lay_taxes(order: Obj) -> None:
    """Tax lines on lines and shipping, out of their net and the rate that was described."""
    included = order["taxesIncluded"]
    for line in order["_lines"]:
        line["_tax"] = _tax_lines(line["_given"], line_net(line), included, line["taxable"])
    for one in order["_shipping"]:
        one["_tax"] = _tax_lines(one["_given"], shipping_net(one), included, True)


def _tax_lines(given: Obj, net: Decimal, included: bool, taxable: bool) -> list[Obj]:
    if given.get("taxes") is not None:
        return [{**one, "amount": str(cents(one["amount"]))} for one in given["taxes"]]
    rate = Decimal(str(given.get("tax_rate") or 0))
    if not rate or not taxable:
        return []
    amount = cents(net * rate / (1 + rate)) if included else cents(net * rate)
    percent = (rate * 100).normalize()
    return [{"title": f"KDV %{percent:f}", "rate": float(rate), "amount": str(amount)}]
