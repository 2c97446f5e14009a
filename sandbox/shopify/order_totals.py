"""An order's sums and states, worked out anew from lines, shipping, payments, refunds and shipments."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal
from typing import Any

Obj = dict[str, Any]
CENT = Decimal("0.01")
ZERO = Decimal(0)


def cents(value: object) -> Decimal:
    """An amount rounded to the kuruş."""
    return Decimal(str(value)).quantize(CENT, ROUND_HALF_UP)


def line_total(line: Obj) -> Decimal:
    """Quantity times unit price, as placed."""
    return cents(Decimal(line["_unit"]) * line["quantity"])


def line_discount(line: Obj) -> Decimal:
    """All discounts on a line, as placed."""
    return sum((Decimal(one["amount"]) for one in line["_allocations"]), ZERO)


def line_net(line: Obj) -> Decimal:
    """What a line costs after all discounts, as placed."""
    return line_total(line) - line_discount(line)


def line_tax(line: Obj) -> Decimal:
    """Tax on a line, as placed."""
    return sum((Decimal(one["amount"]) for one in line["_tax"]), ZERO)


def kept_share(line: Obj) -> Decimal:
    """The share of a line that was neither refunded nor removed."""
    return Decimal(line["currentQuantity"]) / line["quantity"] if line["quantity"] else ZERO


def recalculate(order: Obj) -> None:
    """Bring totals and both states of an order up to date."""
    totals = _placed(order)
    totals |= _current(order, totals)
    totals |= _paid(order)
    totals["outstanding"] = totals["current_total"] - totals["net"] - totals["capturable"]
    order["_totals"] = {name: str(cents(value)) for name, value in totals.items()}
    order["displayFinancialStatus"] = _financial_status(order, totals)
    order["displayFulfillmentStatus"] = _fulfillment_status(order)
    order["capturable"] = totals["capturable"] > 0
    order["fullyPaid"] = totals["received"] >= totals["total"]
    order["unpaid"] = totals["received"] <= 0
    order["paymentGatewayNames"] = list(dict.fromkeys(one["gateway"] for one in order["_transactions"]))
    order["closed"] = order["closedAt"] is not None
    order["fulfillable"] = any(line["unfulfilledQuantity"] for line in order["_lines"])


def _placed(order: Obj) -> dict[str, Decimal]:
    lines, shipping = order["_lines"], order["_shipping"]
    subtotal = sum((line_net(line) for line in lines), ZERO)
    carriage = sum((shipping_net(one) for one in shipping), ZERO)
    tax = sum((line_tax(line) for line in lines), ZERO) + sum((_tax(one) for one in shipping), ZERO)
    extras = Decimal(order["_tip"]) + Decimal(order["_duties"]) + Decimal(order["_fees"])
    total = subtotal + carriage + extras + (ZERO if order["taxesIncluded"] else tax)
    discounts = sum((line_discount(line) for line in lines), ZERO)
    discounts += sum((Decimal(one["_discount"]) for one in shipping), ZERO)
    return {
        "subtotal": subtotal,
        "shipping": sum((Decimal(one["_price"]) for one in shipping), ZERO),
        "tax": tax,
        "discounts": discounts,
        "total": total,
        "tip": Decimal(order["_tip"]),
        "duties": Decimal(order["_duties"]),
        "fees": Decimal(order["_fees"]),
        "rounding": Decimal(order["_rounding"]),
        "zero": ZERO,
    }


def shipping_net(one: Obj) -> Decimal:
    """A shipping line after its discount."""
    return Decimal(one["_price"]) - Decimal(one["_discount"])


def _tax(one: Obj) -> Decimal:
    return sum((Decimal(part["amount"]) for part in one["_tax"]), ZERO)


def _current(order: Obj, placed: dict[str, Decimal]) -> dict[str, Decimal]:
    lines = order["_lines"]
    subtotal = sum((cents(line_net(line) * kept_share(line)) for line in lines), ZERO)
    discounts = sum((cents(line_discount(line) * kept_share(line)) for line in lines), ZERO)
    line_taxes = sum((cents(line_tax(line) * kept_share(line)) for line in lines), ZERO)
    shipping_back = sum((Decimal(one["_shipping"]) for one in order["_refunds"]), ZERO)
    shipping = sum((shipping_net(one) for one in order["_shipping"]), ZERO)
    shipping_tax = sum((_tax(one) for one in order["_shipping"]), ZERO)
    share = (shipping - shipping_back) / shipping if shipping else ZERO
    tax = line_taxes + cents(shipping_tax * share)
    extras = placed["tip"] + placed["duties"] + placed["fees"]
    total = subtotal + shipping - shipping_back + extras + (ZERO if order["taxesIncluded"] else tax)
    return {
        "current_subtotal": subtotal,
        "current_discounts": discounts + sum((Decimal(one["_discount"]) for one in order["_shipping"]), ZERO),
        "current_tax": tax,
        "current_shipping": shipping - shipping_back,
        "current_total": total,
        "refunded_shipping": shipping_back,
    }


def _paid(order: Obj) -> dict[str, Decimal]:
    good = [one for one in order["_transactions"] if one["status"] == "SUCCESS"]

    def of(*kinds: str) -> Decimal:
        return sum((Decimal(one["_amount"]) for one in good if one["kind"] in kinds), ZERO)

    received, refunded = of("SALE", "CAPTURE"), of("REFUND")
    capturable = max(ZERO, of("AUTHORIZATION") - of("CAPTURE") - of("VOID"))
    return {"received": received, "refunded": refunded, "capturable": capturable, "net": received - refunded}


def _financial_status(order: Obj, totals: dict[str, Decimal]) -> str | None:
    received, refunded = totals["received"], totals["refunded"]
    if refunded > 0:
        return "REFUNDED" if refunded >= received else "PARTIALLY_REFUNDED"
    if any(one["kind"] == "VOID" for one in order["_transactions"]) or (
        order["cancelledAt"] and not received
    ):
        return "VOIDED"
    if received > 0:
        return "PAID" if received >= totals["total"] else "PARTIALLY_PAID"
    if totals["capturable"] > 0:
        return "AUTHORIZED"
    found: str | None = order["_financial"]
    return found


def _fulfillment_status(order: Obj) -> str:
    lines = [line for line in order["_lines"] if line["requiresShipping"]]
    shipped = sum(line["_fulfilled"] for line in lines)
    waiting = sum(line["unfulfilledQuantity"] for line in lines)
    if shipped and not waiting:
        return "FULFILLED"
    if shipped:
        return "PARTIALLY_FULFILLED"
    if any(one["status"] == "ON_HOLD" for one in order["_fulfillment_orders"]):
        return "ON_HOLD"
    return "UNFULFILLED"


def count_line(line: Obj) -> None:
    """Bring a line's quantities up to date after a refund, removal or shipment."""
    line["currentQuantity"] = line["quantity"] - line["_refunded"] - line["_removed"]
    line["unfulfilledQuantity"] = max(0, line["currentQuantity"] - line["_fulfilled"])
    line["refundableQuantity"] = line["currentQuantity"]
    line["nonFulfillableQuantity"] = line["quantity"] - line["unfulfilledQuantity"] - line["_fulfilled"]
