"""The end of a stock run: its counts, worked out from sums and not from a row an item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain, islice

from sqlalchemy import func, select

from storage.stock_changes import StockChangeRow
from storage.stock_differences import NewDifference
from storage.tables.stock import stock_changes
from sync.engine.stock import Trust, rules_of
from sync.managers.context import Context
from sync.managers.stock.findings import stood_open, whole
from sync.managers.stock.tally import LEFT_OUT, Tally
from sync.model.run import Counts, Mode
from sync.model.stock import Difference
from sync.model.text import say

_PAGE = 1000
_LEFT = ("planned", "sent", "stale")


def counts_of(ctx: Context) -> tuple[Counts, dict[str, object]]:
    """(counts, figures to keep) of a run. A row that was to be written and has no fate counts as read only,
    so that it shows as imbalance."""
    figures = ctx.ws.runs.get(ctx.run.id).figures
    tally, rows_skipped = Tally.of(figures), Counter[str]()
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
            rows_skipped[_why(state, reason)] += rows
    planned = Tally.of({"skipped": figures.get(LEFT_OUT, figures.get("skipped"))}).skipped
    skipped = planned + rows_skipped
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


def keep_differences(ctx: Context, *, ended: bool = True) -> None:
    """After a run that may write: what it could not write stays listed, what it found to agree goes. An undo
    lists what it set apart. Only a run that looked at everything and `ended` closes what it did not find any
    more."""
    if ctx.run.mode is Mode.PREVIEW:
        return
    apart = Apart(ctx) if ctx.run.scope.undo_of else None
    for state in ("refused", "unknown", "dropped", *_LEFT, *(("applied",) if apart else ())):
        rows = (row for row in ctx.ws.stock_changes.each(ctx.run.id, state) if _compared(row))
        while page := list(islice(rows, _PAGE)):
            agreed = [row for row in page if row.reason == "agreed" and apart is None]
            differ = [row for row in page if row.reason not in ("agreed", "overtaken")]
            _keep(ctx, differ if apart is None else apart.of(page))
            _close(ctx, [(row.binding_id or 0, row.place) for row in agreed])
    if ended and whole(ctx):
        _close_others(ctx)


def _compared(row: StockChangeRow) -> bool:
    """Is it a quantity of a pair?"""
    return row.binding_id is not None and row.phase in ("stock", "adjust")


class Apart:
    """Rows after which an undo leaves both sides apart, by the rules of a delta that finds them so."""

    def __init__(self, ctx: Context) -> None:
        self.rules = {place: rules_of(ctx.flow.stock, place, Trust.MERGE) for place in ctx.link.locations}

    def of(self, rows: Iterable[StockChangeRow]) -> list[StockChangeRow]:
        """Those of them, with what the target shows now as `before`."""
        return [found for row in rows if (found := self.shown(row)) and self.value(found) != found.before]

    def shown(self, row: StockChangeRow) -> StockChangeRow | None:
        """As the undo left it; None where the source or the location says nothing any more, or where somebody
        moved the target while it wrote."""
        moved = row.state == "dropped" and row.reason != "agreed"
        if moved or row.source is None or row.place not in self.rules:
            return None
        return replace(row, before=row.after) if row.state in ("applied", "dropped") else row

    def above(self, row: StockChangeRow, shown: int) -> bool:
        """Would the target show more than the source has? The next sweep sets such a row to the source."""
        return row.source is not None and row.place in self.rules and shown > self.value(row)

    def value(self, row: StockChangeRow) -> int:
        """What the source would have the target show."""
        return max(0, max(0, (row.source or 0) - self.rules[row.place].buffer) - row.untold)


def _keep(ctx: Context, rows: Sequence[StockChangeRow]) -> None:
    """A row is a missed update only where an earlier run had left that very pair and place behind. What was
    settled since (single items overtake a large run) does not differ any more."""
    pairs = sorted({row.binding_id or 0 for row in rows})
    known = ctx.ws.stock_differences.of(ctx.flow.id, pairs)
    settled = ctx.ws.stock_differences.settled_at(pairs)
    found = []
    for row in rows:
        key = (row.binding_id or 0, row.place)
        if key in settled and settled[key] > row.at:
            continue
        why = Difference.MISSED if stood_open(known.get(key), ctx.run.id) else Difference.DIFFERS
        pieces = (row.source or 0, row.before or 0)
        found.append(NewDifference(key[0], key[1], row.sku, why, *pieces, ctx.run.id))
    with ctx.ws.db.write() as tx:
        ctx.ws.stock_differences.put(tx, ctx.flow.id, found)


def _close(ctx: Context, keys: Sequence[tuple[int, str]]) -> None:
    if keys:
        with ctx.ws.db.write() as tx:
            ctx.ws.stock_differences.close(tx, ctx.flow.id, keys)


def _close_others(ctx: Context) -> None:
    """Whatever this run did not find any more."""
    after = (0, "")
    while page := ctx.ws.stock_differences.list(ctx.flow.id, after=after, limit=_PAGE):
        after = (page[-1].binding_id, page[-1].place)
        gone = [(d.binding_id, d.place) for d in page if d.run_id != ctx.run.id]
        if gone:
            with ctx.ws.db.write() as tx:
                ctx.ws.stock_differences.close(tx, ctx.flow.id, gone)


__all__ = ["Apart", "counts_of", "drop_dependents", "keep_differences"]
