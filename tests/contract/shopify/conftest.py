"""A Shopify sandbox, a shop in it that starts empty, its connector and one product."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sync.connectors.shopify import ShopifyConnector
from sync.model.product import Product
from tests.contract.sandboxes import Sandbox
from tests.contract.shopify.changes import creation, products, send
from tests.contract.shopify_factory import ShopifyHarness, world


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with world() as sandbox:
        yield sandbox


@pytest.fixture
def shop(running: Sandbox) -> ShopifyHarness:
    return ShopifyHarness(running, products=0)


@pytest.fixture
def connector(shop: ShopifyHarness) -> Iterator[ShopifyConnector]:
    made = shop.connect()
    yield made
    made.close()


@pytest.fixture
def places(connector: ShopifyConnector) -> tuple[str, ...]:
    return tuple(choice.id for choice in connector.choices("locations"))


@pytest.fixture
def product(connector: ShopifyConnector, places: tuple[str, ...]) -> Product:
    [outcome] = send(connector, creation(1, places[:1], pictures=2))
    return products(connector, ids=(outcome.target_id,))[0]
