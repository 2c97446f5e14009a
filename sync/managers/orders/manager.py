"""The recipe of the order flow: orders from the shop to Sentos once, statuses and tracking both ways."""

from __future__ import annotations

from datetime import datetime

from storage.attention import Parked
from sync.engine.orders.brake import order_hits
from sync.managers.base import SyncManager
from sync.managers.context import Context
from sync.managers.orders.counting import count_older
from sync.managers.orders.older import Older
from sync.managers.orders.planning import OrderPlanning
from sync.managers.orders.reading import Reading
from sync.managers.orders.resolve import resolve, verbs
from sync.managers.orders.scope import began_before, move_on, whole
from sync.managers.recovery import recover
from sync.model.entity import Entity
from sync.model.run import BrakeHit, Mode, Scope

BACK = ("fulfil", "tracking")  # phases that write against the flow's direction: facts for the shop


class OrderSyncManager(SyncManager):
    """The link's shop (side b) → Sentos (side a). Test mode sends the first five orders that would be
    created; a scope of names or ids only those. Parts: "orders" creates, "statuses" carries facts both
    ways."""

    entity = Entity.ORDER
    phases = ("order", "status", *BACK)

    def read_source(self, ctx: Context) -> None:
        recover(ctx, self.engine)
        Reading(ctx).source()

    def read_target(self, ctx: Context) -> None:
        """Raises NeedsOperator if Sentos receives Shopify orders by itself."""
        Reading(ctx).target()

    def make_plan(self, ctx: Context) -> None:
        OrderPlanning(ctx).run()

    def brake_hits(self, ctx: Context) -> list[BrakeHit]:
        """Shares count only until the first complete run: they are there to notice the wrong shop."""
        raw = self.ws.runs.get(ctx.run.id).figures
        figures = {name: value for name, value in raw.items() if isinstance(value, int)}
        return list(order_hits(figures, ctx.flow.orders, shares=whole(ctx.run) and not began_before(ctx)))

    def bind(self, ctx: Context) -> None:
        super().bind(ctx)
        Older.of(ctx).remember(ctx)

    def apply(self, ctx: Context, phase: str) -> None:
        super().apply(ctx.turned() if phase in BACK else ctx, phase)

    def report(self, ctx: Context) -> None:
        if ctx.run.mode in (Mode.FULL, Mode.DELTA) and not ctx.run.scope.parts:
            self._close_gone_causes(ctx)
        if whole(ctx.run) and not self.ws.plans.phases(ctx.run.id):
            move_on(ctx)
        super().report(ctx)

    def _close_gone_causes(self, ctx: Context) -> None:
        """Parked causes of the orders that this run looked at and did not find again are closed."""
        ids = self.ws.staging.ids(ctx.run.id, ctx.source_side)
        sentos = [b.id_a for b in self.ws.bindings.by_b(ctx.link.id, "order", ids).values()]
        with self.ws.db.write() as tx:
            self.ws.attention.close_gone(tx, ctx.flow.id, Entity.ORDER.value, ctx.run.id, record_ids=ids)
            self.ws.attention.close_gone(
                tx, ctx.flow.id, Entity.FULFILMENT.value, ctx.run.id, record_ids=sentos
            )

    # -- what pages ask and do ------------------------------------------------------------

    def count_older(self, flow_id: str, since: datetime) -> int:
        """How many orders from before the flow went live `since` would bring; see `counting.count_older`."""
        return count_older(self.ws, flow_id, since)

    def verbs(self, parked: Parked) -> tuple[str, ...]:
        """The choices that the console offers for a parked order."""
        return verbs(parked)

    def resolve(self, parked: Parked, verb: str, *, by: str, target_id: str = "") -> Scope | None:
        """Carries out a choice; answers the scope of the run that finishes it, None if nothing is left to
        do."""
        return resolve(self.ws, parked, verb, by=by, target_id=target_id)
