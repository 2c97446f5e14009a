"""What every entity's recipe shares: stages, reading, brake, applying, report.

read_source → read_target → plan → brake → (preview stops here) → bind → apply … → report. A stage is a row of
`sync_queue`; it may be repeated after a crash and then changes nothing twice.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from storage.clock import utc_now
from storage.staging import Key
from sync.engine.apply import Apply
from sync.errors import Braked, BrokenContract, CounterpartError, NeedsOperator
from sync.managers.alive import Alive
from sync.managers.book import RunBook
from sync.managers.context import Context, spending_of
from sync.managers.report import finish_items
from sync.model.call import Change, Outcome
from sync.model.entity import Entity
from sync.model.page import Page, ReadFilter, Record
from sync.model.run import BrakeHit, Mode, Run, Status
from sync.model.text import say
from sync.workspace import Workspace


class SyncManager:
    """The recipe of one entity. Subclasses say what to read, how to plan, and in which phases to apply."""

    entity: Entity
    phases: tuple[str, ...] = ()

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    # -- stages ----------------------------------------------------------------------------------------------

    def stages(self, run: Run) -> tuple[str, ...]:
        """Names of the stages in order."""
        first = ("read_source", "read_target", "plan", "brake")
        if run.mode is Mode.PREVIEW:
            return (*first, "report")
        return (*first, "bind", *(f"apply:{name}" for name in self.phases), "report")

    def turn(self, run: Run, stage: str) -> str | None:
        """Does one stage; answers the next one, None when the run is finished. Errors of `sync.errors` go on
        to the executor."""
        ctx = self.context(run)
        self.ws.runs.update(
            run.id,
            stage=stage,
            done=0,
            total=0,
            status=Status.RUNNING,
            error=None,
            started_at=run.started_at or utc_now(),
        )
        if stage == self.stages(run)[0]:
            self.ws.staging.clear(run.id)  # an attempt before may have staged what is gone by now
        ctx.progress(0, force=True)
        with ctx.watching(), spending_of(ctx):
            ctx.check()
            self._do(ctx, stage)
        stages = self.stages(run)
        at = stages.index(stage) + 1
        return stages[at] if at < len(stages) else None

    def _do(self, ctx: Context, stage: str) -> None:
        name, _, phase = stage.partition(":")
        table: dict[str, Callable[[], None]] = {
            "read_source": lambda: self.read_source(ctx),
            "read_target": lambda: self.read_target(ctx),
            "plan": lambda: self.make_plan(ctx),
            "brake": lambda: self.brake(ctx),
            "bind": lambda: self.bind(ctx),
            "apply": lambda: self.apply(ctx, phase),
            "report": lambda: self.report(ctx),
        }
        table[name]()

    def partition(self, run: Run, stage: str) -> str:
        """The connection whose budget a stage spends: the source's while reading it, else the target's."""
        ctx = self.context(run)
        return (ctx.source_connection if stage == "read_source" else ctx.target_connection).id

    def context(self, run: Run) -> Context:
        """Raises NeedsOperator if the flow or a connection is gone."""
        flow = self.ws.links.flow(run.flow_id)
        link = self.ws.links.get(flow.link_id)
        ends = {"a": self.ws.connections.get(link.a), "b": self.ws.connections.get(link.b)}
        return Context(self.ws, run, flow, link, ends[flow.direction[0]], ends[flow.direction[-1]])

    # -- for subclasses --------------------------------------------------------------------------------------

    def read_source(self, ctx: Context) -> None:
        raise TypeError(f"{type(self).__name__} does not say what to read")

    def read_target(self, ctx: Context) -> None:
        raise TypeError(f"{type(self).__name__} does not say what to read")

    def make_plan(self, ctx: Context) -> None:
        raise TypeError(f"{type(self).__name__} does not say how to plan")

    def brake_hits(self, ctx: Context) -> list[BrakeHit]:
        return []

    def after_phase(self, ctx: Context, phase: str) -> None:
        """What has to happen when a phase has settled (reading back what was created)."""

    def stale(self, ctx: Context, change: Change, outcome: Outcome) -> Change | None:
        """What to do instead of a stale change; None drops it, to be decided by the next run."""
        return None

    def reread(self, ctx: Context, changes: Sequence[Change]) -> Mapping[str, int]:
        """What the target shows now for stale changes whose answer did not say, by change id."""
        return {}

    # -- shared steps ----------------------------------------------------------------------------------------

    def stage_read(
        self,
        ctx: Context,
        side: str,
        entity: Entity,
        which: ReadFilter,
        keys: Callable[[Record], Sequence[Key]],
        *,
        must_complete: bool,
    ) -> None:
        """Reads one side into staging. A sweep that should be complete and is not ends the run: nothing is
        ever concluded from half a catalogue."""
        connector = ctx.source if side == ctx.source_side else ctx.target
        complete, done, page = False, 0, Page(())
        for page in connector.read(entity, which):
            ctx.check()
            self.ws.staging.put(ctx.run.id, side, [(r, keys(r)) for r in page.records])
            done += len(page.records)
            complete = page.complete
            ctx.progress(done, page.expected)
        ctx.progress(done, done, force=True)
        if must_complete and not complete:
            raise BrokenContract(
                say(
                    "Reading ended before everything had been read. Nothing was changed; the run can be "
                    "started again."
                ),
                f"{entity} of side {side}: {done} records, expected {page.expected}",
            )

    def brake(self, ctx: Context) -> None:
        """Raises Braked unless every hit has been confirmed by the operator. A preview stores its hits and
        goes on."""
        hits = self.brake_hits(ctx)
        self.ws.runs.update(ctx.run.id, brakes=tuple(hits))
        open_hits = [h for h in hits if h.code not in ctx.run.scope.confirmed]
        if open_hits and ctx.run.mode is not Mode.PREVIEW:
            raise Braked(open_hits)

    def bind(self, ctx: Context) -> None:
        """Stores what the plan found out about identity and baselines; from here on the run writes."""
        self.check_scope(ctx)
        self.ws.plans.store_local(ctx.link.id, ctx.flow.id, ctx.run.id)
        ctx.target.prepare()

    def check_scope(self, ctx: Context) -> None:
        if ctx.run.flow_version != ctx.flow.version:
            raise NeedsOperator(
                say("The flow's settings were changed while this run was planning. Start it again.")
            )

    def apply(self, ctx: Context, phase: str) -> None:
        """Sends a phase; repeatable after a crash."""
        total = self.ws.plans.phases(ctx.run.id).get(phase, 0)
        ctx.progress(0, total, force=True)
        if total:
            self.engine(ctx).phase(phase)
        self.after_phase(ctx, phase)

    def engine(self, ctx: Context) -> Apply:
        done = 0

        def tick(members: int) -> None:
            nonlocal done
            done += members
            ctx.progress(done)

        book = RunBook(
            ctx,
            lambda change, outcome: self.stale(ctx, change, outcome),
            lambda changes: self.reread(ctx, changes),
        )
        support = ctx.target.support(self.entity)
        in_flight = max(1, support.calls_in_flight)
        return Apply(Alive(ctx.target), book, self.ws.clock(ctx.target_connection), in_flight, tick)

    def report(self, ctx: Context) -> None:
        """Gives every record its outcome; a run that does not balance is red."""
        finish_items(ctx)
        counts = self.ws.runs.count(ctx.run.id)
        status = self._status(ctx, counts.balanced and not counts.failed)
        ctx.progress(counts.read, counts.read, force=True)
        with self.ws.db.write() as tx:
            self.ws.runs.set(tx, ctx.run.id, counts=counts, status=status, finished_at=utc_now(), stage="")
            self.ws.staging.clear_with(tx, ctx.run.id)  # an approved plan is made anew from fresh reads
        self.ws.run_finished(replace(ctx.run, counts=counts, status=status))

    def close(self, run: Run, status: Status, error: CounterpartError | None) -> None:
        """Ends a run before its last stage: cancelled or failed. What was written stays and is reported."""
        ctx = self.context(run)
        finish_items(ctx)
        counts = self.ws.runs.count(run.id)
        with self.ws.db.write() as tx:
            self.ws.runs.set(
                tx,
                run.id,
                counts=counts,
                status=status,
                finished_at=utc_now(),
                error=error.message if error else None,
            )
            self.ws.staging.clear_with(tx, run.id)
        self.ws.run_finished(replace(run, counts=counts, status=status), error)

    def _status(self, ctx: Context, good: bool) -> Status:
        if ctx.run.mode is Mode.PREVIEW:
            return Status.PLANNED
        return Status.DONE if good else Status.RED
