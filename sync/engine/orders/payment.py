"""The payment method: how the shop's gateways are called in Sentos' closed list.

The list is what Sentos' server accepts for `payment_method`; anything else is answered with 422 (public
client code)."""

from __future__ import annotations

from sync.model.flow import OrderSettings
from sync.model.order import Order
from sync.model.problem import Problem
from sync.model.text import Message, say
from sync.model.values import key_of

METHODS = ("KREDIKARTI/BANKAKARTI", "EFT/HAVALE", "NAKIT", "KAPIDAODEME/NAKIT", "KAPIDAODEME/KREDIKARTI")
GIFT_CARD = "gift_card"
_ON_DELIVERY = "KAPIDAODEME"


def method_of(order: Order, settings: OrderSettings) -> tuple[str, Problem | None]:
    """The method, or why there is none. Gift cards are a means beside the others; alone they need a mapping
    too."""
    table = {key_of(gateway): method for gateway, method in settings.payments.items()}
    gateways = [g for g in order.gateways if key_of(g) != GIFT_CARD] or list(order.gateways)
    methods = {g: table.get(key_of(g)) or settings.default_payment for g in gateways}
    unknown = sorted(g for g, method in methods.items() if not method)
    if unknown:
        return "", _problem(
            "order.payment_unknown",
            say(
                "The payment gateway {gateway} has no payment method in Sentos. Assign one in the order "
                "flow's settings.",
                gateway=", ".join(unknown),
            ),
        )
    found = sorted({m for m in methods.values() if m}) or [settings.default_payment]
    if len(found) > 1 and settings.default_payment:
        found = [settings.default_payment]
    return _checked(found, order)


def _checked(found: list[str], order: Order) -> tuple[str, Problem | None]:
    if len(found) > 1:
        return "", _problem(
            "order.payment_mixed",
            say(
                "The order was paid by several methods ({methods}) and Sentos takes one. Set a default "
                "payment method in the order flow's settings, or enter the order in Sentos by hand and skip "
                "it here.",
                methods=", ".join(found),
            ),
        )
    if not found[0]:
        return "", _problem(
            "order.payment_unknown",
            say(
                "The order names no payment gateway. Set a default payment method in the order flow's "
                "settings."
            ),
        )
    if found[0] not in METHODS:
        return "", _problem(
            "order.payment_unknown",
            say(
                "Sentos knows no payment method {method}. Choose one of {methods} in the order flow's "
                "settings.",
                method=found[0],
                methods=", ".join(METHODS),
            ),
        )
    return _collected(found[0], order)


def _collected(method: str, order: Order) -> tuple[str, Problem | None]:
    """What is paid on delivery is the whole sum: Sentos knows no part that was paid already."""
    paid = any(e.kind == GIFT_CARD and e.amount.amount for e in order.extras)
    if not paid or not method.startswith(_ON_DELIVERY):
        return method, None
    return "", _problem(
        "order.gift_card",
        say(
            "Part of the order was paid by gift card and the rest is paid on delivery. Sentos would collect "
            "the whole sum: enter the order in Sentos by hand and skip it here."
        ),
    )


def _problem(cause: str, message: Message) -> Problem:
    return Problem(cause, message, "payment")
