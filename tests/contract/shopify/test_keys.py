"""Idempotency keys whose call is still under way, or whose attempt failed; stale rows that nobody names."""

from __future__ import annotations

from typing import Any

import pytest

from sync.connectors.shopify import ShopifyConnector
from sync.errors import OutcomeUnknown
from sync.model.call import Change, Found, State, Verb
from sync.model.entity import Entity
from sync.model.stock import StockItem
from tests.contract.sandboxes import Sandbox
from tests.contract.shopify.test_stock import settings, states
from tests.contract.shopify_factory import ShopifyHarness

WRITES = {"operation": ["inventorySetQuantities", "inventoryAdjustQuantities", "inventoryActivate*"]}


@pytest.fixture
def shop(running: Sandbox) -> ShopifyHarness:
    return ShopifyHarness(running, products=20)


@pytest.fixture
def items(connector: ShopifyConnector) -> list[StockItem]:
    pages = connector.read(Entity.STOCK)
    found = [r for page in pages for r in page.records if isinstance(r, StockItem)]
    return [item for item in found if item.levels and item.tracked][:3]


def strike(shop: ShopifyHarness, name: str, **params: Any) -> None:
    shop.sandbox.fault(name, 1, match=WRITES, params=params)


@pytest.mark.parametrize("effect", [False, True])
def test_a_call_still_under_way_is_looked_up_and_goes_again_as_it_was(
    shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem], effect: bool
) -> None:
    strike(shop, "idempotency_concurrent", effect=effect)
    [call] = connector.batch(settings(items))
    with pytest.raises(OutcomeUnknown):
        connector.send(call)
    found = connector.find_written(call).found
    assert (found is Found.YES) is effect
    assert {o.state for o in connector.send(call)} == {State.APPLIED}
    assert shop.effects() == len(items)


def test_a_failed_attempt_goes_again_as_a_new_call(
    shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
) -> None:
    strike(shop, "idempotency_failed")
    rows = settings(items)
    [call] = connector.batch(rows)
    unnamed = [(State.REFUSED, False)] * len(rows)
    assert states(connector.send(call)) == unnamed == states(connector.send(call))
    assert shop.effects() == 0
    [again] = connector.batch(rows)
    assert {o.state for o in connector.send(again)} == {State.APPLIED}


@pytest.mark.parametrize("name", ["idempotency_concurrent", "idempotency_failed"])
def test_one_activation_of_several_goes_again(
    shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem], name: str
) -> None:
    place = items[1].levels[0].location_id
    for item in items:
        shop.unstock(item, place)
    strike(shop, name, root="a1")
    changes = [
        Change(f"c{n}", Entity.STOCK, Verb.ACTIVATE, item.id, item.item_id, place=place)
        for n, item in enumerate(items)
    ]
    [call] = connector.batch(changes)
    applied, unnamed = (State.APPLIED, True), (State.REFUSED, False)
    assert states(connector.send(call)) == [applied, unnamed, applied]
    [again] = connector.batch(changes[1:2])
    assert states(connector.send(again)) == [applied]


def test_an_activation_under_way_that_came_about_is_seen(
    shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
) -> None:
    place = items[0].levels[0].location_id
    shop.unstock(items[0], place)
    strike(shop, "idempotency_concurrent", effect=True)
    change = Change("c", Entity.STOCK, Verb.ACTIVATE, items[0].id, items[0].item_id, place=place)
    [call] = connector.batch([change])
    assert states(connector.send(call)) == [(State.APPLIED, True)]


def test_stale_rows_that_are_not_named_are_found_by_what_they_show(
    shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
) -> None:
    shop.sandbox.post("/settings", {"stale_answer": "per_row_unnamed"})
    try:
        moved, rows = items[1], settings(items)
        shop.move_stock(moved, moved.levels[0].location_id, 77)
        [call] = connector.batch(rows)
        outcomes = connector.send(call)
    finally:
        shop.sandbox.post("/settings", {"stale_answer": "all_named"})
    assert [o.state for o in outcomes] == [State.APPLIED, State.STALE, State.APPLIED]
    assert outcomes[1].actual == 77 and shop.effects() == 2
