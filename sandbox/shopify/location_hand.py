"""Locations changed by hand: closed, opened again, handed to a fulfilment service."""

from __future__ import annotations

from typing import Any

from sandbox.control import BadRequest
from sandbox.shopify.columns import ACTIVE, INACTIVE
from sandbox.shopify.ids import number_of
from sandbox.shopify.stock_hand import location_of
from sandbox.shopify.stock_store import Beside
from sandbox.shopify.store import Store

Obj = dict[str, Any]
_CHANGEABLE = ("isActive", "isFulfillmentService")


def change_location(store: Store, given: Obj) -> Obj:
    """``{"location" (name, id or number), "isActive", "isFulfillmentService"}``; the location. Where one is
    deactivated nothing is stocked any more; the levels keep their quantities. BadRequest for anything
    else."""
    location = location_of(store, given.get("location"))
    changes = {name: value for name, value in given.items() if name != "location"}
    if odd := sorted(set(changes) - set(_CHANGEABLE)):
        raise BadRequest(f"cannot change {', '.join(odd)}; changeable: {', '.join(_CHANGEABLE)}")
    if not all(isinstance(value, bool) for value in changes.values()):
        raise BadRequest(f"{' and '.join(_CHANGEABLE)} are true or false")
    if changes.get("isActive") is False and location["isActive"]:
        _unstock(store, location["id"])
    location.update(changes, updatedAt=store.now())
    store.save("location", location)
    store.tools.ledger.effect("hand.location", str(number_of(location["id"])), after=changes)
    return {"id": location["id"], "name": location["name"], **{name: location[name] for name in _CHANGEABLE}}


def _unstock(store: Store, id: str) -> None:
    products = store.kinds["product"]
    if store.stock is not None and (number := store.stock.columns.place_of.get(id)) is not None:
        state = store.stock.columns.places[number].state
        state[:] = state.replace(bytes([ACTIVE]), bytes([INACTIVE]))
        store.stock.forget_views()
    for product in products.own() if isinstance(products, Beside) else list(products.values()):
        levels = [level for one in product["_variants"] if (level := one["_item"]["_levels"].get(id))]
        for level in levels:
            level["isActive"] = False
        if levels:
            store.touch(product)
