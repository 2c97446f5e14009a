"""A workspace of its own for every test, on platforms that live in the test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from storage.opening import open_database
from storage.paths import data_paths
from storage.vault import Vault
from sync.application import Application
from sync.connectors import registry
from sync.managers.verbs import ConnectionVerbs, LinkVerbs
from sync.model.flow import Connection, Link
from tests.unit.verbs.world import SENTOS_FORM, SHOPIFY_FORM, World, furnished


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    made = furnished()
    monkeypatch.setattr(registry, "SPECS", {**registry.SPECS, **made.specs()})
    return made


@pytest.fixture
def ws(tmp_path: Path, world: World) -> Iterator[Application]:
    paths = data_paths({"COUNTERPART_HOME": str(tmp_path)})
    db = open_database(paths.database_url)
    opened = Application(paths, db, Vault.open(paths.folder, {}, db=db))
    yield opened
    world.gate.set()
    opened.close()


@pytest.fixture
def connections(ws: Application) -> ConnectionVerbs:
    return ConnectionVerbs(ws)


@pytest.fixture
def links(ws: Application) -> LinkVerbs:
    return LinkVerbs(ws)


@pytest.fixture
def erp(connections: ConnectionVerbs) -> Connection:
    return connections.add("sentos", "ERP", *SENTOS_FORM)


@pytest.fixture
def shop(connections: ConnectionVerbs) -> Connection:
    return connections.add("shopify", "Shop", *SHOPIFY_FORM)


@pytest.fixture
def link(links: LinkVerbs, erp: Connection, shop: Connection) -> Link:
    return links.add("Moda", shop.id, erp.id)
