"""Refunds: pieces and shipping given back, money returned, stock perhaps."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.idempotency import once
from sandbox.shopify.ids import gid, number_of
from sandbox.shopify.order_money import bag
from sandbox.shopify.order_pay import transaction
from sandbox.shopify.order_stock import move_stock
from sandbox.shopify.order_totals import (
    ZERO,
    cents,
    count_line,
    line_net,
    line_tax,
    recalculate,
    shipping_net,
)
from sandbox.shopify.pages import listed
from sandbox.shopify.project import mutation, resolver
from sandbox.shopify.store import Store

Obj = dict[str, Any]
EMPTY: Obj = {"refund": None, "order": None, "userErrors": []}


@mutation("refundCreate")
def refund_create(_: Any, arguments: Obj, context: Context) -> Obj:
    """Give back pieces, shipping and money."""
    return _full(once(context, arguments, EMPTY, lambda: _create(context, arguments["input"])), context)


def _full(answer: Obj, context: Context) -> Obj:
    """Order and refund by the ids that are remembered."""
    order = context.store.get("order", answer.get("_order") or "")
    if order is None:
        return answer
    refund = next(one for one in order["_refunds"] if one["id"] == answer["_refund"])
    return {"refund": refund, "order": order, "userErrors": []}


def _create(context: Context, given: Obj) -> Obj:
    order = context.store.get("order", given["orderId"])
    if order is None:
        return {**EMPTY, "userErrors": [user_error(["orderId"], "Order does not exist")]}
    errors = _errors(order, given)
    if errors:
        return {**EMPTY, "userErrors": errors}
    refund = refund_now(context.store, order, given)
    context.effect("refund.created", str(number_of(refund["id"])), args=given, after=order["name"])
    return {"_order": order["id"], "_refund": refund["id"], "userErrors": []}


def _errors(order: Obj, given: Obj) -> list[Obj]:
    lines = {line["id"]: line for line in order["_lines"]}
    errors = []
    for n, one in enumerate(given.get("refundLineItems") or ()):
        at, line = ["refundLineItems", str(n)], lines.get(one["lineItemId"])
        if line is None:
            errors.append(user_error([*at, "lineItemId"], "Line item does not exist"))
        elif one["quantity"] > line["refundableQuantity"]:
            errors.append(
                user_error([*at, "quantity"], "Quantity cannot refund more items than were purchased")
            )
    wanted = sum((Decimal(one["amount"]) for one in given.get("transactions") or ()), ZERO)
    for n, one in enumerate(given.get("transactions") or ()):
        if not one.get("parentId"):
            message = "Transactions require a parent_id associated with the order"
            errors.append(user_error(["transactions", str(n), "parentId"], message))
    if not errors and wanted > Decimal(order["_totals"]["net"]) and not given.get("allowOverRefunding"):
        message = f"Refund amount ${wanted} is greater than net payment received ${order['_totals']['net']}"
        errors.append(user_error(None, message))
    return errors


def refund_now(store: Store, order: Obj, given: Obj) -> Obj:
    """Write a refund that was checked; saves the order."""
    number, now = store.number(), store.now()
    refund: Obj = {
        "__typename": "Refund",
        "id": gid("Refund", number),
        "legacyResourceId": str(number),
        "note": given.get("note"),
        "createdAt": now,
        "updatedAt": now,
        "processedAt": given.get("processedAt") or now,
        "duties": None,
        "return": None,
        "staffMember": None,
        "_order": order["id"],
        "_lines": [_refund_line(store, order, one) for one in given.get("refundLineItems") or ()],
        "_shipping": str(_shipping(order, given.get("shipping") or {})),
        "_transactions": [
            transaction(
                store, order, "REFUND", one["amount"], one["gateway"], "SUCCESS", one.get("parentId")
            )["id"]
            for one in given.get("transactions") or ()
        ],
    }
    order["_refunds"].append(refund)
    recalculate(order)
    order["updatedAt"] = now
    store.note_order(order)
    store.save("order", order)
    return refund


def _shipping(order: Obj, given: Obj) -> Decimal:
    paid = sum((shipping_net(one) for one in order["_shipping"]), ZERO)
    paid -= sum((Decimal(one["_shipping"]) for one in order["_refunds"]), ZERO)
    if given.get("fullRefund"):
        return paid
    return min(paid, cents(given.get("amount") or 0))


def _refund_line(store: Store, order: Obj, given: Obj) -> Obj:
    line = next(one for one in order["_lines"] if one["id"] == given["lineItemId"])
    kind, pieces = given.get("restockType") or "NO_RESTOCK", given["quantity"]
    waiting = min(pieces, line["unfulfilledQuantity"])
    line["_refunded"] += pieces
    count_line(line)
    _restock(store, order, line, kind, pieces, waiting, given.get("locationId"))
    share = Decimal(pieces) / line["quantity"]
    return {
        "id": gid("RefundLineItem", store.number()),
        "quantity": pieces,
        "restockType": kind,
        "restocked": kind != "NO_RESTOCK",
        "_line": line["id"],
        "_location": given.get("locationId"),
        "_subtotal": str(cents(line_net(line) * share)),
        "_tax": str(cents(line_tax(line) * share)),
        "_unit": line["_unit"],
    }


def _restock(
    store: Store, order: Obj, line: Obj, kind: str, pieces: int, waiting: int, where: str | None
) -> None:
    """Pieces that were not shipped leave ``committed``; restocked ones become available."""
    for one in order["_fulfillment_orders"]:
        for row in one["_lines"]:
            if row["_line"] == line["id"] and waiting:
                row["remainingQuantity"] = max(0, row["remainingQuantity"] - waiting)
                into = "available" if kind != "NO_RESTOCK" else None
                move_stock(store, line, one["_location"], waiting, "committed", into)
        if one["status"] in ("OPEN", "IN_PROGRESS") and not any(
            row["remainingQuantity"] for row in one["_lines"]
        ):
            one["status"] = "CLOSED"
    if kind == "RETURN" and pieces > waiting:
        move_stock(store, line, where, pieces - waiting, None, "available")


@resolver("Order", "refunds")
def refunds(order: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """The order's refunds."""
    found: list[Obj] = order["_refunds"][: arguments.get("first") or None]
    return found


def _order(refund: Obj, context: Context) -> Obj:
    return context.store.kinds["order"][refund["_order"]]


@resolver("Refund", "order")
def order_of_refund(refund: Obj, arguments: Obj, context: Context) -> Obj:
    """The order."""
    return _order(refund, context)


@resolver("Refund", "totalRefundedSet")
def total_refunded(refund: Obj, arguments: Obj, context: Context) -> Obj:
    """The money that went back."""
    order = _order(refund, context)
    paid = [one for one in order["_transactions"] if one["id"] in refund["_transactions"]]
    return bag(order, sum((Decimal(one["_amount"]) for one in paid), ZERO))


@resolver("Refund", "transactions")
def transactions(refund: Obj, arguments: Obj, context: Context) -> Obj:
    """Its payments."""
    rows = [one for one in _order(refund, context)["_transactions"] if one["id"] in refund["_transactions"]]
    return listed(rows, arguments)


@resolver("Refund", "refundLineItems")
def refund_lines(refund: Obj, arguments: Obj, context: Context) -> Obj:
    """The pieces that were given back."""
    order = _order(refund, context)
    lines = {line["id"]: line for line in order["_lines"]}
    rows = [
        {
            **one,
            "lineItem": lines[one["_line"]],
            "location": context.store.get("location", one["_location"] or ""),
            "priceSet": bag(order, one["_unit"]),
            "subtotalSet": bag(order, one["_subtotal"]),
            "totalTaxSet": bag(order, one["_tax"]),
        }
        for one in refund["_lines"]
    ]
    return listed(rows, arguments)


@resolver("Refund", "refundShippingLines")
def refund_shipping(refund: Obj, arguments: Obj, context: Context) -> Obj:
    """Shipping that was given back."""
    order = _order(refund, context)
    if not Decimal(refund["_shipping"]) or not order["_shipping"]:
        return listed([], arguments)
    row = {
        "__typename": "RefundShippingLine",
        "id": refund["id"].replace("Refund", "RefundShippingLine"),
        "shippingLine": order["_shipping"][0],
        "subtotalAmountSet": bag(order, refund["_shipping"]),
        "taxAmountSet": bag(order, 0),
    }
    return listed([row], arguments)


@resolver("Refund", "orderAdjustments")
def adjustments(refund: Obj, arguments: Obj, context: Context) -> Obj:
    """Differences that were explained: this sandbox makes none."""
    return listed([], arguments)
