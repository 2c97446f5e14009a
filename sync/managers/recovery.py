"""Calls of earlier runs that nobody knows the outcome of: looked up before this run decides anything."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from sqlalchemy import select

from storage.tables.sync import changes
from sync.engine.apply import Apply
from sync.managers.context import Context
from sync.model.call import Call
from sync.model.entity import Entity
from sync.model.run import Mode


def open_calls(ctx: Context) -> list[tuple[str, Call]]:
    """(run id, call) of this flow's other runs without an outcome."""
    flows: dict[str, str] = {}
    found = []
    for run_id, call in ctx.ws.calls.unanswered():
        if run_id not in flows:
            flows[run_id] = ctx.ws.runs.get(run_id).flow_id
        if run_id != ctx.run.id and flows[run_id] == ctx.flow.id:
            found.append((run_id, call))
    return found


def recover(ctx: Context, engine: Callable[[Context], Apply]) -> None:
    """Asks the platforms what became of them and settles what they say, in the run they belong to. What only
    a call's key knows is asked by sending it again, if this run may write; else it stays open, as does what
    nobody knows. `engine` applies the changes of a context's run."""
    for run_id in dict.fromkeys(run_id for run_id, _ in open_calls(ctx)):
        past = replace(ctx, run=ctx.ws.runs.get(run_id))
        repeat = may_repeat(ctx) and _owned(ctx, run_id)
        for facing in (past, past.turned()):
            replace(engine(facing), tick=_nothing).recover(repeat=repeat, ended=True)


def may_repeat(ctx: Context) -> bool:
    """May this run send a call of an earlier one again? A preview writes nothing, and an undo must not carry
    out first what it is to take back."""
    return ctx.run.mode is not Mode.PREVIEW and not ctx.run.scope.undo_of


def _owned(ctx: Context, run_id: str) -> bool:
    """Do all locations whose stock the run's open calls write still belong to the flow? Where another flow
    writes by now they are only looked up."""
    c = changes.c
    query = select(c.place).where(c.run_id == run_id, c.state.in_(("sent", "unknown")), c.place != "")
    with ctx.ws.db.read() as tx:
        places = set(tx.execute(query.where(c.entity == Entity.STOCK.value).distinct()).scalars())
    return places <= {place for _, place in ctx.ws.stock_owners.places(ctx.flow.id)}


def _nothing(members: int) -> None:
    """A run that is over makes no progress."""
