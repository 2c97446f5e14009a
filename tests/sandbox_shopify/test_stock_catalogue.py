"""Generated stock catalogues: the same as columns and as objects, shared SKUs, dirt, ids of their own."""

from __future__ import annotations

import unicodedata
from pathlib import Path
from typing import Any

import pytest

from sandbox.shopify import make
from sandbox.shopify.settings import Settings
from sandbox.shopify.state import full_state
from sandbox.shopify.stock_plan import DIRT, GIFT, StockPlan
from tests.sandbox_shopify.conftest import Desk
from tests.sandbox_shopify.stock import items, level, row, stock_desk, write

READ = """{ productVariants(first: 100) { nodes { id sku displayName requiresComponents product { id tags
isGiftCard }
  inventoryItem { id tracked inventoryLevels(first: 9) { nodes { id isActive location { name }
  quantities(names: ["available", "on_hand", "committed"]) { name quantity updatedAt } } } } } } }"""


def test_columns_show_what_objects_show(tmp_path: Path) -> None:
    columns = stock_desk(stock_dirt="0.2", stock_unstocked="0.1")
    objects = stock_desk(str(tmp_path / "a.db"), stock_dirt="0.2", stock_unstocked="0.1")
    assert columns.store.stock is not None and objects.store.stock is None
    assert columns.data(READ) == objects.data(READ)
    assert full_state(columns.store) == full_state(objects.store)
    objects.tools.state.close()


def test_generated_objects_have_what_new_ones_have() -> None:
    desk = stock_desk()
    made = desk.product()
    product = desk.store.sorted("product", "id")[0]
    assert list(product) == list(made)
    variant, other = product["_variants"][0], made["_variants"][0]
    assert set(variant) == set(other) and set(variant["_item"]) == set(other["_item"])
    theirs = next(iter(other["_item"]["_levels"].values()))
    assert list(level(desk, variant["_item"]["id"])) == list(theirs)
    assert set(product["_options"][0]) == set(make.new_option(desk.store, "A", ["B"], 1))


def test_stores_share_skus_and_no_id() -> None:
    here = stock_desk(shop="a-store", stock_common=30, stock_seed=1)
    there = stock_desk(shop="b-store", stock_common=30, stock_seed=2)
    first, second = ({v["sku"]: v for v in d.data(READ)["productVariants"]["nodes"]} for d in (here, there))
    assert len(first) == 40 and len(first.keys() & second.keys()) == 30
    ids = [{i for v in one.values() for i in _ids(v)} for one in (first, second)]
    assert not ids[0] & ids[1]
    assert here.data("{ shop { id } locations(first: 5) { nodes { id } } }") != there.data(
        "{ shop { id } locations(first: 5) { nodes { id } } }"
    )
    assert there.data("query($i: ID!) { node(id: $i) { id } }", i=items(here)[0]) == {"node": None}


def _ids(variant: dict[str, Any]) -> list[str]:
    levels = variant["inventoryItem"]["inventoryLevels"]["nodes"]
    inner = [variant["id"], variant["product"]["id"], variant["inventoryItem"]["id"]]
    return [*inner, *(one["id"] for one in levels)]


@pytest.mark.parametrize(("seed", "differ"), [("1", 0), ("2", 80), ("999", 80)])
def test_seeds_decide_whether_none_or_all_levels_differ(seed: str, differ: int) -> None:
    here, there = stock_desk(stock_seed="1"), stock_desk(shop="other", stock_seed=seed)
    pairs = zip(items(here), items(there), strict=True)
    moved = [
        (a, place)
        for a, b in pairs
        for place in (0, 1)
        if level(here, a, place)["_q"]["available"] != level(there, b, place)["_q"]["available"]
    ]
    assert len(moved) == differ


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_every_dirt_is_there_and_is_what_it_says(seed: int) -> None:
    plan = StockPlan("demo", 2000, 1900, seed=seed, dirt=0.1)
    by_kind: dict[str, list[int]] = {}
    for n in range(plan.skus):
        by_kind.setdefault(plan.dirt_of(n), []).append(n)
    assert set(by_kind) == {"", GIFT, *DIRT}
    assert plan.counts() == {kind or "clean": len(rows) for kind, rows in by_kind.items()}
    assert {plan.sku(n) for n in by_kind["empty"]} == {None, ""}
    assert all(plan.sku(n) == plan.sku(plan.twin(n)) for n in by_kind["duplicate"])
    for n in by_kind["nfd"]:
        sku = plan.sku(n)
        assert sku is not None and sku != plan.clean(n) == unicodedata.normalize("NFC", sku)
    assert all((plan.sku(n) or "").strip() == plan.clean(n) for n in by_kind["blanks"])
    assert all((plan.sku(n) or "").upper() == plan.clean(n).upper() for n in by_kind["case"])
    assert plan.sku(1950) == "DEMO-0001950"


def test_dirt_reaches_the_objects() -> None:
    desk = stock_desk(stock_skus="400", stock_dirt="0.2")
    plan = desk.store.settings.stock_plan
    for n, variant in enumerate(desk.store.sorted("variant", "id")):
        kind, product = plan.dirt_of(n), desk.store.product_of(variant)
        assert variant["_item"]["tracked"] == (kind != "untracked")
        assert variant["requiresComponents"] == (kind == "bundle")
        assert product["isGiftCard"] == (kind == GIFT)


def test_what_columns_cannot_hold_becomes_an_object() -> None:
    desk = stock_desk()
    product = desk.store.sorted("product", "id")[0]
    update = """mutation($id: ID!, $v: [ProductVariantsBulkInput!]!) { productVariantsBulkUpdate(productId:
    $id,
      variants: $v) { userErrors { message } } }"""
    first = product["_variants"][0]["id"]
    assert desk.data(update, id=product["id"], v=[{"id": first, "price": "1.50"}]) == {
        "productVariantsBulkUpdate": {"userErrors": []}
    }
    read = "query($id: ID!) { productVariant(id: $id) { price sku } }"
    assert desk.data(read, id=first)["productVariant"] == {"price": "1.50", "sku": "SKU-0000000"}
    nodes = desk.data(READ)["productVariants"]["nodes"]
    assert [one["sku"] for one in nodes][:5] == [
        "SKU-0000000", "ŞAL-0000001", "TRN-0000002", "TRN-0000003", "ÖRGÜ-0000004"]  # fmt: skip
    assert len({one["id"] for one in nodes}) == 40
    write(desk, [row(desk, items(desk)[0], 5, None)])
    assert level(desk, items(desk)[0])["_q"]["available"] == 5


def test_search_finds_generated_variants() -> None:
    desk = stock_desk()
    text = "query($q: String) { productVariants(first: 50, query: $q) { nodes { sku } } }"

    def found(query: str) -> list[str]:
        return [one["sku"] for one in desk.data(text, q=query)["productVariants"]["nodes"]]

    assert found("sku:'TRN-0000002'") == ["TRN-0000002"]
    assert found("sku:'TRN-0000002' OR sku:'SKU-0000006'") == ["TRN-0000002", "SKU-0000006"]
    assert found("sku:sku*")[:3] == ["SKU-0000000", "SKU-0000006", "SKU-0000007"]
    assert len(found("managed:true")) == 40
    assert found("tag:yeni") == []


def test_a_new_tag_is_found_once_search_knows_of_it() -> None:
    desk = stock_desk()
    product = desk.store.sorted("product", "id")[2]
    add = 'mutation($id: ID!) { tagsAdd(id: $id, tags: ["yeni"]) { userErrors { message } } }'
    desk.data(add, id=product["id"])
    text = 'query { products(first: 5, query: "tag:yeni") { nodes { id tags } } }'
    assert desk.data(text)["products"]["nodes"] == []
    desk.clock.advance(5)
    assert desk.data(text)["products"]["nodes"] == [{"id": product["id"], "tags": ["stok", "yeni"]}]


def test_a_deleted_variant_is_gone_everywhere() -> None:
    desk = stock_desk()
    variant = desk.store.sorted("variant", "id")[1]
    item, product = variant["_item"]["id"], variant["_product"]
    delete = """mutation($p: ID!, $v: [ID!]!) { productVariantsBulkDelete(productId: $p, variantsIds: $v) {
      userErrors { message } } }"""
    desk.data(delete, p=product, v=[variant["id"]])
    assert desk.data("query($i: ID!) { inventoryItem(id: $i) { id } }", i=item) == {"inventoryItem": None}
    assert len(desk.data(READ)["productVariants"]["nodes"]) == 39
    assert desk.data("{ productVariantsCount { count } }") == {"productVariantsCount": {"count": 39}}
    assert desk.store.with_sku("ŞAL-0000001") == []


def test_a_state_file_keeps_a_small_catalogue_and_refuses_a_large_one(tmp_path: Path) -> None:
    path = str(tmp_path / "shop.db")
    desk = stock_desk(path)
    write(desk, [row(desk, items(desk)[3], 7, None)])
    before, effects = full_state(desk.store), desk.tools.ledger.to_dict()["effects"]
    desk.tools.state.close()
    again = stock_desk(path)
    assert full_state(again.store) == before
    assert again.tools.ledger.to_dict()["effects"] == effects
    assert write(again, [row(again, items(again)[3], 7, None)])["inventoryAdjustmentGroup"]["changes"]
    again.tools.state.close()
    with pytest.raises(ValueError, match="without --state"):
        Desk(str(tmp_path / "large.db"), stock_skus="100001")


def test_shares_out_of_range_are_refused() -> None:
    with pytest.raises(ValueError, match="stock_dirt"):
        Settings.of({"stock_dirt": "0.7"})


def test_objects_are_forgotten_between_requests() -> None:
    desk = stock_desk(stock_skus="400")
    text = """query($a: String) { productVariants(first: 50, after: $a) { nodes { id product { id } }
      pageInfo { endCursor hasNextPage } } }"""
    seen: list[str] = []
    after = None
    while True:
        page = desk.data(text, a=after)["productVariants"]
        seen += [node["id"] for node in page["nodes"]]
        assert desk.store.stock is not None and len(desk.store.stock._views) < 40
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len(seen) == len(set(seen)) == 400


def test_a_changed_sku_is_found_and_the_old_one_is_not() -> None:
    desk = stock_desk()
    item, variant = items(desk)[2], desk.store.sorted("variant", "id")[2]["id"]
    assert desk.store.with_sku("TRN-0000002") == [variant]
    text = """mutation($id: ID!, $sku: String) { inventoryItemUpdate(id: $id, input: {sku: $sku}) {
      inventoryItem { sku } userErrors { message } } }"""
    for sku in ("YENİ-1", "TRN-0000003"):
        desk.data(text, id=item, sku=sku)
        assert desk.store.with_sku("TRN-0000002") == []
        assert variant in desk.store.with_sku(sku)
    assert len(desk.store.with_sku("TRN-0000003")) == 2 and desk.store.with_sku("YENİ-1") == []
