"""``orderCancel``: refused at once, or done a moment later by a job."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.ids import number_of
from sandbox.shopify.order_pay import transaction
from sandbox.shopify.order_stock import move_stock
from sandbox.shopify.order_totals import count_line, recalculate
from sandbox.shopify.order_write import new_job
from sandbox.shopify.project import mutation, query, resolver
from sandbox.shopify.store import Store

Obj = dict[str, Any]
MOST_NOTE = 255


@mutation("orderCancel")
def order_cancel(_: Any, arguments: Obj, context: Context) -> Obj:
    """Start cancelling an order; ``job`` tells when it is done."""
    order = context.store.get("order", arguments["orderId"])
    error = _refused(order, arguments)
    if error is not None or order is None:
        return {"job": None, "jobResult": None, "orderCancelUserErrors": [error], "userErrors": [error]}
    job = new_job(context)
    order["_cancelling"] = {
        "job": job["id"],
        "due": job["_due"],
        "reason": arguments["reason"],
        "restock": arguments["restock"],
        "note": arguments.get("staffNote"),
        "refund": _refunds(arguments),
    }
    context.store.save("order", order)
    context.effect("order.cancel_requested", str(number_of(order["id"])), args=arguments)
    return {"job": job, "jobResult": None, "orderCancelUserErrors": [], "userErrors": []}


def _refunds(arguments: Obj) -> bool:
    method = arguments.get("refundMethod") or {}
    return bool(arguments.get("refund") or method.get("originalPaymentMethodsRefund"))


def _refused(order: Obj | None, arguments: Obj) -> Obj | None:
    if order is None:
        return user_error(["orderId"], "Order does not exist", "NOT_FOUND")
    if len(arguments.get("staffNote") or "") > MOST_NOTE:
        message = f"Staff note is too long. Maximum length is {MOST_NOTE} characters."
        return user_error(["staffNote"], message, "INVALID")
    if arguments.get("refund") is not None and arguments.get("refundMethod") is not None:
        message = "Only one of the arguments `refund` or `refund_method` is allowed."
        return user_error(["refund"], message, "INVALID")
    if order["cancelledAt"]:
        return user_error(["orderId"], "Cannot cancel an order that has already been canceled", "INVALID")
    if order["_cancelling"]:
        return user_error(["orderId"], "Cancellation is already in progress", "INVALID")
    if any(ship["status"] == "SUCCESS" for ship in order["_fulfillments"]):
        return user_error(["orderId"], "Cannot cancel an order that has outstanding fulfillments", "INVALID")
    return None


def settle_cancellations(store: Store) -> None:
    """Finish the cancellations whose time has come; called before requests are answered."""
    now = store.tools.clock.monotonic()
    for order in store.cancelling(now):
        cancel_now(store, order, order["_cancelling"])


def cancel_now(store: Store, order: Obj, how: Obj) -> None:
    """Cancel an order: pieces go back or are gone, payments are refunded if asked, fulfilment orders
    close."""
    places = {row["_line"]: one["_location"] for one in order["_fulfillment_orders"] for row in one["_lines"]}
    for line in order["_lines"]:
        into = "available" if how["restock"] else None
        move_stock(store, line, places.get(line["id"]), line["unfulfilledQuantity"], "committed", into)
        line["_removed"] += line["unfulfilledQuantity"]
        count_line(line)
    for one in order["_fulfillment_orders"]:
        if one["status"] != "CLOSED":
            one["status"] = "CANCELLED"
            for row in one["_lines"]:
                row["remainingQuantity"] = 0
    order["cancelledAt"] = order["closedAt"] = store.now()
    order["cancelReason"], order["_cancelling"] = how["reason"], None
    received = order["_totals"]["net"]
    if how["refund"] and float(received) > 0:
        transaction(store, order, "REFUND", received, order["_transactions"][0]["gateway"], "SUCCESS")
    recalculate(order)
    order["updatedAt"] = store.now()
    store.save("order", order)
    detail = {"reason": how["reason"], "restock": how["restock"]}
    store.tools.ledger.effect("order.cancelled", str(number_of(order["id"])), detail=detail)


@query("job")
def job(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """A job by id."""
    return context.store.get("job", arguments["id"])


@resolver("Job", "done")
def done(one: Obj, arguments: Obj, context: Context) -> bool:
    """Whether a job is finished."""
    return bool(context.clock.monotonic() >= one["_due"])


@resolver("Order", "cancellation")
def cancellation(order: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The note of a cancellation."""
    return {"staffNote": None} if order["cancelledAt"] else None
