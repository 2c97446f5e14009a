"""Shipments: from an order's open fulfilment orders to fulfilments, once.

`fulfillmentCreate` has no idempotency key, so tracking numbers are compared before every attempt (Shopify
Admin 2026-10 schema). Fulfilment orders of one call must lie at one location; a shipment from several
locations goes as several writes of one request.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sync.connectors.shopify import outcomes
from sync.connectors.shopify.client import Answer, Client
from sync.connectors.shopify.documents import document, repeated
from sync.connectors.shopify.outcomes import user_errors
from sync.connectors.shopify.wire.order import fulfilment_order
from sync.connectors.shopify.wire.values import nodes
from sync.errors import RecordRefused, Transient
from sync.model.call import Call, Outcome, State
from sync.model.text import Message, say
from sync.model.values import key_of, text

# FulfillmentStatus values (Shopify Admin 2026-10 schema) of a shipment that does not count.
_VOID = frozenset({"CANCELLED", "ERROR", "FAILURE"})


class Shipping:
    """Makes fulfilments and finds them again."""

    def __init__(self, client: Client) -> None:
        self._client = client

    def create(self, call: Call) -> list[Outcome]:
        """Ships what the call names (all that remains, if it names no lines); done already if its tracking
        number is on the order for every location."""
        order = self.order(call)
        if known := self.done(order, call):
            return outcomes.all_applied(call, [known])
        inputs = self._inputs(order, call)
        if not inputs:
            return outcomes.all_refused(call, _why_nothing(order))
        variables = {f"fulfilment{n}": given for n, given in enumerate(inputs)}
        answer = self._client.execute(repeated("fulfilment_create", len(inputs)), variables)
        return [self._outcome(call, answer, len(inputs))]

    def order(self, call: Call) -> Mapping[str, Any]:
        """The order's shipments as they are now. RecordRefused if there is no such order."""
        found = self._client.query("order_shipments", {"id": str(call.arguments["order"])}).data.get("order")
        if not isinstance(found, Mapping):
            raise RecordRefused(say("There is no such order at Shopify."), str(call.arguments["order"]))
        return found

    def done(self, order: Mapping[str, Any], call: Call) -> str:
        """Id of the fulfilment that the call made, "" as long as it has not made all: of the writes to
        several locations one may have been carried out and another not. What is still open where its number
        is known already is no part of it."""
        known = self.find(order, call)
        return known if _lines(call) or not self._inputs(order, call) else ""

    def track(self, call: Call) -> Answer:
        """Gives a shipment its new tracking, whole: whether Shopify keeps the parts that an update leaves out
        is not documented. A link is kept only together with its number."""
        given = dict(call.arguments["variables"])  # type: ignore[call-overload]
        row = self._client.query("fulfilment_read", {"id": given["id"]}).data.get("fulfillment") or {}
        shown = next(iter(nodes(row.get("trackingInfo"))), {})
        known = {name: text(shown.get(name)) for name in ("company", "number", "url")}
        wanted = {name: value for name, value in (known | given["tracking"]).items() if value}
        if "url" not in given["tracking"] and key_of(wanted.get("number")) != key_of(known["number"]):
            wanted.pop("url", None)
        return self._client.execute(document(call.operation), {**given, "tracking": wanted})

    def find(self, order: Mapping[str, Any], call: Call) -> str:
        """Id of the fulfilment that the call was to make: the one with its tracking number. Without a number
        nothing tells it from another shipment: then any, once nothing is left to ship."""
        wanted, valid = key_of(_tracking(call).get("number")), _valid(order)
        for row in valid:
            if wanted and wanted in _numbers(row):
                return text(row.get("id"))
        if not wanted and valid and not any(_open(row) for row in nodes(order.get("fulfillmentOrders"))):
            return text(valid[-1].get("id"))
        return ""

    def _inputs(self, order: Mapping[str, Any], call: Call) -> list[dict[str, Any]]:
        """FulfillmentInput for each location that ships something."""
        wanted = {str(line): int(quantity) for line, quantity in _lines(call)}
        done = set() if _lines(call) else _shipped_from(order, key_of(_tracking(call).get("number")))
        places: dict[str, list[dict[str, Any]]] = {}
        for row in nodes(order.get("fulfillmentOrders")):
            place = fulfilment_order(row).location_id
            if _open(row) and place not in done and (part := _part(row, wanted if _lines(call) else None)):
                places.setdefault(place, []).append(part)
        tracking = {"trackingInfo": _tracking(call)} if _tracking(call) else {}
        return [
            {
                "lineItemsByFulfillmentOrder": rows,
                "notifyCustomer": bool(call.arguments.get("notify")),
                **tracking,
            }
            for rows in places.values()
        ]

    def _outcome(self, call: Call, answer: Answer, count: int) -> Outcome:
        """One member, however many locations: applied if all shipped."""
        change, made, failed = call.change_ids[0], [], []
        for n in range(count):
            payload = answer.data.get(f"f{n}")
            if payload is None:
                problem = next((p for p in answer.problems if f"f{n}" in p.path), None)
                failed.append(outcomes.of_problem(change, problem))
            elif errors := user_errors(call, payload):
                failed += outcomes.refused_by_name(call, errors)
            else:
                made.append(text((payload.get("fulfillment") or {}).get("id")))
        if failed:
            return Outcome(change, failed[0].state, made[0] if made else "", failed[0].message)
        return Outcome(change, State.APPLIED, made[0])


def _valid(order: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The shipments that count."""
    return [row for row in nodes(order.get("fulfillments")) if row.get("status") not in _VOID]


def _numbers(row: Mapping[str, Any]) -> set[str]:
    return {key_of(one.get("number")) for one in nodes(row.get("trackingInfo"))}


def _shipped_from(order: Mapping[str, Any], number: str) -> set[str]:
    """The locations from which something went under a number; all that the order has, where Shopify no longer
    knows one of them."""
    rows = [row for row in _valid(order) if number and number in _numbers(row)]
    found = {text((row.get("location") or {}).get("id")) for row in rows}
    if "" in found:
        found |= {fulfilment_order(row).location_id for row in nodes(order.get("fulfillmentOrders"))}
    return found


def _tracking(call: Call) -> dict[str, str]:
    raw = call.arguments.get("tracking")
    return {str(k): str(v) for k, v in raw.items()} if isinstance(raw, Mapping) else {}


def _lines(call: Call) -> Sequence[Any]:
    raw = call.arguments.get("lines")
    return raw if isinstance(raw, list | tuple) else ()


def _open(row: Mapping[str, Any]) -> bool:
    found = fulfilment_order(row)
    return found.can_fulfil and found.remaining > 0


def _part(row: Mapping[str, Any], wanted: dict[str, int] | None) -> dict[str, Any] | None:
    """One fulfilment order's share; takes what it gives from `wanted` (order line → pieces), None means
    all."""
    if wanted is None:
        return {"fulfillmentOrderId": row["id"]}
    lines = []
    for item in nodes(row.get("lineItems")):
        line = text((item.get("lineItem") or {}).get("id"))
        quantity = min(wanted.get(line, 0), int(item.get("remainingQuantity") or 0))
        if quantity > 0:
            wanted[line] -= quantity
            lines.append({"id": item["id"], "quantity": quantity})
    return {"fulfillmentOrderId": row["id"], "fulfillmentOrderLineItems": lines} if lines else None


def _why_nothing(order: Mapping[str, Any]) -> Message:
    """Why an order has nothing to ship. Transient if that may change by itself."""
    name = text(order.get("name"))
    if order.get("cancelledAt"):
        return say("Order {name} is cancelled at Shopify; nothing can be shipped.", name=name)
    if not nodes(order.get("fulfillmentOrders")):
        # They are made a moment after the order (routing).
        raise Transient(
            say("Shopify has not yet decided from where order {name} ships.", name=name), retry_after=30.0
        )
    return say("Nothing of order {name} is left to ship at Shopify.", name=name)
