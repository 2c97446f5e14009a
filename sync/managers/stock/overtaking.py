"""Single items overtake a large run of the same flow: what it planned for them before is not written any
more, and what it read of them before is read again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import select

from storage.bulk import among
from storage.clock import utc_now
from storage.stock_pairs import PairRow
from storage.tables.stock import stock_changes
from storage.tables.sync import calls, runs
from sync.engine.apply import Apply
from sync.managers.context import Context
from sync.managers.recovery import may_repeat
from sync.managers.stock.reading import Reading
from sync.managers.stock.report import counts_of
from sync.managers.stock.scope import keep_cursor, readers
from sync.model.run import LIVE, Mode, Status

_RUNS = 2000
_ON_THEIR_WAY = ("sent", "unknown")


def read_overtaken(ctx: Context) -> None:
    """Items that were brought in step while this run was reading: its own read of them may be the older "
    "one."""
    since = ctx.run.started_at or utc_now()
    ids = {
        record
        for flow_id in readers(ctx)
        for run in ctx.ws.runs.list(flow_id=flow_id, since=since, limit=_RUNS)
        if run.mode is Mode.ITEMS
        for record in run.scope.ids
    }
    if ids and ctx.run.mode is not Mode.ITEMS:
        reading = Reading(ctx)
        reading.items(ctx.source, ctx.source_connection.id, ctx.source_side, sorted(ids))
        pairs = ctx.ws.stock_match.pairs_of(ctx.link, ctx.flow.direction, sorted(ids))
        targets = [pair.target.variant_id for pair in pairs]
        reading.items(ctx.target, ctx.target_connection.id, ctx.target_side, targets)
        keep_cursor(ctx, "", "")


def drop_planned(ctx: Context, pairs: Sequence[PairRow]) -> set[str]:
    """Rows that other runs of the flow have planned for these pairs are not sent any more. Answers the source
    ids of those that are on their way at this moment."""
    c = stock_changes.c
    live = [r.id for r in ctx.ws.runs.list(flow_id=ctx.flow.id, live=True) if r.id != ctx.run.id]
    if not live or not pairs:
        return set()
    bindings = {pair.binding_id for pair in pairs}
    with ctx.ws.db.write() as tx:
        rows = tx.execute(
            select(c.id, c.binding_id, c.source_id, c.state).where(
                among(tx, c.sku, sorted({pair.source.sku for pair in pairs})),
                c.run_id.in_(live),
                c.state.in_(("planned", "stale", *_ON_THEIR_WAY)),
            )
        ).all()
        mine = [row for row in rows if row.binding_id in bindings]
        dropped = [row.id for row in mine if row.state not in _ON_THEIR_WAY]
        ctx.ws.stock_changes.set_state(tx, dropped, "dropped", reason="overtaken")
    return {row.source_id for row in mine if row.state in _ON_THEIR_WAY}


def recover_ended(ctx: Context, engine_of: Callable[[Context], Apply]) -> None:
    """Finds out what became of calls of runs that are over and settles it, in the run they belong to. While
    its key is good the same call is sent again, but by a preview: what a look cannot tell from a sale since,
    the key can, and only it keeps that sale from being sold again. Calls of a run that is live are its own
    business."""
    for run_id in _unanswered(ctx):
        past = replace(ctx, run=ctx.ws.runs.get(run_id))
        repeat = may_repeat(ctx) and _owned(ctx, run_id)
        replace(engine_of(past), tick=_nothing).recover(repeat=repeat, ended=True)
        _count_again(past)


def _count_again(past: Context) -> None:
    """What a run that is over did is known better now: its report says so, too."""
    run = past.ws.runs.get(past.run.id)
    counts, figures = counts_of(past)
    good = run.status is Status.RED and counts.balanced and not counts.failed
    status = Status.DONE if good else run.status
    with past.ws.db.write() as tx:
        past.ws.runs.set(tx, run.id, counts=counts, figures=figures, status=status)


def _owned(ctx: Context, run_id: str) -> bool:
    """Do all locations that the run's open calls write to still belong to the flow? Where another flow writes
    by now they are only looked up."""
    c = stock_changes.c
    query = select(c.place).where(c.run_id == run_id, c.state.in_(_ON_THEIR_WAY), c.place != "").distinct()
    with ctx.ws.db.read() as tx:
        places = set(tx.execute(query).scalars())
    return places <= {place for _, place in ctx.ws.stock_owners.places(ctx.flow.id)}


def _unanswered(ctx: Context) -> list[str]:
    """Runs of the flow that are over and have calls without an outcome, by the indexes of both tables: the
    calls themselves are long, and there are many."""
    query = (
        select(runs.c.id)
        .where(
            runs.c.flow_id == ctx.flow.id,
            runs.c.status.not_in([status.value for status in LIVE]),
            select(calls.c.run_id)
            .where(calls.c.run_id == runs.c.id, calls.c.state.in_(("committed", "unknown")))
            .exists(),
        )
        .order_by(runs.c.created_at)
    )
    with ctx.ws.db.read() as tx:
        return list(tx.execute(query).scalars())


def _nothing(members: int) -> None:
    """A run that is over makes no progress."""
