"""A restart does not look like an emptied shop; search understands its syntax and ignores what it does
not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from sandbox.shopify.order_generate import place_orders
from sandbox.shopify.settings import Settings
from sandbox.shopify.state import full_state
from tests.sandbox_shopify.conftest import Desk
from tests.sandbox_shopify.test_inventory import SET
from tests.sandbox_shopify.test_products import DEFINE


def test_a_restart_finds_everything(make_desk: Any, tmp_path: Path) -> None:
    path = str(tmp_path / "shop.db")
    desk = make_desk(path)
    desk.data(DEFINE, type="id")
    custom = {"namespace": "sync", "key": "source", "value": "1"}
    product = desk.product(
        files=[{"originalSource": "https://example.com/a.jpg"}], metafields=[{**custom, "type": "id"}]
    )
    rows = {"inventoryItemId": product["_variants"][0]["_item"]["id"], "locationId": desk.locations[0]}
    given = {
        "name": "available",
        "reason": "correction",
        "quantities": [{**rows, "quantity": 8, "changeFromQuantity": 3}],
    }
    first = desk.data(SET, input=given, key="k")
    place_orders(desk.store, {"count": 3, "seed": 1})
    before = full_state(desk.store)
    desk.tools.state.close()

    again = make_desk(path)
    assert full_state(again.store) == before
    assert again.data(SET, input=given, key="k") == first
    text = "query($c: UniqueMetafieldValueInput!) { productByIdentifier(identifier: {customId: $c}) { id } }"
    assert again.data(text, c=custom)["productByIdentifier"] == {"id": product["id"]}
    read = (
        '{orders(first: 5, query: "status:open") { nodes { name fulfillmentOrders(first: 1) { '
        "nodes { status } } } } }"
    )
    assert len(again.data(read)["orders"]["nodes"]) == 3
    fresh = again.product("Sonraki", code="X")
    assert fresh["id"] not in {one["id"] for one in before["products"]}
    again.tools.state.close()


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("status:active", ["Ayakkabı", "Bluz", "Ceket"]),
        ("status:draft,active", ["Ayakkabı", "Bluz", "Ceket", "Deri"]),
        ("-tag:yaz", ["Ceket", "Deri"]),
        ("tag:yaz AND title:Bluz", ["Bluz"]),
        ("handle:bluz,ceket", ["Bluz", "Ceket"]),
        ("sku:BL-S OR sku:CE-M", ["Bluz", "Ceket"]),
        ("(tag:yaz OR tag:kış) status:draft", ["Deri"]),
        ("sku:bl*", ["Bluz"]),
        ("updated_at:>='2026-11-20T12:00:00Z'", ["Ayakkabı", "Bluz", "Ceket", "Deri"]),
        ("updated_at:<'2026-11-20T12:00:00Z'", []),
        ("metafields.custom.mevsim:kış", ["Deri"]),
        ("bluz", ["Bluz"]),
        # Malformed or unknown: ignored, everything comes back.
        ("updated_at:>=yesterday", ["Ayakkabı", "Bluz", "Ceket", "Deri"]),
        ("no_such_field:1", ["Ayakkabı", "Bluz", "Ceket", "Deri"]),
    ],
)
def test_search_syntax(desk: Desk, query: str, found: list[str]) -> None:
    desk.product("Ayakkabı", code="AY", tags=["yaz"])
    desk.product("Bluz", code="BL", tags=["yaz"])
    desk.product("Ceket", code="CE")
    note = {"namespace": "custom", "key": "mevsim", "type": "single_line_text_field", "value": "kış"}
    desk.product("Deri", code="DE", tags=["kış"], status="DRAFT", metafields=[note])
    desk.clock.advance(5)
    nodes = desk.data("query($q: String) { products(first: 10, query: $q) { nodes { title } } }", q=query)
    assert [node["title"] for node in nodes["products"]["nodes"]] == found


@pytest.mark.parametrize("backwards", [False, True])
def test_pages_meet_without_gap_or_overlap(desk: Desk, backwards: bool) -> None:
    for n in range(7):
        desk.product(f"Ürün {n}", code=str(n))
    text = """query($a: String, $r: Boolean) { products(first: 3, after: $a, reverse: $r, sortKey:
    UPDATED_AT) {
      nodes { title } pageInfo { hasNextPage endCursor } } }"""
    seen: list[str] = []
    cursor = None
    while True:
        page = desk.data(text, a=cursor, r=backwards)["products"]
        seen += [node["title"] for node in page["nodes"]]
        cursor = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    wanted = [f"Ürün {n}" for n in range(7)]
    assert seen == (wanted[::-1] if backwards else wanted)


def test_unknown_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown setting colour"):
        Settings.of({"colour": "red"})
    with pytest.raises(ValueError, match="plan must be one of"):
        Settings.of({"plan": "huge"})
    assert "shpss" not in repr(Settings())
