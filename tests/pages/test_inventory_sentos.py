"""The Inventory page where stock comes from Sentos: the set-up beside a product flow, its toggles, and the
change log of product flows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.links import STORE_TO_STORE
from storage.stock_changes import NewStockChange, StockChanges
from sync.application import Application
from sync.managers.verbs import LinkVerbs
from sync.managers.views import stock
from sync.model.entity import Entity
from sync.model.flow import Flow, Link
from sync.model.run import Counts, Mode, Status
from tests.pages.seed import stock as seed
from tests.pages.seed.rows import run
from tests.pages.settings_world import Page, flow_of, link, visit, world, ws
from tests.unit.verbs.world import World

__all__ = ["link", "visit", "world", "ws"]
PLACE = "gid://shopify/Location/1"


@pytest.fixture
def products(ws: Application, link: Link) -> Flow:
    """The link's product flow, which carries stock."""
    return LinkVerbs(ws).enable(flow_of(ws, link, Entity.PRODUCT).id)


def opened(visit: object, **query: str) -> Page:
    shown: Page = visit()  # type: ignore[operator]
    shown.at.switch_page("pages/inventory.py")
    for name, value in query.items():
        shown.at.query_params[name] = value
    shown.at.run()
    assert not shown.at.exception, shown.at.exception
    return shown


def test_stock_is_set_up_from_sentos_and_taken_over_from_its_products(
    visit: object, ws: Application, link: Link, products: Flow
) -> None:
    page = opened(visit, setup="1")
    source, targets = page.at.selectbox(key="setup_stock_source"), page.at.multiselect
    assert (source.value, source.options) == (link.a, ["ERP", "Shop"])
    assert targets(key=f"setup_stock_targets_{link.a}").value == [link.b]
    assert [box.value for box in page.at.multiselect if box.label.endswith("Depo")] == [["1", "2"]], "as now"
    start = page.at.button(key="setup_stock_start")
    assert start.disabled and "Tick above" in page.text
    take = page.at.checkbox(key=f"setup_stock_take_{products.id}")
    assert take.label == "Take the stock over from the product flow of Moda"
    assert not page.at.toggle(key="setup_stock_orders").disabled
    take.check().run()
    page.at.toggle(key="setup_stock_orders").set_value(True).run()
    page.press("setup_stock_start")
    assert not page.errors
    flow = flow_of(ws, link, Entity.STOCK)
    assert flow.enabled and flow.direction == "a>b" and flow.stock.subtract_orders
    assert "stock" not in ws.links.flow(products.id).products.fields
    [line] = stock.owners(ws)
    assert (line.place, line.flow and line.flow.flow.id, line.by) == (PLACE, flow.id, "admin")
    assert [(r.flow_id, r.mode) for r in ws.runs.list()] == [(flow.id, Mode.FULL)]
    assert page.at.title[0].value.startswith("Stock"), "the page of the run"


def test_between_stores_no_orders_are_taken_off_and_the_page_says_why(
    visit: object, ws: Application, world: World
) -> None:
    seed.stores(ws)
    page = opened(visit, setup="1")
    assert page.at.toggle(key="setup_stock_orders").disabled
    assert "Only for a link that can take over orders" in page.text


def test_the_change_log_of_a_product_flow_is_shown_without_any_stock_flow(
    visit: object, ws: Application, link: Link, products: Flow
) -> None:
    page = opened(visit)
    views = page.find(page.at.button_group, "view_chooser")
    assert [option.split(": ")[-1] for option in views.options] == ["Change log", "Owners", "Flows"]
    assert "No change matches." in page.text
    written(ws, products)
    page = opened(visit)
    [row] = page.at.dataframe[0].value.to_dict("records")
    assert (row["sku"], row["before"], row["after"], row["source"]) == ("EL-1", 4, 9, 9)
    page.find(page.at.button_group, "view_chooser").set_value("overview").run()
    assert "No stock flow yet" in page.text
    LinkVerbs(ws).save(replace(products, products=replace(products.products, fields=("title",))))
    assert opened(visit).at.dataframe, "what was written stays in the log"


def test_beside_a_stock_flow_the_log_offers_both(
    visit: object, ws: Application, link: Link, products: Flow
) -> None:
    written(ws, products)
    places = {link.b: dict(link.locations)}
    [flow] = ws.stock_verbs.set_up(link.a, places, products.stock, "ayse", take_over=[products.id])
    page = opened(visit, view="changes")
    stock_flow, beside = page.at.selectbox(key="inventory_flow").options
    assert stock_flow.endswith("Shop") and beside == f"{stock_flow} · Products"
    page = opened(visit, view="match")
    assert "inventory_flow" not in [box.key for box in page.at.selectbox], "products have no match here"


def written(ws: Application, products: Flow) -> None:
    """One line of the log, by a run of products."""
    from storage.clock import utc_now

    made = run(ws, products, Mode.FULL, Status.DONE, utc_now(), 1.0, counts=Counts(read=1, updated=1))
    row = NewStockChange(made, products.id, None, "stock", "EL-1", "1", "v1", "i1", PLACE, 4, 9, 9)
    StockChanges(ws.db).add([replace(row, state="applied")])


def test_its_settings_offer_orders_and_a_mapping_of_all_warehouses(
    visit: object, ws: Application, link: Link, products: Flow
) -> None:
    places = {link.b: {PLACE: ("*",)}}
    ws.stock_verbs.set_up(link.a, places, products.stock, "ayse", take_over=[products.id])
    page: Page = visit(section="links", part="stock")  # type: ignore[operator]
    assert not page.find(page.at.toggle, "_orders").disabled
    page.find(page.at.button_group, "_way").set_value("daily").run()
    next(b for b in page.at.button if b.label == "Save schedule").click().run()
    assert "The baseline is missing" in page.errors
    page = visit(section="links", part="places")  # type: ignore[operator]
    assert page.find(page.at.button_group, f"places_{link.id}_way").value == "all"


def test_saving_locations_says_who_writes_them_at_present(
    visit: object, ws: Application, link: Link, products: Flow
) -> None:
    """It said "Saved." alone, and the next run read both stores and failed."""
    places = {link.b: {PLACE: ("*",)}}
    [flow] = ws.stock_verbs.set_up(link.a, places, products.stock, "ayse", take_over=[products.id])
    rival = ws.links.add("Depo → Shop", seed.stores(ws).link.a, link.b, {PLACE: ("1",)}, STORE_TO_STORE)
    ws.stock_verbs.transfer(ws.links.flows(rival.id)[0].id, PLACE, "ayse")
    page: Page = visit(section="links", link=link.id, part="places")  # type: ignore[operator]
    page.press("save_places")
    assert "Saved. Depo → Shop writes" in page.toasts and "hand it over under Owners." in page.toasts
    page = opened(visit, view="overview", flow=flow.id)
    assert "Depo → Shop writes" in page.text
    assert page.at.button(key=f"{Mode.FULL.value}_{flow.id}").disabled
