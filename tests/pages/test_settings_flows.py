# ruff: noqa: F401, F811 (fixtures come by import)
"""Links and flows on the settings page: every form, saved and refused."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from sync.application import Application
from sync.managers.verbs import LinkVerbs
from sync.managers.verbs.offers import offers_of
from sync.model.entity import Entity
from sync.model.flow import FieldMap, Link
from tests.pages.settings_world import flow_of, link, visit, world, ws
from tests.unit.verbs.world import SHOP, World

LINKS = {"section": "links"}
ORDERS = {"section": "links", "part": "orders"}


def test_without_connections_there_is_nothing_to_link(visit: Any) -> None:
    page = visit(**LINKS)
    assert "Nothing is linked yet" in page.text
    assert page.at.button(key="add_link").disabled


def test_only_fields_of_both_sides_are_offered_and_saved(visit: Any, ws: Application, link: Link) -> None:
    page = visit(**LINKS)
    fields = page.find(page.at.button_group, "_fields")
    assert "Title" in str(fields.options) and "Weight" not in str(fields.options)
    fields.set_value(["title", "price", "stock"])
    page.find(page.at.button_group, "_status").set_value("active")
    page.find(page.at.multiselect, "_channels").set_value(["gid://shopify/Publication/1"])
    page.press("products_")
    saved = flow_of(ws, link, Entity.PRODUCT).products
    assert saved.fields == ("title", "price", "stock")
    assert (saved.new_status, saved.channels) == ("active", ("gid://shopify/Publication/1",))
    assert "Saved." in page.toasts


def test_the_order_of_match_keys_is_kept(visit: Any, ws: Application, link: Link) -> None:
    page = visit(**LINKS)
    keys = page.find(page.at.multiselect, "_match")
    keys.set_value(["barcode", "sku"])
    page.press("products_")
    assert flow_of(ws, link, Entity.PRODUCT).products.match_keys == ("barcode", "sku")


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [
        ("_currency", "EUR", "sells in TRY"),
        ("_currency", "L", "no currency code"),
    ],
)
def test_product_settings_that_cannot_be_are_refused_beside_the_button(
    visit: Any,
    ws: Application,
    link: Link,
    key: str,
    value: str,
    said: str,
) -> None:
    page = visit(**LINKS)
    page.fill(key, value)
    page.press("products_")
    assert said in page.errors
    assert flow_of(ws, link, Entity.PRODUCT).version == link_version(ws, link)


def link_version(ws: Application, link: Link) -> int:
    return flow_of(ws, link, Entity.PRODUCT).version


def test_mappings_are_typed_into_a_table(visit: Any, ws: Application, link: Link) -> None:
    page = visit(**LINKS)
    key = page.find(page.at.data_editor, "_mappings").key
    page.at.session_state[key] = {
        "edited_rows": {},
        "deleted_rows": [],
        "added_rows": [{"source": "vendor", "target": "tag"}, {"source": "=Kadın", "target": "seo_title"}],
    }
    page.press("products_")
    assert not page.errors
    assert flow_of(ws, link, Entity.PRODUCT).products.mappings == (
        FieldMap("vendor", "tag"),
        FieldMap("=Kadın", "seo_title"),
    )


def test_switching_on_says_which_scopes_are_missing(
    visit: Any, ws: Application, world: World, link: Link
) -> None:
    world.tenants[SHOP].granted = frozenset({"read_products"})
    flow = flow_of(ws, link, Entity.PRODUCT)
    page = visit(**LINKS)
    page.press(f"on_{flow.id}")
    assert "write_publications" in page.errors
    world.tenants[SHOP].granted = None
    page.press(f"on_{flow.id}")
    assert flow_of(ws, link, Entity.PRODUCT).enabled
    page.press(f"off_{flow.id}")
    assert not flow_of(ws, link, Entity.PRODUCT).enabled


def test_a_schedule_is_set_shown_and_paused(visit: Any, ws: Application, link: Link) -> None:
    LinkVerbs(ws).enable(flow_of(ws, link, Entity.PRODUCT).id)
    page = visit(**LINKS)
    page.find(page.at.button_group, "_way").set_value("cron").run()
    page.fill("_cron", "99 * * * *")
    page.press("schedule_")
    assert "is no cron line" in page.errors
    page.fill("_cron", "30 3 * * 1-5")
    page.press("schedule_")
    flow = flow_of(ws, link, Entity.PRODUCT)
    assert flow.schedule.cron == "30 3 * * 1-5"
    assert "Next run:" in page.text
    page.press(f"pause_{flow.id}")
    assert "Paused." in page.text and flow_of(ws, link, Entity.PRODUCT).schedule.paused
    page.press(f"resume_{flow.id}")
    assert not flow_of(ws, link, Entity.PRODUCT).schedule.paused


def test_quiet_hours_name_their_time_zone_beside_every_so_often(
    visit: Any, ws: Application, link: Link
) -> None:
    page = visit(**LINKS)
    page.find(page.at.button_group, "_way").set_value("every").run()
    page.find(page.at.toggle, "_quiet").set_value(True).run()
    page.find(page.at.selectbox, "_zone").set_value("Europe/Berlin")
    page.press("schedule_")
    saved = flow_of(ws, link, Entity.PRODUCT).schedule
    assert (saved.quiet_from, saved.quiet_to, saved.timezone) == ("22:00", "07:00", "Europe/Berlin")


def test_order_settings_are_saved_with_comma_and_words(visit: Any, ws: Application, link: Link) -> None:
    page = visit(**ORDERS)
    page.find(page.at.selectbox, "_channel").set_value("7")
    page.find(page.at.selectbox, "_warehouse").set_value("2")
    page.fill("_vat", "8,5")
    page.fill("_service_tip", "HIZMET-1")
    page.press("orders_")
    assert not page.errors
    saved = flow_of(ws, link, Entity.ORDER).orders
    assert (saved.sales_channel, saved.warehouse, saved.default_vat) == ("7", "2", Decimal("8.5"))
    assert saved.service_skus == {"tip": "HIZMET-1"}
    assert saved.status_out["paid"] == "2" and saved.status_back["5"] == "fulfil"


def test_status_and_payment_tables_are_edited(visit: Any, ws: Application, link: Link) -> None:
    page = visit(**ORDERS)
    out, payments = (page.find(page.at.data_editor, name).key for name in ("_out", "_payments"))
    page.at.session_state[out] = {
        "edited_rows": {},
        "deleted_rows": [0],
        "added_rows": [{"shop": "on_hold", "erp": "1"}],
    }
    page.at.session_state[payments] = {
        "edited_rows": {"0": {"method": "NAKIT"}},
        "deleted_rows": [],
        "added_rows": [],
    }
    page.press("orders_")
    assert not page.errors
    saved = flow_of(ws, link, Entity.ORDER).orders
    assert "pending" not in saved.status_out and saved.status_out["on_hold"] == "1"
    assert saved.payments["shopify_payments"] == "NAKIT"


@pytest.mark.parametrize(
    ("key", "value", "said"),
    [("_vat", "on", "VAT rate"), ("_vat", "250", "VAT rate"), ("_currency", "USD", "sells in TRY")],
)
def test_order_settings_that_cannot_be(visit: Any, link: Link, key: str, value: str, said: str) -> None:
    page = visit(**ORDERS)
    page.fill(key, value)
    page.press("orders_")
    assert said in page.errors


def test_an_incomplete_order_flow_says_what_to_choose(visit: Any, ws: Application, link: Link) -> None:
    page = visit(**ORDERS)
    page.press(f"on_{flow_of(ws, link, Entity.ORDER).id}")
    assert "Choose the sales channel under which orders appear in ERP" in page.errors


def test_a_go_live_day_is_kept_to_the_moment_unless_it_is_changed(
    visit: Any, ws: Application, link: Link
) -> None:
    from dataclasses import replace

    flow = flow_of(ws, link, Entity.ORDER)
    moment = datetime(2026, 11, 3, 14, 5, tzinfo=UTC)
    LinkVerbs(ws).save(replace(flow, orders=replace(flow.orders, go_live_at=moment)))
    page = visit(**ORDERS)
    page.fill("_vat", "20")
    page.press("orders_")
    assert flow_of(ws, link, Entity.ORDER).orders.go_live_at == moment
    page.find(page.at.date_input, "_live").set_value(date(2026, 11, 5))
    page.press("orders_")
    assert flow_of(ws, link, Entity.ORDER).orders.go_live_at == datetime(2026, 11, 5, tzinfo=UTC)


def test_older_orders_are_counted_and_confirmed_by_their_number(
    visit: Any, ws: Application, link: Link, monkeypatch: pytest.MonkeyPatch
) -> None:
    from dataclasses import replace

    flow = flow_of(ws, link, Entity.ORDER)
    LinkVerbs(ws).save(
        replace(flow, orders=replace(flow.orders, go_live_at=datetime(2026, 11, 3, tzinfo=UTC)))
    )
    monkeypatch.setattr(LinkVerbs, "count_older", lambda self, flow_id, since: 42)
    page = visit(**ORDERS)
    page.press(f"older_{flow.id}_count")
    assert "**42** orders" in page.text
    page.confirm(f"older_{flow.id}_count", f"older_{flow.id}_ask", "42")
    saved = flow_of(ws, link, Entity.ORDER).orders
    assert saved.older_confirmed == 42 and saved.older_since == datetime(2026, 10, 4, tzinfo=UTC)
    page.press(f"older_off_{flow.id}")
    assert flow_of(ws, link, Entity.ORDER).orders.older_since is None


def test_locations_are_mapped(visit: Any, ws: Application, link: Link) -> None:
    page = visit(section="links", part="places")
    place = page.find(page.at.multiselect, "place_")
    place.set_value(["2"])
    page.press("save_places")
    assert ws.links.get(link.id).locations == {"gid://shopify/Location/1": ("2",)}


def test_a_link_is_renamed_added_and_deleted(visit: Any, ws: Application, link: Link) -> None:
    page = visit(**LINKS)
    page.fill(f"rename_{link.id}_name", "Yeni")
    page.press(f"rename_{link.id}_do")
    assert ws.links.get(link.id).name == "Yeni"
    page.press("add_link")
    page.submit("add_link", "new_link_save")
    assert "linked already" in page.errors
    page.confirm(f"delete_link_{link.id}", f"delete_link_{link.id}_ask", "Yeni")
    assert ws.links.all() == []


def test_deleting_a_link_says_how_many_flows_are_on(visit: Any, ws: Application, link: Link) -> None:
    LinkVerbs(ws).enable(flow_of(ws, link, Entity.PRODUCT).id)
    page = visit(**LINKS)
    page.press(f"delete_link_{link.id}")
    assert not page.at.exception and "1 flow that is switched on" in page.text
    page.confirm(f"delete_link_{link.id}", f"delete_link_{link.id}_ask", link.name)
    assert ws.links.all() == []


def test_lists_that_cannot_be_read_lose_nothing(
    visit: Any, ws: Application, world: World, link: Link
) -> None:
    from dataclasses import replace

    from sync.errors import Transient

    flow = flow_of(ws, link, Entity.PRODUCT)
    LinkVerbs(ws).save(
        replace(flow, products=replace(flow.products, channels=("gid://shopify/Publication/1",)))
    )
    offers_of(ws).forget(link.b)
    world.down = Transient("Shopify is busy.")
    page = visit(**LINKS)
    assert "The list could not be read: Shopify is busy." in page.text
    page.fill("_currency", "try")
    page.press("products_")
    assert flow_of(ws, link, Entity.PRODUCT).products.channels == ("gid://shopify/Publication/1",)
