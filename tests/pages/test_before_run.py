"""Before a run by hand: what stands against it is asked after the click, never by drawing the page."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import Any

import pytest

from pages.parts import plain
from storage.clock import utc_now
from sync.application import Application
from sync.errors import NeedsOperator
from sync.managers.verbs import stock_gate
from sync.managers.verbs.stock import StockVerbs
from sync.model.entity import Entity
from sync.model.flow import Flow
from sync.model.run import Mode
from sync.model.text import say
from tests.pages.operating import Open, labels, open_page, operator, texts, ws
from tests.pages.seed import stock as seed

__all__ = ["open_page", "operator", "ws"]


@pytest.fixture
def stores(ws: Application) -> seed.Stores:
    """Two stores, matched and live."""
    made = seed.stores(ws)
    seed.matched(ws, made)
    seed.live(ws, made)
    return made


def due(ws: Application, stores: seed.Stores) -> None:
    """Two records of the flow wait in the queue."""
    records = [f"gid://shopify/ProductVariant/1{n:07}" for n in range(2)]
    with ws.db.write() as tx:
        ws.queue.push(tx, stores.flow.id, Entity.STOCK, "a>b", records, stores.link.b, delay=900)


def with_orders(ws: Application, stores: seed.Stores) -> None:
    """The link takes orders over, too."""
    flow = ws.links.add_flow(stores.link.id, Entity.ORDER, "b>a")
    ws.links.save(replace(flow, enabled=True, orders=replace(flow.orders, go_live_at=utc_now())))


@pytest.mark.parametrize(
    ("page", "query"), [("inventory", {}), ("sync", {}), ("inventory", {"view": "owners"})]
)
def test_drawing_a_page_asks_no_platform(
    open_page: Open,
    ws: Application,
    stores: seed.Stores,
    monkeypatch: pytest.MonkeyPatch,
    page: str,
    query: Any,
) -> None:
    with_orders(ws, stores)
    asked: list[str] = []

    def connector(_ws: Application, connection_id: str) -> Any:
        if threading.current_thread().name != "choices":  # lists are fetched beside the page
            asked.append(connection_id)
        raise NeedsOperator(say("The shop is away."))

    monkeypatch.setattr(Application, "connector", connector)
    open_page(page, role="admin", **query)
    assert asked == []
    StockVerbs(ws).checks(stores.flow.id)
    assert asked, "what a click asks"


def test_nothing_against_it_nothing_asked(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    test = open_page("inventory")
    test.button(key=f"delta_{stores.flow.id}").click().run()
    assert [run.mode for run in ws.runs.list(live=True)] == [Mode.DELTA]
    assert test.title[0].value.startswith("Stock")


STARTS = {
    "delta": Mode.DELTA,
    "test": Mode.TEST,
    "sweep": Mode.SWEEP,
}


@pytest.mark.parametrize("name", STARTS)
def test_open_items_are_said_after_the_click_and_the_person_decides(
    open_page: Open, ws: Application, stores: seed.Stores, name: str
) -> None:
    due(ws, stores)
    test = open_page("inventory")
    assert "still due in the queue" not in texts(test)
    test.button(key=f"{name}_{stores.flow.id}").click().run()
    assert "2 items of this flow are still due in the queue." in texts(test)
    assert ws.runs.list(live=True) == []
    test.button(key="before_go_on").click().run()
    assert [run.mode for run in ws.runs.list(live=True)] == [STARTS[name]]


def test_not_now_starts_nothing(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    due(ws, stores)
    test = open_page("inventory")
    test.button(key=f"delta_{stores.flow.id}").click().run()
    test.button(key="before_cancel").click().run()
    assert "before_go_on" not in [b.key for b in test.button]
    assert ws.runs.list(live=True) == []


def test_a_preview_writes_nothing_and_asks_nothing(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    due(ws, stores)
    test = open_page("inventory")
    test.button(key=f"preview_{stores.flow.id}").click().run()
    assert [run.mode for run in ws.runs.list(live=True)] == [Mode.PREVIEW]


def test_orders_not_taken_over_are_said(
    open_page: Open, ws: Application, stores: seed.Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock_gate, "not_taken_over", lambda *_: 3)
    test = open_page("sync")
    test.button(key=f"delta_{stores.flow.id}").click().run()
    assert "3 orders have not been taken over yet" in texts(test)


def test_a_run_under_way_leaves_no_choice(open_page: Open, ws: Application, stores: seed.Stores) -> None:
    test = open_page("inventory")
    begun = ws.run_verbs.start(stores.flow.id, Mode.DELTA, by="someone else")
    test.button(key=f"delta_{stores.flow.id}").click().run()
    assert "A run of this flow is under way." in texts(test)
    assert "Start all the same" not in labels(test)
    assert [run.id for run in ws.runs.list(live=True)] == [begun]


def test_a_plan_is_applied_after_the_same_question(
    open_page: Open, ws: Application, stores: seed.Stores
) -> None:
    plan = seed.plan(ws, stores)
    due(ws, stores)
    test = open_page("run", id=plan)
    test.button(key="apply").click().run()
    assert "2 items of this flow are still due in the queue." in texts(test)
    test.button(key="before_go_on").click().run()
    [run] = ws.runs.list(live=True)
    assert (run.mode, run.scope.plan_of) == (Mode.FULL, plan)


def test_the_set_up_asks_for_all_its_stores_and_shows_all_their_runs(
    open_page: Open, ws: Application, monkeypatch: pytest.MonkeyPatch
) -> None:
    from sync.managers.verbs.offers import Offer, Offers
    from sync.model.support import Choice

    both = [seed.stores(ws), seed.stores(ws, number=2)]
    for one in both:
        due(ws, one)
    seed._store(ws, "Third", 30)  # a target that has no flow yet
    places = Offer((Choice("L1", "Merkez"),))
    monkeypatch.setattr(Offers, "get", lambda self, connection_id, what, wait=0.0: places)
    monkeypatch.setattr(Offers, "warm", lambda self, wanted, wait: None)

    def set_up(_verbs: StockVerbs, *_given: Any, **_more: Any) -> list[Flow]:
        return [one.flow for one in both]

    monkeypatch.setattr(StockVerbs, "set_up", set_up)
    test = open_page("inventory", role="admin", setup="1", view="changes")
    test.selectbox(key="setup_stock_source").set_value(both[0].link.a).run()
    test.button(key="setup_stock_start").click().run()
    assert texts(test).count("2 items of this flow are still due in the queue.") == 2
    assert all(f"**{plain(ws.connections.get(one.link.b).name)}**" in texts(test) for one in both)
    test.button(key="before_go_on").click().run()
    assert {run.flow_id for run in ws.runs.list(live=True)} == {one.flow.id for one in both}
    assert test.title[0].value == "Inventory", "the page that shows every run"
    assert labels(test).count("Cancel") == 2, "one panel for each"
