"""Setting stock up: what is made beside the stock flow, and that a refusal leaves all as it was."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.application import Application
from sync.errors import NeedsOperator
from sync.managers.verbs import ConnectionVerbs, LinkVerbs
from sync.managers.verbs.stock_rules import has_orders
from sync.managers.views import stock as views
from sync.model.entity import Entity
from sync.model.flow import Connection, Flow, Link, StockSettings
from sync.model.run import Mode
from sync.model.stock import StockItem
from sync.model.support import Choice
from tests.unit.verbs.world import SHOP, World

FIRST, SECOND = "gid://shopify/Location/1", "gid://shopify/Location/2"
OTHER_SHOP = ({"shop": "ikinci"}, {"access_token": "shpat_two"})


@pytest.fixture
def other(connections: ConnectionVerbs) -> Connection:
    return connections.add("shopify", "Other", *OTHER_SHOP)


def flow_of(ws: Application, entity: Entity) -> Flow:
    return next(flow for flow in ws.links.flows() if flow.entity is entity)


def set_up(ws: Application, source: Connection, *targets: Connection, **more: object) -> list[Flow]:
    places = {target.id: {FIRST: ("*",)} for target in targets}
    return ws.stock_verbs.set_up(source.id, places, StockSettings(), "ayse", **more)  # type: ignore[arg-type]


@pytest.mark.parametrize("sources", [("*",), ("1",), ("1", "2")])
def test_sentos_feeds_a_shop_by_all_one_or_some_warehouses(
    ws: Application, erp: Connection, shop: Connection, sources: tuple[str, ...]
) -> None:
    """A pair that was not linked gets all its flows: products and orders may come later."""
    [flow] = ws.stock_verbs.set_up(erp.id, {shop.id: {FIRST: sources}}, StockSettings(), "ayse")
    link = ws.links.get(flow.link_id)
    assert (link.a, link.b, link.name, dict(link.locations)) == (
        erp.id,
        shop.id,
        "ERP → Shop",
        {FIRST: sources},
    )
    found = {f.entity: f for f in ws.links.flows(link.id)}
    assert set(found) == {Entity.PRODUCT, Entity.ORDER, Entity.STOCK}
    assert [f.entity for f in found.values() if f.enabled] == [Entity.STOCK]
    products = LinkVerbs(ws).enable(found[Entity.PRODUCT].id)
    assert "stock" not in products.products.fields and products.products.currency == "TRY"


def test_several_warehouses_are_mapped_to_several_locations(
    ws: Application, world: World, erp: Connection, shop: Connection
) -> None:
    world.tenants[SHOP].choices["locations"].append(Choice(SECOND, "Merkez"))
    places = {FIRST: ("1",), SECOND: ("2",)}
    with pytest.raises(NeedsOperator, match="sold twice"):
        ws.stock_verbs.set_up(erp.id, {shop.id: {FIRST: ("1",), SECOND: ("1",)}}, StockSettings(), "ayse")
    [flow] = ws.stock_verbs.set_up(erp.id, {shop.id: places}, StockSettings(), "ayse")
    assert dict(ws.links.get(flow.link_id).locations) == places
    with pytest.raises(NeedsOperator, match="all of them, or single ones"):
        LinkVerbs(ws).set_locations(flow.link_id, {FIRST: ("*",), SECOND: ("1",)})


def test_between_stores_there_is_a_stock_flow_alone(
    ws: Application, shop: Connection, other: Connection
) -> None:
    [flow] = set_up(ws, shop, other)
    assert [f.entity for f in ws.links.flows(flow.link_id)] == [Entity.STOCK]
    assert not has_orders("shopify", "shopify") and has_orders("sentos", "shopify")


def test_stock_is_not_written_to_an_erp(ws: Application, erp: Connection, shop: Connection) -> None:
    assert [c.id for c in views.targets(ws)] == [shop.id]
    with pytest.raises(NeedsOperator, match="The stock of ERP cannot be written"):
        set_up(ws, shop, erp)
    assert not ws.links.all()


@pytest.mark.parametrize("case", ["untaken", "at work", "second target"])
def test_a_refused_set_up_leaves_everything_as_it_was(
    ws: Application, link: Link, erp: Connection, shop: Connection, other: Connection, case: str
) -> None:
    products = LinkVerbs(ws).enable(flow_of(ws, Entity.PRODUCT).id)
    taken, match = [products.id], "product flow of Moda .* tick in the set-up"
    if case == "untaken":
        taken = []
    elif case == "at work":
        match = "under way"
        ws.run_verbs.start(products.id, Mode.FULL, by="ayse")
    else:
        match = "does not offer"
    before = (ws.links.all(), ws.links.flows(), ws.stock_owners.of(shop.identity))
    places = {shop.id: {FIRST: ("1",)}}
    if case == "second target":
        places[other.id] = {"gid://shopify/Location/404": ("2",)}
    with pytest.raises(NeedsOperator, match=match):
        ws.stock_verbs.set_up(erp.id, places, StockSettings(), "ayse", take_over=taken)
    assert (ws.links.all(), ws.links.flows(), ws.stock_owners.of(shop.identity)) == before


def test_two_connections_to_one_store_are_one_target(
    ws: Application, shop: Connection, other: Connection, erp: Connection
) -> None:
    """The second would be refused once the first is made."""
    twin = ws.connections.add("shopify", "Twin", dict(other.settings), {"access_token": "shpat_two"})
    with pytest.raises(NeedsOperator, match="are the same store"):
        set_up(ws, shop, other, twin)
    assert not ws.links.all()


def test_what_is_taken_over_is_logged_with_who(
    ws: Application, link: Link, erp: Connection, shop: Connection
) -> None:
    products = LinkVerbs(ws).enable(flow_of(ws, Entity.PRODUCT).id)
    assert [one.flow.id for one in views.carriers(ws, erp.id, shop.id, [FIRST])] == [products.id]
    [flow] = set_up(ws, erp, shop, take_over=[products.id])
    said = [row.message.english() for row in ws.logs.page().rows]
    assert f"ayse transferred the stock of location {FIRST} to this link." in said
    assert "The product flow leaves stock to another flow from now on." in said
    assert [(line.flow and line.flow.flow.id, line.by) for line in views.owners(ws)] == [(flow.id, "ayse")]
    assert not views.carriers(ws, erp.id, shop.id, [FIRST])


def test_a_product_flow_of_another_link_gives_up_too(
    ws: Application, link: Link, shop: Connection, other: Connection
) -> None:
    products = LinkVerbs(ws).enable(flow_of(ws, Entity.PRODUCT).id)
    with pytest.raises(NeedsOperator, match="product flow of Moda"):
        set_up(ws, other, shop)
    [flow] = set_up(ws, other, shop, take_over=[products.id])
    assert [line.flow and line.flow.flow.id for line in views.owners(ws)] == [flow.id]
    assert "stock" not in ws.links.flow(products.id).products.fields


def test_a_stock_flow_of_another_link_keeps_its_location(
    ws: Application, connections: ConnectionVerbs, erp: Connection, shop: Connection, other: Connection
) -> None:
    [first] = set_up(ws, erp, shop)
    with pytest.raises(NeedsOperator, match="writes the stock of location .* already"):
        set_up(ws, other, shop, take_over=[first.id])
    assert [link.a for link in ws.links.all()] == [erp.id]


def test_a_name_that_is_taken_gets_a_number(
    ws: Application, link: Link, shop: Connection, other: Connection
) -> None:
    ws.links.rename(link.id, "Shop → Other")
    [flow] = set_up(ws, shop, other)
    assert ws.links.get(flow.link_id).name == "Shop → Other 2"


def test_what_is_set_up_already_keeps_its_options_and_locations(
    ws: Application, erp: Connection, shop: Connection, other: Connection
) -> None:
    """A second set-up would put the options of its own screen in the place of those that somebody chose."""
    [flow] = set_up(ws, erp, shop)
    kept = ws.stock_verbs.save(flow.id, replace(flow.stock, buffers={"": 5}), "ayse")
    before = (ws.links.all(), ws.links.flows(), ws.stock_owners.of(shop.identity))
    places = {shop.id: {FIRST: ("2",)}, other.id: {FIRST: ("1",)}}
    with pytest.raises(NeedsOperator, match="^ERP → Shop is set up already. Its locations and options are"):
        ws.stock_verbs.set_up(erp.id, places, StockSettings(), "ali")
    LinkVerbs(ws).disable(flow.id)
    with pytest.raises(NeedsOperator, match="is set up already"):
        set_up(ws, erp, shop)
    LinkVerbs(ws).enable(flow.id)
    assert ws.links.flow(flow.id).stock == kept.stock
    assert [link.locations for link in ws.links.all()] == [link.locations for link in before[0]]
    assert ws.stock_owners.of(shop.identity) == before[2] and len(ws.links.flows()) == len(before[1])
    assert views.fed_already(ws, erp.id) == {shop.id: flow.link_id}
    assert not views.fed_already(ws, shop.id)


def test_a_set_up_that_broke_off_can_be_made_again(
    ws: Application, link: Link, erp: Connection, shop: Connection
) -> None:
    """It leaves a flow that is off, has no options of its own and never ran."""
    left = ws.links.add_flow(link.id, Entity.STOCK, "a>b")
    assert not views.fed_already(ws, erp.id)
    wanted = replace(left.stock, subtract_orders=True)
    [flow] = ws.stock_verbs.set_up(erp.id, {shop.id: {FIRST: ("2",)}}, wanted, "ali")
    assert (flow.id, flow.stock, flow.enabled) == (left.id, wanted, True)


def test_locations_that_are_left_out_are_given_up(
    ws: Application, world: World, erp: Connection, shop: Connection, other: Connection
) -> None:
    world.tenants[SHOP].choices["locations"].append(Choice(SECOND, "Merkez"))
    [first] = set_up(ws, erp, shop)
    LinkVerbs(ws).set_locations(first.link_id, {SECOND: ("*",)})
    assert ws.stock_owners.of(shop.identity) == {SECOND: first.id}
    [third] = set_up(ws, other, shop)
    assert ws.stock_owners.of(shop.identity) == {FIRST: third.id, SECOND: first.id}


def test_a_location_that_another_flow_writes_blocks_the_flow(
    ws: Application, world: World, erp: Connection, shop: Connection, other: Connection
) -> None:
    world.tenants[SHOP].choices["locations"].append(Choice(SECOND, "Merkez"))
    [first] = set_up(ws, erp, shop)
    places = {shop.id: {SECOND: ("*",)}}
    [second] = ws.stock_verbs.set_up(other.id, places, StockSettings(), "ayse")
    verbs = LinkVerbs(ws)
    assert verbs.written_by_others(second.link_id) == {} and views.card(ws, second.id).blocked is None
    verbs.set_locations(second.link_id, {FIRST: ("*",)})
    assert verbs.written_by_others(second.link_id) == {FIRST: "ERP → Shop"}
    assert ws.stock_owners.of(shop.identity) == {FIRST: first.id}
    blocked = views.card(ws, second.id).blocked
    assert blocked is not None and blocked.english().startswith(f"ERP → Shop writes {FIRST} at present.")
    ws.stock_verbs.transfer(second.id, FIRST, "ayse")
    assert views.card(ws, second.id).blocked is None and views.card(ws, first.id).blocked is not None


@pytest.mark.parametrize("fold", [True, False])
def test_pushed_skus_are_compared_as_the_flow_does(
    ws: Application, erp: Connection, shop: Connection, fold: bool
) -> None:
    """And one that nobody knows holds up none of the others."""
    [flow] = set_up(ws, erp, shop)
    ws.stock_verbs.save(flow.id, replace(flow.stock, fold_case=fold), "ayse")
    items = [StockItem(str(n), f"i{n}", sku=f"SKU-{n}") for n in range(3)]
    sweep = ws.stock_items.begin_sweep(erp.id)
    ws.stock_items.put(erp.id, items, sweep)
    ws.stock_items.end_sweep(erp.id, sweep)
    with ws.db.write() as tx:
        ws.stock_stages.baseline(tx, flow.id, "run")
    ws.stock_stages.validate(flow.id, "ayse", {})
    pushed = ws.stock_verbs.push(flow.id, ["SKU-1", "sku-2", " NOBODY"], "ayse")
    unknown = ("NOBODY",) if fold else ("NOBODY", "sku-2")
    assert (pushed.count, pushed.unknown) == (2 if fold else 1, unknown)
    with pytest.raises(NeedsOperator, match="no item NOBODY"):
        ws.stock_verbs.push(flow.id, ["NOBODY"], "ayse")
