"""Variants as Shopify tells them → stock items."""

from __future__ import annotations

from typing import Any

import pytest

from sync.connectors.shopify.wire.stock import stock_item, turned
from sync.engine.stock.decide import summed
from sync.model.stock import ALL_PLACES, ItemKind, StockLevel

PLACES = ("gid://shopify/Location/1", "gid://shopify/Location/2")


def quantities(**pieces: Any) -> list[dict[str, Any]]:
    return [{"name": name, "quantity": count} for name, count in pieces.items()]


def level(active: bool = True, **pieces: Any) -> dict[str, Any]:
    return {"isActive": active, "quantities": quantities(**pieces)}


def raw(**other: Any) -> dict[str, Any]:
    return {
        "id": "gid://shopify/ProductVariant/1",
        "sku": " AB-1 ",
        "displayName": "Kupa - Default Title",
        "requiresComponents": False,
        "product": {"id": "gid://shopify/Product/9", "isGiftCard": False, "tags": ["yaz"]},
        "inventoryItem": {
            "id": "gid://shopify/InventoryItem/5",
            "tracked": True,
            "l0": level(available=-3, on_hand=4, committed=5, reserved=2),
            "l1": None,
        },
        **other,
    }


def test_an_item_with_all_its_parts() -> None:
    item = stock_item(raw(), PLACES)
    assert (item.item_id, item.product_id, item.sku, item.label, item.tags) == (
        "gid://shopify/InventoryItem/5",
        "gid://shopify/Product/9",
        "AB-1",
        "Kupa",
        ("yaz",),
    )
    assert item.levels == (StockLevel(PLACES[0], -3, 4, 7),) and item.tracked is True and not item.problems


@pytest.mark.parametrize(
    ("other", "kind"),
    [
        ({"requiresComponents": True}, ItemKind.BUNDLE),
        ({"product": {"id": "gid://shopify/Product/9", "isGiftCard": True, "tags": []}}, ItemKind.GIFT_CARD),
        ({}, ItemKind.PLAIN),
    ],
)
def test_what_has_no_stock_of_its_own_is_told(other: dict[str, Any], kind: ItemKind) -> None:
    assert stock_item(raw(**other), PLACES).kind is kind


def test_no_sku_is_not_an_empty_one() -> None:
    assert stock_item(raw(sku=None), PLACES).sku is None and stock_item(raw(sku=""), PLACES).sku == ""


def test_where_it_is_no_longer_stocked_is_told_with_what_was_there() -> None:
    item = stock_item(
        raw(inventoryItem={"id": "i", "tracked": False, "l1": level(False, available=8)}), PLACES
    )
    assert item.levels == (StockLevel(PLACES[1], 8, None, 0, active=False),) and item.tracked is False


@pytest.mark.parametrize(
    "broken", [{}, {"quantities": None}, level(), level(available=None), level(available="x"), 7]
)
def test_a_level_that_cannot_be_read_is_a_problem_and_hides_all_levels(broken: Any) -> None:
    """It may be below zero: the others alone would come to more than there is."""
    item = stock_item(
        raw(inventoryItem={"id": "i", "tracked": True, "l0": broken, "l1": level(available=1)}), PLACES
    )
    assert item.levels == () and summed(item.levels, [ALL_PLACES]) is None
    assert [problem.cause for problem in item.problems] == ["stock.unreadable"]


def test_a_variant_without_an_item_or_product_is_still_one() -> None:
    item = stock_item({"id": "v", "inventoryItem": None, "product": None}, PLACES)
    assert (item.id, item.item_id, item.product_id, item.levels, item.tracked) == ("v", "", "", (), None)


def test_an_inventory_item_is_turned_into_its_variant() -> None:
    variant = raw()
    item = variant.pop("inventoryItem")
    assert stock_item(turned({**item, "variants": {"nodes": [variant]}}) or {}, PLACES) == stock_item(
        raw(), PLACES
    )
    assert turned({**item, "variants": {"nodes": []}}) is None


@pytest.mark.parametrize(("told", "status"), [({"status": "ARCHIVED"}, "archived"), ({}, "")])
def test_the_status_of_the_product_is_told_in_small_letters(told: dict[str, str], status: str) -> None:
    assert stock_item(raw(product={"id": "gid://shopify/Product/9", **told}), PLACES).status == status
