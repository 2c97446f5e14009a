"""What a stock flow asks before it runs: the baseline it takes over, and what a person is told."""

from __future__ import annotations

from dataclasses import replace

import pytest

from storage.tables.sync import runs
from sync.application import Application
from sync.errors import Transient
from sync.managers.verbs import stock_gate
from sync.managers.verbs.stock_gate import SCHEDULE, StockGate
from sync.model.entity import Entity
from sync.model.flow import Flow, Link, ProductFilter
from sync.model.run import Mode, Scope, Status
from sync.model.text import say


@pytest.fixture
def products(ws: Application, link: Link) -> Flow:
    """The product flow, which writes stock."""
    found = next(f for f in ws.links.flows(link.id) if f.entity is Entity.PRODUCT)
    assert "stock" in found.products.fields
    return found


@pytest.fixture
def flow(ws: Application, products: Flow) -> Flow:
    """A stock flow of the same link, made later."""
    return ws.links.add_flow(products.link_id, Entity.STOCK, products.direction)


def ran(ws: Application, flow: Flow, scope: Scope = Scope(), status: Status = Status.DONE) -> str:
    with ws.db.write() as tx:
        run_id = ws.runs.start(tx, flow.id, flow.version, Mode.FULL, scope, "test")
    ws.runs.update(run_id, status=status)
    return run_id


NOT_WHOLE = [
    Scope(plan_of="preview"),  # one row may have been ticked
    Scope(filters=ProductFilter(brands=("Moda",))),
    Scope(parts=("stock",)),
    Scope(skus=("A",)),
    Scope(ids=("1",)),
]


@pytest.mark.parametrize("scope", NOT_WHOLE, ids=str)
def test_a_run_of_part_of_the_products_is_no_baseline(
    ws: Application, products: Flow, flow: Flow, scope: Scope
) -> None:
    ran(ws, products, scope)
    assert not StockGate(ws).stage(flow).baseline_run


@pytest.mark.parametrize("scope", NOT_WHOLE, ids=str)
def test_nor_does_it_hide_the_whole_one_before(
    ws: Application, products: Flow, flow: Flow, scope: Scope
) -> None:
    whole = ran(ws, products, status=Status.RED)
    ran(ws, products, scope)
    assert StockGate(ws).stage(flow).baseline_run == whole
    assert ws.stock_stages.get(flow.id).baseline_run == whole


def test_what_is_to_be_known_before_a_run(
    ws: Application, products: Flow, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate, orders = StockGate(ws), [0]
    monkeypatch.setattr(stock_gate, "not_taken_over", lambda ws, link, side: orders[0])
    assert gate.checks(flow) == []
    with ws.db.write() as tx:
        ws.queue.push(tx, flow.id, Entity.STOCK, flow.direction, ["1", "2"], ws.links.get(flow.link_id).a)
        items = ws.runs.start(tx, flow.id, 1, Mode.ITEMS, Scope(ids=("1",)), "worker")
    ws.runs.update(items, status=Status.RUNNING)
    orders[0] = 3
    assert [(code, blocks) for code, _, blocks in gate.checks(flow)] == [
        ("queue.open", False),
        ("orders.open", False),
    ]
    assert [said.english().split()[0] for _, said, _ in gate.checks(flow)] == ["2", "3"]
    held = ran(ws, flow, status=Status.BRAKED)
    code, said, blocks = gate.checks(flow)[0]
    assert (code, blocks) == ("run.active", True) and "safety check" in said.english()
    with ws.db.write() as tx:
        tx.execute(runs.update().where(runs.c.id == held).values(status=Status.RUNNING.value))
    assert "under way" in gate.checks(flow)[0][1].english()


def test_a_shop_that_does_not_tell_its_orders_is_named_and_its_reason_stays_translatable(
    ws: Application, products: Flow, flow: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    reason = say("{host} did not answer.", host="moda.example")

    def away(*_: object) -> int:
        raise Transient(reason)

    monkeypatch.setattr(stock_gate, "not_taken_over", away)
    gate = StockGate(ws)
    found = gate.checks(flow)
    assert [(code, blocks) for code, _, blocks in found] == [("orders.unknown", False)] * 2
    assert found[1][1] == reason and found[0][1].params == {"shop": "Shop"}
    ws.runs.update(whole := ran(ws, flow), status=Status.DONE)
    with ws.db.write() as tx:
        ws.stock_stages.baseline(tx, flow.id, whole)
    ws.stock_stages.validate(flow.id, "test", {})
    assert gate.refused(flow, Mode.DELTA, Scope(), SCHEDULE) == found[0][1]
    assert gate.refused(flow, Mode.DELTA, Scope(), "ayşe") is None
    assert gate.waits(products, SCHEDULE) == found[0][1] and gate.waits(products, "ayşe") is None


def test_products_go_on_without_their_stock_and_the_log_says_why(
    ws: Application, products: Flow, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stock_gate, "not_taken_over", lambda *_: 3)
    flow = ws.links.save(replace(products, enabled=True))
    run = ws.runs.get(ws.run_verbs.start_scheduled(flow))
    assert (run.mode, run.scope) == (Mode.FULL, Scope(parts=("products", "prices", "images")))
    said = [row.message for row in ws.logs.page().rows if row.level == "warning"]
    assert sorted(message.id.split()[0] for message in said) == ["Stock", "{count}"]
    assert {"count": 3} in [message.params for message in said], "numbers and sentences stay translatable"
