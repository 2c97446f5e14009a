"""The dirts of a catalogue: one named thing that live Sentos data gets wrong, and what a correct sync
does with it.

Every entry is a shape met in public Sentos client code or in its live feeds. ``expect`` is the outcome a
correct
sync should reach, ``accept`` all outcomes that are correct, ``left_out`` the variant ids that it may not
carry over.
"""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from typing import Any

Raw = dict[str, Any]
Maker = Callable[[Raw, list[Raw], random.Random], Raw | None]
_MAKERS: dict[str, tuple[Maker, Raw]] = {}


def _dirt(expect: str, reason: str, *also: str) -> Callable[[Maker], Maker]:
    """Register a dirt under its function's name; ``also`` names further outcomes that are correct."""

    def register(maker: Maker) -> Maker:
        name = maker.__name__.lstrip("_")
        _MAKERS[name] = (maker, {"dirt": name, "expect": expect, "accept": [expect, *also], "reason": reason})
        return maker

    return register


def apply(name: str, product: Raw, clean: list[Raw], dice: random.Random) -> Raw:
    """Make ``product`` dirty in place; returns its truth, with the variant ids concerned where there are
    some.

    ``clean`` are the products that carry no dirt, for the dirts that need a second one.
    """
    maker, truth = _MAKERS[name]
    return {**truth, **(maker(product, clean, dice) or {})}


@_dirt("synced", "1.299,90 is a thousand two hundred ninety-nine lira and ninety kuruş")
def price_thousands(product: Raw, _: list[Raw], dice: random.Random) -> None:
    _reprice(product, {"raw": f"{dice.randint(1, 9)}.{dice.randint(200, 899)},90"})


@_dirt("parked", "1.220 may be one lira twenty-two or one thousand two hundred twenty", "skipped")
def price_ambiguous(product: Raw, _: list[Raw], dice: random.Random) -> None:
    _reprice(product, {"raw": f"{dice.randint(1, 9)}.{dice.randint(100, 999)}"})


@_dirt("parked", "a price of zero is never written", "skipped")
def price_zero(product: Raw, _: list[Raw], __: random.Random) -> None:
    _reprice(product, "0.00")


@_dirt("parked", "there is no price", "skipped")
def price_missing(product: Raw, _: list[Raw], __: random.Random) -> None:
    product["sale_price"], product["prices"] = {"raw": None}, {}


@_dirt("synced", "a price with a decimal point")
def price_dot(product: Raw, _: list[Raw], dice: random.Random) -> None:
    _reprice(product, {"raw": f"{dice.randint(300, 1900)}.90"})


@_dirt("synced", "a price as a JSON number")
def price_number(product: Raw, _: list[Raw], dice: random.Random) -> None:
    _reprice(product, {"raw": dice.randint(300, 1900) + 0.9})


@_dirt("synced", "prices is [] instead of an object: the product's own price counts")
def prices_empty_array(product: Raw, _: list[Raw], __: random.Random) -> None:
    product["prices"] = []


@_dirt("synced", "model is a plain text")
def model_string(product: Raw, _: list[Raw], __: random.Random) -> None:
    for variant in product["variants"]:
        variant["model"] = variant["model"]["value"]


@_dirt("synced", "model is null: colours only")
def model_null(product: Raw, _: list[Raw], __: random.Random) -> None:
    _one_per_colour(product)
    for variant in product["variants"]:
        variant["model"] = None


@_dirt("synced", "model holds a number")
def model_number(product: Raw, _: list[Raw], __: random.Random) -> None:
    for place, variant in enumerate(product["variants"]):
        variant["model"] = {"name": "Beden", "value": 34 + 2 * place}


@_dirt("synced", "model is [] instead of an object: colours only")
def model_empty_array(product: Raw, _: list[Raw], __: random.Random) -> None:
    _one_per_colour(product)
    for variant in product["variants"]:
        variant["model"] = []


@_dirt("synced", "no model at all: colours only")
def colour_only(product: Raw, _: list[Raw], __: random.Random) -> None:
    _one_per_colour(product)
    for variant in product["variants"]:
        del variant["model"]


@_dirt("synced", "no colour at all: sizes only")
def size_only(product: Raw, _: list[Raw], __: random.Random) -> None:
    first = product["variants"][0]["color"]
    product["variants"] = [variant for variant in product["variants"] if variant["color"] == first]
    for variant in product["variants"]:
        del variant["color"]


@_dirt("synced", "one variant lacks its colour: an option must be filled", "parked")
def mixed_options(product: Raw, _: list[Raw], __: random.Random) -> None:
    del product["variants"][-1]["color"]


@_dirt(
    "synced", "two variants have the same colour and size: the first is kept, the other reported", "parked"
)
def duplicate_options(product: Raw, _: list[Raw], __: random.Random) -> Raw:
    first, last = product["variants"][0], product["variants"][-1]
    last["color"], last["model"] = first["color"], dict(first["model"])
    return {"left_out": [last["id"]]}


@_dirt("synced", "a variant without SKU is skipped and reported", "parked")
def empty_variant_sku(product: Raw, _: list[Raw], dice: random.Random) -> Raw:
    variant = product["variants"][-1]
    variant["sku"] = dice.choice(("", None))
    return {"left_out": [variant["id"]]}


@_dirt("parked", "one of its SKUs belongs to another product too", "synced", "skipped")
def duplicate_sku(product: Raw, clean: list[Raw], _: random.Random) -> Raw:
    other = next((one for one in clean if len(one["variants"]) > 1), None)
    if other is None:
        return {"expect": "synced", "reason": "no other product to share a SKU with"}
    product["variants"][-1]["sku"] = other["variants"][-1]["sku"]
    return {"shares_with": other["id"], "left_out": [product["variants"][-1]["id"]]}


@_dirt("synced", "the parent has no SKU; its variants have")
def null_parent_sku(product: Raw, _: list[Raw], __: random.Random) -> None:
    product["sku"] = None


@_dirt("synced", "SKUs carry blanks around them")
def padded_sku(product: Raw, _: list[Raw], __: random.Random) -> None:
    for variant in product["variants"]:
        variant["sku"] = f" {variant['sku']} "


@_dirt("synced", "stock is a text")
def string_stock(product: Raw, _: list[Raw], __: random.Random) -> None:
    for row in _stock_rows(product):
        row["stock"] = str(row["stock"])


@_dirt("synced", "negative stock is sold as zero")
def negative_stock(product: Raw, _: list[Raw], dice: random.Random) -> None:
    for row in product["variants"][0]["stocks"]:
        row["stock"] = -dice.randint(1, 5)


@_dirt("synced", "the warehouse is an object")
def object_warehouse(product: Raw, _: list[Raw], __: random.Random) -> None:
    for row in _stock_rows(product):
        row["warehouse"] = {"id": row["warehouse"], "name": f"Depo {row['warehouse']}"}


@_dirt("synced", "images is one object instead of a list")
def images_object(product: Raw, _: list[Raw], __: random.Random) -> None:
    product["images"] = product["images"][0]


@_dirt("synced", "images are plain addresses")
def images_strings(product: Raw, _: list[Raw], __: random.Random) -> None:
    product["images"] = [image["url"] for image in product["images"]]


@_dirt("synced", "one picture's address answers 404: that picture fails, the product does not")
def picture_404(product: Raw, _: list[Raw], __: random.Random) -> Raw:
    lost = product["id"] * 10 + 9
    product["images"].append({"id": lost, "url": f"/urunres/o_{lost}.jpg"})
    return {"missing_pictures": [lost]}


@_dirt("synced", "emoji in the title")
def emoji_title(product: Raw, _: list[Raw], __: random.Random) -> None:
    product["name"] = f"🌸 {product['name']} 👗✨ 👩‍👧"


@_dirt("synced", "a right-to-left title")
def rtl_title(product: Raw, _: list[Raw], __: random.Random) -> None:
    product["name"] = f"فستان صيفي {product['sku']}"


@_dirt("synced", "HTML in the title must stay text")
def html_title(product: Raw, _: list[Raw], __: random.Random) -> None:
    product["name"] = f"<b>{product['name']}</b> <img src=x onerror=alert(1)>"


@_dirt("synced", "the title's letters are decomposed Unicode")
def decomposed_title(product: Raw, _: list[Raw], __: random.Random) -> None:
    product["name"] = unicodedata.normalize("NFD", product["name"])


@_dirt("synced", "the title is an object", "parked", "skipped")
def name_object(product: Raw, _: list[Raw], __: random.Random) -> None:
    product["name"] = {"tr": product["name"]}


@_dirt("parked", "there is no title", "skipped")
def name_missing(product: Raw, _: list[Raw], __: random.Random) -> None:
    product["name"], product["invoice_name"] = None, None


@_dirt("synced", "an option value contains ' / '")
def option_value_slash(product: Raw, _: list[Raw], __: random.Random) -> None:
    for variant in product["variants"]:
        variant["model"] = {"name": "Beden", "value": f"{variant['model']['value']} / TR"}


NAMES: tuple[str, ...] = tuple(_MAKERS)

# The truth of the clean product that a ``duplicate_sku`` names: whether it may park is the sync's choice.
SHARED: Raw = {
    "dirt": None,
    "expect": "synced",
    "accept": ["synced", "parked", "skipped"],
    "reason": "another product claims one of its SKUs",
}


def names(seed: int) -> list[str]:
    """All dirts in the order in which a catalogue of this seed meets them; another seed begins elsewhere."""
    start = (seed - 1) * 11 % len(NAMES)
    return [*NAMES[start:], *NAMES[:start]]


def _reprice(product: Raw, price: Any) -> None:
    """One price everywhere a sync might look for it; the purchase price stays."""
    product["sale_price"] = price
    for entry in product["prices"].values():
        entry["sale_price"] = entry["list_price"] = price


def _one_per_colour(product: Raw) -> None:
    seen: dict[str, Raw] = {}
    for variant in product["variants"]:
        seen.setdefault(variant["color"], variant)
    product["variants"] = list(seen.values())


def _stock_rows(product: Raw) -> list[Raw]:
    return [row for variant in product["variants"] for row in variant["stocks"]]
