"""The plan stage of a stock flow: pairs in, narrow rows of `stock_changes` out, a page at a time."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from storage.stock_changes import NewStockChange
from storage.stock_pairs import PairRow
from sync.errors import NeedsOperator
from sync.managers.context import Context
from sync.managers.stock.approving import Approved
from sync.managers.stock.buffers import take_over_buffers
from sync.managers.stock.deciding import Deciding, Do, Row
from sync.managers.stock.findings import Findings
from sync.managers.stock.gone import Gone
from sync.managers.stock.in_flight import orders_in_flight, pieces_of
from sync.managers.stock.pairless import forget, refused_before, set_apart, unpaired
from sync.managers.stock.scope import GONE_MODES, narrow
from sync.managers.stock.tally import Tally
from sync.model.run import Mode
from sync.model.stock import Match
from sync.model.text import say

TEST_ROWS = 5
_PAGE = 1000
# What of the source is not paired, and the reason under which its rows are listed.
_UNPAIRED = (
    Match.ONLY_SOURCE,
    Match.DUPLICATE,
    Match.EMPTY,
    Match.UNTRACKED,
    Match.BUNDLE,
    Match.GIFT_CARD,
)
CAUSES = {Mode.ITEMS: "queue"}


class StockPlanning:
    """Plans one run. Repeatable: what an interrupted attempt left is replaced."""

    def __init__(self, ctx: Context, causes: Mapping[str, str] | None = None) -> None:
        """`causes`: why single source items are due (webhook, order, manual), by id."""
        self.ctx, self.ws, self.run = ctx, ctx.ws, ctx.run
        self.causes = causes or {}
        orders = orders_in_flight(ctx)
        self.flying = pieces_of(orders)
        self.deciding = Deciding(ctx, self.flying)
        self.tally, self.findings = Tally(), Findings(ctx, orders)
        self.approved = Approved.of(ctx)
        self.gone = Gone(ctx) if self.run.mode in GONE_MODES and not narrow(self.run) else None
        self.cause = CAUSES.get(self.run.mode, "manual" if narrow(self.run) else "run")
        self.tracked: set[str] = set()
        self.doubtful, self.late = refused_before(ctx), list[NewStockChange]()

    def run_all(self) -> Tally:
        """Plans every pair that the run is about; stores and answers its figures. Raises NeedsOperator if no
        location is mapped."""
        if not self.deciding.places:
            raise NeedsOperator(
                say("No location of the target is mapped. Choose in Settings where the stock goes.")
            )
        forget(self.ctx)
        take_over_buffers(self.ctx)
        total, done = sum(self._matched().values()), 0
        for page in self._pages():
            self.ctx.check()
            self._page(page)
            done += len(page)
            self.ctx.progress(done, total)
        if self.run.mode is Mode.DELTA and not narrow(self.run):
            self.findings.rises_over()
        self._rest(done)
        self._keep(self.late)
        set_apart(ctx=self.ctx, rows=self.late)
        if self.gone is not None:
            self._keep(self.approved.page(self.gone.rows(self.tally), self.tally))
        figures = {
            **self.ws.runs.get(self.run.id).figures,
            **self.tally.figures(),
            "matched": self._matched()["matched"],
            "stock_rows": self._compared(),
            "in_flight": dict(self.flying),
        }
        self.ws.runs.update(self.run.id, figures=figures)
        return self.tally

    # -- which pairs -----------------------------------------------------------------------------------------

    def _pages(self) -> Iterator[Sequence[PairRow]]:
        link, direction, match = self.ctx.link, self.ctx.flow.direction, self.ws.stock_match
        if self.run.scope.ids or self.run.scope.skus:
            asked = self._asked()
            for start in range(0, len(asked), _PAGE):
                yield match.pairs_of(link, direction, asked[start : start + _PAGE])
            return
        pairs = match.pairs_moved if self.run.mode is Mode.DELTA else match.pairs
        after = 0
        while page := pairs(link, direction, after, _PAGE):
            yield page
            after = page[-1].binding_id

    def _asked(self) -> list[str]:
        """Variant ids of the source's items that the run was asked for."""
        source = self.ctx.source_connection.id
        found = [
            *self.ws.stock_items.by_variant(source, self.run.scope.ids).values(),
            *self.ws.stock_items.by_sku(source, self.run.scope.skus),
        ]
        return list(dict.fromkeys(row.variant_id for row in found))

    def _matched(self) -> Mapping[str, int]:
        found = self.ws.stock_match.counts(self.ctx.flow.id)
        return {"matched": int(found.get(Match.MATCHED.value, 0))}

    def _compared(self) -> int:
        """Rows that a share is a share of: those of this run, for a delta those that it could have moved."""
        whole = self._matched()["matched"] * len(self.deciding.places)
        return max(whole, self.tally.read) if self.run.mode is Mode.DELTA else self.tally.read

    def _rest(self, done: int) -> None:
        """What was not looked at one by one: items without a partner, and in a delta what is as it was."""
        places = len(self.deciding.places)
        if self.run.scope.ids or self.run.scope.skus:
            self.tally.skip(Match.ONLY_SOURCE.value, (len(self._asked()) - done) * places)
            return
        if self.run.scope.tags:
            return
        counts = unpaired(self.ctx)
        for why in _UNPAIRED:
            self.tally.skip(why.value, int(counts.get(why.value, 0)) * places)
        if self.run.mode is Mode.DELTA:
            self.tally.same(max(0, self._matched()["matched"] - done) * places)

    # -- one page --------------------------------------------------------------------------------------------

    def _page(self, pairs: Sequence[PairRow]) -> None:
        rows: list[NewStockChange] = []
        rising = self.findings.look(pairs)
        self.deciding.look(pairs)
        for pair in pairs:
            if reason := self.deciding.left_out(pair):
                self._left_out(pair, reason)
                continue
            for row in self.deciding.rows(pair, rising):
                rows += self._row(row)
        passed = self.approved.page(rows, self.tally)
        if self.doubtful:  # what was refused the last time goes last, so that it costs the others nothing
            self.late += [row for row in passed if row.source_id in self.doubtful]
            passed = [row for row in passed if row.source_id not in self.doubtful]
        self._keep(passed)
        self.findings.store()

    def _keep(self, rows: Sequence[NewStockChange]) -> None:
        """Under the fence: a worker that was frozen must not add to the plan of the one that took over."""
        for start in range(0, len(rows), _PAGE):
            with self.ws.db.write() as tx:
                self.ws.stock_changes.add(rows[start : start + _PAGE], tx)

    def _left_out(self, pair: PairRow, reason: str) -> None:
        if reason == "gone" and self.gone is not None:
            self.gone.add(pair)
        else:
            self.tally.skip(reason, len(self.deciding.places))

    def _row(self, row: Row) -> list[NewStockChange]:
        """Counts a decision and answers what it has to write."""
        do, decision = row.decision.do, row.decision
        if do is Do.WRITE:
            return self._write(row)
        if do in (Do.QUIET, Do.SETTLE):
            self.tally.same()
        elif do is Do.PARK:
            self.tally.park()
        else:
            self.tally.skip(decision.cause)
        self.findings.note(row)
        return []

    def _write(self, row: Row) -> list[NewStockChange]:
        if self.run.mode is Mode.TEST and self.tally.to_write >= TEST_ROWS:
            self.tally.skip("test.limit")
            return []
        self.findings.note(row)
        self.tally.write(row.case.shown, row.decision.value)
        made = [self._change(row, "stock")]
        if row.decision.activate:
            made.insert(0, self._change(row, "activate"))
        target = row.pair.target
        if target.tracked is False and target.item_id not in self.tracked:
            self.tracked.add(target.item_id)
            made.insert(0, self._change(row, "track"))
        return made

    def _change(self, row: Row, phase: str) -> NewStockChange:
        stock = phase == "stock"
        pair, case = row.pair, row.case
        return NewStockChange(
            run_id=self.run.id,
            flow_id=self.ctx.flow.id,
            binding_id=pair.binding_id,
            phase=phase,
            sku=pair.source.sku,
            source_id=pair.source.variant_id,
            variant_id=pair.target.variant_id,
            item_id=pair.target.item_id,
            place=row.place,
            before=(case.shown or 0) if stock else None,
            after=row.decision.value if stock else None,
            source=case.source if row.decision.settles is None else row.decision.settles,
            cause=self.causes.get(pair.source.variant_id) or self.cause,
            reason=row.decision.cause,
            untold=row.decision.untold,
            released=row.decision.released,
        )
