"""Links and flows: what may be saved, what is refused and how the refusal helps."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest

from storage.clock import utc_now
from sync.application import Application
from sync.managers.verbs import ConnectionVerbs, LinkVerbs
from sync.managers.verbs.offers import offers_of
from sync.model.entity import Entity
from sync.model.flow import Connection, FieldMap, Flow, Link, Schedule
from sync.model.order import Order, OrderLine
from sync.model.values import Money
from tests.unit.verbs.test_verbs_connections import refusal, run_live
from tests.unit.verbs.world import SHOP, World


def flow_of(ws: Application, link: Link, entity: Entity) -> Flow:
    return next(f for f in ws.links.flows(link.id) if f.entity is entity)


@pytest.fixture
def products(ws: Application, link: Link) -> Flow:
    return flow_of(ws, link, Entity.PRODUCT)


@pytest.fixture
def orders(ws: Application, link: Link) -> Flow:
    return flow_of(ws, link, Entity.ORDER)


def test_the_roles_are_worked_out_and_a_single_location_takes_all_warehouses(
    link: Link, erp: Connection, shop: Connection
) -> None:
    assert (link.a, link.b) == (erp.id, shop.id)
    assert link.locations == {"gid://shopify/Location/1": ("1", "2")}


def test_links_that_cannot_be(
    links: LinkVerbs, connections: ConnectionVerbs, link: Link, erp: Connection, shop: Connection
) -> None:
    assert "two different" in refusal(lambda: links.add("X", erp.id, erp.id))
    assert "linked already" in refusal(lambda: links.add("X", erp.id, shop.id))
    failed = connections.add("shopify", "Broken", {"shop": "yok"}, {"access_token": "x"})
    assert "is not connected" in refusal(lambda: links.add("X", erp.id, failed.id))
    second = connections.add("sentos", "Second ERP", {"url": "ikinci"}, {"key": "k", "secret": "s"})
    assert "is not connected" in refusal(lambda: links.add("X", erp.id, second.id))


def test_two_erps_have_nothing_to_give_each_other(
    links: LinkVerbs, connections: ConnectionVerbs, world: World, erp: Connection
) -> None:
    tenant = next(iter(world.tenants.values()))
    world.tenants["https://ikinci.sentos.com.tr/api"] = replace(tenant, identity="ikinci.sentos.com.tr")
    second = connections.add("sentos", "Second", {"url": "ikinci"}, {"key": "k", "secret": "s3cret-erp"})
    assert "nothing to give each other" in refusal(lambda: links.add("X", erp.id, second.id))


def test_renaming_and_deleting_a_link(links: LinkVerbs, ws: Application, link: Link) -> None:
    links.rename(link.id, " Moda Türkiye ")
    assert ws.links.get(link.id).name == "Moda Türkiye"
    assert "Enter a name" in refusal(lambda: links.rename(link.id, ""))
    links.delete(link.id)
    assert len(ws.connections.all()) == 2


def test_a_warehouse_cannot_be_sold_twice(links: LinkVerbs, link: Link, world: World) -> None:
    place = world.tenants[SHOP].choices["locations"]
    world.tenants[SHOP].choices["locations"] = [
        *place,
        replace(place[0], id="gid://shopify/Location/2", name="Mağaza"),
    ]
    offers_of(links.ws).forget(link.b)
    one, two = "gid://shopify/Location/1", "gid://shopify/Location/2"
    assert "Merkez is mapped to two locations" in refusal(
        lambda: links.set_locations(link.id, {one: ["1"], two: ["1"]})
    )
    assert "does not offer" in refusal(lambda: links.set_locations(link.id, {"gone": ["1"]}))
    assert "does not offer" in refusal(lambda: links.set_locations(link.id, {one: ["9"]}))
    assert links.set_locations(link.id, {one: ["2", "2"], two: []}).locations == {one: ("2",)}


def test_only_fields_that_both_sides_support_are_offered(links: LinkVerbs, products: Flow) -> None:
    offered = links.ground(products).offered()
    assert {"title", "price", "stock", "images"} <= set(offered)
    assert not {"weight", "channels", "seo_title"} & set(offered)


def test_saving_leaves_out_what_nothing_can_fill_and_adds_what_a_mapping_fills(
    links: LinkVerbs, products: Flow
) -> None:
    assert "tags" in products.products.fields
    saved = links.save(products)
    assert "tags" not in saved.products.fields and saved.version == products.version + 1
    mapped = replace(products.products, mappings=(FieldMap("vendor", "tag"), FieldMap("=Kadın", "seo_title")))
    fields = links.save(replace(saved, products=mapped)).products.fields
    assert {"tags", "seo_title", "title"} <= set(fields)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"fields": ("title", "colour")}, "no field colour"),
        ({"fields": ("weight",)}, "at least one field"),
        ({"match_keys": ()}, "how products are matched"),
        ({"match_keys": ("sku", "title")}, "how products are matched"),
        ({"match_keys": ("sku", "sku")}, "how products are matched"),
        ({"price_list": " "}, "price list"),
        ({"currency": "LIRA"}, "no currency code"),
        ({"currency": "EUR"}, "sells in TRY"),
        ({"new_status": "archived"}, "created as"),
        ({"drift": "panic"}, "kept or restored"),
        ({"channels": ("gid://shopify/Publication/9",)}, "does not offer"),
        ({"mappings": (FieldMap("colour", "tag"),)}, "no source field"),
        ({"mappings": (FieldMap("=", "tag"),)}, "no source field"),
        ({"mappings": (FieldMap("vendor", "price"),)}, "cannot be filled"),
        ({"mappings": (FieldMap("vendor", "metafield:sync.record"),)}, "Counterpart's own"),
        ({"mappings": (FieldMap("vendor", "metafield:x"),)}, "cannot be filled"),
        ({"mappings": (FieldMap("vendor", "title"), FieldMap("sku", "title"))}, "Two mappings"),
    ],
)
def test_product_settings_that_cannot_be(
    links: LinkVerbs, ws: Application, products: Flow, change: dict[str, Any], said: str
) -> None:
    wrong = replace(products, products=replace(products.products, **change))
    assert said in refusal(lambda: links.save(wrong))
    assert ws.links.flow(products.id) == products


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("zeroed_percent", 0),
        ("zeroed_percent", 101),
        ("price_moves_count", 0),
        ("floor", -1),
        ("source_drop_percent", 1000),
    ],
)
def test_brakes_have_limits(links: LinkVerbs, products: Flow, name: str, value: int) -> None:
    brakes = replace(products.products.brakes, **{name: value})
    assert "must be a whole number" in refusal(
        lambda: links.save(replace(products, products=replace(products.products, brakes=brakes)))
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"financial": ()}, "at least one payment status"),
        ({"financial": ("payed",)}, "cannot be payed"),
        ({"fulfilment": ("shipped",)}, "cannot be shipped"),
        ({"tags_any": ("Toptan",), "tags_none": ("toptan",)}, "both wanted and unwanted"),
        ({"default_vat": Decimal(101)}, "VAT rate"),
        ({"brake_creates": 0}, "limit of orders"),
        ({"default_vat": Decimal("NaN")}, "VAT rate"),
        ({"currency": "USD"}, "sells in TRY"),
        ({"payments": {"iyzico": "BITCOIN"}}, "does not offer"),
        ({"payments": {"iyzico": ""}}, "Choose a payment method for iyzico"),
        ({"default_payment": "BARTER"}, "does not offer"),
        ({"status_out": {"paid": "77"}}, "does not offer"),
        ({"status_out": {"payed": "2"}}, "cannot be payed"),
        ({"status_back": {"5": "explode"}}, "cannot be explode"),
        ({"sales_channel": "99"}, "does not offer"),
        ({"warehouse": "99"}, "does not offer"),
        ({"service_skus": {"magic": "SKU-1"}}, "cannot be magic"),
        ({"older_since": datetime(2026, 1, 1, tzinfo=UTC)}, "confirm their number"),
        ({"go_live_at": datetime(1999, 1, 1, tzinfo=UTC)}, "ten years"),
    ],
)
def test_order_settings_that_cannot_be(
    links: LinkVerbs, ws: Application, orders: Flow, change: dict[str, Any], said: str
) -> None:
    wrong = replace(orders, orders=replace(orders.orders, **change))
    assert said in refusal(lambda: links.save(wrong))
    assert ws.links.flow(orders.id) == orders


def test_an_order_flow_that_is_on_must_be_complete(links: LinkVerbs, orders: Flow) -> None:
    assert "sales channel" in refusal(lambda: links.enable(orders.id))
    half = links.save(replace(orders, orders=replace(orders.orders, sales_channel="7")))
    assert "warehouse of ERP" in refusal(lambda: links.enable(half.id))
    links.save(replace(half, orders=replace(half.orders, warehouse="1")))
    on = links.enable(orders.id)
    assert on.enabled and on.orders.go_live_at is not None


def test_switching_on_names_the_missing_scopes(
    links: LinkVerbs, ws: Application, world: World, products: Flow
) -> None:
    world.tenants[SHOP].granted = frozenset({"read_products", "write_products"})
    said = refusal(lambda: links.enable(products.id))
    assert "write_publications" in said
    assert not ws.links.flow(products.id).enabled
    world.tenants[SHOP].granted = None
    assert links.enable(products.id).enabled


def test_a_second_writer_of_a_field_is_refused_and_the_owner_named(
    links: LinkVerbs,
    connections: ConnectionVerbs,
    ws: Application,
    world: World,
    products: Flow,
    shop: Connection,
) -> None:
    links.enable(products.id)
    tenant = next(iter(world.tenants.values()))
    world.tenants["https://ikinci.sentos.com.tr/api"] = replace(tenant, identity="ikinci.sentos.com.tr")
    second = connections.add("sentos", "Second", {"url": "ikinci"}, {"key": "k", "secret": "s3cret-erp"})
    other = flow_of(ws, links.add("Other", second.id, shop.id), Entity.PRODUCT)
    said = refusal(lambda: links.enable(other.id))
    assert "Link Moda already writes these fields of Shop" in said and "Title" in said
    kept = tuple(n for n in products.products.fields if n != "cost")
    links.save(replace(ws.links.flow(products.id), products=replace(products.products, fields=kept)))
    shared = links.save(replace(other, products=replace(other.products, fields=("cost",))))
    assert links.enable(shared.id).enabled


def test_a_flow_is_not_changed_under_a_running_run_but_its_schedule_may(
    links: LinkVerbs, ws: Application, link: Link, products: Flow
) -> None:
    run_live(ws, link)
    changed = replace(products, products=replace(products.products, new_status="active"))
    assert "under way" in refusal(lambda: links.save(changed))
    assert "under way" in refusal(lambda: links.delete(link.id))
    assert "under way" in refusal(lambda: links.set_locations(link.id, {}))
    assert links.set_schedule(products.id, Schedule(minutes=15)).schedule.minutes == 15


def test_saving_what_is_stored_already_makes_no_new_version(links: LinkVerbs, products: Flow) -> None:
    saved = links.save(products)
    assert links.save(saved).version == saved.version


@pytest.mark.parametrize(
    ("schedule", "said"),
    [
        (Schedule(cron="99 * * * *"), "no cron line"),
        (Schedule(cron="0 3 * *"), "five parts"),
        (Schedule(cron="0 3 31 2 *"), "never comes"),
        (Schedule(cron="0 3 * * 8"), "no weekday"),
        (Schedule(cron="0 3 * * *", timezone="Mars/Base"), "no time zone"),
        (Schedule(minutes=-1), "between 1 and"),
        (Schedule(minutes=99999), "between 1 and"),
        (Schedule(minutes=5, cron="0 3 * * *"), "not both"),
    ],
)
def test_schedules_that_cannot_be(links: LinkVerbs, products: Flow, schedule: Schedule, said: str) -> None:
    assert said in refusal(lambda: links.set_schedule(products.id, schedule))


def test_pausing_and_going_on(links: LinkVerbs, ws: Application, products: Flow) -> None:
    links.enable(products.id)
    flow = links.set_schedule(products.id, Schedule(minutes=30))
    soon = links.next_fire(flow)
    assert soon is not None and timedelta(minutes=29) < soon - utc_now() <= timedelta(minutes=30)
    assert links.next_fire(links.pause(flow.id)) is None
    flow = links.resume(flow.id)
    links.pause_all()
    assert links.paused() and links.next_fire(flow) is None
    links.resume_all()
    assert not links.paused() and links.next_fire(flow) is not None
    assert links.next_fire(links.disable(flow.id)) is None


def test_older_orders_are_counted_up_to_the_go_live_moment(
    links: LinkVerbs, ws: Application, world: World, orders: Flow
) -> None:
    live = datetime(2026, 11, 1, tzinfo=UTC)
    saved = links.save(replace(orders, orders=replace(orders.orders, go_live_at=live)))
    lira = Money(Decimal(1), "TRY")
    base = Order(
        "0",
        "#0",
        placed_at=live,
        updated_at=live,
        currency="TRY",
        total=lira,
        lines=(OrderLine("1", "SKU-1", "Elbise", 1, lira, Money(Decimal(0), "TRY"), lira),),
        financial="paid",
    )
    world.tenants[SHOP].orders = [
        replace(base, id=str(n), placed_at=live - timedelta(days=n)) for n in range(-2, 40)
    ]
    assert links.count_older(saved.id, live - timedelta(days=30)) == 30
