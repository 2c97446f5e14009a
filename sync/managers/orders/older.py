"""Orders from before the flow went live are sent only once the operator has confirmed how many they are."""

from __future__ import annotations

from dataclasses import dataclass

from sync.engine.orders.select import is_older, skipped
from sync.managers.context import Context
from sync.managers.orders.scope import OLDER_CURSOR, changed_since, narrow, older_mark
from sync.model.flow import OrderSettings
from sync.model.order import Order
from sync.model.run import Mode


@dataclass(frozen=True, slots=True)
class Older:
    """`count` older orders were found (-1: this run did not see all of them); `open` lets them through."""

    settings: OrderSettings
    count: int
    open: bool

    @staticmethod
    def of(ctx: Context) -> Older:
        """Counts the staged orders unless the count was confirmed in an earlier run or there is none to
        confirm."""
        settings = ctx.flow.orders
        if settings.older_since is None or ctx.ws.cursors.get(ctx.flow.id, OLDER_CURSOR) == older_mark(
            settings
        ):
            return Older(settings, -1, True)
        if narrow(ctx.run) or ctx.run.mode is Mode.TEST or changed_since(ctx):
            return Older(settings, -1, False)
        count = _count(ctx, settings)
        return Older(settings, count, count == settings.older_confirmed)

    def lets(self, order: Order) -> bool:
        return self.open or not is_older(order, self.settings)

    def remember(self, ctx: Context) -> None:
        """The count was right: what is older may follow from now on, also one by one."""
        if self.open and self.count >= 0:
            ctx.ws.cursors.set(ctx.flow.id, OLDER_CURSOR, older_mark(self.settings))


def _count(ctx: Context, settings: OrderSettings) -> int:
    """Older orders that the flow takes or has taken."""
    found = 0
    for page in ctx.ws.staging.pages(ctx.run.id, ctx.source_side):
        orders = [r for r in page if isinstance(r, Order) and is_older(r, settings)]
        bound = ctx.ws.bindings.by_b(ctx.link.id, "order", [o.id for o in orders])
        found += sum(1 for o in orders if o.id in bound or skipped(o, settings) is None)
    return found
