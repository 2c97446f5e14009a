"""Writing orders: note, tags, addresses, metafields, marking as paid."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify import metafields
from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.ids import gid, number_of
from sandbox.shopify.order_frame import address
from sandbox.shopify.order_pay import transaction
from sandbox.shopify.order_totals import recalculate
from sandbox.shopify.product_fields import clean_tags
from sandbox.shopify.project import mutation

Obj = dict[str, Any]


@mutation("orderUpdate")
def order_update(_: Any, arguments: Obj, context: Context) -> Obj:
    """Overwrite note, tags, addresses and attributes; lines cannot be edited here."""
    given = arguments["input"]
    order = context.store.get("order", given["id"])
    if order is None:
        return {"order": None, "userErrors": [user_error(["id"], "Order does not exist")]}
    errors = []
    for n, one in enumerate(given.get("metafields") or ()):
        errors += metafields.input_errors(context, "ORDER", order["id"], one, ["metafields", str(n)])
    if errors:
        return {"order": order, "userErrors": errors}
    for name in ("email", "phone", "note", "poNumber"):
        if name in given:
            order[name] = given[name]
    if given.get("tags") is not None:
        order["tags"] = clean_tags(given["tags"])
    if given.get("customAttributes") is not None:
        order["customAttributes"] = given["customAttributes"]
    if given.get("shippingAddress") is not None:
        order["shippingAddress"] = address(context.store, given["shippingAddress"])
    for one in given.get("metafields") or ():
        metafields.write(context, order, one)
    save_order(context, order)
    context.effect("order.updated", str(number_of(order["id"])), args=given)
    return {"order": order, "userErrors": []}


def save_order(context: Context, order: Obj) -> None:
    """Save an order that changed."""
    order["updatedAt"] = context.store.now()
    context.store.note_order(order)
    context.store.save("order", order)


@mutation("orderMarkAsPaid")
def mark_as_paid(_: Any, arguments: Obj, context: Context) -> Obj:
    """Note that the rest was paid by hand."""
    order = context.store.get("order", arguments["input"]["id"])
    if order is None:
        return {"order": None, "userErrors": [user_error(["id"], "Order does not exist")]}
    if Decimal(order["_totals"]["outstanding"]) <= 0:
        return {"order": order, "userErrors": [user_error(["id"], "Order cannot be marked as paid.")]}
    transaction(context.store, order, "SALE", order["_totals"]["outstanding"], "manual", "SUCCESS")
    recalculate(order)
    save_order(context, order)
    context.effect("order.paid", str(number_of(order["id"])))
    return {"order": order, "userErrors": []}


JOB_SECONDS = 1.0


def new_job(context: Context) -> Obj:
    """An asynchronous job, done a moment later."""
    due = context.clock.monotonic() + JOB_SECONDS
    job = {"__typename": "Job", "id": gid("Job", context.store.number()), "_due": due}
    context.store.save("job", job)
    return job
