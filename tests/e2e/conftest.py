"""Both sandboxes run once for the whole folder; each test begins with an empty store and a new workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.managers.sandboxes import SandboxProcess
from tests.e2e.shelf import Shelf
from tests.e2e.stores import Stores, own_stores, start_store
from tests.e2e.world import PRODUCTS, SPEED, World


@pytest.fixture(scope="session")
def processes() -> Iterator[dict[str, SandboxProcess]]:
    """A Sentos tenant with a clean catalogue and an empty Shopify store, in processes of their own."""
    started: dict[str, SandboxProcess] = {}
    try:
        started["sentos"] = SandboxProcess(
            "sentos", None, speed=SPEED, products=PRODUCTS, dirt=0.0, settings={"images": "2"}
        )
        started["shopify"] = SandboxProcess("shopify", None, speed=SPEED)
        yield started
    finally:
        for process in started.values():
            process.stop()


@pytest.fixture
def world(processes: dict[str, SandboxProcess], new_home: Path) -> Iterator[World]:
    """Eight source products, an empty store, one link between them."""
    for process in processes.values():
        process.ask("POST", "/reset")
    processes["shopify"].ask(
        "POST", "/settings", {"search_lag": 2, "stale_answer": "all_named", "media_delay": 3}
    )
    world = World(processes, new_home)
    try:
        yield world
    finally:
        world.close()


@pytest.fixture(scope="session")
def store_processes() -> Iterator[dict[str, SandboxProcess]]:
    """Shopify stores that share ten SKUs: a source and three destinations with other quantities."""
    started: dict[str, SandboxProcess] = {}
    try:
        for seed, name in enumerate(("source", "target", "second", "third"), start=1):
            started[name] = start_store(f"{name}-store", seed)
        yield started
    finally:
        for process in started.values():
            process.stop()


@pytest.fixture
def stores(
    store_processes: dict[str, SandboxProcess], new_home: Path, request: pytest.FixtureRequest
) -> Iterator[Stores]:
    """The four stores as they were made, in a new workspace, not linked yet. On SQLite, unless the test is
    marked `on_both`."""
    url = request.getfixturevalue("postgres_url") if getattr(request, "param", "") == "postgresql" else ""
    made = Stores(store_processes, new_home, url)
    for store in made.stores.values():
        store.as_made()
    try:
        yield made
    finally:
        made.close()


@pytest.fixture
def shelf(stores: Stores) -> Shelf:
    """A SKU after the baseline, of which there is plenty."""
    return Shelf(stores)


@pytest.fixture
def either(store_processes: dict[str, SandboxProcess], database_url: str, tmp_path: Path) -> Iterator[Shelf]:
    """The same, once on each database."""
    stores = Stores(store_processes, tmp_path / "home", database_url)
    try:
        for store in stores.stores.values():
            store.as_made()
        yield Shelf(stores)
    finally:
        stores.close()


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stores]:
    """A source and a target of their own, for what could not be made as it was afterwards."""
    twelve = {"stock_skus": 12}
    with own_stores(tmp_path / "home", source=twelve, target=twelve) as made:
        yield made
