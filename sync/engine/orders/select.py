"""Which of the shop's orders the flow takes, and why not the others."""

from __future__ import annotations

from datetime import datetime

from sync.model.flow import OrderSettings
from sync.model.order import Order
from sync.model.problem import Problem
from sync.model.text import Message, say
from sync.model.values import key_of


def start_of(settings: OrderSettings) -> datetime | None:
    """From when on orders are read; None while the flow was never switched on and no date is set."""
    moments = [m for m in (settings.older_since, settings.go_live_at) if m is not None]
    return min(moments) if moments else None


def is_older(order: Order, settings: OrderSettings) -> bool:
    """Was it placed before the flow went live, but within the older orders that are wanted?"""
    return (
        settings.go_live_at is not None
        and order.placed_at < settings.go_live_at
        and settings.older_since is not None
        and order.placed_at >= settings.older_since
    )


def skipped(order: Order, settings: OrderSettings) -> Problem | None:
    """Why the flow leaves an order that was never exported alone; None if it takes it. Order of reasons: the
    plainest first."""
    if order.cancelled_at is not None:
        return _skip("order.cancelled", say("Cancelled before it was exported."))
    if order.test and not settings.test_orders:
        return _skip("order.test", say("A test order; the flow leaves these out."))
    return (
        _too_old(order, settings)
        or _wrong_status(order, settings)
        or _wrong_tags(order, settings)
        or _empty(order)
    )


def _too_old(order: Order, settings: OrderSettings) -> Problem | None:
    start = start_of(settings)
    if settings.go_live_at is None and start is None:
        return _skip(
            "order.not_live",
            say("The order flow was never switched on, so it has no start date. Switch it on in Settings."),
        )
    if start is not None and order.placed_at < start:
        return _skip(
            "order.too_old",
            say(
                "Placed before {start}, when the flow starts. Set an earlier date for older orders in "
                "Settings.",
                start=f"{start:%Y-%m-%d %H:%M} UTC",
            ),
        )
    return None


def _wrong_status(order: Order, settings: OrderSettings) -> Problem | None:
    if settings.financial and key_of(order.financial) not in {key_of(word) for word in settings.financial}:
        return _skip(
            "order.financial",
            say("Its payment status is {status}, which the flow leaves out.", status=order.financial or "—"),
        )
    if settings.fulfilment and key_of(order.fulfilment) not in {key_of(word) for word in settings.fulfilment}:
        return _skip(
            "order.fulfilment",
            say(
                "Its fulfilment status is {status}, which the flow leaves out.",
                status=order.fulfilment or "—",
            ),
        )
    return None


def _wrong_tags(order: Order, settings: OrderSettings) -> Problem | None:
    tags = {key_of(tag) for tag in order.tags}
    if settings.tags_any and not tags & {key_of(tag) for tag in settings.tags_any}:
        return _skip("order.tags", say("It has none of the tags {tags}.", tags=", ".join(settings.tags_any)))
    hit = [tag for tag in settings.tags_none if key_of(tag) in tags]
    if hit:
        return _skip("order.tags", say("It is tagged {tag}, which the flow leaves out.", tag=", ".join(hit)))
    return None


def _empty(order: Order) -> Problem | None:
    if not order.problems and not any(line.quantity > 0 for line in order.lines) and order.total.amount == 0:
        return _skip("order.empty", say("Nothing is left of it: all lines were removed or refunded."))
    return None


def _skip(cause: str, message: Message) -> Problem:
    return Problem(cause, message)
