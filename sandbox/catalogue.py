"""A seeded, believable Turkish fashion catalogue in the raw shape of Sentos products.

Shape (public Sentos client code, e.g. secgin/SentosApiLibrary): ``id, sku, name, brand, category_id,
prices by
platform, stocks by warehouse, variants with color and model, images``. Inside the sandbox a price is a plain
decimal text ("1299.90"), or ``{"raw": value}`` where a dirty value must go out as it stands; picture URLs are
paths, because the port changes. Each product depends on the seed and its own number only.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from itertools import cycle
from typing import Any

from sandbox import catalogue_dirt
from sandbox.catalogue_words import (
    BRANDS,
    CARE,
    COLOUR_IDS,
    COLOURS,
    DETAIL,
    FITS,
    SHORT,
    SIZE_IDS,
    TREE,
    Garment,
)

Raw = dict[str, Any]

WAREHOUSES: list[Raw] = [{"id": 1, "name": "Merkez Depo"}, {"id": 2, "name": "İkitelli Depo"}]
VARIANTS_PER_PRODUCT = 6.4
FIRST_PRODUCT_ID = 4101
PICTURE_PATH = "/urunres/o_{}.jpg"
# Share of products by shape; the rest has colours and sizes.
_SHAPES = (("none", 0.05), ("colour", 0.08), ("size", 0.12))


@dataclass
class Catalogue:
    """What the generator made. ``truth`` tells per product id its dirt and what a correct sync does with
    it."""

    products: list[Raw]
    categories: list[Raw]
    warehouses: list[Raw]
    truth: dict[int, Raw] = field(default_factory=dict)
    pictures: dict[int, Raw] = field(default_factory=dict)

    def sellable(self) -> int:
        """Variants, where a product without any counts as one."""
        return sum(len(product["variants"]) or 1 for product in self.products)


@dataclass
class _Plan:
    """One product before it is written out: its garment and the grid from which its variants are the
    first ``count``."""

    index: int
    category_id: int
    group: str
    garment: Garment
    grid: list[tuple[str | None, str | None]]
    count: int
    dirt: str | None = None


def generate(
    products: int,
    seed: int = 1,
    dirt: float = 0.1,
    variants_total: int | None = None,
    images: int | None = None,
    dirts: Sequence[str] = (),
) -> Catalogue:
    """A catalogue of so many products, about 6.4 sellable variants each, or exactly ``variants_total`` in
    all.

    ``dirt`` is the share of products that carry one dirt each, out of ``dirts`` (default: all in turn);
    ``images`` the number of pictures per product (default 2 to 4, at most 9).
    ValueError when ``variants_total`` cannot be reached.
    """
    categories, leaves = _categories()
    dice = random.Random(f"{seed}:catalogue")
    chosen = sorted(dice.sample(range(products), round(products * dirt)))
    dirty = dict(zip(chosen, cycle(dirts or catalogue_dirt.names(seed)), strict=False))
    plans = [_plan(index, seed, leaves, dirty.get(index)) for index in range(products)]
    target = round(products * VARIANTS_PER_PRODUCT) if variants_total is None else variants_total
    catalogue = _build(plans, seed, images, categories)
    if (missing := target - catalogue.sellable()) and products:
        _spread(plans, missing, exact=variants_total is not None)
        catalogue = _build(plans, seed, images, categories)
    return catalogue


def _categories() -> tuple[list[Raw], list[tuple[int, str, Garment]]]:
    tree: list[Raw] = []
    leaves: list[tuple[int, str, Garment]] = []
    for place, (group, garments) in enumerate(TREE.items(), 1):
        root: Raw = {"id": place, "name": group, "parent_id": 0, "sub_categories": []}
        for number, (name, garment) in enumerate(garments.items(), 1):
            leaf_id = place * 20 + number
            root["sub_categories"].append(
                {"id": leaf_id, "name": name, "parent_id": place, "sub_categories": []}
            )
            leaves.append((leaf_id, group, garment))
        tree.append(root)
    return tree, leaves


def _plan(index: int, seed: int, leaves: list[tuple[int, str, Garment]], dirt: str | None) -> _Plan:
    dice = random.Random(f"{seed}:plan:{index}")
    category_id, group, garment = dice.choice(leaves)
    shape = "grid" if dirt else _shape(dice)
    # A dirt may need several sizes and colours to show.
    while dirt and len(garment.sizes[0]) < 4:
        category_id, group, garment = dice.choice(leaves)
    sizes: tuple[str | None, ...] = dice.choice(garment.sizes)
    colours: list[str | None] = list(dice.sample(list(COLOURS), 4))
    wanted = 2 if dirt else dice.choice((1, 1, 1, 2, 2))
    if shape == "none":
        return _Plan(index, category_id, group, garment, [], 0)
    if shape == "size" and len(sizes) > 1:
        colours, wanted = [None], 1
    elif shape == "colour" or len(sizes) == 1:
        sizes, wanted = (None,), dice.randint(2, 4)
    grid = [(colour, size) for colour in colours for size in sizes]
    return _Plan(index, category_id, group, garment, grid, min(wanted * len(sizes), len(grid)), dirt)


def _shape(dice: random.Random) -> str:
    draw = dice.random()
    for name, share in _SHAPES:
        if draw < share:
            return name
        draw -= share
    return "grid"


def _spread(plans: list[_Plan], missing: int, exact: bool) -> None:
    """Give clean products one variant more or fewer, in turn, until the total fits."""
    step = 1 if missing > 0 else -1
    while missing:
        before = missing
        for plan in plans:
            if missing and not plan.dirt and 2 <= plan.count + step <= len(plan.grid):
                plan.count += step
                missing -= step
        if missing == before:
            if exact:
                raise ValueError(
                    f"variants_total cannot be reached: off by {missing}; change products or the total"
                )
            return


def _build(plans: list[_Plan], seed: int, images: int | None, categories: list[Raw]) -> Catalogue:
    catalogue = Catalogue([], categories, [dict(warehouse) for warehouse in WAREHOUSES])
    for plan in plans:
        dice = random.Random(f"{seed}:product:{plan.index}")
        catalogue.products.append(_product(plan, dice, images, catalogue.pictures))
    clean = [product for plan, product in zip(plans, catalogue.products, strict=True) if not plan.dirt]
    for plan, product in zip(plans, catalogue.products, strict=True):
        if plan.dirt:
            dice = random.Random(f"{seed}:dirt:{plan.index}")
            truth = catalogue_dirt.apply(plan.dirt, product, clean, dice)
            catalogue.truth[product["id"]] = truth
            if "shares_with" in truth:
                catalogue.truth[truth["shares_with"]] = dict(catalogue_dirt.SHARED)
    return catalogue


def _product(plan: _Plan, dice: random.Random, images: int | None, pictures: dict[int, Raw]) -> Raw:
    number, garment = FIRST_PRODUCT_ID + plan.index, plan.garment
    sku = f"{garment.code}-{2201 + plan.index}"
    look, fabric = dice.choice(garment.looks), dice.choice(garment.fabrics)
    chosen = plan.grid[: plan.count]
    shown = _pictures(number, garment, chosen, images or dice.randint(2, 4), pictures, dice)
    return {
        "id": number,
        "category_id": plan.category_id,
        "sku": sku,
        "name": f"{look} {fabric} {garment.noun} {sku}",
        "invoice_name": garment.noun,
        "brand": None if dice.random() < 0.02 else dice.choice(BRANDS),
        "description": dice.choice(SHORT).format(fabric=fabric, look=look, noun=garment.noun),
        "description_detail": _detail(look, fabric, garment, dice),
        "barcode": "" if chosen else ean13(number, 0),
        "currency": "TL",
        **_prices(garment, dice),
        "vat_rate": garment.vat,
        "volumetric_weight": dice.choice((1, 1, 1, 2, 3)),
        "stocks": [] if chosen else _stocks(dice),
        "images": shown,
        "variants": [
            _variant(number, place, sku, pair, chosen, shown, dice) for place, pair in enumerate(chosen, 1)
        ],
    }


def _variant(
    product: int, place: int, parent: str, pair: tuple[str | None, str | None],
    chosen: list[tuple[str | None, str | None]], shown: list[Raw], dice: random.Random,
) -> Raw:  # fmt: skip
    colour, size = pair
    model_code = f"-M{SIZE_IDS[size]}" if size else ""
    colour_code = f"-R{COLOUR_IDS[colour]}" if colour else ""
    variant: Raw = {
        "id": product * 100 + place,
        "sku": f"{parent}{model_code}{colour_code}",
        "barcode": _barcode(product, place, parent, pair, dice),
    }
    if colour:
        variant["color"] = colour
    variant["model"] = {"name": "Beden", "value": size} if size else []
    variant["stocks"] = _stocks(dice)
    colours = list(dict.fromkeys(pair[0] for pair in chosen))
    variant["images"] = [shown[colours.index(colour)]] if 1 < len(colours) <= len(shown) else []
    return variant


def _barcode(
    product: int, place: int, parent: str, pair: tuple[str | None, str | None], dice: random.Random
) -> str:
    if dice.random() >= 0.03:
        return ean13(product, place)
    # Live catalogues also hold texts of their own making, and nothing at all.
    own = "-".join(str(part)[:3].upper() for part in pair if part)
    return dice.choice(("", f"{parent.replace('-', '')}-{own}"))


def ean13(product: int, place: int) -> str:
    """A valid EAN-13 of the Turkish range (869…), unique per product number (five digits) and place
    (four)."""
    digits = f"869{product % 100_000:05d}{place % 10_000:04d}"
    total = sum(int(digit) * (3 if position % 2 else 1) for position, digit in enumerate(digits))
    return digits + str(-total % 10)


def _stocks(dice: random.Random) -> list[Raw]:
    out = dice.random() < 0.12
    return [
        {"warehouse": 1, "stock": 0 if out else dice.randint(1, 60)},
        {"warehouse": 2, "stock": 0 if out or dice.random() < 0.35 else dice.randint(1, 25)},
    ]


def _prices(garment: Garment, dice: random.Random) -> Raw:
    sale = dice.randrange(garment.price[0], garment.price[1], 10) + dice.choice(
        (0.9, 0.9, 0.9, 0.0, 0.95, 0.5)
    )
    listed = sale if dice.random() < 0.3 else sale + dice.randrange(50, 600, 50)
    shop = sale if dice.random() < 0.5 else max(sale - dice.randrange(10, 60, 10), 1)
    trendyol = 0.0 if dice.random() < 0.3 else sale
    return {
        "purchase_price": f"{sale * dice.uniform(0.28, 0.45):.2f}",
        "sale_price": f"{sale:.2f}",
        "prices": {
            "b2c": {"list_price": f"{listed:.2f}", "sale_price": f"{sale:.2f}"},
            "shopify": {"list_price": f"{listed:.2f}", "sale_price": f"{shop:.2f}"},
            "trendyol": {"list_price": f"{trendyol:.2f}", "sale_price": f"{trendyol:.2f}"},
        },
    }


def _detail(look: str, fabric: str, garment: Garment, dice: random.Random) -> str:
    care = "".join(f"<li>{line}</li>" for line in dice.sample(CARE, 2))
    sentences = " ".join(dice.sample(DETAIL, 2))
    return (
        f"<p><strong>{look} {fabric} {garment.noun}</strong></p><p>{sentences}</p>"
        f"<ul><li>Kumaş: {fabric}</li>{care}</ul><p>{dice.choice(FITS)}</p>"
    )


def _pictures(
    product: int, garment: Garment, chosen: list[tuple[str | None, str | None]], count: int,
    pictures: dict[int, Raw], dice: random.Random,
) -> list[Raw]:  # fmt: skip
    """Picture ``n`` shows the ``n``-th colour while there are colours left, then other views of the first."""
    colours = [colour for colour in dict.fromkeys(pair[0] for pair in chosen) if colour]
    colours = colours or [dice.choice(list(COLOURS))]
    shown = []
    for number in range(count):
        picture = product * 10 + number
        colour = colours[number] if number < len(colours) else colours[0]
        pictures[picture] = {"kind": garment.picture, "colour": COLOURS[colour], "view": number}
        shown.append({"id": picture, "url": PICTURE_PATH.format(picture)})
    return shown
