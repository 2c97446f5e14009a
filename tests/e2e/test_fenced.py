"""A worker that loses its partition at any write of a run stores nothing from then on, and whoever takes the
stage over brings the run to its end. Each recipe, every stage, every write transaction in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from sqlalchemy import Connection, Row

from storage.queue import Item
from sync import fence
from sync.application import Application
from sync.errors import Fenced
from sync.managers.verbs.undo import UndoVerbs
from sync.model.entity import Entity
from sync.model.run import LIVE, Mode, Run, Scope, Status
from sync.model.text import say
from sync.queue.stages import StageTurn
from tests.e2e.stores import Stores
from tests.e2e.test_stock_beside import ordered
from tests.e2e.world import World

Shown = dict[str, list[tuple[Any, ...]]]
_MOST = 400  # attempts of one stage: far more than it has writes


class Woken:
    """A hold that is another worker's after so many more write transactions. `lost` does not tell: the clock
    of a machine that slept may not know."""

    partition, fence, lost = "p", 1, False

    def __init__(self, ws: Application, writes: int) -> None:
        self.ws, self.writes = ws, writes
        self.then: Shown | None = None

    def guard(self, tx: Connection) -> None:
        """Within the transaction, and so alone: on SQLite nobody else can be storing anything."""
        self.writes -= 1
        if self.writes < 0:
            self.then = self.then or shown(self.ws)
            raise Fenced(say("another worker has it"))


def shown(ws: Application) -> Shown:
    """All that is stored but what a woken worker may tell: the log, and what its calls have cost."""
    with ws.db.read() as tx:
        names = tx.exec_driver_sql("SELECT name FROM sqlite_master WHERE type = 'table'").scalars().all()
        kept = [name for name in names if not name.startswith(("log", "sqlite", "budgets"))]
        return {name: [_results(row) for row in tx.exec_driver_sql(f"SELECT * FROM {name}")] for name in kept}


def _results(row: Row[Any]) -> tuple[Any, ...]:
    return tuple(value for name, value in row._mapping.items() if name != "spent")


def by_hand(ws: Application) -> None:
    """The workers end: the test does the stages itself."""
    ws.schedules.stop()
    assert ws.executor.end()  # type: ignore[attr-defined]


def taken_over_at_each_write(ws: Application, run_id: str) -> int:
    """Does the run's stages, each interrupted before its first write, its second one, and so on. Answers how
    often it was interrupted."""
    turn, interrupted = StageTurn(ws, lambda: None), 0
    while ws.runs.get(run_id).status in LIVE and ws.runs.get(run_id).status is not Status.BRAKED:
        interrupted += _stage(ws, turn)
    return interrupted


def _stage(ws: Application, turn: StageTurn) -> int:
    for writes in range(_MOST):
        item = _claimed(ws)
        hold = Woken(ws, writes)
        with fence.holding(hold):
            turn.run(item)
        if hold.then is None:
            return writes
        now = shown(ws)
        stored = [(name, _unlike(hold.then[name], now[name])) for name in now if now[name] != hold.then[name]]
        assert not stored, f"{item.action}, after {writes} writes: {stored}"
        ws.queue.rescue()
    raise AssertionError(f"{item.action} does not end")


def _unlike(before: Sequence[tuple[Any, ...]], after: Sequence[tuple[Any, ...]]) -> list[Any]:
    pairs = zip(before, after, strict=False)
    return [(a, b) for one, other in pairs for a, b in zip(one, other, strict=True) if a != b][:10]


def _claimed(ws: Application) -> Item:
    item = ws.queue.claim(worker="woken")
    assert item is not None
    return item


def started(ws: Application, begin: Callable[[], str]) -> Run:
    """The run as it is in the end."""
    by_hand(ws)
    run_id = begin()
    assert taken_over_at_each_write(ws, run_id) > 10
    return ws.runs.get(run_id)


def test_products(world: World) -> None:
    run = started(world.ws, lambda: world.start())
    assert run.status is Status.DONE and run.counts.balanced, world.why(run)
    assert world.available() == world.summed()


def test_orders(world: World) -> None:
    ordered(world)
    [orders] = [flow for flow in world.ws.links.flows() if flow.entity is Entity.ORDER]
    run = started(world.ws, lambda: world.ws.run_verbs.start(orders.id, Mode.FULL, Scope(), by="test"))
    assert run.status is Status.DONE and run.counts.created and run.counts.balanced, world.why(run)
    kinds = world.erp.kinds()
    assert kinds["order.created"] == run.counts.created, kinds


def test_the_undo_of_products(world: World) -> None:
    world.run()
    sku = next(iter(world.summed()))
    before = world.available()
    world.restock(sku, 70)
    wrote = world.run()
    plan = started(world.ws, lambda: UndoVerbs(world.ws).propose(wrote.id, by="test"))
    run_id = world.ws.run_verbs.apply_plan(plan.id, by="test")
    taken_over_at_each_write(world.ws, run_id)
    run = world.ws.runs.get(run_id)
    assert run.status is Status.DONE and world.available() == before, world.why(run)


def test_stock(stores: Stores) -> None:
    [flow] = stores.link()
    target, source = stores.stores["target"], stores.source
    for sku in list(source.levels())[:3]:
        source.stock(sku, 33)
    run = started(stores.ws, lambda: stores.ws.run_verbs.start(flow.id, Mode.FULL, Scope(), by="test"))
    assert run.status is Status.DONE and run.counts.balanced, stores.why(run)
    wanted = {sku: pieces + source.levels(1).get(sku, 0) for sku, pieces in source.levels().items()}
    assert target.levels() == wanted


def test_the_undo_of_stock(stores: Stores) -> None:
    [flow] = stores.link()
    target = stores.stores["target"]
    before = target.levels()
    wrote = stores.run(flow)
    target.sell(sorted(before)[0], 2)
    plan = started(stores.ws, lambda: UndoVerbs(stores.ws).propose(wrote.id, by="test"))
    run_id = stores.ws.run_verbs.apply_plan(plan.id, by="test")
    taken_over_at_each_write(stores.ws, run_id)
    run = stores.ws.runs.get(run_id)
    assert run.status is Status.DONE and run.counts.balanced, stores.why(run)
