"""Both sandboxes run once for the whole folder; each test begins with an empty store and a new workspace."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.managers.sandboxes import SandboxProcess
from tests.e2e.stores import Stores, start_store
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
def stores(store_processes: dict[str, SandboxProcess], new_home: Path) -> Iterator[Stores]:
    """The four stores as they were made, in a new workspace, not linked yet."""
    made = Stores(store_processes, new_home)
    for store in made.stores.values():
        store.as_made()
    try:
        yield made
    finally:
        made.close()
