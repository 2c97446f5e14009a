"""Connections, links and flows: write-only secrets, one name each, versions that grow."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import timedelta

import pytest

from storage.clock import utc_now
from storage.connections import Connections, KeepStore
from storage.links import Cursors
from storage.redact import MASK, install_redaction
from storage.vault import Vault
from sync.errors import NeedsOperator
from sync.model.entity import Entity
from sync.model.flow import Link, ProductSettings, Schedule
from sync.model.support import Check
from sync.model.text import say
from tests.unit.storage_sync.conftest import Store

SECRET = "s3cret-erp"


def stored(store: Store) -> str:
    """All text of the database file and its log."""
    with store.db.read() as tx:
        tables = ("connections", "keeps")
        return repr([tx.exec_driver_sql(f"SELECT * FROM {table}").all() for table in tables])


def test_secrets_lie_sealed_and_show_nowhere(
    store: Store, link: Link, caplog: pytest.LogCaptureFixture
) -> None:
    install_redaction()
    connection, secrets = store.connections.get(link.a), store.connections.secrets(link.a)
    assert secrets.get("secret") == SECRET
    for text in (
        stored(store),
        repr(connection),
        str(connection),
        repr(secrets),
        str(secrets),
        repr(store.connections),
        repr(store.vault),
    ):
        assert SECRET not in text
    with caplog.at_level(logging.INFO):
        logging.getLogger("test").warning("refused with %s", SECRET)
    assert SECRET not in caplog.text and MASK in caplog.text


def test_empty_secrets_keep_the_stored_ones(store: Store, link: Link) -> None:
    store.connections.edit(link.a, secrets={"secret": "", "key": "another-key"})
    assert dict(store.connections.secrets(link.a)) == {"secret": SECRET, "key": "another-key"}
    store.connections.edit(link.a, forget=["key"], settings={"url": "https://y.example/api"})
    assert dict(store.connections.secrets(link.a)) == {"secret": SECRET}
    assert store.connections.get(link.a).settings == {"url": "https://y.example/api"}
    store.connections.edit(link.a, name=" Depo ")
    assert (
        dict(store.connections.secrets(link.a)) == {"secret": SECRET}
        and store.connections.get(link.a).name == "Depo"
    )


def test_a_rotation_seals_secrets_and_keeps_again(store: Store, link: Link) -> None:
    keep = KeepStore(store.db, store.vault, link.b)
    keep.put("token", "shpua_cached-token")
    before, old_key = stored(store), (store.folder / "secret.key").read_text()
    assert store.vault.rotate(store.db).sealed_again == 2
    assert (store.folder / "secret.key").read_text() != old_key and stored(store) != before
    fresh = Vault.open(store.folder, {}, db=store.db)
    assert Connections(store.db, fresh).secrets(link.a).get("secret") == SECRET
    assert KeepStore(store.db, fresh, link.b).get("token") == "shpua_cached-token"
    assert store.connections.secrets(link.a).get("secret") == SECRET, (
        "a vault opened before notices the new key"
    )
    with pytest.raises(NeedsOperator):
        Vault([old_key.strip()], None).check(store.db)


def test_kept_values_expire_and_go_with_an_edit(store: Store, link: Link) -> None:
    keep, other = KeepStore(store.db, store.vault, link.a), KeepStore(store.db, store.vault, link.b)
    keep.put("token", "one")
    keep.put("token", "two-two", utc_now() + timedelta(hours=1))
    keep.put("old", "x", utc_now() - timedelta(seconds=1))
    other.put("token", "other")
    assert (keep.get("token"), keep.get("old"), keep.get("none")) == ("two-two", None, None)
    assert "two-two" not in stored(store)
    store.connections.edit(link.a, settings={"url": "https://z.example/api"})
    assert keep.get("token") is None and other.get("token") == "other"
    other.drop("token")
    assert other.get("token") is None


def test_names_are_taken_once_and_speeds_are_for_sandboxes(store: Store, link: Link) -> None:
    with pytest.raises(NeedsOperator, match="already a connection named ERP"):
        store.connections.add("sentos", "ERP", {}, {})
    with pytest.raises(NeedsOperator, match="only for the sandbox"):
        store.connections.add("sentos", "Fast", {}, {}, speed=60)
    with pytest.raises(NeedsOperator, match="only for the sandbox"):
        store.connections.edit(link.a, speed=2)
    assert store.connections.add("sentos", "Trial", {}, {}, sandbox=True, speed=60).speed == 60


def test_a_test_is_remembered_with_its_first_identity(store: Store, link: Link) -> None:
    store.connections.record_check(link.b, Check(True, "shop-1", {"plan": "Basic"}), None)
    failed = store.connections.record_check(link.b, None, say("No answer."))
    assert (failed.status, failed.identity, failed.reason) == ("failed", "shop-1", say("No answer."))
    kept = store.connections.get(link.b)
    assert kept.facts == {"plan": "Basic"} and kept.reason == say("No answer.") and kept.checked_at
    assert store.connections.edit(link.b, settings={"shop": "x"}).status == "pending"


def test_what_hangs_on_a_connection_goes_with_it(store: Store, link: Link) -> None:
    assert store.connections.hangs_on(link.a) == ["Moda"]
    store.connections.delete(link.a)
    assert not store.links.all() and not store.links.flows()
    assert [c.name for c in store.connections.all()] == ["Shop"]
    with pytest.raises(NeedsOperator, match="no longer exists"):
        store.connections.get(link.a)


def test_two_connections_are_linked_once(store: Store, link: Link) -> None:
    with pytest.raises(NeedsOperator, match="linked already"):
        store.links.add("Again", link.a, link.b)
    with pytest.raises(NeedsOperator, match="already a link named"):
        store.links.add("Moda", link.b, link.a)
    assert store.links.get(link.id).locations == {"loc-1": ("1", "2")}
    assert [(f.entity, f.direction, f.enabled) for f in store.links.flows(link.id)] == [
        (Entity.PRODUCT, "a>b", False),
        (Entity.ORDER, "b>a", False),
    ]


def test_every_saved_change_raises_the_flows_version(store: Store, link: Link) -> None:
    flow = replace(
        store.flow(), enabled=True, products=ProductSettings(fields=("title",)), schedule=Schedule(minutes=5)
    )
    saved = store.links.save(flow)
    assert saved.version == 2 and store.flow() == saved
    store.links.set_locations(link.id, {"loc-2": ("9",)})
    assert store.flow().version == 3 and store.flow(Entity.ORDER).version == 2
    assert store.links.get(link.id).locations == {"loc-2": ("9",)}


def test_orders_begin_when_their_flow_is_first_switched_on(store: Store, link: Link) -> None:
    off = store.links.save(store.flow(Entity.ORDER))
    assert off.orders.go_live_at is None
    on = store.links.save(replace(off, enabled=True))
    assert on.orders.go_live_at is not None
    again = store.links.save(replace(on, enabled=False))
    assert store.links.save(replace(again, enabled=True)).orders.go_live_at == on.orders.go_live_at


def test_cursors_are_kept_by_flow_and_name(store: Store, link: Link) -> None:
    cursors, flow = Cursors(store.db), store.flow().id
    assert cursors.get(flow, "x") == ""
    cursors.set(flow, "x", "1")
    cursors.set(flow, "x", "2")
    assert (cursors.get(flow, "x"), cursors.get(flow, "y")) == ("2", "")
    store.links.delete(link.id)
    assert cursors.get(flow, "x") == ""
