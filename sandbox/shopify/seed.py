"""A store's own catalogue: the sandbox's generated one, as a merchant would have entered it."""

from __future__ import annotations

import random
from typing import Any

from sandbox.catalogue import generate
from sandbox.shopify.backstage import create_product
from sandbox.shopify.settings import OWN_SHOP
from sandbox.shopify.store import Store

Obj = dict[str, Any]


def fill(store: Store, products: int, seed: int) -> Obj:
    """Enter a clean generated catalogue; counts of what was made. Pictures come from nowhere, so there are
    none."""
    # Another shop sells the same from its own shelves.
    shop = store.settings.shop
    dice = random.Random(seed if shop == OWN_SHOP else f"{shop}:{seed}")
    locations = list(store.kinds["location"])
    made = 0
    for raw in generate(products, seed, 0.0).products:
        create_product(store, _input(raw, locations, dice))
        made += 1
    return {"products": made, "variants": len(store.variants)}


def _input(raw: Obj, locations: list[str], dice: random.Random) -> Obj:
    variants = raw.get("variants") or [{**raw, "color": None, "model": None}]
    pairs = [(one.get("color"), _size(one.get("model"))) for one in variants]
    options = [
        (name, list(dict.fromkeys(str(pair[n]) for pair in pairs if pair[n])))
        for n, name in ((0, "Renk"), (1, "Beden"))
        if any(pair[n] for pair in pairs)
    ] or [("Title", ["Default Title"])]
    price = str(raw.get("sale_price") or dice.choice(("299.90", "499.90", "799.90")))
    return {
        "title": raw["name"],
        "descriptionHtml": raw.get("description_detail") or "",
        "vendor": raw.get("brand") or "",
        "status": "ACTIVE",
        "tags": ["katalog"],
        "publications": True,
        "productOptions": [
            {"name": name, "position": n, "values": [{"name": value} for value in values]}
            for n, (name, values) in enumerate(options, start=1)
        ],
        "variants": [
            {
                "optionValues": _choice(options, pair),
                "sku": one.get("sku"),
                "barcode": one.get("barcode"),
                "price": price,
                "inventoryItem": {"tracked": True},
                "inventoryQuantities": [
                    {"locationId": id, "name": "available", "quantity": dice.randrange(0, 40)}
                    for id in locations
                ],
            }
            for one, pair in zip(variants, pairs, strict=True)
        ],
    }


def _size(model: Any) -> str | None:
    value = model.get("value") if isinstance(model, dict) else model
    return str(value) if value else None


def _choice(options: list[tuple[str, list[str]]], pair: tuple[str | None, str | None]) -> list[Obj]:
    chosen = {"Renk": pair[0], "Beden": pair[1], "Title": "Default Title"}
    return [{"optionName": name, "name": chosen[name]} for name, _ in options]
