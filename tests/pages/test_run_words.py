"""Runs in lists: which store, what kind, who began it, in words that a person knows."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from storage.clock import utc_now
from storage.links import STORE_TO_STORE
from sync.application import Application
from sync.managers.views import flows, logs
from sync.model.run import Counts, Mode, Scope, Status
from tests.pages import seed as whole
from tests.pages.operating import Open, open_page, operator, texts, ws
from tests.pages.seed import stock as seed

__all__ = ["open_page", "operator", "ws"]


@pytest.fixture
def outlets(ws: Application) -> list[seed.Stores]:
    """One main store and three outlets."""
    return [seed.stores(ws, number=n) for n in (1, 2, 3)]


def _table(test: Any) -> Any:
    return test.dataframe[0].value


def test_a_flow_is_called_by_its_target(ws: Application, outlets: list[seed.Stores]) -> None:
    short = flows.short_names(flows.all_flows(ws))
    assert [short[one.flow.id] for one in outlets] == ["Outlet 1", "Outlet 2", "Outlet 3"]
    known = logs.names(ws)
    assert known.shorts[outlets[1].link.id] == known.shorts[outlets[1].flow.id] == "Outlet 2"


def test_the_source_is_told_where_there_are_two(ws: Application, outlets: list[seed.Stores]) -> None:
    a, b = outlets[1].link.b, outlets[0].link.b
    second = ws.links.add("Another way", a, b, {}, STORE_TO_STORE)
    short = flows.short_names(flows.all_flows(ws))
    assert short[outlets[0].flow.id] == "Outlet 1 ← Ana mağaza"
    assert short[ws.links.flows(second.id)[0].id] == "Outlet 1 ← Outlet 2"
    assert short[outlets[2].flow.id] == "Outlet 3"


def test_lists_and_pickers_tell_the_stores_apart(
    open_page: Open, ws: Application, outlets: list[seed.Stores]
) -> None:
    for one in outlets:
        whole.run(ws, one.flow, Mode.DELTA, Status.DONE, utc_now(), 1.0, counts=Counts(read=1, updated=1))
    for page in ("dashboard", "inventory", "sync"):
        found = _table(open_page(page))
        assert set(found["flow"]) == {"Outlet 1", "Outlet 2", "Outlet 3"}, page
    picker = open_page("inventory", view="match").selectbox(key="inventory_flow")
    assert picker.options == ["Outlet 1", "Outlet 2", "Outlet 3"]


def test_a_preview_has_something_to_write_and_has_updated_nothing(open_page: Open, ws: Application) -> None:
    stores = seed.stores(ws)
    at = utc_now() - timedelta(minutes=9)
    done = whole.run(ws, stores.flow, Mode.DELTA, Status.DONE, at, 1.0, counts=Counts(read=7, updated=7))
    seed.plan(ws, stores, 130)
    plan = Counts(read=7, updated=7)
    scope = Scope(undo_of=done)
    whole.run(ws, stores.flow, Mode.PREVIEW, Status.PLANNED, utc_now(), 1.0, counts=plan, scope=scope)
    found = _table(open_page("dashboard"))
    assert list(found["mode"]) == ["Undo plan", "Preview", "Changes"]
    assert list(found["planned"])[:2] == [7, 130] and found["updated"].isna().tolist() == [True, True, False]
    assert "Geri alma planı" in list(_table(open_page("dashboard", language="tr"))["mode"])


def test_who_began_a_run_is_said_in_words(open_page: Open, ws: Application) -> None:
    stores = seed.stores(ws)
    for n, by in enumerate(("schedule", "trial", "ayse")):
        at = utc_now() - timedelta(minutes=n)
        whole.run(ws, stores.flow, Mode.DELTA, Status.DONE, at, 1.0, started_by=by)
    assert list(_table(open_page("dashboard"))["by"]) == ["Schedule", "Trial", "ayse"]
    assert list(_table(open_page("dashboard", language="tr"))["by"]) == ["Zamanlama", "Deneme", "ayse"]


def test_a_run_of_the_queue_names_no_process_and_no_ids(open_page: Open, ws: Application) -> None:
    stores = seed.stores(ws)
    ids = tuple(f"gid://shopify/ProductVariant/1{n:07}" for n in range(3))
    run_id = whole.run(
        ws,
        stores.flow,
        Mode.ITEMS,
        Status.DONE,
        utc_now(),
        1.0,
        started_by="vm/b8005c3a-pid:[4026531836]/1",
        scope=Scope(ids=ids),
    )
    told = texts(open_page("run", id=run_id)).replace("\\", "")
    assert "only 3 records" in told and "Queue" in told
    assert "gid:" not in told and "pid:" not in told
