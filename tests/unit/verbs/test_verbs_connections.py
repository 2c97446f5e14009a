"""Connections: forms, tests, secrets that only go in, and accounts that are never exchanged."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest

from storage.connections import KeepStore
from sync.application import Application
from sync.errors import Cancelled, NeedsOperator, Transient
from sync.managers.verbs import Checks, ConnectionVerbs
from sync.managers.verbs.checks import checks_of
from sync.model.entity import Entity
from sync.model.flow import Connection, Link
from sync.model.run import Mode, Scope
from tests.unit.verbs.world import ERP_URL, SENTOS_FORM, SHOP, SHOPIFY_FORM, World


def refusal(act: Callable[[], object]) -> str:
    with pytest.raises(NeedsOperator) as refused:
        act()
    return str(refused.value.message)


def run_live(ws: Application, link: Link) -> str:
    flow = ws.links.flows(link.id)[0]
    with ws.db.write() as tx:
        return ws.runs.start(tx, flow.id, flow.version, Mode.FULL, Scope(), "test")


def test_a_connection_is_completed_tested_and_kept_without_its_secrets(
    erp: Connection, connections: ConnectionVerbs
) -> None:
    assert erp.status == "connected" and erp.reason is None
    assert erp.settings["url"] == ERP_URL and erp.identity == "ornek.sentos.com.tr"
    assert "s3cret-erp" not in repr(erp) and "s3cret-erp" not in str(erp.settings)
    assert connections.stored_secrets(erp.id) == {"key", "secret"}


def test_one_that_fails_is_kept_with_the_reason(connections: ConnectionVerbs) -> None:
    made = connections.add("sentos", "ERP", {"url": "ornek"}, {"key": "k", "secret": "wrong"})
    assert (made.status, str(made.reason)) == ("failed", "The key is refused.")


@pytest.mark.parametrize(
    ("values", "secrets", "said"),
    [
        ({"url": "https://evil.example.com"}, {"key": "k", "secret": "s"}, "no Sentos address"),
        ({"url": ""}, {"key": "k", "secret": "s"}, "Fill in Firm name"),
        ({"url": "ornek"}, {"key": "k"}, "Fill in API secret"),
        ({"url": "ornek", "profile": "warp"}, {"key": "k", "secret": "s"}, "must be one of"),
        ({"url": "ornek", "key": "k"}, {"secret": "s"}, "no input key"),
        ({"url": "ornek", "sandbox": "true"}, {"key": "k", "secret": "s"}, "no input sandbox"),
        ({"url": "ornek", "allow_private": "maybe"}, {"key": "k", "secret": "s"}, "on or off"),
        ({"url": "ornek"}, {"key": "k\x00", "secret": "s"}, "cannot be typed"),
    ],
)
def test_a_form_that_cannot_be_is_refused_and_nothing_is_stored(
    connections: ConnectionVerbs, ws: Application, values: dict[str, str], secrets: dict[str, str], said: str
) -> None:
    assert said in refusal(lambda: connections.add("sentos", "ERP", values, secrets))
    assert ws.connections.all() == []


def test_names_and_accounts_are_connected_once(connections: ConnectionVerbs, erp: Connection) -> None:
    assert "named ERP" in refusal(lambda: connections.add("shopify", "ERP", *SHOPIFY_FORM))
    assert "connected already as ERP" in refusal(lambda: connections.add("sentos", "Other", *SENTOS_FORM))
    assert "Enter a name" in refusal(lambda: connections.add("shopify", "  ", *SHOPIFY_FORM))
    assert "does not know" in refusal(lambda: connections.add("magento", "M", {}, {}))


def test_a_speed_is_for_the_sandbox_only(connections: ConnectionVerbs) -> None:
    assert "only for the sandbox" in refusal(lambda: connections.add("sentos", "ERP", *SENTOS_FORM, speed=20))
    assert "between" in refusal(lambda: connections.add("sentos", "ERP", *SENTOS_FORM, sandbox=True, speed=0))


def test_an_empty_secret_keeps_the_stored_one(
    connections: ConnectionVerbs, ws: Application, erp: Connection
) -> None:
    edited = connections.edit(
        erp.id, name="Sentos", values={"url": "ornek", "profile": "strict"}, secrets={"key": "", "secret": ""}
    )
    assert (edited.name, edited.status, edited.settings["profile"]) == ("Sentos", "connected", "strict")
    assert ws.connections.secrets(erp.id)["secret"] == "s3cret-erp"


def test_another_shops_token_is_refused_and_the_old_one_stays(
    connections: ConnectionVerbs, ws: Application, world: World, shop: Connection
) -> None:
    world.tenants[SHOP].identity = "gid://shopify/Shop/9"
    world.tenants[SHOP].secret = "shpat_other"
    said = refusal(lambda: connections.edit(shop.id, secrets={"access_token": "shpat_other"}))
    assert "another account" in said and "gid://shopify/Shop/9" in said
    assert ws.connections.secrets(shop.id)["access_token"] == "shpat_one"
    assert ws.connections.get(shop.id).status == "connected"


def test_another_shops_domain_is_refused(
    connections: ConnectionVerbs, ws: Application, shop: Connection
) -> None:
    said = refusal(
        lambda: connections.edit(shop.id, values={"shop": "ikinci"}, secrets={"access_token": "shpat_two"})
    )
    assert "another account" in said
    assert ws.connections.get(shop.id).settings["shop"] == SHOP


def test_a_new_token_of_the_same_shop_keeps_bindings_and_its_sign_in(
    connections: ConnectionVerbs, ws: Application, world: World, link: Link, shop: Connection
) -> None:
    from sync.model.plan import Bind

    with ws.db.write() as tx:
        ws.bindings.bind(tx, link.id, [Bind("product", "1", "p1")])
    world.tenants[SHOP].secret = "shpat_new"
    edited = connections.edit(shop.id, secrets={"access_token": "shpat_new"})
    assert edited.status == "connected"
    assert [b.id_b for b in ws.bindings.all(link.id, "product")] == ["p1"]
    assert KeepStore(ws.db, ws.vault, shop.id).get("token") == "fetched"


def test_while_a_connection_works_broken_credentials_are_not_stored(
    connections: ConnectionVerbs, ws: Application, world: World, shop: Connection
) -> None:
    assert "The key is refused." in refusal(
        lambda: connections.edit(shop.id, secrets={"access_token": "typo"})
    )
    world.down = Transient("Shopify is busy.")
    assert "Shopify is busy." in refusal(
        lambda: connections.edit(shop.id, secrets={"access_token": "shpat_x"})
    )
    assert ws.connections.secrets(shop.id)["access_token"] == "shpat_one"


def test_a_speed_of_reading_can_be_changed_while_the_platform_is_down(
    connections: ConnectionVerbs, world: World, erp: Connection
) -> None:
    world.down = Transient("Sentos is busy.")
    edited = connections.edit(erp.id, values={"url": "ornek", "profile": "strict"})
    assert edited.settings["profile"] == "strict"
    assert str(edited.reason) == "Sentos is busy."


def test_the_way_of_signing_in_can_be_changed(
    connections: ConnectionVerbs, ws: Application, world: World, shop: Connection
) -> None:
    world.tenants[SHOP].secret = "shpss_secret"
    new = {"values": {"shop": "moda", "client_id": "abc"}, "secrets": {"client_secret": "shpss_secret"}}
    assert "not both" in refusal(lambda: connections.edit(shop.id, **new))
    assert connections.edit(shop.id, **new, forget=("access_token",)).status == "connected"
    assert connections.stored_secrets(shop.id) == {"client_secret"}


def test_a_failed_test_says_why_and_another_account_is_never_connected(
    connections: ConnectionVerbs, world: World, shop: Connection
) -> None:
    world.tenants[SHOP].identity = "gid://shopify/Shop/9"
    tested = connections.test(shop.id)
    assert tested.status == "failed" and "another account" in str(tested.reason)
    assert tested.identity == "gid://shopify/Shop/1"
    world.tenants[SHOP].identity = "gid://shopify/Shop/1"
    assert connections.test(shop.id).status == "connected"


def test_missing_scopes_are_named_together(
    connections: ConnectionVerbs, ws: Application, world: World, shop: Connection
) -> None:
    world.tenants[SHOP].granted = frozenset({"read_products", "write_products"})
    tested = checks_of(ws).test(shop.id, (Entity.STOCK, Entity.PUBLICATION))
    assert tested.status == "failed"
    assert "write_inventory" in str(tested.reason) and "write_publications" in str(tested.reason)


def test_a_connectors_bug_does_not_leave_it_pending(
    connections: ConnectionVerbs, world: World, erp: Connection
) -> None:
    world.down = ValueError("boom")  # type: ignore[assignment]
    tested = connections.test(erp.id)
    assert tested.status == "failed" and "ValueError" in str(tested.reason)


def test_opening_the_console_tests_what_is_stale_once_and_shows_it_pending(
    connections: ConnectionVerbs, ws: Application, world: World, erp: Connection
) -> None:
    assert connections.test_all_if_stale() == []
    world.gate.clear()
    assert connections.test_all_if_stale(timedelta(0)) == [erp.id]
    connections.test_all_if_stale(timedelta(0))
    assert [c.status for c in connections.all()] == ["pending"]
    world.gate.set()
    settled(checks_of(ws))
    assert [c.status for c in connections.all()] == ["connected"]
    assert world.tests[ERP_URL] == 2


def settled(checks: Checks) -> None:
    """Waits for the background tests of this workspace."""
    import threading

    for thread in threading.enumerate():
        if thread.name == "connection-test":
            thread.join(120)
    assert not checks.running()


def test_a_connection_in_use_by_a_run_is_neither_tested_nor_changed(
    connections: ConnectionVerbs, ws: Application, link: Link, shop: Connection
) -> None:
    run_live(ws, link)
    assert connections.test_all_if_stale(timedelta(0)) == []
    assert "under way" in refusal(lambda: connections.edit(shop.id, secrets={"access_token": "x"}))
    assert "under way" in refusal(lambda: connections.delete(shop.id))
    assert connections.edit(shop.id, name="Renamed").name == "Renamed"


def test_deleting_shows_what_hangs_on_it(
    connections: ConnectionVerbs, ws: Application, link: Link, shop: Connection
) -> None:
    assert connections.hangs_on(shop.id).links == ("Moda",)
    connections.delete(shop.id)
    assert [c.name for c in ws.connections.all()] == ["ERP"]
    assert ws.links.all() == []
    assert "no longer exists" in refusal(lambda: connections.test(shop.id))


def test_choices_are_fetched_once_and_a_broken_list_says_why(
    connections: ConnectionVerbs, world: World, erp: Connection, shop: Connection
) -> None:
    assert connections.choices(erp.id, "warehouses", wait=20).names() == {"1": "Merkez", "2": "Depo 2"}
    connections.choices(erp.id, "warehouses", wait=20)
    assert world.asked == ["warehouses"]
    world.down = Transient("Shopify is busy.")
    failed = connections.choices(shop.id, "channels", wait=20)
    assert (failed.state, str(failed.reason), failed.items) == ("failed", "Shopify is busy.", ())


def test_scopes_follow_the_enabled_flows(
    connections: ConnectionVerbs, ws: Application, link: Link, shop: Connection
) -> None:
    from dataclasses import replace

    assert set(connections.scopes(shop.id)) == {Entity.PRODUCT, Entity.ORDER}
    product = next(f for f in ws.links.flows(link.id) if f.entity is Entity.PRODUCT)
    ws.links.save(replace(product, enabled=True))
    only = connections.scopes(shop.id)
    assert set(only) == {Entity.PRODUCT}
    assert {"write_inventory", "write_publications", "write_products"} <= set(only[Entity.PRODUCT])


def test_stopping_the_process_says_nothing_about_a_connection(
    connections: ConnectionVerbs, world: World, erp: Connection
) -> None:
    world.down = Cancelled("Cancelled by the operator.")
    assert connections.test(erp.id).status == "connected"


def test_a_mistyped_firm_can_be_mended(connections: ConnectionVerbs) -> None:
    made = connections.add("sentos", "ERP", {"url": "onrek"}, SENTOS_FORM[1])
    assert (made.status, made.identity) == ("failed", "")
    mended = connections.edit(made.id, values={"url": "ornek"})
    assert (mended.status, mended.identity) == ("connected", "ornek.sentos.com.tr")
