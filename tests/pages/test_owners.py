"""One writer per location: told, refused, and handed over by an explicit act, between flows of every kind."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.links import STORE_TO_STORE
from sync.application import Application
from sync.errors import NeedsOperator
from sync.managers.stock.ownership import claim
from sync.managers.verbs.stock import StockVerbs
from sync.managers.views import stock
from sync.model.entity import Entity
from sync.model.flow import Flow, Link
from sync.model.run import Mode
from sync.model.support import Check
from tests.pages.operating import Open, labels, open_page, operator, texts, typed_in, ws
from tests.pages.seed import stock as seed

__all__ = ["open_page", "operator", "ws"]
ERP_WRITES = ("title", "price", "stock")


@pytest.fixture
def stores(ws: Application) -> seed.Stores:
    """Two stores; the stock flow owns the outlet's location."""
    made = seed.stores(ws)
    seed.matched(ws, made)
    return made


def erp(ws: Application, stores: seed.Stores, *fields: str, enabled: bool = False) -> Flow:
    """A product flow from an ERP into the same outlet, mapped to the same location."""
    sentos = ws.connections.add("sentos", "Sentos", {}, {})
    ws.connections.record_check(sentos.id, Check(True, "sentos-1", {}), None)
    link = ws.links.add("ERP → Outlet", sentos.id, stores.link.b, {seed.PLACE: ("1",)})
    [flow] = [f for f in ws.links.flows(link.id) if f.entity is Entity.PRODUCT]
    return ws.links.save(replace(flow, enabled=enabled, products=replace(flow.products, fields=fields)))


def third(ws: Application, stores: seed.Stores, name: str, number: int) -> tuple[Link, Flow]:
    """Another store whose stock flow is mapped to the outlet's location, too."""
    made = ws.connections.add("shopify", name, {}, {})
    ws.connections.record_check(made.id, Check(True, f"gid://shopify/Shop/{number}", {}), None)
    link = ws.links.add(f"{name} → Outlet", made.id, stores.link.b, {seed.PLACE: ("1",)}, STORE_TO_STORE)
    [flow] = ws.links.flows(link.id)
    return link, ws.links.save(replace(flow, enabled=True))


def owner(ws: Application) -> tuple[str, str]:
    """(flow id, by) of the one owned location."""
    [line] = stock.owners(ws)
    return (line.flow.flow.id if line.flow else "", line.by)


def test_two_flows_may_want_the_same_location(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    """Both are offered; a key that repeats would end the page."""
    wanting = [third(ws, stores, name, n)[1] for n, name in enumerate(("Depo", "Arka depo"), 70)]
    test = open_page("inventory", role="admin", view="owners")
    keys = {button.key for button in test.button}
    assert {f"transfer_{flow.id}_{seed.PLACE}" for flow in wanting} <= keys


def test_a_product_flow_that_carries_stock_takes_a_location_over_on_the_page(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    flow = erp(ws, stores, *ERP_WRITES)
    with pytest.raises(NeedsOperator, match="transfer it to this link first"):
        claim(ws, flow, "ayse")
    test = open_page("inventory", role="admin", view="owners")
    assert "Products · ERP" in texts(test).replace("\\", "") and "Stock · Ana" in texts(test).replace(
        "\\", ""
    )
    opener = f"transfer_{flow.id}_{seed.PLACE}"
    test.button(key=opener).click().run()
    assert "are refused until its mapping leaves this location out" in texts(test)
    typed_in(test, opener, f"transfer_{flow.id}", "ERP → Outlet")
    test.button(key=opener).click()
    test.button(key=f"transfer_{flow.id}_do").click().run()
    assert owner(ws) == (flow.id, "other-admin")
    claim(ws, flow, "ayse")


def test_a_product_flow_that_leaves_stock_out_is_offered_apart_and_takes_it_up(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    flow = erp(ws, stores, "title", "price", enabled=True)
    test = open_page("inventory", role="admin", view="owners")
    assert "Product flows that leave stock out" in [box.label for box in test.expander]
    assert f"transfer_{flow.id}_{seed.PLACE}" in [button.key for button in test.button]
    StockVerbs(ws).transfer(flow.id, seed.PLACE, "ayse")
    stored = ws.links.flow(flow.id)
    assert set(stored.products.fields) == set(ERP_WRITES) and stored.version > flow.version
    assert owner(ws) == (flow.id, "ayse")


def test_what_is_handed_away_can_be_handed_back(ws: Application, stores: seed.Stores) -> None:
    flow = erp(ws, stores, *ERP_WRITES, enabled=True)
    verbs = StockVerbs(ws)
    verbs.transfer(flow.id, seed.PLACE, "ayse")
    verbs.transfer(stores.flow.id, seed.PLACE, "ali")
    assert "stock" not in ws.links.flow(flow.id).products.fields
    assert owner(ws) == (stores.flow.id, "ali")
    verbs.transfer(flow.id, seed.PLACE, "ayse")
    assert "stock" in ws.links.flow(flow.id).products.fields
    assert owner(ws) == (flow.id, "ayse")
    with pytest.raises(NeedsOperator, match="one writer"):
        claim(ws, stores.flow, "ayse")


def test_a_product_flow_that_gives_one_location_away_owns_none(ws: Application, stores: seed.Stores) -> None:
    """It leaves stock out altogether: what it does not write it must not hold against others."""
    flow = erp(ws, stores, *ERP_WRITES, enabled=True)
    ws.links.set_locations(flow.link_id, {seed.PLACE: ("1",), "gid://shopify/Location/10": ("2",)})
    store = ws.connections.get(stores.link.b).identity
    ws.stock_owners.release(stores.flow.id)
    claim(ws, flow, "ayse")
    assert len(ws.stock_owners.of(store)) == 2
    StockVerbs(ws).transfer(stores.flow.id, seed.PLACE, "ayse")
    assert ws.stock_owners.of(store) == {seed.PLACE: stores.flow.id}


@pytest.mark.parametrize("case", ["order flow", "not mapped", "former at work", "beside"])
def test_what_cannot_be_handed_over_is_refused_with_nothing_changed(
    ws: Application, stores: seed.Stores, case: str
) -> None:
    flow = erp(ws, stores, "title", enabled=True)
    place, match = seed.PLACE, "cannot write stock"
    if case == "order flow":
        flow = next(f for f in ws.links.flows(flow.link_id) if f.entity is Entity.ORDER)
    elif case == "not mapped":
        place, match = "gid://shopify/Location/404", "Map it first"
    elif case == "former at work":
        match = "under way"
        ws.run_verbs.start(stores.flow.id, Mode.FULL, by="ayse")
    else:
        match = "Switch stock off there first"
        other = ws.connections.add("sentos", "Sentos 2", {}, {})
        link = ws.links.add("ERP 2", other.id, stores.link.b, {})
        [more] = [f for f in ws.links.flows(link.id) if f.entity is Entity.PRODUCT]
        ws.links.save(replace(more, enabled=True, products=replace(more.products, fields=("stock",))))
    before = ws.links.flow(flow.id)
    with pytest.raises(NeedsOperator, match=match):
        StockVerbs(ws).transfer(flow.id, place, "ali")
    assert ws.links.flow(flow.id) == before and owner(ws) == (stores.flow.id, "ayse")


def test_a_mapping_that_takes_in_anothers_location_writes_nothing_there(
    ws: Application, stores: seed.Stores
) -> None:
    """Locations may be mapped freely; each run claims them all before its first write, and is refused."""
    _link, flow = third(ws, stores, "Depo", 70)
    ws.links.set_locations(flow.link_id, {seed.PLACE: ("1",), "gid://shopify/Location/10": ("2",)})
    with pytest.raises(NeedsOperator, match="one writer"):
        claim(ws, flow, "ayse")
    assert owner(ws) == (stores.flow.id, "ayse")


def test_who_may_not_configure_sees_owners_only(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    third(ws, stores, "Depo", 70)
    test = open_page("inventory", view="owners")
    assert not [label for label in labels(test) if label.startswith("Hand over")]
