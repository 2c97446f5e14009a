"""The sales channel and the booking warehouse of a new order: chosen, or the only ones there are."""

from __future__ import annotations

from dataclasses import replace

from sync.engine.orders.transform import CHANNEL, WAREHOUSE
from sync.errors import NeedsOperator
from sync.managers.context import Context
from sync.model.order import Order
from sync.model.stock import ALL_PLACES
from sync.model.text import Message, say


def completed(ctx: Context, order: Order) -> Order:
    """The order with both. Raises NeedsOperator if one has to be chosen."""
    attributes = dict(order.attributes)
    attributes[CHANNEL] = attributes.get(CHANNEL) or _only(
        ctx,
        "sales_channels",
        say("Choose in the order flow's settings which sales channel of Sentos the orders belong to."),
    )
    attributes[WAREHOUSE] = (
        attributes.get(WAREHOUSE)
        or _mapped(ctx)
        or _only(
            ctx,
            "warehouses",
            say("Choose in the order flow's settings which warehouse of Sentos the orders are booked from."),
        )
    )
    return replace(order, attributes={name: value for name, value in attributes.items() if value})


def _mapped(ctx: Context) -> str:
    """The one warehouse whose stock the shop sells, if the link maps a single one."""
    found = {warehouse for warehouses in ctx.link.locations.values() for warehouse in warehouses}
    return found.pop() if len(found) == 1 and ALL_PLACES not in found else ""


def _only(ctx: Context, what: str, missing: Message) -> str:
    """The id of the only choice; "" where the target has no such thing."""
    choices = ctx.target.choices(what)
    if len(choices) > 1:
        raise NeedsOperator(missing)
    return choices[0].id if choices else ""
