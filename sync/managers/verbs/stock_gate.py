"""When a stock flow may run: baseline before all else, validation before anything runs by itself, orders
taken over before stock is written by schedule."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import func, select

from storage.preferences import STOCK_SINCE
from storage.tables.sync import sync_queue
from sync.errors import CounterpartError
from sync.managers.stock.in_flight import not_taken_over
from sync.model.entity import Entity
from sync.model.flow import Flow
from sync.model.run import Mode, Run, Scope, Status
from sync.model.stock import Match, StockStage
from sync.model.text import Message, say
from sync.workspace import Workspace

SCHEDULE = "schedule"
Finding = tuple[str, Message, bool]
"""(code, sentence, does it forbid the run?)"""
SWEEP_AFTER = timedelta(hours=24)
"""A flow that runs by deltas reads both stores whole again after so long."""
SWEEP_AGAIN = timedelta(hours=1)
"""A sweep that did not come to its end is tried again after so long, and one is brought forward to then;
deltas go on meanwhile."""
_JITTER = timedelta(minutes=1)  # what starts every day starts some seconds less than a day later


class StockGate:
    """Refusals and warnings before a run of one workspace's stock flows."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def stage(self, flow: Flow) -> StockStage:
        """How far the flow has come. Where the link's product flow wrote stock before there was a stock flow,
        its last full run was the baseline: one of all products, with all their parts."""
        found = self.ws.stock_stages.get(flow.id)
        if found.baseline_run:
            return found
        if whole := self._products_ran(flow.link_id):
            with self.ws.db.write() as tx:
                self.ws.stock_stages.baseline(tx, flow.id, whole.id)
            return self.ws.stock_stages.get(flow.id)
        return found

    def refused(self, flow: Flow, mode: Mode, scope: Scope, by: str = "") -> Message | None:
        """Why a run is refused, None if it may start."""
        if scope.undo_of or mode in (Mode.PREVIEW, Mode.TEST, Mode.UNDO):
            return None
        stage = self.stage(flow)
        if by == SCHEDULE or mode in (Mode.DELTA, Mode.SWEEP, Mode.ITEMS):
            return _not_live(stage) or (self._open_orders(flow) if by == SCHEDULE else None)
        return _full(stage, scope)

    def scheduled(self, flow: Flow, now: datetime) -> Mode:
        """What a scheduled run of a stock flow reads: both sides whole by the crontab; every so many minutes
        what moved at the source, but both sides once a day, and soon after something turned up that only a
        look at the target can settle. For a delta never looks at it, never settles what is gone, and closes
        no cause that a person waits for."""
        if not flow.schedule.minutes:
            return Mode.SWEEP
        whole = self.ws.runs.last_whole(flow.id)
        after = SWEEP_AGAIN if whole is not None and self._puzzled(flow, whole) else SWEEP_AFTER
        if whole is not None and _age(whole, now) < after - _JITTER:
            return Mode.DELTA
        lost = self.ws.runs.last(flow.id, (Status.FAILED, Status.CANCELLED), (Mode.SWEEP,))
        return Mode.DELTA if lost is not None and _age(lost, now) < SWEEP_AGAIN - _JITTER else Mode.SWEEP

    def _puzzled(self, flow: Flow, whole: Run) -> bool:
        """Since the last whole run: did the target refuse a row (was the item made anew there?), or does the
        source show more items than then that have no partner (are they new at both?)?"""
        refused = self.ws.attention.list(cause="stock.refused", link_id=flow.link_id, entity="stock", limit=1)
        if refused and refused[0].opened_at > (whole.created_at or refused[0].opened_at):
            return True
        delta = self.ws.runs.last(flow.id, (Status.DONE, Status.RED), (Mode.DELTA,))
        return delta is not None and _alone(delta) > _alone(whole)

    def waits(self, flow: Flow, by: str) -> Message | None:
        """Why the stock of a scheduled product run waits: orders that the other side does not know yet."""
        if by != SCHEDULE or "stock" not in flow.products.fields:
            return None
        return self._open_orders(flow)

    def checks(self, flow: Flow) -> list[Finding]:
        """What to know before a run by hand, each finding a whole sentence: `run.active` (forbids the run),
        `queue.open`, `orders.open`, `orders.unknown`. The first two are one short look into the database
        each; where the link has an order flow the third asks the shop for its orders since that flow's last
        run. So it is for a click, never for drawing a page, and a shop that does not answer is a finding, no
        error."""
        found: list[Finding] = []
        if live := self.ws.runs.list(flow_id=flow.id, live=True, limit=1, without=(Mode.ITEMS,)):
            found.append(("run.active", _under_way(live[0]), True))
        if waiting := self._queued(flow):
            found.append(
                (
                    "queue.open",
                    say("{count} items of this flow are still due in the queue.", count=waiting),
                    False,
                )
            )
        return [*found, *self._orders(flow)]

    def _products_ran(self, link_id: str) -> Run | None:
        """The link's last run of all products, if they carry stock. One from before a backup was put back
        does not count: what was written after that backup would look like sales."""
        since = self.ws.preferences.get(STOCK_SINCE)
        flows = (f for f in self.ws.links.flows(link_id) if f.entity is Entity.PRODUCT)
        ran = (self.ws.runs.last_whole(f.id, (Mode.FULL,)) for f in flows if "stock" in f.products.fields)
        return next((run for run in ran if run is not None and (run.created_at or since) > since), None)

    def _queued(self, flow: Flow) -> int:
        q = sync_queue.c
        query = select(func.count()).where(
            q.flow_id == flow.id, q.run_id.is_(None), q.status.in_(("pending", "processing"))
        )
        with self.ws.db.read() as tx:
            return int(tx.execute(query).scalar() or 0)

    def _open_orders(self, flow: Flow) -> Message | None:
        return next((said for _code, said, _blocks in self._orders(flow)), None)

    def _orders(self, flow: Flow) -> list[Finding]:
        """Orders that the other side does not know yet; or that nobody knows, and the shop's reason."""
        link = self.ws.links.get(flow.link_id)
        side = flow.direction[-1]
        try:
            count = not_taken_over(self.ws, link, side)
        except CounterpartError as error:
            shop = self.ws.connections.get(link.a if side == "a" else link.b).name
            said = say(
                "Whether all orders of {shop} have been taken over could not be found out. Test that "
                "connection in Settings.",
                shop=shop,
            )
            return [("orders.unknown", said, False), ("orders.unknown", error.message, False)]
        said = say(
            "{count} orders have not been taken over yet; their pieces would be sold again. Run the order "
            "flow first.",
            count=count,
        )
        return [("orders.open", said, False)] if count else []


def _age(run: Run, now: datetime) -> timedelta:
    return now - (run.created_at or now)


def _under_way(run: Run) -> Message:
    if run.status is Status.BRAKED:
        return say("The safety check holds a run of this flow. Confirm it, or end it.")
    return say("A run of this flow is under way. Wait for it, or cancel it.")


def _not_live(stage: StockStage) -> Message | None:
    if not stage.baseline_run:
        return say(
            "The baseline is missing: one full run has to align everything first. Start a full run by hand."
        )
    if not stage.validated_at:
        return say(
            "The baseline has not been validated: somebody has to confirm the figures of both sides first."
        )
    return None


def _full(stage: StockStage, scope: Scope) -> Message | None:
    narrow = bool(scope.skus or scope.ids or scope.tags)
    if not stage.baseline_run:
        if narrow:
            return say("The baseline comes first: run the whole flow once before single items.")
        return None
    if stage.live and not (narrow or scope.plan_of or scope.reason.strip()):
        return say(
            "This flow is live: deltas and sweeps keep it in step. A full run overwrites the target's "
            "figures; say why it is needed."
        )
    return None


def _alone(run: Run) -> int:
    """Rows of the source that had no partner in a run."""
    skipped = run.figures.get("skipped")
    found = skipped.get(Match.ONLY_SOURCE.value) if isinstance(skipped, Mapping) else 0
    return found if isinstance(found, int) else 0
