"""One of the shop's orders → the order as Sentos is to get it. Pure.

What cannot be expressed exactly is a problem and the order parks: never a blank, a guess or a rounded sum.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from sync.engine.orders.lines import Priced, priced
from sync.engine.orders.money import kurus, lira
from sync.engine.orders.payment import GIFT_CARD, method_of
from sync.engine.orders.people import People, people
from sync.engine.orders.status import first_status
from sync.model.flow import OrderSettings
from sync.model.order import Order
from sync.model.problem import Problem
from sync.model.text import say
from sync.model.values import text

CHANNEL, WAREHOUSE, PAYMENT, STATUS = (
    "sentos.channel_id",
    "sentos.warehouse_id",
    "sentos.payment_method",
    "sentos.status",
)
LIRA = frozenset({"TRY", "TL"})


@dataclass(frozen=True, slots=True)
class Made:
    """The order for Sentos; None if `problems` stand in the way."""

    order: Order | None
    problems: tuple[Problem, ...] = ()


def reference_of(order: Order, shop: str) -> str:
    """Our own name of the order at Sentos (its `order_id`): shop and the shop's number of the order, e.g.
    "70001-5001"."""
    return f"{shop_number(shop)}-{order.code or shop_number(order.id)}"


def shop_number(identity: str) -> str:
    """The number in a platform id, "gid://shopify/Shop/70001" → "70001"; anything else stays as it is."""
    found = re.search(r"/([0-9]+)$", identity)
    return found.group(1) if found else text(identity)


def transform(order: Order, settings: OrderSettings, shop: str) -> Made:
    """The order as it stands now. `shop` is the identity of the shop's connection."""
    if order.problems:
        return Made(None, order.problems)
    wrong = _currency(order, settings)
    if wrong is not None:
        return Made(None, (wrong,))
    who, costs = people(order, settings), priced(order, settings)
    method, unpaid = method_of(order, settings)
    problems = (
        *who.problems,
        *costs.problems,
        *((unpaid,) if unpaid else ()),
        *_nothing_to_send(order, len(costs.lines)),
    )
    if problems:
        return Made(None, _distinct(problems))
    return Made(_written(order, settings, who, costs, method, shop))


def _written(
    order: Order, settings: OrderSettings, who: People, costs: Priced, method: str, shop: str
) -> Order:
    attributes = {
        CHANNEL: settings.sales_channel,
        WAREHOUSE: settings.warehouse,
        PAYMENT: method,
        STATUS: first_status(order, settings),
        **who.identity,
    }
    return Order(
        id="",
        name=order.name,
        placed_at=order.placed_at,
        updated_at=None,
        currency="TRY",
        total=lira(kurus(order.total)),
        lines=costs.lines,
        shipping=lira(costs.shipping),
        shipping_title=order.shipping_title,
        buyer=who.buyer,
        billing=who.billing,
        delivery=who.delivery,
        status=attributes[STATUS],
        note=_note(order),
        attributes={k: v for k, v in attributes.items() if v},
        reference=reference_of(order, shop),
        code=order.name,
    )


def _currency(order: Order, settings: OrderSettings) -> Problem | None:
    """Sentos takes Turkish lira only (public client code); a flow set to another currency takes no order at
    all."""
    shown = {
        _lira(order.currency),
        *(_lira(line.total.currency) for line in order.lines),
        _lira(order.total.currency),
    }
    if shown == {"TRY"} == {_lira(settings.currency)}:
        return None
    return Problem(
        "order.currency",
        say(
            "The order is in {shown}; Sentos takes {wanted} only. Enter it in Sentos by hand and skip it "
            "here.",
            shown=", ".join(sorted(shown)),
            wanted="TRY",
        ),
        "currency",
    )


def _lira(currency: str) -> str:
    return "TRY" if currency in LIRA else currency


def _nothing_to_send(order: Order, lines: int) -> tuple[Problem, ...]:
    if lines or any(line.quantity > 0 for line in order.lines):
        return ()
    return (
        Problem(
            "order.no_lines",
            say(
                "All lines of the order are gone, but {total} is still owed. Enter it in Sentos by hand and "
                "skip it here.",
                total=order.total,
            ),
            "lines",
        ),
    )


def _distinct(problems: tuple[Problem, ...]) -> tuple[Problem, ...]:
    """One of each cause: an attention row is one cause of one record."""
    return tuple({p.cause: p for p in reversed(problems)}.values())[::-1]


def _note(order: Order) -> str:
    """The buyer's note, and what was paid by gift card: Sentos has no field for that."""
    paid = sum(kurus(e.amount) for e in order.extras if e.kind == GIFT_CARD)
    card = f"Hediye kartı: {lira(paid)}" if paid else ""
    return "\n".join(part for part in (order.note, card) if part)
