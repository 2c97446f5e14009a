"""Fulfilment orders and shipments: create, track, cancel, and what each refuses."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from sandbox.shopify.context import Context
from sandbox.shopify.errors import user_error
from sandbox.shopify.ids import gid, number_of
from sandbox.shopify.order_lines import of_line
from sandbox.shopify.order_money import bag
from sandbox.shopify.order_stock import move_stock
from sandbox.shopify.order_totals import cents, count_line, line_net, line_total, recalculate
from sandbox.shopify.order_write import save_order
from sandbox.shopify.pages import listed, page
from sandbox.shopify.project import mutation, query, resolver

Obj = dict[str, Any]
OPEN = ("OPEN", "IN_PROGRESS", "SCHEDULED")


@resolver("Order", "fulfillmentOrders")
def fulfillment_orders_of(order: Obj, arguments: Obj, context: Context) -> Obj:
    """Where the order is to be shipped from; they appear once it is routed."""
    if not context.allowed("Order", "fulfillmentOrders"):
        return listed([], arguments)
    now = context.clock.monotonic()
    return listed([one for one in order["_fulfillment_orders"] if one["_visible_at"] <= now], arguments)


@query("fulfillmentOrder")
def fulfillment_order(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One fulfilment order by id."""
    return _part(context, "_fulfillment_orders", arguments["id"])


@query("fulfillmentOrders")
def fulfillment_orders(_: Any, arguments: Obj, context: Context) -> Obj:
    """All fulfilment orders; closed ones only on demand."""
    rows = [one for order in context.store.sorted("order", "id") for one in order["_fulfillment_orders"]]
    if not arguments.get("includeClosed"):
        rows = [one for one in rows if one["status"] not in ("CLOSED", "CANCELLED")]
    return page(sorted(rows, key=lambda one: number_of(one["id"])), arguments)


@query("fulfillment")
def fulfillment(_: Any, arguments: Obj, context: Context) -> Obj | None:
    """One shipment by id."""
    return _part(context, "_fulfillments", arguments["id"])


def _part(context: Context, name: str, id: str) -> Obj | None:
    order = context.store.order_with(id)
    return next((one for one in (order or {}).get(name, ()) if one["id"] == id), None)


@resolver("FulfillmentOrder", "assignedLocation")
def assigned_location(one: Obj, arguments: Obj, context: Context) -> Obj:
    """Where it is shipped from, as it was called then."""
    location = context.store.kinds["location"][one["_location"]]
    place = location["address"]
    return {
        "location": location,
        "name": location["name"],
        "address1": place["address1"],
        "city": place["city"],
        "countryCode": place["countryCode"],
        "zip": place["zip"],
        "phone": place["phone"],
    }


@resolver("FulfillmentOrder", "supportedActions")
def supported_actions(one: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """What may be done with it now."""
    actions = ("CREATE_FULFILLMENT", "MOVE", "HOLD") if one["status"] in OPEN else ()
    return [{"action": action, "externalUrl": None} for action in actions]


@resolver("FulfillmentOrder", "lineItems")
def fulfillment_lines(one: Obj, arguments: Obj, context: Context) -> Obj:
    """What is to be shipped from there."""
    return listed(one["_lines"], arguments)


@resolver("FulfillmentOrder", "order")
def order_of_fulfillment_order(one: Obj, arguments: Obj, context: Context) -> Obj:
    """The order."""
    return context.store.kinds["order"][one["orderId"]]


@resolver("FulfillmentOrder", "destination")
def destination(one: Obj, arguments: Obj, context: Context) -> Obj | None:
    """Where it goes."""
    order = context.store.kinds["order"][one["orderId"]]
    if order["_withheld"] or not order["shippingAddress"]:
        return None
    return {**order["shippingAddress"], "email": order["email"], "location": None}


@resolver("FulfillmentOrder", "fulfillments")
def shipments_of(one: Obj, arguments: Obj, context: Context) -> Obj:
    """What was shipped of it."""
    order = context.store.kinds["order"][one["orderId"]]
    return listed([ship for ship in order["_fulfillments"] if one["id"] in ship["_orders"]], arguments)


@resolver("FulfillmentOrderLineItem", "lineItem")
def line_of(row: Obj, arguments: Obj, context: Context) -> Obj:
    """The line of the order."""
    return _line(context.store.kinds["order"][row["_order"]], row["_line"])


@resolver("FulfillmentOrderLineItem", "variant")
def variant_of(row: Obj, arguments: Obj, context: Context) -> Obj | None:
    """The variant, if it still is."""
    return context.store.variants.get(line_of(row, {}, context)["_variant"] or "")


@resolver("FulfillmentOrderLineItem", "inventoryItemId")
def item_id_of(row: Obj, arguments: Obj, context: Context) -> str | None:
    """Its inventory item."""
    variant = variant_of(row, {}, context)
    return variant["_item"]["id"] if variant else None


def _line(order: Obj, id: str) -> Obj:
    found: Obj = next(line for line in order["_lines"] if line["id"] == id)
    return found


@resolver("Order", "fulfillments")
def fulfillments_of(order: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """The order's shipments."""
    found: list[Obj] = order["_fulfillments"][: arguments.get("first") or None]
    return found


@resolver("Order", "fulfillmentsCount")
def fulfillments_count(order: Obj, arguments: Obj, context: Context) -> Obj:
    """How many."""
    return {"count": len(order["_fulfillments"]), "precision": "EXACT"}


@resolver("Fulfillment", "trackingInfo")
def tracking_info(ship: Obj, arguments: Obj, context: Context) -> list[Obj]:
    """Parcels with carrier, number and link."""
    found: list[Obj] = ship["_tracking"][: arguments.get("first") or None]
    return found


@resolver("Fulfillment", "order")
def order_of_fulfillment(ship: Obj, arguments: Obj, context: Context) -> Obj:
    """The order."""
    return context.store.kinds["order"][ship["_order"]]


@resolver("Fulfillment", "location")
def location_of(ship: Obj, arguments: Obj, context: Context) -> Obj | None:
    """Where it was shipped from."""
    return context.store.get("location", ship["_location"])


@resolver("Fulfillment", "fulfillmentLineItems")
def shipped_lines(ship: Obj, arguments: Obj, context: Context) -> Obj:
    """What was in it."""
    return listed(ship["_lines"], arguments)


@resolver("Fulfillment", "fulfillmentOrders")
def orders_of_shipment(ship: Obj, arguments: Obj, context: Context) -> Obj:
    """Which fulfilment orders it served."""
    order = context.store.kinds["order"][ship["_order"]]
    return listed([one for one in order["_fulfillment_orders"] if one["id"] in ship["_orders"]], arguments)


@resolver("Fulfillment", "events")
def events_of(ship: Obj, arguments: Obj, context: Context) -> Obj:
    """What the carrier reported."""
    return listed(ship["_events"], arguments)


@resolver("FulfillmentLineItem", "lineItem")
def shipped_line(row: Obj, arguments: Obj, context: Context) -> Obj:
    """The line of the order."""
    order = context.store.order_with(row["_line"])
    assert order is not None
    return _line(order, row["_line"])


@resolver("FulfillmentLineItem", "originalTotalSet")
def shipped_total(row: Obj, arguments: Obj, context: Context) -> Obj:
    """What the shipped pieces cost as placed."""
    line = shipped_line(row, {}, context)
    return bag(of_line(line, context), cents(line_total(line) * Decimal(row["quantity"]) / line["quantity"]))


@resolver("FulfillmentLineItem", "discountedTotalSet")
def shipped_net(row: Obj, arguments: Obj, context: Context) -> Obj:
    """What the shipped pieces cost after discounts."""
    line = shipped_line(row, {}, context)
    return bag(of_line(line, context), cents(line_net(line) * Decimal(row["quantity"]) / line["quantity"]))


# Writing ------------------------------------------------------------------------------------------------


@mutation("fulfillmentCreate")
def fulfillment_create(_: Any, arguments: Obj, context: Context) -> Obj:
    """Ship what is asked for, or all that remains, of fulfilment orders of one order and one location."""
    given = arguments["fulfillment"]
    parts: list[tuple[Obj, list[tuple[Obj, int]]]] = []
    errors: list[Obj] = []
    for n, one in enumerate(given["lineItemsByFulfillmentOrder"]):
        found, rows, wrong = _asked(context, one, ["fulfillment", "lineItemsByFulfillmentOrder", str(n)])
        errors += wrong
        if found is not None:
            parts.append((found, rows))
    errors = errors or _together(parts)
    if errors:
        return {"fulfillment": None, "userErrors": errors}
    ship = _ship(context, parts, given)
    return {"fulfillment": ship, "userErrors": []}


def _asked(
    context: Context, given: Obj, path: list[str]
) -> tuple[Obj | None, list[tuple[Obj, int]], list[Obj]]:
    found = _part(context, "_fulfillment_orders", given["fulfillmentOrderId"])
    if found is None:
        message = "Fulfillment order does not exist."
        return None, [], [user_error(["fulfillment"], message)]
    number = number_of(found["id"])
    if found["status"] not in OPEN:
        message = f"Fulfillment order {number} has an unfulfillable status= {found['status'].lower()}."
        return found, [], [user_error(["fulfillment"], message)]
    wanted = given.get("fulfillmentOrderLineItems")
    if not wanted:
        return (
            found,
            [(row, row["remainingQuantity"]) for row in found["_lines"] if row["remainingQuantity"]],
            [],
        )
    rows = {row["id"]: row for row in found["_lines"]}
    picked, errors = [], []
    for n, one in enumerate(wanted):
        row = rows.get(one["id"])
        at = [*path, "fulfillmentOrderLineItems", str(n)]
        if row is None:
            errors.append(user_error([*at, "id"], "Fulfillment order line item does not exist."))
        elif one["quantity"] < 1 or one["quantity"] > row["remainingQuantity"]:
            message = "Invalid fulfillment order line item quantity requested."
            errors.append(user_error(["fulfillment"], message))
        else:
            picked.append((row, one["quantity"]))
    return found, picked, errors


def _together(parts: list[tuple[Obj, list[tuple[Obj, int]]]]) -> list[Obj]:
    if len({one["orderId"] for one, _ in parts}) > 1:
        message = "All fulfillment orders must belong to the same order."
        return [user_error(["fulfillment"], message)]
    if len({one["_location"] for one, _ in parts}) > 1:
        message = "All fulfillment orders must be assigned to the same location."
        return [user_error(["fulfillment"], message)]
    return []


def _ship(context: Context, parts: list[tuple[Obj, list[tuple[Obj, int]]]], given: Obj) -> Obj:
    store, now = context.store, context.store.now()
    order = store.kinds["order"][parts[0][0]["orderId"]]
    number = store.number()
    ship: Obj = {
        "__typename": "Fulfillment",
        "id": gid("Fulfillment", number),
        "legacyResourceId": str(number),
        "name": f"{order['name']}-F{len(order['_fulfillments']) + 1}",
        "status": "SUCCESS",
        "displayStatus": "FULFILLED",
        "createdAt": now,
        "updatedAt": now,
        "deliveredAt": None,
        "inTransitAt": None,
        "estimatedDeliveryAt": None,
        "requiresShipping": True,
        "totalQuantity": sum(pieces for _, rows in parts for _, pieces in rows),
        "originAddress": None,
        "service": None,
        "_order": order["id"],
        "_orders": [one["id"] for one, _ in parts],
        "_location": parts[0][0]["_location"],
        "_tracking": tracking_of(given.get("trackingInfo")),
        "_events": [],
        "_lines": [],
        "_notified": bool(given.get("notifyCustomer")),
    }
    for one, rows in parts:
        for row, pieces in rows:
            _take(context, order, one, row, pieces, ship)
        _close(one, now)
    order["_fulfillments"].append(ship)
    recalculate(order)
    if order["displayFulfillmentStatus"] == "FULFILLED" and order["displayFinancialStatus"] == "PAID":
        order["closedAt"], order["closed"] = now, True
    save_order(context, order)
    context.effect(
        "fulfillment.created",
        str(number),
        args=given,
        after={"order": order["name"], "pieces": ship["totalQuantity"], "tracking": ship["_tracking"]},
    )
    return ship


def _take(context: Context, order: Obj, one: Obj, row: Obj, pieces: int, ship: Obj) -> None:
    line = _line(order, row["_line"])
    row["remainingQuantity"] -= pieces
    line["_fulfilled"] += pieces
    count_line(line)
    move_stock(context.store, line, one["_location"], pieces, "committed", None)
    ship["_lines"].append(
        {
            "__typename": "FulfillmentLineItem",
            "id": gid("FulfillmentLineItem", context.store.number()),
            "quantity": pieces,
            "_line": line["id"],
            "_row": row["id"],
        }
    )


def _close(one: Obj, now: str) -> None:
    left = sum(row["remainingQuantity"] for row in one["_lines"])
    one["status"] = "IN_PROGRESS" if left else "CLOSED"
    one["updatedAt"] = now


def tracking_of(given: Obj | None) -> list[Obj]:
    """Parcels out of ``FulfillmentTrackingInput``: one number and link, or several."""
    if not given:
        return []
    numbers = given.get("numbers") or ([given["number"]] if given.get("number") else [])
    urls = given.get("urls") or ([given["url"]] if given.get("url") else [])
    size = max(len(numbers), len(urls), 1 if given.get("company") else 0)
    return [
        {
            "company": given.get("company"),
            "number": numbers[n] if n < len(numbers) else None,
            "url": urls[n] if n < len(urls) else None,
        }
        for n in range(size)
    ]


@mutation("fulfillmentTrackingInfoUpdate")
def tracking_update(_: Any, arguments: Obj, context: Context) -> Obj:
    """Give a shipment other tracking; a cancelled one takes it as well."""
    ship = _part(context, "_fulfillments", arguments["fulfillmentId"])
    if ship is None:
        error = user_error(["fulfillmentId"], "Fulfillment does not exist.")
        return {"fulfillment": None, "userErrors": [error]}
    before, ship["_tracking"] = ship["_tracking"], tracking_of(arguments["trackingInfoInput"])
    ship["updatedAt"] = context.store.now()
    save_order(context, context.store.kinds["order"][ship["_order"]])
    given, number = arguments["trackingInfoInput"], str(number_of(ship["id"]))
    context.effect("fulfillment.tracking", number, args=given, before=before, after=ship["_tracking"])
    return {"fulfillment": ship, "userErrors": []}


@mutation("fulfillmentCancel")
def fulfillment_cancel(_: Any, arguments: Obj, context: Context) -> Obj:
    """Take a shipment back; once more is no error."""
    ship = _part(context, "_fulfillments", arguments["id"])
    if ship is None:
        return {"fulfillment": None, "userErrors": [user_error(["id"], "Fulfillment not found.")]}
    if ship["status"] != "CANCELLED":
        _undo(context, ship)
    return {"fulfillment": ship, "userErrors": []}


def _undo(context: Context, ship: Obj) -> None:
    store = context.store
    order = store.kinds["order"][ship["_order"]]
    rows = {row["id"]: row for one in order["_fulfillment_orders"] for row in one["_lines"]}
    for part in ship["_lines"]:
        line = _line(order, part["_line"])
        line["_fulfilled"] -= part["quantity"]
        count_line(line)
        rows[part["_row"]]["remainingQuantity"] += part["quantity"]
        move_stock(store, line, ship["_location"], part["quantity"], None, "committed")
    for one in order["_fulfillment_orders"]:
        if one["id"] in ship["_orders"]:
            one["status"], one["updatedAt"] = "OPEN", store.now()
    ship.update(status="CANCELLED", displayStatus="CANCELED", updatedAt=store.now())
    order["closedAt"] = None
    recalculate(order)
    save_order(context, order)
    context.effect("fulfillment.cancelled", str(number_of(ship["id"])))


@mutation("fulfillmentEventCreate")
def event_create(_: Any, arguments: Obj, context: Context) -> Obj:
    """Note what the carrier reported; a cancelled shipment takes it as well."""
    given = arguments["fulfillmentEvent"]
    ship = _part(context, "_fulfillments", given["fulfillmentId"])
    if ship is None:
        error = user_error(["fulfillmentEvent", "fulfillmentId"], "Fulfillment does not exist.")
        return {"fulfillmentEvent": None, "userErrors": [error]}
    now = context.store.now()
    event = {
        "__typename": "FulfillmentEvent",
        "id": gid("FulfillmentEvent", context.store.number()),
        "status": given["status"],
        "message": given.get("message"),
        "happenedAt": given.get("happenedAt") or now,
        "createdAt": now,
        "estimatedDeliveryAt": given.get("estimatedDeliveryAt"),
        "city": given.get("city"),
        "country": given.get("country"),
    }
    ship["_events"].append(event)
    if ship["status"] != "CANCELLED":
        ship["displayStatus"] = given["status"]
    if given["status"] == "DELIVERED":
        ship["deliveredAt"] = event["happenedAt"]
    save_order(context, context.store.kinds["order"][ship["_order"]])
    context.effect("fulfillment.event", str(number_of(ship["id"])), args=given, after=given["status"])
    return {"fulfillmentEvent": event, "userErrors": []}
