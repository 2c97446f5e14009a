"""Products read from Shopify: in one export or in pages, whole whatever goes wrong on the way."""

from __future__ import annotations

import pytest

from sync.connectors.shopify import ShopifyConnector, read
from sync.model.entity import Entity
from tests.contract.shopify.changes import creation, products, send
from tests.contract.shopify_factory import ShopifyHarness


class TestReads:
    def test_bulk_and_pages_tell_the_same(
        self,
        connector: ShopifyConnector,
        shop: ShopifyHarness,
        places: tuple[str, ...],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        send(connector, *[creation(n, places[:1], pictures=2, variants=3 + n * 30) for n in range(5)])
        paged = {p.id: p for p in products(connector)}
        monkeypatch.setattr(read, "SMALL", 0)
        before = len(shop.trace.requests)
        pages = list(connector.read(Entity.PRODUCT))
        assert "BulkRun" in [operation for operation, _ in shop.trace.requests[before:]]
        assert {r.id: r for page in pages for r in page.records} == paged and pages[-1].complete
        assert len(shop.trace.requests) - before <= 10

    def test_a_failed_bulk_operation_gives_way_to_pages(
        self, connector: ShopifyConnector, shop: ShopifyHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        send(connector, *[creation(n) for n in range(3)])
        monkeypatch.setattr(read, "SMALL", 0)
        shop.sandbox.fault("failed_bulk", None)
        pages = list(connector.read(Entity.PRODUCT))
        assert sum(len(page.records) for page in pages) == 3 and pages[-1].complete

    def test_a_bulk_operation_that_failed_once_is_started_again(
        self, connector: ShopifyConnector, shop: ShopifyHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        send(connector, *[creation(n) for n in range(3)])
        monkeypatch.setattr(read, "SMALL", 0)
        shop.sandbox.fault("failed_bulk", 1)
        assert sum(len(page.records) for page in connector.read(Entity.PRODUCT)) == 3
        assert "Products" not in [operation for operation, _ in shop.trace.requests]

    def test_an_empty_shop_is_read_whole(self, connector: ShopifyConnector) -> None:
        [page] = connector.read(Entity.PRODUCT)
        assert page.records == () and page.complete and page.expected == 0

    def test_a_lean_read_of_250_products_costs_about_30_points(
        self, connector: ShopifyConnector, shop: ShopifyHarness
    ) -> None:
        made = [o.target_id for o in send(connector, *[creation(n, pictures=1) for n in range(5)])]
        found = products(connector, ids=tuple(made), lean=True)
        assert shop.trace.requests[-1][0] == "ProductsLean" and shop.trace.requests[-1][1]["points"] <= 31
        assert all(v.item_id and v.sku and v.options for p in found for v in p.variants) and found[0].media

    def test_a_truncated_page_is_fetched_again(
        self, connector: ShopifyConnector, shop: ShopifyHarness
    ) -> None:
        send(connector, creation(1))
        for fault in ("truncated_json", "html_body", "server_error"):
            shop.sandbox.fault(fault, 1, match={"operation": "products"})
        assert len(products(connector)) == 1

    def test_a_product_without_sku_is_a_product(
        self, connector: ShopifyConnector, shop: ShopifyHarness
    ) -> None:
        shop.sandbox.post("/products", {"title": "Elle"})
        [found] = products(connector)
        assert found.variants[0].sku == "" and found.option_names == ()
