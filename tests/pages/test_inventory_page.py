"""The Inventory page in AppTest: set-up, cards by stage, match, validation, change log, differences,
owners."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest
from sqlalchemy import update

from storage.clock import utc_now
from storage.stock_owners import StockOwners
from storage.stock_stages import StockStages
from storage.tables.stock import stock_items
from sync.application import Application
from sync.errors import NeedsOperator
from sync.managers.verbs.stock import StockVerbs
from sync.managers.verbs.stock_set_up import StockSetUp
from sync.managers.views import stock
from sync.model.flow import Flow
from sync.model.run import Mode, Scope, Status
from sync.model.support import Check
from sync.model.text import say
from tests.pages.operating import Open, labels, metrics, open_page, operator, texts, typed_in, ws
from tests.pages.seed import stock as seed

__all__ = ["open_page", "operator", "ws"]


@pytest.fixture
def stores(ws: Application) -> seed.Stores:
    """Two stores, linked, nothing read yet."""
    return seed.stores(ws)


def test_without_a_stock_flow_the_page_says_how_to_begin(open_page: Open) -> None:
    test = open_page("inventory", role="admin")
    assert "No stock flow yet" in texts(test)
    assert "Set up stock" in labels(test)


def test_who_may_not_configure_is_not_offered_the_set_up(open_page: Open) -> None:
    test = open_page("inventory", setup="1")
    assert "Set up stock" not in labels(test) and "Start" not in labels(test)


def test_a_new_flow_begins_with_the_baseline(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    test = open_page("inventory")
    assert "**Baseline**" in texts(test) and "every matched item is set" in texts(test)
    test.button(key=f"full_{stores.flow.id}").click().run()
    [run] = ws.runs.list()
    assert (run.mode, run.flow_id, run.started_by) == (Mode.FULL, stores.flow.id, "ayse")
    assert test.title[0].value.startswith("Stock")


def test_sweep_and_changes_wait_for_the_validation(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    seed.matched(ws, stores)
    seed.aligned(ws, stores)
    test = open_page("inventory")
    sweep = test.button(key=f"sweep_{stores.flow.id}")
    assert sweep.disabled and "has not been validated" in sweep.help
    test.button(key=f"validate_{stores.flow.id}").click().run()
    assert "Totals of the matched items" in texts(test)


def test_the_figures_are_confirmed_by_name(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    seed.matched(ws, stores)
    seed.aligned(ws, stores)
    test = open_page("inventory", view="validation")
    totals, sample = (frame.value for frame in test.dataframe)
    items, available = totals.iloc[0], totals.iloc[3]
    assert (items["source"], items["target"], items["difference"]) == (120, 120, 0)
    assert available["difference"] == available["target"] - available["source"] != 0
    assert len(sample) and sample["state"][0] == ["Differs"], "what differs stands first"
    test.button(key="do_validate").click().run()
    stage = StockStages(ws.db).get(stores.flow.id)
    assert stage.live and stage.validated_by == "ayse" and stage.figures["source"]
    assert "Validated by ayse" in test.success[0].value


def test_a_live_flow_runs_changes(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    seed.matched(ws, stores)
    seed.live(ws, stores)
    test = open_page("inventory")
    assert "**In operation**" in texts(test)
    assert "**120**\u00a0:gray[matched]" in texts(test)
    assert "**9**\u00a0:gray[differ\u00a0now]" in texts(test)
    test.button(key=f"delta_{stores.flow.id}").click().run()
    assert ws.runs.list()[0].mode is Mode.DELTA


def test_a_full_run_after_go_live_asks_why(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    seed.matched(ws, stores)
    seed.live(ws, stores)
    flow = stores.flow.id
    test = open_page("inventory")
    test.button(key=f"ask_full_{flow}").click().run()
    assert test.button(key=f"full_{flow}").disabled
    test.text_input(key=f"reason_{flow}").input("Stocktaking at the outlet")
    test.button(key=f"ask_full_{flow}").click().run()
    test.button(key=f"ask_full_{flow}").click()
    test.button(key=f"full_{flow}").click().run()
    assert ws.runs.list()[0].scope == Scope(reason="Stocktaking at the outlet")


def test_skus_are_pushed_past_everything(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    seed.matched(ws, stores)
    seed.live(ws, stores)
    flow = stores.flow.id
    test = open_page("inventory")
    test.text_area(key=f"push_skus_{flow}").input("MD-1003-M, MD-1004-L MD-1003-M").run()
    test.button(key=f"do_push_{flow}").click().run()
    assert stock.card(ws, flow).waiting == 2


def test_only_tagged_items(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    seed.matched(ws, stores)
    seed.live(ws, stores)
    flow = stores.flow.id
    test = open_page("inventory")
    test.text_input(key=f"tags_{flow}").input("new, summer sale").run()
    test.button(key=f"tagged_{flow}").click().run()
    assert ws.runs.list()[0].scope.tags == ("new", "summer sale")


MATCH = {
    "Matched": "120",
    "Only at the source": "6",
    "Only at the target": "9",
    "SKU used twice": "2",
    "Without SKU": "4",
    "Not tracked": "0",
    "Bundles": "6",
    "Gift cards": "1",
}


def test_the_match_in_numbers_and_rows(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    seed.matched(ws, stores)
    test = open_page("inventory", view="match")
    assert metrics(test) == MATCH
    assert len(test.dataframe[0].value) == 6, "the first exception is shown"
    test.button_group(key="class").set_value("matched").run()
    assert len(test.dataframe[0].value) == 50 and "1–50 of 120." in texts(test)
    test.button(key="match_page_on").click().run()
    assert "51–100 of 120." in texts(test)
    test.text_input(key="q").input("md1003m").run()
    assert list(test.dataframe[0].value["sku"]) == ["MD-1003-M"]


@pytest.mark.parametrize(
    ("query", "rows"),
    [({"state": "refused"}, 2), ({"cause": "store"}, 6), ({"sku": "MD-1000"}, 10), ({"sku": "NOTHING"}, 0)],
)
def test_the_change_log_is_filtered_by_its_address(
    open_page: Open, ws: Application, stores: seed.Stores, query: Mapping[str, str], rows: int
) -> None:
    seed.matched(ws, stores)
    seed.live(ws, stores)
    test = open_page("inventory", view="changes", **query)
    assert sum(len(frame.value) for frame in test.dataframe) == rows
    assert ("No change matches." in texts(test)) is (rows == 0)


def test_the_change_log_shows_both_sides(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    seed.matched(ws, stores)
    seed.live(ws, stores)
    frame = open_page("inventory", view="changes", state="refused").dataframe[0].value
    row = frame[frame["sku"] == "MD-1001-M"].iloc[0]
    assert (row["before"], row["after"], row["source"]) == (13, 12, 12)
    assert row["why"] == "The location does not stock this item."


def test_differences_by_kind(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    seed.matched(ws, stores)
    seed.live(ws, stores)
    test = open_page("inventory", view="differences")
    assert metrics(test) == {
        "Differ now": "9",
        "Differs": "5",
        "Missed update": "2",
        "Written twice": "0",
        "Moved at the store": "2",
    }
    assert len(test.dataframe[0].value) == 9
    test = open_page("inventory", view="differences", why="missed")
    assert len(test.dataframe[0].value) == 2 and "1–2 of 2." in texts(test)


def test_a_location_is_handed_over_by_typing_the_links_name(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    seed.matched(ws, stores)
    other = _second_writer(ws, stores)
    test = open_page("inventory", role="admin", view="owners")
    assert "is written by" in texts(test)
    opener = f"transfer_{other}_{seed.PLACE}"
    test.button(key=opener).click().run()
    typed_in(test, opener, f"transfer_{other}", ws.links.get(ws.links.flow(other).link_id).name)
    test.button(key=opener).click()
    test.button(key=f"transfer_{other}_do").click().run()
    store = ws.connections.get(stores.link.b).identity
    assert StockOwners(ws.db).of(store)[seed.PLACE] == other


def _second_writer(ws: Application, stores: seed.Stores) -> str:
    """Another link into the same store and location."""
    from dataclasses import replace

    from storage.links import STORE_TO_STORE

    third = ws.connections.add("shopify", "Depo", {}, {})
    ws.connections.record_check(third.id, Check(True, "gid://shopify/Shop/77", {}), None)
    link = ws.links.add("Depo → Outlet", third.id, stores.link.b, {seed.PLACE: ("1",)}, STORE_TO_STORE)
    [flow] = ws.links.flows(link.id)
    ws.links.save(replace(flow, enabled=True))
    return flow.id


def test_a_plan_shows_its_rows_an_estimate_and_takes_ticks(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    seed.matched(ws, stores)
    run = seed.plan(ws, stores)
    test = open_page("run", id=run)
    assert "**130 rows ticked**" in texts(test)
    assert "About 0:01 to write: 3 calls, 120 points." in texts(test)
    assert len(test.dataframe[0].value) == 50
    test.text_input(key="sku").input("MD-1000").run()
    test.button(key="untick_all").click().run()
    assert "**125 rows ticked**" in texts(test)


def test_a_writing_run_says_about_how_long(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    seed.matched(ws, stores)
    test = open_page("run", id=seed.writing(ws, stores))
    assert "Setting stock · 50 of 130 changes (38%)" in texts(test)
    assert "about 0:01 left" in texts(test)


def test_a_finished_run_says_what_was_left_out_and_can_be_undone(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    seed.matched(ws, stores)
    run = seed.aligned(ws, stores)
    test = open_page("run", id=run)
    assert "Only at the source 6" in texts(test)
    test.button(key="undo").click().run()
    plan = ws.runs.list()[0]
    assert (plan.mode, plan.scope.undo_of) == (Mode.PREVIEW, run)
    assert test.title[0].value.startswith("Undo")


def test_the_set_up_makes_links_claims_the_locations_and_starts(
    open_page: Open, ws: Application, stores: seed.Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The wizard hands over what was chosen; the verb's own rules have their own tests."""
    made: list[Any] = []
    _two_places(monkeypatch)

    def set_up(_verbs: StockVerbs, *given: Any, take_over: Any) -> list[Flow]:
        assert not take_over
        made.append(given)
        return [stores.flow]

    monkeypatch.setattr(StockVerbs, "set_up", set_up)
    test = open_page("inventory", role="admin", setup="1")
    source, target = stores.link.a, _third_store(ws)
    test.selectbox(key="setup_stock_source").set_value(source).run()
    test.multiselect(key=f"setup_stock_targets_{source}").set_value([target]).run()
    test.number_input(key="setup_stock_buffer").set_value(2)
    test.button_group(key=f"setup_stock_{source}_{target}_way").set_value("pairs").run()
    test.button(key="setup_stock_start").click().run()
    [(from_id, targets, settings, by)] = made
    assert (from_id, targets) == (source, {target: {"L1": ("L1",), "L2": ("L2",)}})
    assert settings.buffers == {"": 2} and by == "other-admin"
    assert ws.runs.list()[0].mode is Mode.FULL


def _two_places(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every store has the same two locations."""
    from sync.managers.verbs.offers import Offer, Offers
    from sync.model.support import Choice

    places = Offer((Choice("L1", "Merkez"), Choice("L2", "Depo")))
    monkeypatch.setattr(Offers, "get", lambda self, connection_id, what, wait=0.0: places)
    monkeypatch.setattr(Offers, "warm", lambda self, wanted, wait: None)


def _third_store(ws: Application) -> str:
    third = ws.connections.add("shopify", "Depo", {}, {})
    ws.connections.record_check(third.id, Check(True, "gid://shopify/Shop/77", {}), None)
    return third.id


def test_the_set_up_leaves_out_what_is_set_up_already(
    open_page: Open, ws: Application, stores: seed.Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its options and locations would become those of the set-up's screen."""
    _two_places(monkeypatch)
    third, source = _third_store(ws), stores.link.a
    test = open_page("inventory", role="admin", setup="1")
    assert test.selectbox(key="setup_stock_source").value == source
    targets = test.multiselect(key=f"setup_stock_targets_{source}")
    assert (targets.options, targets.value) == (["Depo"], [third])
    assert "Ana mağaza → Outlet 1 is set up already." in texts(test)


def test_what_a_set_up_is_refused_for_stands_beside_its_button(
    open_page: Open, ws: Application, stores: seed.Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    _two_places(monkeypatch)
    _third_store(ws)
    test = open_page("inventory", role="admin", setup="1")

    def refuse(_verbs: StockVerbs, *_given: Any, **_more: Any) -> list[Flow]:
        raise NeedsOperator(say("{a} → {b} is set up already.", a="Ana mağaza", b="Depo"))

    monkeypatch.setattr(StockVerbs, "set_up", refuse)
    test.button(key="setup_stock_preview").click().run()
    [error] = test.error
    assert error.value == r"Ana mağaza → Depo is set up already\."
    assert test.button(key="setup_stock_start") and not ws.runs.list(), "the screen is still there"


def test_the_card_counts_what_is_not_tracked_once(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    """It was counted as matched and as not matched."""
    seed.matched(ws, stores)
    with ws.db.write() as tx:
        made = update(stock_items).where(stock_items.c.sku == seed.sku(7)).values(tracked=False)
        assert tx.execute(made).rowcount == 2, "at either side"
    StockVerbs(ws).refresh_match(stores.flow.id)
    test = open_page("inventory", view="overview")
    told = texts(test).replace("\u00a0", " ")
    assert "**119** :gray[matched]" in told and "**1** :gray[not tracked]" in told
    assert "**28** :gray[not matched]" in told
    test = open_page("inventory", view="match")
    assert metrics(test) == {**MATCH, "Matched": "119", "Not tracked": "1"}


def test_stock_is_not_set_up_backwards(
    ws: Application, stores: seed.Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The other way round it would give the link the other store's locations and run in the old direction."""
    monkeypatch.setattr(StockSetUp, "able", lambda self, connection_id: ws.connections.get(connection_id))
    monkeypatch.setattr(
        "sync.managers.verbs.stock_set_up.checked_places", lambda _ws, _source, _target, places: places
    )
    before = ws.links.get(stores.link.id)
    with pytest.raises(NeedsOperator, match="one way"):
        StockVerbs(ws).set_up(stores.link.b, {stores.link.a: {"9": ("*",)}}, stores.flow.stock, "ayse")
    assert ws.links.get(stores.link.id) == before


def test_a_run_that_ends_while_its_page_is_drawn_is_shown_as_ended(
    open_page: Open, ws: Application, stores: seed.Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Otherwise the page would stand there as running, without a panel and without a report."""
    from sync.managers.views import runs

    seed.matched(ws, stores)
    run, look = seed.writing(ws, stores), runs.progress

    def ending(space: Application, run_id: str) -> Any:
        ws.runs.update(run, status=Status.DONE, finished_at=utc_now())
        return look(space, run_id)

    monkeypatch.setattr(runs, "progress", ending)
    test = open_page("run", id=run)
    assert "Succeeded" in texts(test) and "Updated" in metrics(test)


def test_a_refusal_names_the_location_as_the_store_does(
    ws: Application, stores: seed.Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pages.sync_parts.common import said
    from sync.managers.verbs.offers import Offer, Offers
    from sync.model.support import Choice
    from sync.model.text import say

    known: dict[str, Offer] = {}
    monkeypatch.setattr(Offers, "get", lambda self, connection_id, what: known.get(connection_id, Offer()))
    moved = say(
        "{who} transferred the stock of location {place} to this link.", who="a", place="gid://x/L/77"
    )
    assert "location 77 to" in said(moved), "no store has told yet"
    known[stores.link.b] = Offer((Choice("gid://x/L/77", "Merkez Depo"),))
    assert "location Merkez Depo to" in said(moved)
