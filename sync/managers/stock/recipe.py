"""The recipe of a stock run: read both stores, match by SKU, decide row by row, write in calls of 250."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from sqlalchemy import func, select

from storage.clock import utc_now
from storage.tables.stock import stock_changes
from storage.tables.sync import runs
from sync.engine import brake
from sync.engine.apply import Apply
from sync.errors import CounterpartError
from sync.managers.base import SyncManager
from sync.managers.context import Context
from sync.managers.stock.activating import ActivatingBook
from sync.managers.stock.aging import renew
from sync.managers.stock.braking import target_hits
from sync.managers.stock.findings import whole
from sync.managers.stock.overtaking import read_overtaken, recover_ended
from sync.managers.stock.ownership import claim
from sync.managers.stock.proven import Proven
from sync.managers.stock.reading import Reading
from sync.managers.stock.rematch import plan
from sync.managers.stock.report import counts_of, drop_dependents, keep_differences
from sync.managers.stock.scope import narrow
from sync.managers.stock.stale import StaleRows
from sync.managers.stock.validating import validate_sandbox
from sync.model.entity import Entity
from sync.model.run import BrakeHit, Mode, Run, Status
from sync.model.text import say

_MATCH_HOLDS = timedelta(minutes=10)
_LATELY = timedelta(hours=1)  # over this time the zeroings of small runs are added up


class StockRecipe(SyncManager):
    """One direction of stock. Full runs and sweeps read both stores; a delta reads the source, and of the
    target only what turns out to have moved. Test writes the first five rows that differ; a scope of ids,
    SKUs or tags only those."""

    entity = Entity.STOCK
    phases = ("track", "activate", "stock", "gone")

    def stages(self, run: Run) -> tuple[str, ...]:
        names = super().stages(run)
        at = names.index("plan")
        return (*names[:at], "match", *names[at:])

    def _do(self, ctx: Context, stage: str) -> None:
        if stage == "match":
            self.match(ctx)
        else:
            super()._do(ctx, stage)

    # -- reading and matching --------------------------------------------------------------------------------

    def read_source(self, ctx: Context) -> None:
        """First of all, what earlier runs sent without learning the outcome is looked up: else it would look
        like somebody else's."""
        recover_ended(ctx, self.engine)
        Reading(ctx).source()

    def read_target(self, ctx: Context) -> None:
        Reading(ctx).target()

    def match(self, ctx: Context) -> None:
        """Refreshes the match. A delta does so only if some of what moved has no partner, single items only
        if one of them has none."""
        read_overtaken(ctx)
        if self._match_needed(ctx):
            self.ws.stock_match.refresh(ctx.flow, ctx.link)

    def _match_needed(self, ctx: Context) -> bool:
        made = self.ws.stock_match.counts(ctx.flow.id).get("at")
        if made and ctx.run.mode is Mode.ITEMS:
            return False  # a new item waits for the next run: matching a million others would take too long
        if not made or ctx.run.mode is not Mode.DELTA and not (ctx.run.scope.ids or ctx.run.scope.skus):
            return True
        if ctx.run.mode is Mode.DELTA:
            return utc_now() - datetime.fromisoformat(str(made)).astimezone(UTC) > _MATCH_HOLDS
        asked = [
            *self.ws.stock_items.by_variant(ctx.source_connection.id, ctx.run.scope.ids),
            *(r.variant_id for r in self.ws.stock_items.by_sku(ctx.source_connection.id, ctx.run.scope.skus)),
        ]
        return len(self.ws.stock_match.pairs_of(ctx.link, ctx.flow.direction, asked)) < len(set(asked))

    # -- plan and brake --------------------------------------------------------------------------------------

    def make_plan(self, ctx: Context) -> None:
        plan(ctx)

    def brake_hits(self, ctx: Context) -> list[BrakeHit]:
        """The brakes of stock: the source as a whole, zeroings by share and count (small runs: all of the
        last hour together), products that would be hidden, and a baseline that is missing."""
        raw = self.ws.runs.get(ctx.run.id).figures
        zeroed = _int(raw.get("zeroed"))
        small = zeroed and ctx.run.mode in (Mode.ITEMS, Mode.DELTA)
        shares = not narrow(ctx.run) and ctx.run.mode is not Mode.TEST
        figures = brake.Figures(
            source_count=_int(raw.get("source")),
            source_before=self._before(ctx, "source") if shares else None,
            stock_rows=_int(raw.get("stock_rows")),
            zeroed=zeroed + (self._zeroed_lately(ctx) if small else 0),
            products=_int(raw.get("products")),
            hidden=_int(raw.get("hidden")),
        )
        found = brake.hits(figures, ctx.flow.stock.brakes, shares=shares)
        if shares:
            found += target_hits(raw, self._before(ctx, "target"), ctx.flow.stock.brakes)
        needs = ctx.run.mode in (Mode.DELTA, Mode.SWEEP, Mode.ITEMS)
        if needs and not self.ws.stock_stages.get(ctx.flow.id).baseline_run:
            found.append(
                BrakeHit("baseline.missing", say("The baseline is missing. Run the flow in full first."))
            )
        return found

    def _before(self, ctx: Context, side: str) -> int | None:
        """How many items the last run saw that read the whole of this side."""
        return self.ws.runs.last_seen(ctx.flow.id, side, but=ctx.run.id)

    def _zeroed_lately(self, ctx: Context) -> int:
        """Zeroings of the last hour's small runs, from the last moment at which a person confirmed some."""
        c, r, hour = stock_changes.c, runs.c, utc_now() - _LATELY
        since = self.ws.runs.last_confirmed(ctx.flow.id, hour) or hour
        query = (
            select(func.count())
            .select_from(stock_changes)
            .join(runs, r.id == c.run_id)
            .where(
                r.flow_id == ctx.flow.id,
                r.created_at > since,
                r.mode.in_((Mode.ITEMS.value, Mode.DELTA.value)),
                c.state == "applied",
                c.phase == "stock",
                c.after == 0,
                c.before > 0,
            )
        )
        with self.ws.db.read() as tx:
            return int(tx.execute(query).scalar() or 0)

    # -- applying --------------------------------------------------------------------------------------------

    def bind(self, ctx: Context) -> None:
        """Nothing is left to store: identity is the match's, and what agreed was settled page by page. From
        here on the run writes, so its locations must be its own."""
        self.check_scope(ctx)
        claim(self.ws, ctx.flow, ctx.run.started_by)

    def apply(self, ctx: Context, phase: str) -> None:
        renew(ctx, "stock" if phase == "activate" else phase)
        total = self._total(ctx, phase)
        ctx.progress(0, total, force=True)
        if total or phase == "activate":  # what an attempt stocked last may not be set yet
            self.engine(ctx).phase(phase)
        if phase in ("track", "activate"):
            drop_dependents(ctx, phase)

    def _total(self, ctx: Context, phase: str) -> int:
        """Rows still to be sent or looked up; what is stocked is set in the same phase."""
        c = stock_changes.c
        query = select(func.count()).where(
            c.run_id == ctx.run.id,
            c.state.in_(("planned", "sent", "unknown", "stale")),
            c.phase == phase,
            c.chosen,
        )
        with self.ws.db.read() as tx:
            return int(tx.execute(query).scalar() or 0) * (2 if phase == "activate" else 1)

    def engine(self, ctx: Context) -> Apply:
        done = 0

        def tick(members: int) -> None:
            nonlocal done
            done += members
            ctx.progress(done)

        urgent = ctx.run.mode is Mode.ITEMS
        book = ActivatingBook(ctx, StaleRows(ctx, urgent=urgent))
        in_flight = max(1, ctx.target.support(Entity.STOCK).calls_in_flight)
        return Apply(
            Proven(ctx),
            book,
            self.ws.clock(ctx.target_connection),
            in_flight,
            tick,
            urgent=urgent,
            useful=lambda: ctx.target.useful_in_flight(Entity.STOCK),
        )

    # -- the end ---------------------------------------------------------------------------------------------

    def report(self, ctx: Context) -> None:
        keep_differences(ctx)
        self._close_causes(ctx)
        counts, figures = counts_of(ctx)
        good = counts.balanced and not counts.failed
        self._end(ctx, self._status(ctx, good), counts_and_figures=(counts, figures))

    def close(self, run: Run, status: Status, error: CounterpartError | None) -> None:
        ctx = self.context(run)
        keep_differences(ctx, ended=False)
        self._end(ctx, status, counts_and_figures=counts_of(ctx), error=error)

    def _end(
        self,
        ctx: Context,
        status: Status,
        *,
        counts_and_figures: tuple[object, dict[str, object]],
        error: CounterpartError | None = None,
    ) -> None:
        counts, figures = counts_and_figures
        ended: dict[str, object] = {"counts": counts, "figures": figures, "status": status}
        if error is not None:
            ended["error"] = error.message
        if self._is_baseline(ctx, status):
            with self.ws.db.write() as tx:
                self.ws.stock_stages.baseline(tx, ctx.flow.id, ctx.run.id)
            validate_sandbox(ctx)
        with self.ws.db.write() as tx:
            self.ws.runs.set(tx, ctx.run.id, finished_at=utc_now(), stage="", **ended)
        ended_as = replace(ctx.run, counts=counts, status=status)  # type: ignore[arg-type]
        self.ws.run_finished(ended_as, error)

    def _is_baseline(self, ctx: Context, status: Status) -> bool:
        """One full run that went through all of it, whether or not single rows were refused."""
        return ctx.run.mode is Mode.FULL and whole(ctx) and status in (Status.DONE, Status.RED)

    def _close_causes(self, ctx: Context) -> None:
        """Parked causes that this run looked at and did not find again are closed."""
        if not whole(ctx) and ctx.run.mode is not Mode.ITEMS:
            return
        ids = list(ctx.run.scope.ids) if ctx.run.mode is Mode.ITEMS else None
        with self.ws.db.write() as tx:
            self.ws.attention.close_gone(tx, ctx.flow.id, Entity.STOCK.value, ctx.run.id, record_ids=ids)


def _int(value: object) -> int:
    return value if isinstance(value, int) else 0
