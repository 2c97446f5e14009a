"""The generated catalogue: sizes, seeds, believable values, and every dirt as it is named."""

from __future__ import annotations

import io
import unicodedata
from collections import Counter
from typing import Any

import pytest
from PIL import Image

from sandbox import catalogue_dirt, pictures
from sandbox.catalogue import Catalogue, ean13, generate
from sandbox.catalogue_words import COLOURS, TREE


def valid_ean(code: str) -> bool:
    if len(code) != 13 or not code.isdigit():
        return False
    return sum(int(digit) * (3 if place % 2 else 1) for place, digit in enumerate(code)) % 10 == 0


def only(dirt: str, products: int = 12) -> tuple[dict[str, Any], dict[str, Any], Catalogue]:
    """A product that carries this dirt, its truth, and the catalogue around it."""
    made = generate(products, dirt=0.1, dirts=(dirt,))
    number = next(number for number, truth in made.truth.items() if truth["dirt"] == dirt)
    return next(product for product in made.products if product["id"] == number), made.truth[number], made


def test_the_trial_catalogue_has_the_promised_size() -> None:
    made = generate(250)
    assert (len(made.products), made.sellable(), len(made.warehouses)) == (250, 1600, 2)
    assert sum(1 for truth in made.truth.values() if truth["dirt"]) == 25


def test_the_benchmark_catalogue_is_exact() -> None:
    made = generate(1624, dirt=0, variants_total=10_283, images=3)
    assert (len(made.products), made.sellable()) == (1624, 10_283)
    assert {len(product["images"]) for product in made.products} == {3}
    with pytest.raises(ValueError, match="cannot be reached"):
        generate(10, variants_total=10_000)


def test_the_same_seed_makes_the_same_catalogue() -> None:
    assert generate(40, seed=5) == generate(40, seed=5)
    assert generate(40, seed=5).products != generate(40, seed=6).products


def test_ids_and_clean_skus_are_unique() -> None:
    made = generate(250, dirt=0)
    variants = [variant for product in made.products for variant in product["variants"]]
    for name in ("id", "sku"):
        assert max(Counter(variant[name] for variant in variants).values()) == 1
    assert max(Counter(product["id"] for product in made.products).values()) == 1
    codes = [variant["barcode"] for variant in variants if variant["barcode"]]
    assert len(set(codes)) == len(codes)


def test_most_barcodes_are_valid_and_the_shapes_are_mixed() -> None:
    made = generate(250, dirt=0)
    variants = [variant for product in made.products for variant in product["variants"]]
    good = sum(valid_ean(variant["barcode"]) for variant in variants)
    assert 0.9 < good / len(variants) < 1
    assert valid_ean(ean13(4101, 0))
    shapes = Counter(_shape(product) for product in made.products)
    assert set(shapes) == {"none", "colour", "size", "both"} and shapes["both"] > 125


def _shape(product: dict[str, Any]) -> str:
    if not product["variants"]:
        return "none"
    first = product["variants"][0]
    return "both" if "color" in first and first["model"] else "colour" if "color" in first else "size"


def test_option_pairs_of_clean_products_are_unique() -> None:
    for product in generate(250, dirt=0).products:
        pairs = [(variant.get("color"), str(variant["model"])) for variant in product["variants"]]
        assert len(set(pairs)) == len(pairs)


def test_categories_form_the_tree_of_the_words() -> None:
    made = generate(250)
    assert [root["name"] for root in made.categories] == list(TREE)
    leaves = {leaf["id"]: root["id"] for root in made.categories for leaf in root["sub_categories"]}
    assert len(leaves) == sum(len(garments) for garments in TREE.values())
    assert all(product["category_id"] in leaves for product in made.products)


def test_every_dirt_has_a_truth_and_leaves_the_rest_clean() -> None:
    made = generate(len(catalogue_dirt.NAMES) * 10)
    found = {truth["dirt"] for truth in made.truth.values()} - {None}
    assert found == set(catalogue_dirt.NAMES)
    for truth in made.truth.values():
        assert truth["expect"] in truth["accept"] and truth["reason"]
        assert set(truth["accept"]) <= {"synced", "parked", "skipped"}


@pytest.mark.parametrize("dirt", catalogue_dirt.NAMES)
def test_each_dirt_changes_its_product(dirt: str) -> None:
    product, _, _ = only(dirt)
    clean = next(
        one for one in generate(12, dirt=0.1, dirts=("picture_404",)).products if one["id"] == product["id"]
    )
    if dirt == "picture_404":
        assert len(product["images"]) > 2
    else:
        assert product != clean


def test_what_the_dirts_look_like() -> None:
    assert only("price_thousands")[0]["prices"]["shopify"]["sale_price"]["raw"][1::4] == ".,"
    assert [variant["model"] for variant in only("model_null")[0]["variants"]] == [None, None]
    assert all(isinstance(variant["model"], str) for variant in only("model_string")[0]["variants"])
    assert all(isinstance(row["stock"], str) for row in only("string_stock")[0]["variants"][0]["stocks"])
    assert only("negative_stock")[0]["variants"][0]["stocks"][0]["stock"] < 0
    assert isinstance(only("object_warehouse")[0]["variants"][0]["stocks"][0]["warehouse"], dict)
    assert isinstance(only("images_object")[0]["images"], dict)
    assert isinstance(only("images_strings")[0]["images"][0], str)
    assert only("null_parent_sku")[0]["sku"] is None
    title = only("decomposed_title")[0]["name"]
    assert unicodedata.normalize("NFC", title) != title


def test_dirts_name_the_variants_that_stay_out() -> None:
    product, truth, _ = only("duplicate_options")
    first, last = product["variants"][0], product["variants"][-1]
    assert (first["color"], first["model"]) == (last["color"], last["model"])
    assert truth["left_out"] == [last["id"]]
    product, truth, made = only("duplicate_sku")
    other = next(one for one in made.products if one["id"] == truth["shares_with"])
    assert product["variants"][-1]["sku"] in {variant["sku"] for variant in other["variants"]}
    assert made.truth[other["id"]]["dirt"] is None and "parked" in made.truth[other["id"]]["accept"]


def test_a_lost_picture_is_not_among_the_pictures() -> None:
    product, truth, made = only("picture_404")
    (lost,) = truth["missing_pictures"]
    assert lost in [image["id"] for image in product["images"]]
    assert lost not in made.pictures


def test_pictures_are_small_distinct_and_repeatable() -> None:
    kinds = {garment.picture for garments in TREE.values() for garment in garments.values()}
    drawn = [
        pictures.draw(n, kind, colour, n)
        for n, kind in enumerate(sorted(kinds))
        for colour in COLOURS.values()
    ]
    assert max(map(len, drawn)) <= 10_240
    assert len(set(drawn)) == len(drawn)
    assert pictures.draw(7, "dress", "#b7222c") == pictures.draw(7, "dress", "#b7222c")
    assert pictures.draw(7, "dress", "#b7222c") != pictures.draw(8, "dress", "#b7222c")
    with Image.open(io.BytesIO(drawn[0])) as picture:
        assert (picture.format, picture.size) == ("JPEG", (300, 400))
