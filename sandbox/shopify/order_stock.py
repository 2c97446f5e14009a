"""Where an order is shipped from: fulfilment orders, and the stock they take."""

from __future__ import annotations

from typing import Any

from sandbox.shopify.ids import gid
from sandbox.shopify.store import Store

Obj = dict[str, Any]


def route(store: Store, order: Obj, spec: Obj) -> None:
    """One fulfilment order a location; lines go where there is stock, else to the primary location."""
    by_location: dict[str, list[Obj]] = {}
    for line in order["_lines"]:
        if line["requiresShipping"]:
            by_location.setdefault(_where(store, line, spec), []).append(line)
    for location, lines in by_location.items():
        order["_fulfillment_orders"].append(_fulfillment_order(store, order, location, lines))


def _where(store: Store, line: Obj, spec: Obj) -> str:
    wanted: str | None = spec.get("location")
    if wanted:
        return wanted
    primary = next(one["id"] for one in store.kinds["location"].values() if one["isPrimary"])
    variant = store.variants.get(line["_variant"] or "")
    levels = variant["_item"]["_levels"] if variant else {}
    enough = [
        id for id, one in levels.items() if one["isActive"] and one["_q"]["available"] >= line["quantity"]
    ]
    stocked = [id for id, one in levels.items() if one["isActive"]]
    for choice in (enough, stocked):
        if choice:
            return str(primary if primary in choice else choice[0])
    return str(primary)


def _fulfillment_order(store: Store, order: Obj, location: str, lines: list[Obj]) -> Obj:
    now = store.now()
    return {
        "__typename": "FulfillmentOrder",
        "id": gid("FulfillmentOrder", store.number()),
        "status": "OPEN",
        "requestStatus": "UNSUBMITTED",
        "createdAt": now,
        "updatedAt": now,
        "fulfillAt": now,
        "fulfillBy": None,
        "fulfillmentHolds": [],
        "deliveryMethod": None,
        "internationalDuties": None,
        "orderId": order["id"],
        "orderName": order["name"],
        "orderProcessedAt": order["processedAt"],
        "_location": location,
        "_visible_at": store.tools.clock.monotonic() + store.settings.routing_delay,
        "_lines": [
            {
                "__typename": "FulfillmentOrderLineItem",
                "id": gid("FulfillmentOrderLineItem", store.number()),
                "totalQuantity": line["quantity"],
                "remainingQuantity": line["quantity"],
                "sku": line["sku"],
                "productTitle": line["title"],
                "variantTitle": line["variantTitle"],
                "vendor": line["vendor"],
                "requiresShipping": True,
                "warnings": [],
                "_line": line["id"],
                "_order": order["id"],
            }
            for line in lines
        ],
    }


def commit_stock(store: Store, order: Obj) -> None:
    """Take the ordered pieces from ``available`` into ``committed`` where they will be shipped from."""
    places = {row["_line"]: one["_location"] for one in order["_fulfillment_orders"] for row in one["_lines"]}
    for line in order["_lines"]:
        move_stock(store, line, places.get(line["id"]), line["quantity"], "available", "committed")


def move_stock(
    store: Store, line: Obj, location: str | None, pieces: int, out: str | None, into: str | None
) -> None:
    """Move pieces of a line's item between two states at a location; None is outside the building."""
    variant = store.variants.get(line["_variant"] or "")
    if variant is None or not variant["_item"]["tracked"] or not pieces:
        return
    level = variant["_item"]["_levels"].get(location)
    if level is None:
        return
    now = store.now()
    for name, sign in ((out, -1), (into, 1)):
        if name is not None:
            level["_q"][name] += sign * pieces
            level["_at"][name] = level["updatedAt"] = now
    variant["_item"]["updatedAt"] = now
    store.touch(store.product_of(variant))
