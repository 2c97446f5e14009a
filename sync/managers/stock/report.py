"""The end of a stock run: its counts, worked out from sums and not from a row an item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from itertools import chain, islice

from sqlalchemy import func, select

from storage.stock_changes import StockChangeRow
from storage.stock_differences import NewDifference
from storage.tables.stock import stock_changes
from sync.managers.context import Context
from sync.managers.stock.findings import stood_open, whole
from sync.managers.stock.tally import Tally
from sync.model.run import Counts, Mode
from sync.model.stock import Difference
from sync.model.text import say

_PAGE = 1000
_LEFT = ("planned", "sent", "stale")


def counts_of(ctx: Context) -> tuple[Counts, dict[str, object]]:
    """(counts, figures to keep) of a run. A row that was to be written and has no fate counts as read only,
    so that it shows as imbalance."""
    figures = ctx.ws.runs.get(ctx.run.id).figures
    tally, skipped = Tally.of(figures), Counter(Tally.of(figures).skipped)
    preview = ctx.run.mode is Mode.PREVIEW
    fates: Counter[str] = Counter()
    for state, reason, rows in _states(ctx):
        if state == "applied" or preview:
            fates["updated"] += rows
        elif state in ("refused", "unknown"):
            fates["failed"] += rows
        elif state == "dropped" and reason == "agreed":
            fates["unchanged"] += rows
        else:
            skipped[_why(state, reason)] += rows
    counts = Counts(
        read=tally.read,
        updated=fates["updated"],
        unchanged=tally.unchanged + fates["unchanged"],
        skipped=sum(skipped.values()),
        failed=fates["failed"],
        parked=tally.parked,
    )
    return counts, {**figures, "skipped": dict(skipped)}


def _why(state: str, reason: str) -> str:
    return (reason or "moved") if state == "dropped" else "not.reached"


def _states(ctx: Context) -> list[tuple[str, str, int]]:
    c = stock_changes.c
    query = (
        select(c.state, c.reason, func.count())
        .where(c.run_id == ctx.run.id, c.phase.in_(("stock", "gone", "adjust")), c.state != "seen")
        .group_by(c.state, c.reason)
    )
    with ctx.ws.db.read() as tx:
        return [(state, reason, int(rows)) for state, reason, rows in tx.execute(query)]


def drop_dependents(ctx: Context, phase: str) -> None:
    """Rows whose item could not be stocked or counted, or of which nobody knows, are refused with it, with
    its reason."""
    c = stock_changes.c
    failed = (ctx.ws.stock_changes.each(ctx.run.id, state) for state in ("refused", "unknown"))
    for row in chain.from_iterable(failed):
        if row.phase != phase:
            continue
        same = [c.run_id == ctx.run.id, c.phase == "stock", c.state == "planned", c.item_id == row.item_id]
        if phase == "activate":
            same.append(c.place == row.place)
        with ctx.ws.db.write() as tx:
            ids = [found.id for found in tx.execute(select(c.id).where(*same))]
            message = row.message or say("The item could not be stocked at this location.")
            ctx.ws.stock_changes.set_state(tx, ids, "refused", message=message)


def keep_differences(ctx: Context) -> None:
    """After a run that read both sides: what it could not write stays listed, what agrees goes."""
    if not whole(ctx):
        return
    for state in ("refused", "unknown", "dropped", *_LEFT):
        rows = (
            row
            for row in ctx.ws.stock_changes.each(ctx.run.id, state)
            if row.binding_id is not None and row.phase == "stock" and row.reason != "agreed"
        )
        while page := list(islice(rows, _PAGE)):
            _keep(ctx, page)
    _close_others(ctx)


def _keep(ctx: Context, rows: Sequence[StockChangeRow]) -> None:
    """A row is a missed update only where an earlier run had left that very pair and place behind."""
    known = ctx.ws.stock_differences.of(ctx.flow.id, [row.binding_id or 0 for row in rows])
    found = []
    for row in rows:
        before = known.get((row.binding_id or 0, row.place))
        why = Difference.MISSED if stood_open(before, ctx.run.id) else Difference.DIFFERS
        figures = (row.source or 0, row.before or 0, ctx.run.id)
        found.append(NewDifference(row.binding_id or 0, row.place, row.sku, why, *figures))
    with ctx.ws.db.write() as tx:
        ctx.ws.stock_differences.put(tx, ctx.flow.id, found)


def _close_others(ctx: Context) -> None:
    """Whatever this run did not find any more."""
    after = (0, "")
    while page := ctx.ws.stock_differences.list(ctx.flow.id, after=after, limit=_PAGE):
        after = (page[-1].binding_id, page[-1].place)
        gone = [(d.binding_id, d.place) for d in page if d.run_id != ctx.run.id]
        if gone:
            with ctx.ws.db.write() as tx:
                ctx.ws.stock_differences.close(tx, ctx.flow.id, gone)


__all__ = ["counts_of", "drop_dependents", "keep_differences"]
