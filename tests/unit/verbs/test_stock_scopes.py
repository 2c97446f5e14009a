"""Which access a stock flow asks for: by side, and by its settings."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.application import Application
from sync.errors import NeedsOperator
from sync.managers.verbs import ConnectionVerbs, LinkVerbs
from sync.managers.verbs.checks import checks_of
from sync.model.flow import Connection, StockSettings
from tests.unit.verbs.world import SHOP, World

OTHER = "ikinci.myshopify.com"
READS = frozenset({"read_products", "read_inventory", "read_locations"})
PLACE = "gid://shopify/Location/1"


@pytest.fixture
def stores(ws: Application, world: World, shop: Connection) -> tuple[Connection, Connection]:
    """The source may only read, the target may write stock and nothing else."""
    other = ConnectionVerbs(ws).add("shopify", "Outlet", {"shop": "ikinci"}, {"access_token": "shpat_two"})
    world.tenants[SHOP].granted = READS
    world.tenants[OTHER].granted = READS | {"write_inventory"}
    return shop, other


def test_the_source_is_only_read_and_the_target_writes_no_products(
    ws: Application, world: World, stores: tuple[Connection, Connection]
) -> None:
    source, target = stores
    mapping = {target.id: {PLACE: ("*",)}}
    with pytest.raises(NeedsOperator, match="write_products"):
        ws.stock_verbs.set_up(source.id, mapping, StockSettings(gone="archive"), "ayse")
    [flow] = ws.stock_verbs.set_up(source.id, mapping, StockSettings(), "ayse")
    assert [checks_of(ws).test(store.id).status for store in stores] == ["connected", "connected"]
    scopes = {store.id: set(*ConnectionVerbs(ws).scopes(store.id).values()) for store in stores}
    assert scopes == {source.id: READS, target.id: READS | {"write_inventory"}}
    for gone in ("draft", "archive"):
        with pytest.raises(NeedsOperator, match="write_products"):
            ws.stock_verbs.save(flow.id, StockSettings(gone=gone), "ayse")
        with pytest.raises(NeedsOperator, match="write_products"):
            LinkVerbs(ws).save(replace(flow, stock=StockSettings(gone=gone)))
    assert ws.links.flow(flow.id).stock.gone == "leave"
    assert ws.connections.get(target.id).status == "connected", "a refused setting breaks no connection"
    world.tenants[OTHER].granted = READS | {"write_inventory", "write_products"}
    assert ws.stock_verbs.save(flow.id, StockSettings(gone="draft"), "ayse").stock.gone == "draft"
    world.tenants[OTHER].granted = READS | {"write_inventory"}
    assert checks_of(ws).test(target.id).status == "failed", "said before the first draft, not at it"
