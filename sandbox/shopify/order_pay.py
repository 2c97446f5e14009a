"""Payments of an order."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.ids import gid
from sandbox.shopify.order_totals import cents
from sandbox.shopify.store import Store

Obj = dict[str, Any]


def pay(store: Store, order: Obj, spec: Obj) -> None:
    """The payments that ``spec`` describes: a list of them, or paid, authorized, pending, none."""
    if spec.get("transactions") is not None:
        for one in spec["transactions"]:
            transaction(
                store, order, one["kind"], one["amount"], one.get("gateway"), one.get("status") or "SUCCESS"
            )
        return
    payment, total = spec.get("payment", "paid"), order["_totals"]["total"]
    kind, status = {
        "paid": ("SALE", "SUCCESS"),
        "authorized": ("AUTHORIZATION", "SUCCESS"),
        "pending": ("SALE", "PENDING"),
    }.get(payment, ("", ""))
    if kind:
        transaction(store, order, kind, total, spec.get("gateway"), status)
    if payment == "pending":
        order["_financial"] = "PENDING"


def transaction(
    store: Store,
    order: Obj,
    kind: str,
    amount: object,
    gateway: str | None,
    status: str,
    parent: str | None = None,
) -> Obj:
    """Add a payment to an order."""
    now = store.now()
    made = {
        "__typename": "OrderTransaction",
        "id": gid("OrderTransaction", store.number()),
        "kind": kind,
        "status": status,
        "gateway": gateway or "manual",
        "formattedGateway": (gateway or "manual").replace("_", " ").title(),
        "manualPaymentGateway": gateway in (None, "manual", "Cash on Delivery (COD)", "Banka Havalesi"),
        "createdAt": now,
        "processedAt": now,
        "test": order["test"],
        "errorCode": None,
        "paymentId": None,
        "accountNumber": None,
        "receiptJson": None,
        "settlementCurrency": None,
        "settlementCurrencyRate": None,
        "paymentDetails": None,
        "authorizationExpiresAt": None,
        "manuallyCapturable": kind == "AUTHORIZATION",
        "multiCapturable": False,
        "_amount": str(cents(amount)),
        "_parent": parent,
        "_order": order["id"],
    }
    order["_transactions"].append(made)
    return made
