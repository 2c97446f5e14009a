"""Every platform under the contract suites: `connector` and `harness` for each of them."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Iterator
from typing import Any

import pytest

from sync.connectors.contract import Connector
from tests.contract.harness import Harness

PLATFORMS = [
    name
    for name in ("memory", "sentos", "shopify")
    if importlib.util.find_spec(f"tests.contract.{name}_factory")
]


@pytest.fixture(scope="module", params=PLATFORMS)
def platform(request: pytest.FixtureRequest) -> Iterator[tuple[Any, Any]]:
    factory = importlib.import_module(f"tests.contract.{request.param}_factory")
    with factory.world() as world:
        yield factory, world


@pytest.fixture
def harness(platform: tuple[Any, Any]) -> Harness:
    factory, world = platform
    made: Harness = factory.make(world)
    return made


@pytest.fixture
def connector(harness: Harness) -> Iterator[Connector]:
    made = harness.connect()
    yield made
    made.close()
