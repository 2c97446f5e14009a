# ruff: noqa: F401, F811 (fixtures come by import)
"""The connections of the settings page: forms, states with their reasons, secrets that never come back,
deletion.
"""

from __future__ import annotations

from typing import Any

from sync.application import Application
from sync.errors import Transient
from sync.managers.verbs import ConnectionVerbs
from sync.model.flow import Link
from tests.pages.settings_world import link, visit, world, ws
from tests.unit.verbs.world import SHOP, World


def test_an_empty_installation_leads_through_four_steps(visit: Any) -> None:
    page = visit()
    assert "Nothing is connected yet" in page.text
    assert "Connect Sentos" in page.text and "Test with five" in page.text
    page.press("setup_form_1")
    assert {"new_sentos_url", "new_sentos_key", "new_sentos_secret"} <= {t.key for t in page.at.text_input}


def test_a_merchant_gets_from_nothing_to_a_link_by_two_forms_and_a_button(
    visit: Any, ws: Application
) -> None:
    page = visit()
    page.press("setup_form_1")
    for key, value in (
        ("new_sentos_url", "ornek"),
        ("new_sentos_key", "k"),
        ("new_sentos_secret", "s3cret-erp"),
    ):
        page.fill(key, value)
    page.submit("setup_form_1", "new_sentos_save")
    assert "Sentos is connected." in page.toasts
    page.press("setup_form_2")
    page.fill("new_shopify_shop", "moda")
    page.fill("new_shopify_access_token", "shpat_one")
    page.submit("setup_form_2", "new_shopify_save")
    assert [c.status for c in ws.connections.all()] == ["connected", "connected"]
    page.press("setup_link")
    made = ws.links.all()[0]
    assert made.name == "Sentos ⇄ Shopify"
    assert made.locations == {"gid://shopify/Location/1": ("1", "2")}
    assert [f.enabled for f in ws.links.flows(made.id)] == [True, False]


def test_stores_alone_are_led_to_stock_between_them(visit: Any, ws: Application) -> None:
    page = visit()
    assert "Stock between Shopify stores: connect two stores, then Set up stock." in page.text
    assert "Connect Sentos" in page.text, "the other way stands beside it"
    for name, token in (("moda", "shpat_one"), ("ikinci", "shpat_two")):
        ConnectionVerbs(ws).add("shopify", name, {"shop": name}, {"access_token": token})
    assert [c.status for c in ws.connections.all()] == ["connected", "connected"]
    page = visit()
    assert "Connect Sentos" not in page.text and "Link the two" not in page.text
    [way] = [link.proto for link in page.at.get("page_link") if link.proto.label == "Set up stock"]
    assert "inventory" in way.page


def test_a_form_that_cannot_be_says_why_and_stores_nothing(visit: Any, ws: Application) -> None:
    page = visit()
    page.press("add_connection")
    page.fill("new_sentos_url", "https://evil.example.com")
    page.fill("new_sentos_key", "k")
    page.submit("add_connection", "new_sentos_save")
    assert "Fill in API secret" in page.errors
    page.fill("new_sentos_secret", "s")
    page.submit("add_connection", "new_sentos_save")
    assert "is no Sentos address" in page.errors
    assert ws.connections.all() == []


def test_a_wrong_token_is_stored_as_failed_with_its_reason(visit: Any, ws: Application) -> None:
    page = visit()
    page.press("setup_form_1")
    for key, value in (("new_sentos_url", "ornek"), ("new_sentos_key", "k"), ("new_sentos_secret", "wrong")):
        page.fill(key, value)
    page.submit("setup_form_1", "new_sentos_save")
    assert "the test failed" in page.toasts
    assert "The key is refused." in page.errors


def test_a_card_shows_state_facts_and_the_access_to_grant_but_no_secret(visit: Any, link: Link) -> None:
    page = visit()
    assert "Connected" in page.text and "TRY" in page.text and "ornek.sentos.com.tr" in page.text
    assert "write_publications" in page.text
    everything = page.text + page.errors + "".join(str(t.value) for t in page.at.text_input)
    assert "s3cret-erp" not in everything and "shpat_one" not in everything


def test_stored_secrets_are_never_put_into_the_form(visit: Any, link: Link) -> None:
    page = visit()
    page.press(f"edit_{link.b}")
    token = page.find(page.at.text_input, "_access_token")
    assert token.value == "" and "Stored" in token.placeholder


def test_another_shops_token_is_refused_in_the_dialog(
    visit: Any, ws: Application, world: World, link: Link
) -> None:
    world.tenants[SHOP].identity, world.tenants[SHOP].secret = "gid://shopify/Shop/9", "shpat_other"
    page = visit()
    page.press(f"edit_{link.b}")
    page.fill("_access_token", "shpat_other")
    page.submit(f"edit_{link.b}", f"edit_{link.b}_save")
    assert "Nothing was saved" in page.errors and "another account" in page.errors
    assert ws.connections.secrets(link.b)["access_token"] == "shpat_one"


def test_the_test_button_tells_what_a_platform_says_without_rendering_it(
    visit: Any, world: World, link: Link
) -> None:
    page = visit()
    world.down = Transient("![x](https://evil.example.com/a.png) is busy")
    page.press(f"test_{link.a}")
    raw = " ".join(str(e.value) for e in page.at.error)
    assert "is busy" in raw and "![x](" not in raw


def test_deleting_shows_what_hangs_on_it_and_wants_the_name(visit: Any, ws: Application, link: Link) -> None:
    page = visit()
    page.press(f"delete_{link.b}")
    assert (
        "Link Moda with its flows and runs" in page.text
        and "Nothing is changed on either platform" in page.text
    )
    assert page.find(page.at.button, f"delete_{link.b}_ask_do").disabled
    page.confirm(f"delete_{link.b}", f"delete_{link.b}_ask", "Shop")
    assert [c.name for c in ws.connections.all()] == ["ERP"]
