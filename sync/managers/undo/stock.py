"""The undo of a stock run, row by row: what the target still shows as the run wrote it goes back, by
compare-and-set; what moved since is offered as the run's own difference."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import islice

from sqlalchemy import delete, select, update

from storage.bulk import among
from storage.messages import stored_message
from storage.stock_changes import NewStockChange, StockChangeRow
from storage.tables.stock import stock_changes
from sync.engine import brake
from sync.engine.apply import Apply
from sync.engine.stock import Case, untold_now
from sync.engine.undo import words
from sync.engine.undo.stock import Do, Verdict, judge, judge_status
from sync.errors import NeedsOperator
from sync.managers.context import Context
from sync.managers.stock.book import STATUSES, Again, Alive, StockBook, becomes
from sync.managers.stock.gone import PHASE as HIDE
from sync.managers.stock.gone import said_of
from sync.managers.stock.overtaking import recover_ended
from sync.managers.stock.recipe import StockRecipe
from sync.managers.stock.report import Apart
from sync.managers.stock.stale import StaleRows
from sync.managers.stock.tally import Tally
from sync.managers.undo.past import WRITTEN
from sync.model.call import State, Verb
from sync.model.entity import Entity
from sync.model.page import ReadFilter
from sync.model.run import BrakeHit, Mode, Run
from sync.model.stock import StockItem
from sync.model.text import Message, say

KEPT = "kept"
"""Phase of rows that are only told about: never sent."""
ABOVE = "above"
"""Figure: rows that then show more than the source has."""
_SENT = ("stock", "adjust", HIDE)
_PAGE = 1000
_LISTED = 1000  # activations and the like are told one by one up to here, then only counted
_VERBS: Mapping[str, Verb] = {"track": Verb.TRACK, "activate": Verb.ACTIVATE}


@dataclass(slots=True)
class Shown:
    """What the target shows: pieces by (variant, location), nothing where the item is not stocked; and the
    status of its product by variant."""

    pieces: dict[tuple[str, str], int] = field(default_factory=dict)
    status: dict[str, str] = field(default_factory=dict)


class StockUndo(StockRecipe):
    """Reads the rows' items again while it plans, a thousand at a time, so that memory stays flat."""

    def stages(self, run: Run) -> tuple[str, ...]:
        """There is nothing to read beforehand, and the match has no say: rows are known by their items."""
        if run.mode is Mode.PREVIEW:
            return ("plan", "brake", "report")
        return ("plan", "brake", "bind", *(f"apply:{name}" for name in _SENT), "report")

    def make_plan(self, ctx: Context) -> None:
        """First of all, what nobody knows the outcome of is looked up."""
        recover_ended(ctx, super().engine)
        StockUndoPlan(ctx).run()

    def brake_hits(self, ctx: Context) -> list[BrakeHit]:
        """Zeroings, and products that the undo of an undo hides, count as in any run of the flow; shares are
        of what the undone run had compared."""
        raw, brakes = self.ws.runs.get(ctx.run.id).figures, ctx.flow.stock.brakes
        figures = brake.Figures(
            stock_rows=_int(raw.get("stock_rows")),
            zeroed=_int(raw.get("zeroed")),
            products=_int(raw.get("products")),
            hidden=_int(raw.get("hidden")),
        )
        undone = self.ws.runs.get(ctx.run.scope.undo_of)
        whole = undone.mode not in (Mode.TEST, Mode.ITEMS) and not (undone.scope.skus or undone.scope.ids)
        return brake.hits(figures, replace(brakes, empty_source=False), shares=whole)

    def engine(self, ctx: Context) -> Apply:
        made = super().engine(ctx)
        return replace(made, target=Alive(ctx.target), book=StockBook(ctx, LeftAlone(ctx)))


class LeftAlone(StaleRows):
    """A row that moves while the undo writes is left, and both values are told."""

    def decide(self, rows: Mapping[int, tuple[StockChangeRow, int | None]]) -> Mapping[int, Again]:
        return {change: self._left(row, actual) for change, (row, actual) in rows.items()}

    def _left(self, row: StockChangeRow, actual: int | None) -> Again:
        if actual is not None and actual == row.after:
            sold = (row.before or 0) - actual
            untold = max(0, row.untold + sold)  # it came there without us
            return Again(False, actual, actual, agreed=True, source=row.source, untold=untold)
        message = (
            words.about(words.NOT_STOCKED, "available")
            if actual is None
            else words.meanwhile(row.before or 0, actual, row.after or 0)
        )
        with self.ws.db.write() as tx:
            tx.execute(
                update(stock_changes)
                .where(stock_changes.c.id == row.id)
                .values(message=stored_message(message), state="stale")  # known now, whatever it was
            )
        return Again(False, 0, 0, words.MOVED)


class StockUndoPlan:
    """Plans the undo of one run. Repeatable: what an interrupted attempt left is replaced."""

    def __init__(self, ctx: Context) -> None:
        self.ctx, self.ws, self.run_ = ctx, ctx.ws, ctx.run
        self.tally, self.listed, self.above = Tally(), 0, 0
        self.apart = Apart(ctx)
        self.places = _places(ctx)

    def run(self) -> None:
        """Raises NeedsOperator if an approved plan no longer holds."""
        preview = self._preview()
        self._forget()
        total, done = self._total(), 0
        for page in _pages(self.ctx):
            self.ctx.check()
            rows = [made for row, verdict in self._judged(page) if (made := self._row(row, verdict))]
            rows = self._approved(preview, rows) if preview else rows
            with self.ws.db.write() as tx:
                self.ws.stock_changes.add(rows, tx)
            done += len(page)
            self.ctx.progress(done, total)
        undone = self.ws.runs.get(self.run_.scope.undo_of).figures
        compared = undone.get("stock_rows")
        figures = {
            **self.tally.figures(),
            "stock_rows": compared if isinstance(compared, int) else total,
            "products": _int(undone.get("products")),
            ABOVE: self.above,
        }
        self.ws.runs.update(self.run_.id, figures=figures)

    def _forget(self) -> None:
        c = stock_changes.c
        with self.ws.db.write() as tx:
            tx.execute(delete(stock_changes).where(c.run_id == self.run_.id, c.call_id == ""))

    def _total(self) -> int:
        counts = self.ws.stock_changes.counts(self.run_.scope.undo_of)
        return sum(counts.get(state, 0) for state in WRITTEN)

    # -- what the target shows -------------------------------------------------------------------------------

    def _judged(self, page: Sequence[StockChangeRow]) -> Iterator[tuple[StockChangeRow, Verdict]]:
        shown, settled = self._shown(page), self._settled(page)
        for row in page:
            base = settled.get((row.binding_id or 0, row.place))
            now = shown.pieces.get((row.variant_id, row.place))
            row = replace(row, untold=self._untold(base, now, row.released), released=-row.released)
            row = replace(row, source=base[0]) if base else row
            if row.state == State.UNKNOWN:
                yield row, Verdict(Do.LISTED, message=words.UNSURE)
            elif verb := _VERBS.get(row.phase):
                yield row, Verdict(Do.LISTED, message=words.not_undone(Entity.STOCK, verb))
            elif not row.place:
                status = shown.status.get(row.variant_id, "")
                yield row, judge_status(row.status, becomes(row.reason), status)
            else:
                yield row, judge(row.before, row.after, now)

    def _shown(self, page: Sequence[StockChangeRow]) -> Shown:
        """Reads the items of these rows again, and keeps what they show."""
        ids = tuple(dict.fromkeys(row.variant_id for row in page if row.phase not in _VERBS))
        shown = Shown()
        if not ids:
            return shown
        connection = self.ctx.target_connection.id
        for found in self.ctx.target.read(Entity.STOCK, ReadFilter(ids=ids, locations=self.places)):
            items = [r for r in found.records if isinstance(r, StockItem)]
            self.ws.stock_items.put(connection, items, places=self.places)
            levels = ((item.id, level) for item in items for level in item.levels if level.active)
            shown.pieces |= {(variant, level.location_id): level.available for variant, level in levels}
            shown.status |= {item.id: item.status for item in items}
        return shown

    def _settled(self, page: Sequence[StockChangeRow]) -> Mapping[tuple[int, str], tuple[int, int, int]]:
        """(source, target, untold pieces) as they are settled now."""
        ids = sorted({row.binding_id for row in page if row.binding_id is not None})
        return self.ws.stock_match.settled(self.ctx.link, self.ctx.flow.direction, ids)

    def _untold(self, base: tuple[int, int, int] | None, shown: int | None, released: int) -> int:
        """What the target sold stays sold: it is remembered as before that run, with all that has come to it
        since, and what the run released by the source's word is taken off again."""
        if base is None:
            return 0
        return max(0, released + untold_now(Case(base[0], shown, base[:2], untold=base[2])))

    # -- rows ------------------------------------------------------------------------------------------------

    def _row(self, row: StockChangeRow, verdict: Verdict) -> NewStockChange | None:
        """Counts a verdict and answers what is kept of it."""
        if verdict.do is Do.RESTORE and not row.place:
            return self._status(row, verdict)
        if verdict.do is Do.RESTORE:
            self.tally.write(row.after, verdict.after)
            self.above += self.apart.above(row, verdict.after)
            return self._made(row, verdict, "stock", before=row.after)
        if verdict.do is Do.BACK:
            self.tally.same()
            return None
        if verdict.do is Do.OFFER:
            now = _number(verdict.message, "now")
            offered = self.run_.mode is Mode.PREVIEW
            self.tally.write(None if offered else now, verdict.after)
            return self._made(row, verdict, "adjust", before=now, reason=words.OFFERED, chosen=not offered)
        return self._told(row, verdict)

    def _status(self, row: StockChangeRow, verdict: Verdict) -> NewStockChange:
        """The product gets back the status that it had."""
        shown = becomes(row.reason)
        self.tally.hide(1, 0) if row.status in STATUSES.values() else self.tally.show()
        made = self._made(row, verdict, HIDE, before=None, reason=row.status)
        return replace(made, after=None, status=shown, message=said_of(shown, row.status))

    def _told(self, row: StockChangeRow, verdict: Verdict) -> NewStockChange | None:
        reason = words.MOVED if verdict.do is Do.MOVED else words.LISTED
        self.tally.skip(reason)
        self.listed += row.phase in _VERBS
        if row.phase in _VERBS and self.listed > _LISTED:
            return None
        made = self._made(row, verdict, KEPT, before=None, reason=reason, chosen=False)
        return replace(made, after=None, state="dropped")

    def _made(
        self,
        row: StockChangeRow,
        verdict: Verdict,
        phase: str,
        *,
        before: int | None,
        reason: str = "",
        chosen: bool = True,
    ) -> NewStockChange:
        return NewStockChange(
            self.run_.id,
            row.flow_id,
            row.binding_id,
            phase,
            row.sku,
            row.source_id,
            row.variant_id,
            row.item_id,
            row.place,
            before,
            verdict.after,
            row.source,
            "undo",
            reason,
            "planned",
            chosen,
            verdict.message,
            row.untold,
            row.released,
        )

    # -- a plan that is carried out --------------------------------------------------------------------------

    def _preview(self) -> str:
        if not self.run_.scope.plan_of:
            return ""
        preview = self.ws.runs.get(self.run_.scope.plan_of)
        if preview.flow_version != self.ctx.flow.version:
            raise NeedsOperator(
                say("The flow's settings were changed since this plan was made. Make a new preview.")
            )
        return preview.id

    def _approved(self, preview: str, rows: Sequence[NewStockChange]) -> list[NewStockChange]:
        """Only rows that were ticked and come out the same again; the others are counted as skipped."""
        seen = self._seen(preview, rows)
        kept = []
        for row in rows:
            known = seen.get((row.item_id, row.place, row.phase))
            if row.phase == KEPT or known == (row.before, row.after, True):
                kept.append(row)
                continue
            same = known is not None and known[:2] == (row.before, row.after)
            self.tally.to_write -= 1
            self.tally.read -= 1
            self.tally.zeroed -= int(row.after == 0 and (row.before or 0) > 0)
            self.tally.hidden -= int(row.phase == HIDE and row.reason in STATUSES.values())
            self.tally.skip("unticked" if same else "plan.moved")
        return kept

    def _seen(
        self, preview: str, rows: Iterable[NewStockChange]
    ) -> Mapping[tuple[str, str, str], tuple[int | None, int | None, bool]]:
        c = stock_changes.c
        ids = sorted({row.item_id for row in rows})
        with self.ws.db.read() as tx:
            query = select(c.item_id, c.place, c.phase, c.before, c.after, c.chosen)
            found = tx.execute(query.where(c.run_id == preview, among(tx, c.item_id, ids)))
            return {(r.item_id, r.place, r.phase): (r.before, r.after, bool(r.chosen)) for r in found}


def _pages(ctx: Context) -> Iterator[list[StockChangeRow]]:
    """The undone run's written rows, a thousand at a time."""
    for state in WRITTEN:
        rows = ctx.ws.stock_changes.each(ctx.run.scope.undo_of, state)
        while page := list(islice(rows, _PAGE)):
            yield page


def _places(ctx: Context) -> tuple[str, ...]:
    """The locations that have to be read: the link's, and those at which the run wrote."""
    c = stock_changes.c
    query = select(c.place).where(c.run_id == ctx.run.scope.undo_of, c.place != "").distinct()
    with ctx.ws.db.read() as tx:
        wrote = sorted(tx.execute(query).scalars())
    return tuple(dict.fromkeys([*ctx.link.locations, *wrote]))


def _number(message: Message | None, name: str) -> int:
    value = message.params.get(name) if message else None
    return value if isinstance(value, int) else 0


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0


__all__ = ["ABOVE", "KEPT", "StockUndo"]
