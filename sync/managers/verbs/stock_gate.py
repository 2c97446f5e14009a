"""When a stock flow may run: baseline before all else, validation before anything runs by itself, orders
taken over before stock is written by schedule."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from storage.tables.sync import sync_queue
from sync.errors import CounterpartError
from sync.managers.stock.in_flight import not_taken_over
from sync.model.entity import Entity
from sync.model.flow import Flow
from sync.model.run import Mode, Scope, Status
from sync.model.stock import StockStage
from sync.model.text import Message, say

if TYPE_CHECKING:
    from sync.workspace import Workspace

SCHEDULE = "schedule"
Finding = tuple[str, Message, bool]
"""(code, sentence, does it forbid the run?)"""


class StockGate:
    """Refusals and warnings before a run of one workspace's stock flows."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def stage(self, flow: Flow) -> StockStage:
        """How far the flow has come. Where the link's product flow wrote stock before there was a stock flow,
        its last full run was the baseline."""
        found = self.ws.stock_stages.get(flow.id)
        if found.baseline_run:
            return found
        for other in self.ws.links.flows(flow.link_id):
            if other.entity is Entity.PRODUCT and "stock" in other.products.fields:
                last = self.ws.runs.last(other.id, (Status.DONE, Status.RED))
                if last is not None and not last.scope.parts and not (last.scope.ids or last.scope.skus):
                    with self.ws.db.write() as tx:
                        self.ws.stock_stages.baseline(tx, flow.id, last.id)
                    return self.ws.stock_stages.get(flow.id)
        return found

    def refused(self, flow: Flow, mode: Mode, scope: Scope, by: str = "") -> Message | None:
        """Why a run is refused, None if it may start."""
        if scope.undo_of or mode in (Mode.PREVIEW, Mode.TEST, Mode.UNDO):
            return None
        stage = self.stage(flow)
        if by == SCHEDULE or mode in (Mode.DELTA, Mode.SWEEP, Mode.ITEMS):
            return _not_live(stage) or (self._orders(flow) if by == SCHEDULE else None)
        return _full(stage, scope)

    def waits(self, flow: Flow, by: str) -> Message | None:
        """Why the stock of a scheduled product run waits: orders that the other side does not know yet."""
        if by != SCHEDULE or "stock" not in flow.products.fields:
            return None
        return self._orders(flow)

    def checks(self, flow: Flow) -> list[Finding]:
        """What to know before a run by hand."""
        found: list[Finding] = []
        live = [r for r in self.ws.runs.list(flow_id=flow.id, live=True) if r.mode is not Mode.ITEMS]
        if live:
            said = say("A run of this flow is under way. Wait for it, or cancel it.")
            found.append(("run.active", said, True))
        if waiting := self._queued(flow):
            found.append(
                (
                    "queue.open",
                    say("{count} items of this flow are still due in the queue.", count=waiting),
                    False,
                )
            )
        if orders := self._orders(flow):
            found.append(("orders.open", orders, False))
        return found

    def _queued(self, flow: Flow) -> int:
        q = sync_queue.c
        query = select(func.count()).where(
            q.flow_id == flow.id, q.run_id.is_(None), q.status.in_(("pending", "processing"))
        )
        with self.ws.db.read() as tx:
            return int(tx.execute(query).scalar() or 0)

    def _orders(self, flow: Flow) -> Message | None:
        link = self.ws.links.get(flow.link_id)
        try:
            count = not_taken_over(self.ws, link, flow.direction[-1])
        except CounterpartError as error:
            return say(
                "Whether all orders have been taken over could not be found out: {reason}",
                reason=error.message.english(),
            )
        if not count:
            return None
        return say(
            "{count} orders have not been taken over yet; their pieces would be sold again. Run the order "
            "flow first.",
            count=count,
        )


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
