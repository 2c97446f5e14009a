"""Shopify documents: composed whole, one alias a location or row, and priced as real stores price them."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from graphql import build_schema, parse, specified_rules, validate
from graphql.validation import NoDeprecatedCustomRule

from sync.connectors.shopify.cost import MAX_COST, Learnt, estimate, page_size, product_set_points
from sync.connectors.shopify.documents import document, names, repeated

SCHEMA = Path(__file__).resolve().parents[3] / "sandbox/shopify/schema/admin-2026-10.graphql.gz"
PLACES = ("gid://shopify/Location/11", "gid://shopify/Location/22")


@pytest.fixture(scope="module")
def schema():
    return build_schema(gzip.decompress(SCHEMA.read_bytes()).decode(), assume_valid=True)


@pytest.mark.parametrize("name", names())
def test_every_document_is_valid_and_uses_nothing_deprecated(schema, name: str) -> None:
    assert (
        validate(schema, parse(document(name, PLACES).text), [*specified_rules, NoDeprecatedCustomRule]) == []
    )


@pytest.mark.parametrize(
    ("name", "rows"), [("inventory_activate", 25), ("inventory_track", 25), ("fulfilment_create", 3)]
)
def test_repeated_documents_are_valid(schema, name: str, rows: int) -> None:
    made = repeated(name, rows)
    assert validate(schema, parse(made.text), list(specified_rules)) == []
    assert len(made.operation.selection_set.selections) == rows


def test_every_location_gets_an_alias_of_its_own() -> None:
    text = document("products", PLACES).text
    assert re.findall(r'(l\d): inventoryLevel\(locationId: "([^"]+)"', text) == [
        ("l0", PLACES[0]),
        ("l1", PLACES[1]),
    ]


def test_without_locations_no_level_is_asked_for() -> None:
    assert "inventoryLevel(" not in document("products").text


def test_a_location_that_is_no_gid_does_not_enter_a_document() -> None:
    with pytest.raises(ValueError, match="not a location"):
        document("products", ('gid://shopify/Location/1") { id } evil: inventoryLevel(locationId: "2',))


def test_bulk_queries_keep_shopifys_rules() -> None:
    for name in ("bulk_products", "bulk_variants", "bulk_stock"):
        text = document(name, PLACES).text
        assert "nodes" not in text and "pageInfo" not in text
        assert text.count("edges {") <= 5


def test_idempotency_keys_are_there_where_shopify_demands_them() -> None:
    plain = [document("inventory_set").text, document("inventory_adjust").text]
    for text in (*plain, repeated("inventory_activate", 2).text):
        assert text.count("@idempotent(key: $key") == len(
            re.findall(r"inventory(?:SetQuantities|AdjustQuantities|Activate)\(", text)
        )


def test_a_stock_export_has_no_children_to_join() -> None:
    text = document("bulk_stock", PLACES).text
    assert text.count("edges {") == 1 and text.count("inventoryLevel(locationId:") == 2
    assert len(document("bulk_stock", tuple(f"gid://shopify/Location/{n}" for n in range(250))).text) < 65_535


def test_stock_is_read_cheaply() -> None:
    ids = {"ids": ["gid://shopify/ProductVariant/1"] * 250}
    assert estimate(document("stock_by_id", PLACES[:1]), ids) <= 10
    assert estimate(document("stock_by_item", PLACES[:1]), ids) <= 10
    assert estimate(document("bulk_state"), {"id": "1"}) == 1


@pytest.mark.parametrize(
    ("name", "variables", "cost"),
    [
        ("product_set", {"input": {"variants": [{}] * 7, "files": [{}] * 3, "metafields": [{}] * 2}}, 18),
        ("product_set", {"input": {"variants": [{"file": {"id": "1"}}] * 10}}, 18),
        ("inventory_set", {}, 10),
        ("inventory_adjust", {}, 10),
        ("variants_count", {}, 10),
        ("product_tags", {}, 20),
        ("products_lean", {"variants": 50, "media": 20}, 41),
        ("orders", {"first": 250, "lines": 50}, 882),
        ("bulk_run", {}, 10),
        ("products_count", {}, 10),
    ],
)
def test_costs_follow_the_fitted_formula(name: str, variables: dict, cost: float) -> None:
    assert estimate(document(name), variables) == cost


def test_a_page_is_as_large_as_its_cost_allows() -> None:
    for places in ((), PLACES, tuple(f"gid://shopify/Location/{n}" for n in range(1, 12))):
        doc, sizes = document("products", places), {"variants": 50, "media": 10}
        assert estimate(doc, {**sizes, "first": page_size(doc, sizes)}) <= MAX_COST
    assert page_size(document("products"), {"variants": 50, "media": 10}, most=5) == 5


def test_files_and_variants_cost_by_the_piece() -> None:
    assert (
        product_set_points({"variants": [{}, {"file": {"id": "1"}, "metafields": [{}]}], "files": [{}]}) == 3
    )


def test_the_platforms_own_figure_is_learnt() -> None:
    learnt, doc = Learnt(), document("products_lean")
    sizes = {"ids": ["gid://shopify/Product/1"], "variants": 50, "media": 20}
    learnt.learn(doc, sizes, 90)
    assert learnt.cost(doc, {**sizes, "ids": []}) == 90
    assert learnt.cost(doc, {**sizes, "variants": 10}) == estimate(doc, {**sizes, "variants": 10})
