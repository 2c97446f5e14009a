"""Shopify's answers and our records."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import pytest

from sync.connectors.shopify.wire import compare, inputs
from sync.connectors.shopify.wire import order as orders
from sync.connectors.shopify.wire import product as products
from sync.connectors.shopify.wire.values import gids, grams, search_value
from sync.model.call import Change, Diff, Verb
from sync.model.entity import Entity
from sync.model.order import Extra
from sync.model.product import Level, Media, Product, Variant
from sync.model.values import Money

L1, L2 = "gid://shopify/Location/1", "gid://shopify/Location/2"


def lira(amount: str) -> Money:
    return Money(Decimal(amount), "TRY")


def bag(amount: str) -> dict[str, Any]:
    return {"shopMoney": {"amount": amount, "currencyCode": "TRY"}}


def a_variant(**other: Any) -> dict[str, Any]:
    return {
        "id": "gid://shopify/ProductVariant/2",
        "sku": "A-1",
        "barcode": None,
        "price": "199.90",
        "compareAtPrice": None,
        "taxable": True,
        "inventoryPolicy": "DENY",
        "requiresComponents": False,
        "selectedOptions": [{"name": "Renk", "value": "Mor"}],
        "inventoryItem": {
            "id": "gid://shopify/InventoryItem/3",
            "tracked": True,
            "unitCost": None,
            "harmonizedSystemCode": None,
            "countryCodeOfOrigin": "TR",
            "measurement": {"weight": {"value": 0.25, "unit": "KILOGRAMS"}},
            "l0": {"isActive": True, "quantities": [{"quantity": -3}]},
            "l1": None,
        },
        **other,
    }


def a_product(*variants: dict[str, Any], **other: Any) -> dict[str, Any]:
    return {
        "id": "gid://shopify/Product/1",
        "handle": "elbise",
        "title": " Elbise ",
        "descriptionHtml": "<p>x</p>",
        "vendor": "Moda",
        "productType": "",
        "tags": ["b", "a"],
        "status": "UNLISTED",
        "updatedAt": "2026-11-20T09:00:00Z",
        "category": None,
        "seo": {"title": None, "description": "d"},
        "options": [{"name": "Renk", "position": 1}],
        "variants": {"nodes": list(variants or [a_variant()])},
        **other,
    }


class TestProducts:
    def test_every_field_arrives(self) -> None:
        made = products.product(a_product(), "TRY", (L1, L2))
        assert (made.title, made.status, made.category, made.seo_title, made.option_names) == (
            "Elbise",
            "unlisted",
            "",
            "",
            ("Renk",),
        )
        [variant] = made.variants
        assert (variant.price, variant.compare_at, variant.cost) == (lira("199.90"), lira("0"), lira("0"))
        assert (variant.weight_grams, variant.barcode, variant.hs_code, variant.origin) == (
            Decimal(250),
            "",
            "",
            "TR",
        )
        assert variant.levels == (Level(L1, -3), Level(L2, 0, active=False))
        assert made.updated_at == datetime(2026, 11, 20, 9, tzinfo=UTC)

    def test_what_was_not_asked_for_is_not_said(self) -> None:
        made = products.product(a_product(), "TRY")
        assert made.media is None and made.channels is None and made.variants[0].media is None

    def test_a_deactivated_level_keeps_its_quantity(self) -> None:
        raw = a_variant()
        raw["inventoryItem"]["l1"] = {"isActive": False, "quantities": [{"quantity": 4}]}
        assert products.product(a_product(raw), "TRY", (L1, L2)).variants[0].levels[1] == Level(
            L2, 4, active=False
        )

    def test_the_one_default_variant_has_no_options(self) -> None:
        raw = a_variant(selectedOptions=[{"name": "Title", "value": "Default Title"}], sku=None)
        made = products.product(a_product(raw, options=[{"name": "Title", "position": 1}]), "TRY")
        assert made.option_names == () and made.variants[0].options == () and made.variants[0].sku == ""

    def test_a_price_that_is_no_number_is_a_problem_of_that_product(self) -> None:
        made = products.product(a_product(a_variant(price="1.299,90"), a_variant()), "TRY")
        assert made.variants[0].price is None and made.variants[1].price == lira("199.90")
        [problem] = made.problems
        assert (problem.cause, problem.field, problem.sku) == ("price.unreadable", "price", "A-1")

    def test_decomposed_text_is_composed(self) -> None:
        assert products.product(a_product(title="Gu\u0308zel"), "TRY").title == "Güzel"

    @pytest.mark.parametrize(
        ("unit", "value", "expected"),
        [
            ("GRAMS", 250.0, "250"),
            ("KILOGRAMS", 1.5, "1500"),
            ("POUNDS", 1.0, "453.592"),
            ("OUNCES", 0.0, "0"),
        ],
    )
    def test_weights_are_grams(self, unit: str, value: float, expected: str) -> None:
        assert grams({"unit": unit, "value": value}) == Decimal(expected)


class TestProductInputs:
    def body(self, **other: Any) -> Product:
        variants = (
            Variant(
                "",
                sku="A",
                options=(("Renk", "Mor"), ("Beden", "S")),
                price=lira("10"),
                compare_at=lira("0"),
                cost=lira("4"),
                tracked=True,
                weight_grams=Decimal(90),
                levels=(Level(L1, 5), Level(L2, -2)),
                media=("https://x.example/a.jpg",),
            ),
            Variant(
                "",
                sku="B",
                options=(("Renk", "Mor"), ("Beden", "M")),
                price=lira("12"),
                levels=(Level(L2, 1, False),),
            ),
        )
        return Product(
            "",
            title="Elbise",
            status="draft",
            tags=("b", "a", "b"),
            variants=variants,
            option_names=("Renk", "Beden"),
            media=(
                Media("", "https://x.example/a.jpg", "alt"),
                Media("", "https://x.example/a.jpg"),
                Media("", "http://10.0.0.1/b.jpg"),
            ),
            metafields={"sync.link": "1"},
            **other,
        )

    def made(self, **other: Any) -> dict[str, Any]:
        return inputs.product_set(self.body(**other), "shop:1", lambda url: "10.0.0.1" not in url)

    def test_a_create_carries_everything_at_once(self) -> None:
        made = self.made()
        assert made["status"] == "DRAFT" and made["tags"] == ["a", "b"]
        assert made["productOptions"] == [
            {"name": "Renk", "position": 1, "values": [{"name": "Mor"}]},
            {"name": "Beden", "position": 2, "values": [{"name": "S"}, {"name": "M"}]},
        ]
        first, second = made["variants"]
        assert first["inventoryQuantities"] == [
            {"locationId": L1, "name": "available", "quantity": 5},
            {"locationId": L2, "name": "available", "quantity": 0},
        ]
        assert first["inventoryItem"] == {
            "tracked": True,
            "cost": "4.00",
            "measurement": {"weight": {"value": 90.0, "unit": "GRAMS"}},
        }
        assert "compareAtPrice" not in first and "inventoryQuantities" not in second

    def test_each_picture_once_and_no_private_address(self) -> None:
        assert [f["originalSource"] for f in self.made()["files"]] == ["https://x.example/a.jpg"]

    def test_a_variants_picture_is_one_of_the_products(self) -> None:
        first, second = self.made()["variants"]
        assert first["file"]["originalSource"] == "https://x.example/a.jpg" and "file" not in second

    def test_the_custom_id_is_among_the_metafields(self) -> None:
        assert {"namespace": "sync", "key": "record", "type": "id", "value": "shop:1"} in self.made()[
            "metafields"
        ]

    def test_a_product_without_variants_gets_the_default_one(self) -> None:
        made = inputs.product_set(Product("", title="x"), "", lambda url: True)
        assert made["productOptions"][0]["values"] == [{"name": "Default Title"}]
        assert made["variants"][0]["optionValues"] == [{"optionName": "Title", "name": "Default Title"}]

    def test_cleared_fields_are_explicit_nulls(self) -> None:
        diffs = (
            Diff("compare_at", "9.00 TRY", ""),
            Diff("hs_code", "61", ""),
            Diff("barcode", "1", ""),
            Diff("sku", "a", "b"),
            Diff("weight", "1", "250.5"),
            Diff("stock_policy", "deny", "continue"),
        )
        change = Change("c", Entity.VARIANT, Verb.UPDATE, "s", "gid://shopify/ProductVariant/2", diffs=diffs)
        assert inputs.variant_update(change) == {
            "id": "gid://shopify/ProductVariant/2",
            "compareAtPrice": None,
            "barcode": "",
            "inventoryPolicy": "CONTINUE",
            "inventoryItem": {
                "harmonizedSystemCode": None,
                "sku": "b",
                "measurement": {"weight": {"value": 250.5, "unit": "GRAMS"}},
            },
        }

    def test_what_was_written_is_recognised(self) -> None:
        change = Change(
            "c",
            Entity.VARIANT,
            Verb.UPDATE,
            "s",
            "gid://shopify/ProductVariant/2",
            diffs=(
                Diff("price", "1.00 TRY", "199.90 TRY"),
                Diff("weight", "0", "250"),
                Diff("sku", "", "A-1"),
            ),
        )
        given = inputs.variant_update(change)
        assert compare.variant_has(a_variant(), given)
        assert not compare.variant_has(a_variant(price="199.91"), given)


class TestOrders:
    def raw(self, **other: Any) -> dict[str, Any]:
        line = {
            "id": "gid://shopify/LineItem/1",
            "sku": "A",
            "title": "Elbise",
            "variantTitle": "Mor",
            "quantity": 3,
            "currentQuantity": 2,
            "unfulfilledQuantity": 1,
            "requiresShipping": True,
            "isGiftCard": False,
            "originalUnitPriceSet": bag("100.00"),
            "discountAllocations": [{"allocatedAmountSet": bag("10.00")}],
            "taxLines": [{"rate": 0.1, "priceSet": bag("1")}],
            "variant": None,
        }
        return {
            "id": "gid://shopify/Order/9",
            "legacyResourceId": "9",
            "name": "#1001",
            "createdAt": "2026-11-20T09:00:00Z",
            "updatedAt": "2026-11-20T10:00:00Z",
            "currencyCode": "TRY",
            "taxesIncluded": True,
            "test": False,
            "edited": True,
            "tags": ["x"],
            "note": None,
            "displayFinancialStatus": "PARTIALLY_REFUNDED",
            "displayFulfillmentStatus": "UNFULFILLED",
            "email": "a@example.com",
            "customer": None,
            "currentTotalPriceSet": bag("223.33"),
            "currentShippingPriceSet": bag("30.00"),
            "totalTipReceivedSet": bag("5.00"),
            "totalRefundedSet": bag("0"),
            "totalCashRoundingAdjustment": {"paymentSet": bag("-0.03")},
            "lineItems": {"nodes": [line]},
            "shippingLines": {"nodes": [{"title": "Kargo"}]},
            "paymentGatewayNames": ["iyzico"],
            "shippingAddress": {
                "firstName": "Ayşe",
                "lastName": "Yılmaz",
                "address1": "1",
                "city": "Selçuklu",
                "province": "Konya",
                "countryCodeV2": "TR",
                "zip": "42000",
            },
            **other,
        }

    def test_lines_as_they_stand_now(self) -> None:
        [line] = orders.order(self.raw()).lines
        assert (line.quantity, line.original_quantity, line.fulfillable) == (2, 3, 1)
        assert (line.unit_price, line.discount, line.total) == (lira("100"), lira("6.67"), lira("193.33"))
        assert line.vat_rate == Decimal(10) and line.title == "Elbise - Mor"

    def test_money_beside_the_lines_and_the_total(self) -> None:
        made = orders.order(self.raw())
        assert made.extras == (Extra("tip", lira("5")), Extra("rounding", lira("-0.03")))
        assert made.total == lira("223.30") and made.shipping == lira("30") and made.shipping_title == "Kargo"

    def test_gift_card_payments_are_named(self) -> None:
        paid = {
            "id": "t",
            "kind": "SALE",
            "status": "SUCCESS",
            "gateway": "gift_card",
            "amountSet": bag("50"),
        }
        failed = {**paid, "status": "FAILURE"}
        assert (
            Extra("gift_card", lira("50"), "t") in orders.order(self.raw(transactions=[paid, failed])).extras
        )
        assert len(orders.order(self.raw(transactions=[failed])).extras) == 2

    def test_a_turkish_address_has_il_and_ilce(self) -> None:
        delivery = orders.order(self.raw()).delivery
        assert delivery is not None and (delivery.city, delivery.district, delivery.name) == (
            "Konya",
            "Selçuklu",
            "Ayşe Yılmaz",
        )

    def test_withheld_is_not_empty(self) -> None:
        made = orders.order(self.raw(email=None, customer=None), ("customer", "email"))
        assert made.buyer.email is None and made.buyer.name is None and made.withheld == ("customer", "email")
        assert orders.order(self.raw(email=None)).buyer.email == ""

    def test_an_order_that_cannot_be_understood_is_one_with_a_problem(self) -> None:
        made = orders.order(self.raw(currentTotalPriceSet=None))
        assert made.id == "gid://shopify/Order/9" and made.name == "#1001" and made.problems

    @pytest.mark.parametrize(
        ("rates", "expected"), [([0.2], "20"), ([0.01], "1"), ([0.055, 0.02], "7.5"), ([], None)]
    )
    def test_vat_in_percent(self, rates: list[float], expected: str | None) -> None:
        assert orders.vat_rate([{"rate": r} for r in rates]) == (
            None if expected is None else Decimal(expected)
        )


def test_search_values_are_quoted() -> None:
    assert search_value(r"O'Neill \ 5") == r"'O\'Neill \\ 5'"


def test_only_ids_of_the_kind_are_asked_for() -> None:
    assert gids(["7", "gid://shopify/Order/1", "gid://shopify/Product/8", "7", "x"], "Product") == [
        "gid://shopify/Product/7",
        "gid://shopify/Product/8",
    ]
