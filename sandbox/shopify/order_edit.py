"""Changing a placed order by hand: edit lines, refund, cancel, pay, change its fields."""

from __future__ import annotations

from typing import Any
from urllib.parse import unquote

from sandbox.control import BadRequest
from sandbox.shopify.backstage import Hand
from sandbox.shopify.ids import number_of
from sandbox.shopify.order_cancel import cancel_now
from sandbox.shopify.order_frame import address
from sandbox.shopify.order_pay import transaction
from sandbox.shopify.order_stock import move_stock
from sandbox.shopify.order_totals import count_line, recalculate
from sandbox.shopify.order_write import save_order
from sandbox.shopify.refunds import refund_now
from sandbox.shopify.store import Store

Obj = dict[str, Any]
PLAIN = ("note", "email", "phone", "tags", "poNumber", "customAttributes")


def find_order(store: Store, key: str) -> Obj:
    """By number, gid or name; BadRequest if there is none."""
    key = unquote(key)
    for candidate in (key, f"gid://shopify/Order/{key}"):
        if found := store.get("order", candidate):
            return found
    for order in store.kinds["order"].values():
        if order["name"] in (key, f"#{key}"):
            return order
    raise BadRequest(f"there is no order {key!r}")


def edit_order(store: Store, order: Obj, given: Obj) -> Obj:
    """Do to an order what ``given`` names: any of EDITS, in the order given."""
    if odd := sorted(set(given) - set(EDITS)):
        raise BadRequest(f"unknown edit {', '.join(odd)}; an order knows: {', '.join(EDITS)}")
    hand = Hand(store)
    for name, value in given.items():
        EDITS[name](store, order, value)
    recalculate(order)
    save_order(hand, order)
    hand.effect("order.edited", str(number_of(order["id"])), args=given)
    return order


def _set(store: Store, order: Obj, given: Obj) -> None:
    if odd := sorted(set(given) - {*PLAIN, "shippingAddress", "billingAddress", "withheld"}):
        raise BadRequest(f"cannot set {', '.join(odd)}")
    for name, value in given.items():
        if name.endswith("Address"):
            order[name] = address(store, value)
        elif name == "withheld":
            order["_withheld"] = bool(value)
        else:
            order[name] = value


def _lines(store: Store, order: Obj, given: list[Obj]) -> None:
    """``[{"sku": …, "quantity": n}]``: what a line shall hold now; less is removed, more is added."""
    for one in given:
        line = _line(order, one)
        change = int(one["quantity"]) - line["currentQuantity"]
        if change > 0:
            line["quantity"] += change
        else:
            line["_removed"] -= change
        count_line(line)
        location = _reserve(order, line, change)
        out, into = ("available", "committed") if change > 0 else ("committed", "available")
        move_stock(store, line, location, abs(change), out, into)
    order["edited"] = True


def _line(order: Obj, given: Obj) -> Obj:
    for line in order["_lines"]:
        if given.get("line") == line["id"] or ("sku" in given and given["sku"] == line["sku"]):
            found: Obj = line
            return found
    raise BadRequest(f"the order has no line {given.get('sku') or given.get('line')!r}")


def _reserve(order: Obj, line: Obj, change: int) -> str | None:
    for one in order["_fulfillment_orders"]:
        for row in one["_lines"]:
            if row["_line"] == line["id"]:
                row["remainingQuantity"] = max(0, row["remainingQuantity"] + change)
                row["totalQuantity"] = max(row["totalQuantity"] + change, 0)
                place: str = one["_location"]
                return place
    return None


def _refund(store: Store, order: Obj, given: Obj) -> None:
    """``{"lines": [{"sku", "quantity", "restock"}], "shipping": true | amount, "amount": …, "note"}``."""
    lines = [
        {
            "lineItemId": _line(order, one)["id"],
            "quantity": int(one.get("quantity", 1)),
            "restockType": "CANCEL" if one.get("restock", True) else "NO_RESTOCK",
        }
        for one in given.get("lines") or ()
    ]
    shipping = given.get("shipping")
    wanted: Obj = {"refundLineItems": lines, "note": given.get("note")}
    if shipping:
        wanted["shipping"] = {"fullRefund": True} if shipping is True else {"amount": str(shipping)}
    if given.get("amount") is not None:
        paid = next((one for one in order["_transactions"] if one["kind"] in ("SALE", "CAPTURE")), None)
        if paid is None:
            raise BadRequest("nothing was paid, so nothing can be refunded")
        wanted["transactions"] = [
            {"amount": str(given["amount"]), "gateway": paid["gateway"], "parentId": paid["id"]}
        ]
    refund_now(store, order, wanted)


def _cancel(store: Store, order: Obj, given: Any) -> None:
    how = given if isinstance(given, dict) else {}
    if order["cancelledAt"]:
        raise BadRequest("the order is cancelled already")
    reason, restock = how.get("reason", "CUSTOMER"), how.get("restock", True)
    cancel_now(store, order, {"reason": reason, "restock": restock, "refund": how.get("refund", True)})


def _pay(store: Store, order: Obj, given: Any) -> None:
    for one in order["_transactions"]:
        if one["status"] == "PENDING":
            one["status"] = "SUCCESS"
            return
    transaction(store, order, "SALE", order["_totals"]["outstanding"], "manual", "SUCCESS")


EDITS: dict[str, Any] = {"set": _set, "lines": _lines, "refund": _refund, "cancel": _cancel, "pay": _pay}
