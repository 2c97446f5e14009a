"""``GET /_sandbox/state``: the full truth about the store, compactly."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sandbox.shopify.quantities import quantity
from sandbox.shopify.store import Store

Obj = dict[str, Any]
MOST_LISTED = 20_000


def full_state(store: Store) -> Obj:
    """Settings with their secrets (it is a sandbox), then every object a test may want to compare with."""
    settings = store.settings
    return {
        "shop": settings.domain,
        "credentials": {
            "client_id": settings.client_id,
            "client_secret": settings.client_secret,
            "token": settings.token,
            "scopes": settings.scopes,
        },
        "settings": {"plan": settings.plan, "currency": settings.currency, "search_lag": settings.search_lag},
        "counts": {
            "products": len(store.kinds["product"]),
            "variants": len(store.variants),
            "files": len(store.kinds["file"]),
            "orders": len(store.kinds["order"]),
        },
        "locations": [_picked(one, "id", "name", "isActive") for one in store.kinds["location"].values()],
        "publications": [_picked(one, "id", "name") for one in store.kinds["publication"].values()],
        "definitions": [
            {**_picked(one, "id", "ownerType", "namespace", "key"), "type": one["_type"]}
            for one in store.kinds["definition"].values()
        ],
        # Of a large generated catalogue only the counts: its levels are asked for below ``stock/``.
        "products": [product_state(store, one) for one in _listed(store)],
        "orders": [order_state(one) for one in store.kinds["order"].values()],
        "webhooks": list(store.kinds["webhook"].values()),
    }


def _listed(store: Store) -> Iterable[Obj]:
    products = store.kinds["product"]
    if store.stock is None or len(store.variants) <= MOST_LISTED:
        return products.values()
    return products.own()  # type: ignore[attr-defined]


def _picked(obj: Obj, *names: str) -> Obj:
    return {name: obj[name] for name in names}


def product_state(store: Store, product: Obj) -> Obj:
    """One product with options, variants, stock, media and their sources, metafields, channels."""
    plain = _picked(
        product, "id", "title", "handle", "status", "vendor", "productType", "descriptionHtml", "tags", "seo"
    )
    return {
        **plain,
        "createdAt": product["createdAt"],
        "updatedAt": product["updatedAt"],
        "options": [
            {"name": one["name"], "values": [value["name"] for value in one["_values"]]}
            for one in product["_options"]
        ],
        "media": [_media_state(store, id) for id in product["_media"]],
        "metafields": metafields_state(product),
        "publications": [store.kinds["publication"][id]["name"] for id in product["_publications"]],
        "variants": [_variant_state(variant) for variant in product["_variants"]],
    }


def metafields_state(owner: Obj) -> dict[str, str]:
    """Values by ``namespace.key``."""
    return {f"{one['namespace']}.{one['key']}": one["value"] for one in owner["_metafields"].values()}


def _media_state(store: Store, id: str) -> Obj:
    file = store.kinds["file"].get(id)
    if file is None:
        return {"id": id, "missing": True}
    return {"id": id, "source": file["_source"], "status": file["fileStatus"], "alt": file["alt"]}


def _variant_state(variant: Obj) -> Obj:
    item = variant["_item"]
    return {
        **_picked(variant, "id", "title", "price", "compareAtPrice", "barcode", "taxable", "inventoryPolicy"),
        "options": {one["name"]: one["value"] for one in variant["selectedOptions"]},
        "sku": item["sku"],
        "media": variant["_media"],
        "metafields": metafields_state(variant),
        "item": {
            **_picked(
                item, "id", "tracked", "requiresShipping", "harmonizedSystemCode", "countryCodeOfOrigin"
            ),
            "cost": item["unitCost"]["amount"] if item["unitCost"] else None,
            "weight": item["measurement"]["weight"],
        },
        "levels": {
            id: {"active": level["isActive"], **level["_q"], "on_hand": quantity(level, "on_hand")}
            for id, level in item["_levels"].items()
        },
    }


def order_state(order: Obj) -> Obj:
    """One order as it stands."""
    return {name: value for name, value in order.items() if name != "_metafields"}
