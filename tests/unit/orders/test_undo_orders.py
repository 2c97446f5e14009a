"""The undo of an order run: everything is listed with what to do by hand, nothing is written."""

from __future__ import annotations

import pytest
from orders_world import World, order

from sync.errors import NeedsOperator
from sync.managers.verbs.undo import UndoVerbs
from sync.managers.views import undo as views
from sync.model.entity import Entity
from sync.model.order import Tracking
from sync.model.run import Run, Status


def planned(world: World, run: Run) -> Run:
    """The plan of a run's undo, all stages one after the other."""
    plan = world.ws.runs.get(UndoVerbs(world.ws).propose(run.id, by="test"))
    manager = world.ws.manager(plan)
    stage: str | None = manager.stages(plan)[0]
    while stage is not None:
        stage = manager.turn(world.ws.runs.get(plan.id), stage)
    return world.ws.runs.get(plan.id)


def test_created_orders_and_shipments_are_listed_not_undone(world: World) -> None:
    world.put(order(1001), order(1002))
    created = world.run()
    world.sentos_moves("70001-5001001", "99", Tracking("Yurtiçi", "TR1", "http://t/1"))
    shipped = world.run()
    assert shipped.counts.updated == 1 and len(world.shipments(1001)) == 1
    before = (len(world.sentos.done), len(world.shop.done))
    plan = planned(world, created)
    assert plan.status is Status.PLANNED and plan.counts.balanced and plan.counts.skipped == 2
    rows = views.listed(world.ws, plan).rows
    assert [(row.entity, row.label) for row in rows] == [(Entity.ORDER, "#1001"), (Entity.ORDER, "#1002")]
    assert all("by hand" in row.why.english() for row in rows)
    shipments = views.listed(world.ws, planned(world, shipped)).rows
    assert [row.entity for row in shipments] == [Entity.FULFILMENT]
    assert views.summary(world.ws, plan).ticked == 0
    with pytest.raises(NeedsOperator, match="No row"):
        world.ws.run_verbs.apply_plan(plan.id)
    assert (len(world.sentos.done), len(world.shop.done)) == before
