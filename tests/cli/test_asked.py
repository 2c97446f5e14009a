"""What the command line asks before a run by hand and before a location changes hands."""

from __future__ import annotations

import io
from collections.abc import Iterator
from dataclasses import replace

import pytest

from storage.clock import utc_now
from sync.application import Application
from sync.managers.verbs import stock_gate
from sync.model.entity import Entity
from sync.model.support import Check
from tests.cli.conftest import Home
from tests.pages.seed import stock as seed


@pytest.fixture
def ws(empty: Home) -> Iterator[Application]:
    """An installation with a live stock flow whose stores cannot be reached."""
    made = empty.opened()
    yield made
    made.close()


@pytest.fixture
def stores(ws: Application) -> seed.Stores:
    made = seed.stores(ws)
    seed.matched(ws, made)
    seed.live(ws, made)
    return made


@pytest.fixture
def due(ws: Application, stores: seed.Stores) -> seed.Stores:
    """Two records of the flow wait."""
    records = [f"gid://shopify/ProductVariant/1{n:07}" for n in range(2)]
    with ws.db.write() as tx:
        ws.queue.push(tx, stores.flow.id, Entity.STOCK, "a>b", records, stores.link.b, delay=900)
    return stores


class Terminal(io.StringIO):
    """Somebody sits there."""

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_a_run_that_something_stands_against_is_refused_without_yes(
    empty: Home, ws: Application, due: seed.Stores, json: tuple[str, ...]
) -> None:
    said = empty.sync("run", "stock", "--mode", "sweep", *json)
    assert said.code == 2 and said.out == ""
    assert "2 items of this flow are still due in the queue." in said.err and "--yes" in said.err
    assert ws.runs.list(live=True) == []


def test_with_yes_it_begins_and_says_all_the_same_what_stands_against_it(
    empty: Home, ws: Application, due: seed.Stores
) -> None:
    before = len(ws.runs.list())
    said = empty.sync("run", "stock", "--mode", "sweep", "--yes")
    assert said.code != 2 and "2 items of this flow are still due in the queue." in said.err
    assert len(ws.runs.list()) == before + 1


@pytest.mark.parametrize(("answer", "begun"), [("y\n", 1), ("n\n", 0), ("", 0)])
def test_at_a_terminal_the_person_is_asked(
    empty: Home,
    ws: Application,
    due: seed.Stores,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    begun: int,
) -> None:
    before = len(ws.runs.list())
    monkeypatch.setattr(io, "StringIO", Terminal)  # what the fixture puts in place of standard input
    empty.sync("run", "stock", "--mode", "sweep", stdin=answer)
    assert len(ws.runs.list()) - before == begun


def test_nothing_against_it_nothing_asked(empty: Home, ws: Application, stores: seed.Stores) -> None:
    before = len(ws.runs.list())
    said = empty.sync("run", "stock", "--mode", "sweep")
    assert said.code != 2 and len(ws.runs.list()) == before + 1


def test_orders_that_are_not_taken_over_are_said(
    empty: Home, ws: Application, stores: seed.Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = ws.links.add_flow(stores.link.id, Entity.ORDER, "b>a")
    ws.links.save(replace(flow, enabled=True, orders=replace(flow.orders, go_live_at=utc_now())))
    monkeypatch.setattr(stock_gate, "not_taken_over", lambda *_: 3)
    said = empty.sync("run", "stock", "--mode", "delta")
    assert said.code == 2 and "3 orders have not been taken over yet" in said.err


def test_a_preview_asks_nothing_and_applying_it_asks(empty: Home, ws: Application, due: seed.Stores) -> None:
    assert empty.sync("preview", "stock").code != 2
    plan = seed.plan(ws, due)
    said = empty.sync("apply", plan)
    assert said.code == 2 and "still due in the queue" in said.err
    assert [run for run in ws.runs.list() if run.scope.plan_of] == []


def test_a_location_is_transferred_to_a_product_flow(
    empty: Home, ws: Application, stores: seed.Stores
) -> None:
    sentos = ws.connections.add("sentos", "Sentos", {}, {})
    ws.connections.record_check(sentos.id, Check(True, "sentos-1", {}), None)
    link = ws.links.add("ERP", sentos.id, stores.link.b, {seed.PLACE: ("1",)})
    [flow] = [f for f in ws.links.flows(link.id) if f.entity is Entity.PRODUCT]
    store = ws.connections.get(stores.link.b).identity

    said = empty.sync("transfer", "ERP/product", "9")
    assert said.code == 2 and "--yes" in said.err, "nobody agreed"
    assert ws.stock_owners.of(store) == {seed.PLACE: stores.flow.id}

    said = empty.sync("transfer", "ERP/product", "9", "--yes", "--json")
    assert said.json == {"flow": flow.id, "location": seed.PLACE, "by": "command line"}
    assert ws.stock_owners.of(store) == {seed.PLACE: flow.id}
    assert "stock" in ws.links.flow(flow.id).products.fields


def test_a_location_that_is_not_mapped_is_refused_by_name(
    empty: Home, ws: Application, stores: seed.Stores
) -> None:
    empty.sync("transfer", "stock", "Depo", "--yes").refused(
        "Depo", "no location that this flow is mapped to"
    )


@pytest.mark.parametrize("json", [(), ("--json",)])
def test_figures_are_shown_with_their_sample_and_not_confirmed_unasked(
    empty: Home, ws: Application, stores: seed.Stores, json: tuple[str, ...]
) -> None:
    before = ws.stock_verbs.stage(stores.flow.id).validated_at
    said = empty.sync("validate", "stock", *json)
    assert said.code == 2 and said.out == "" and "EOFError" not in said.err
    assert "--yes" in said.err and "source → target" in said.err
    figures = ws.stock_verbs.figures(stores.flow.id)
    shown = [row["sku"] for row in figures["sample"]]  # type: ignore[attr-defined]
    assert len(shown) > 1 and all(sku in said.err for sku in shown)
    assert ws.stock_verbs.stage(stores.flow.id).validated_at == before


@pytest.mark.parametrize(("answer", "code"), [("y\n", 0), ("yes\n", 0), ("n\n", 2)])
def test_figures_are_confirmed_by_who_sits_at_the_terminal(
    empty: Home,
    ws: Application,
    stores: seed.Stores,
    monkeypatch: pytest.MonkeyPatch,
    answer: str,
    code: int,
) -> None:
    monkeypatch.setattr(io, "StringIO", Terminal)
    said = empty.sync("validate", "stock", stdin=answer)
    assert said.code == code, said.err
    assert (ws.stock_verbs.stage(stores.flow.id).validated_by == "command line") is (code == 0)
