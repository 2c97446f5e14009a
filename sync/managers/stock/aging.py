"""A plan that lay still (the process was down, the shop away) before it is carried on: what the source shows
by now holds, not what it showed then."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta

from storage.clock import utc_now
from storage.stock_changes import StockChangeRow
from sync.managers.context import Context
from sync.managers.stock.book import Again, StockBook
from sync.managers.stock.reading import Reading
from sync.managers.stock.stale import StaleRows

KEEPS = timedelta(minutes=15)
"""So long a plan may be written by as it is."""
_PAGE = 1000


def renew(ctx: Context, phase: str) -> None:
    """Reads the source again and decides what is still to be written anew, if that was planned too long ago.
    What would become a zeroing now, or differs from what a person approved, is left to the next run, with its
    brake."""
    if phase != "stock" or ctx.run.scope.undo_of or not _old(ctx, phase):
        return
    Reading(ctx).source()
    stale = StaleRows(ctx)
    book = StockBook(ctx, stale)
    for page in _pages(ctx, phase):
        ctx.check()
        again = stale.decide({row.id: (row, row.before) for row in page})
        rows = {row.id: row for row in page}
        changed = {i: _careful(ctx, rows[i], what) for i, what in again.items() if not _same(rows[i], what)}
        with ctx.ws.db.write() as tx:
            book.redecided(tx, rows, changed)


def _old(ctx: Context, phase: str) -> bool:
    """The oldest of the rows that go out first: some of them may just have been given back by a call."""
    first = ctx.ws.stock_changes.due(ctx.run.id, phase, _PAGE)
    return bool(first) and utc_now() - min(row.at or utc_now() for row in first) > KEEPS


def _pages(ctx: Context, phase: str) -> Iterator[list[StockChangeRow]]:
    after = 0
    while page := ctx.ws.stock_changes.due(ctx.run.id, phase, _PAGE, after):
        yield page
        after = page[-1].id


def _same(row: StockChangeRow, what: Again) -> bool:
    return what.write and (what.after, what.source, what.untold) == (row.after, row.source, row.untold)


def _careful(ctx: Context, row: StockChangeRow, what: Again) -> Again:
    unseen = what.write and (what.after == 0 < (row.after or 0) or ctx.run.scope.plan_of)
    return (
        replace(what, write=False, reason="plan.moved" if ctx.run.scope.plan_of else "moved")
        if unseen
        else what
    )


__all__ = ["renew"]
