"""Locations at which nothing may be written: a fulfilment service's, and deactivated ones."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.connectors.shopify import ShopifyConnector
from sync.model.call import Change, Diff, Outcome, State, Verb
from sync.model.entity import Entity
from sync.model.page import ReadFilter
from sync.model.stock import StockItem
from tests.contract.sandboxes import Sandbox, sandbox
from tests.contract.shopify_factory import SPEED, ShopifyHarness

KINDS = ("objects", "columns")


@pytest.fixture(scope="module", params=KINDS)
def running(request: pytest.FixtureRequest) -> Iterator[Sandbox]:
    """The same shop with a catalogue of objects, and with one in columns."""
    settings = {"set": "stock_skus=40"} if request.param == "columns" else {}
    with sandbox("shopify", speed=SPEED, **settings) as process:
        yield process


@pytest.fixture
def shop(running: Sandbox) -> ShopifyHarness:
    rows = running.get("/stock/plan")["skus"]
    made = ShopifyHarness(running, products=0 if rows else 10)
    first = running.get("/state")["locations"][0]["id"]
    running.post("/locations", {"location": first, "isActive": True, "isFulfillmentService": False})
    return made


def read(connector: ShopifyConnector, **which: object) -> list[StockItem]:
    pages = connector.read(Entity.STOCK, ReadFilter(**which))  # type: ignore[arg-type]
    return [r for page in pages for r in page.records if isinstance(r, StockItem)]


def closed(shop: ShopifyHarness, connector: ShopifyConnector, number: int, **how: bool) -> str:
    """Changes the n-th location; its id. What was known of the locations before is forgotten."""
    place = connector.choices("locations")[number].id
    shop.sandbox.post("/locations", {"location": place, **how})
    connector.check()
    return place


def tried(connector: ShopifyConnector, items: list[StockItem], place: str, verb: Verb) -> list[Outcome]:
    rows = [(item, next(lv.available for lv in item.levels if lv.location_id == place)) for item in items]
    changes = [
        Change(
            f"c{n}", Entity.STOCK, verb, item.id, item.item_id, place=place,
            diffs=() if verb is Verb.ACTIVATE else (Diff("available", have, have + 1),),
        )
        for n, (item, have) in enumerate(rows)
    ]  # fmt: skip
    [call] = connector.batch(changes)
    return connector.send(call)


@pytest.mark.parametrize("verb", [Verb.SET, Verb.ADJUST, Verb.ACTIVATE])
@pytest.mark.parametrize(
    ("how", "why"),
    [
        ({"isFulfillmentService": True}, "third-party fulfillment service"),
        ({"isActive": False}, "could not be found"),
    ],
)
def test_what_is_written_there_is_refused_by_name(
    shop: ShopifyHarness, connector: ShopifyConnector, how: dict[str, bool], why: str, verb: Verb
) -> None:
    items = [item for item in read(connector) if len(item.levels) == 2 and item.tracked][:2]
    place = closed(shop, connector, 1, **how)
    outcomes = tried(connector, items, place, verb)
    assert {(o.state, o.named) for o in outcomes} == {(State.REFUSED, True)}
    assert why in str(outcomes[0].message)


def test_a_fulfilment_services_location_is_offered_as_read_only(
    shop: ShopifyHarness, connector: ShopifyConnector
) -> None:
    place = closed(shop, connector, 1, isFulfillmentService=True)
    shown = {choice.id: choice for choice in connector.choices("locations")}
    assert not shown[place].writable and "fulfilment service" in shown[place].detail
    assert [choice.writable for choice in shown.values()].count(True) == 1


def test_all_locations_are_the_merchants_own(shop: ShopifyHarness, connector: ShopifyConnector) -> None:
    place = closed(shop, connector, 1, isFulfillmentService=True)
    for which in ({}, {"limit": 5}, {"ids": (read(connector)[0].id,)}):
        items = read(connector, **which)
        assert items and place not in {level.location_id for item in items for level in item.levels}


def test_one_that_is_named_is_read(shop: ShopifyHarness, connector: ShopifyConnector) -> None:
    place = closed(shop, connector, 1, isFulfillmentService=True)
    items = read(connector, locations=(place,))
    assert {level.location_id for item in items for level in item.levels} == {place}


def test_a_deactivated_one_is_not_offered_and_stocks_nothing(
    shop: ShopifyHarness, connector: ShopifyConnector
) -> None:
    place = closed(shop, connector, 1, isActive=False)
    assert place not in {choice.id for choice in connector.choices("locations")}
    levels = [level for item in read(connector, locations=(place,)) for level in item.levels]
    assert levels and not any(level.active for level in levels)
    assert place not in {lv.location_id for item in read(connector) for lv in item.levels}
