"""A shop with more locations than one query can name: every way of reading stock shows all levels."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.connectors.shopify import ShopifyConnector, export, read_stock
from sync.connectors.shopify.documents import document
from sync.model.entity import Entity
from sync.model.page import ReadFilter
from sync.model.stock import StockItem
from tests.contract.sandboxes import Sandbox, sandbox
from tests.contract.shopify_factory import SPEED, ShopifyHarness

PLACES = 320


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    names = ",".join(f"Depo {n}" for n in range(PLACES))
    with sandbox("shopify", speed=SPEED, set=f"locations={names}") as process:
        yield process


@pytest.fixture(scope="module")
def shop(running: Sandbox) -> ShopifyHarness:
    return ShopifyHarness(running, products=4)


@pytest.fixture
def items(connector: ShopifyConnector) -> list[StockItem]:
    return read(connector)


def read(connector: ShopifyConnector, **which: object) -> list[StockItem]:
    pages = connector.read(Entity.STOCK, ReadFilter(**which))  # type: ignore[arg-type]
    return sorted(
        (r for page in pages for r in page.records if isinstance(r, StockItem)), key=lambda item: item.id
    )


def truth(shop: ShopifyHarness, item: StockItem) -> dict[str, int]:
    [variant] = shop.sandbox.get(f"/stock/level?sku={item.sku}")["variants"]
    return {level["location"]: level["available"] for level in variant["levels"]}


def shown(item: StockItem) -> dict[str, int]:
    return {level.location_id: level.available for level in item.levels}


def test_a_sweep_shows_every_level_in_one_operation(
    shop: ShopifyHarness, connector: ShopifyConnector
) -> None:
    before = len(shop.trace.requests)
    pages = list(connector.read(Entity.STOCK))
    found = [r for page in pages for r in page.records if isinstance(r, StockItem)]
    assert pages[-1].complete and pages[-1].expected == len(found) > 3
    whole = [item for item in found if len(item.levels) == PLACES]
    assert whole and all(shown(item) == truth(shop, item) for item in whole[:3])
    asked = [name for name, _ in shop.trace.requests[before:]]
    assert asked.count("BulkRun") == 1 and "StockPages" not in asked


def test_a_sweep_that_shows_the_same_again_is_told(connector: ShopifyConnector) -> None:
    cursor = list(connector.read(Entity.STOCK))[-1].cursor
    [page] = connector.read(Entity.STOCK, since=cursor)
    assert page.unchanged and page.complete


def test_one_piece_at_one_place_is_another_content(
    shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
) -> None:
    item = next(item for item in items if len(item.levels) == PLACES)
    cursor = list(connector.read(Entity.STOCK))[-1].cursor
    shop.move_stock(item, item.levels[-1].location_id, item.levels[-1].available + 1)
    pages = list(connector.read(Entity.STOCK, since=cursor))
    assert not pages[0].unchanged and pages[-1].cursor != cursor


def test_reads_by_id_split_the_places(
    shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
) -> None:
    for ids in ([i.id for i in items], [i.item_id for i in items], [items[0].id]):
        before = len(shop.trace.requests)
        assert read(connector, ids=tuple(ids)) == items[: len(ids)]
        asked = [f["points"] for name, f in shop.trace.requests[before:] if name.startswith("StockBy")]
        assert len(asked) == 2 and max(asked) < 600


def test_reads_by_sku_and_pages_show_the_same(
    shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
) -> None:
    skus = tuple(item.sku for item in items if item.sku)
    assert read(connector, skus=skus) == [item for item in items if item.sku]
    shop.sandbox.fault("failed_bulk", 2, match={"operation": "bulkOperationRunQuery"})
    before = len(shop.trace.requests)
    assert read(connector) == items
    assert [name for name, _ in shop.trace.requests[before:]].count("StockPages") == 1


def test_a_bulk_query_that_shopify_refuses_gives_way_to_pages(
    connector: ShopifyConnector, items: list[StockItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export, "MOST_INLINE", PLACES)
    pages = list(connector.read(Entity.STOCK))
    assert pages[-1].complete
    assert sorted((r for page in pages for r in page.records), key=lambda r: r.id) == items


def test_a_sweep_of_few_of_them_shows_no_other(connector: ShopifyConnector, items: list[StockItem]) -> None:
    some = tuple(
        level.location_id
        for level in next(i for i in items if len(i.levels) == PLACES).levels[: export.MOST_INLINE + 1]
    )
    for item in read(connector, locations=some):
        assert {level.location_id for level in item.levels} <= set(some)
        assert len(item.levels) in (0, 1, len(some))


def test_both_ways_of_a_sweep_show_the_same(
    connector: ShopifyConnector, items: list[StockItem], monkeypatch: pytest.MonkeyPatch
) -> None:
    some = tuple(
        sorted(level.location_id for level in next(i for i in items if len(i.levels) == PLACES).levels[:20])
    )
    inline = read(connector, locations=some)
    monkeypatch.setattr(export, "MOST_INLINE", 3)
    monkeypatch.setattr(read_stock, "_AT_ONCE", 3)
    assert read(connector, locations=some) == inline
    assert read(connector, locations=some, ids=tuple(i.id for i in inline)) == inline
    assert "inventoryLevels" in export.stock_document(some).text != document("bulk_stock", some).text
