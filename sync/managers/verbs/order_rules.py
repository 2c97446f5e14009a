"""What the settings of an order flow may be. Every refusal says what to do instead."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from storage.clock import utc_now
from sync.errors import NeedsOperator
from sync.managers.verbs.ground import Ground, require_known
from sync.managers.verbs.product_rules import check_currency
from sync.model.flow import OrderSettings
from sync.model.text import say

# The shop's words in lower case (Shopify Admin 2026-10 schema: OrderDisplayFinancialStatus,
# OrderDisplayFulfillmentStatus).
FINANCIAL = (
    "authorized",
    "expired",
    "paid",
    "partially_paid",
    "partially_refunded",
    "pending",
    "refunded",
    "voided",
)
FULFILMENT = (
    "fulfilled",
    "in_progress",
    "on_hold",
    "open",
    "partially_fulfilled",
    "pending_fulfillment",
    "request_declined",
    "restocked",
    "scheduled",
    "unfulfilled",
)
STATUS_WORDS = tuple(dict.fromkeys((*FINANCIAL, *FULFILMENT, "cancelled")))
BACK_VERBS = ("fulfil", "propose_cancel")
SERVICES = ("tip", "duties", "fee", "gift_card", "rounding")
MOST_ORDERS = 1_000_000
_FAR_BACK = timedelta(days=366 * 10)


def checked_orders(s: OrderSettings, ground: Ground, *, enabled: bool) -> OrderSettings:
    """The settings, tidied. A flow that is switched off may be incomplete; one that is on may not.
    Raises NeedsOperator for what cannot be."""
    for check in _CHECKS:
        check(s, ground)
    if enabled:
        _complete(s, ground)
    return replace(
        s,
        currency=s.currency.upper(),
        payments={k.strip().casefold(): v for k, v in s.payments.items() if k.strip()},
        service_skus={k: v.strip() for k, v in s.service_skus.items() if v.strip()},
        tags_any=_tidy(s.tags_any),
        tags_none=_tidy(s.tags_none),
    )


def _tidy(tags: Collection[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(tag.strip() for tag in tags if tag.strip()))


def _subset(chosen: Collection[str], known: Collection[str], what: str) -> None:
    wrong = [one for one in chosen if one not in known]
    if wrong:
        raise NeedsOperator(
            say(
                "{what} cannot be {wrong}. Choose among {known}.",
                what=what,
                wrong=", ".join(wrong),
                known=", ".join(known),
            )
        )


def _filters(s: OrderSettings, ground: Ground) -> None:
    if not s.financial:
        raise NeedsOperator(
            say("Choose at least one payment status; without one no order would ever be sent.")
        )
    _subset(s.financial, FINANCIAL, "The payment status")
    _subset(s.fulfilment, FULFILMENT, "The fulfilment status")
    both = {tag.casefold() for tag in s.tags_any} & {tag.casefold() for tag in s.tags_none}
    if both:
        raise NeedsOperator(
            say(
                "The tag {tag} is both wanted and unwanted. Remove it from one of the lists.",
                tag=sorted(both)[0],
            )
        )


def _amounts(s: OrderSettings, ground: Ground) -> None:
    check_currency(s.currency, ground.source.facts.get("currency", ""))
    if (
        not isinstance(s.default_vat, Decimal)
        or not s.default_vat.is_finite()
        or not 0 <= s.default_vat <= 100
    ):
        raise NeedsOperator(say("The VAT rate must be between 0 and 100 percent."))
    _subset(tuple(s.service_skus), SERVICES, "A service SKU")


def _payments(s: OrderSettings, ground: Ground) -> None:
    offer = ground.choices("target", "payment_methods")
    methods = [method for method in (*s.payments.values(), s.default_payment) if method]
    require_known(offer, methods, ground.target.name)
    empty = [name for name, method in s.payments.items() if name.strip() and not method]
    if empty:
        raise NeedsOperator(
            say("Choose a payment method for {gateway}, or remove the line.", gateway=empty[0])
        )


def _statuses(s: OrderSettings, ground: Ground) -> None:
    _subset(tuple(s.status_out), STATUS_WORDS, "The shop's status")
    offer = ground.choices("target", "order_statuses")
    require_known(offer, tuple(s.status_out.values()), ground.target.name)
    require_known(offer, tuple(s.status_back), ground.target.name)
    _subset(tuple(s.status_back.values()), BACK_VERBS, "What follows a status")


def _places(s: OrderSettings, ground: Ground) -> None:
    if s.sales_channel:
        require_known(ground.choices("target", "sales_channels"), (s.sales_channel,), ground.target.name)
    if s.warehouse:
        require_known(ground.choices("target", "warehouses"), (s.warehouse,), ground.target.name)


def _times(s: OrderSettings, ground: Ground) -> None:
    for moment in (s.go_live_at, s.older_since):
        if moment is not None and (moment.tzinfo is None or moment < utc_now() - _FAR_BACK):
            raise NeedsOperator(say("Choose a day within the last ten years."))
    if s.older_since is not None and s.go_live_at is not None and s.older_since >= s.go_live_at:
        raise NeedsOperator(say("Older orders begin before the go-live date. Choose an earlier day."))
    if s.older_since is not None and s.older_confirmed <= 0:
        raise NeedsOperator(say("Count the older orders and confirm their number first."))


def _complete(s: OrderSettings, ground: Ground) -> None:
    """What has to be chosen because there is more than one; a single one is taken by itself."""
    mapped = {warehouse for group in ground.link.locations.values() for warehouse in group}
    if not s.sales_channel and len(ground.choices("target", "sales_channels").items) > 1:
        raise NeedsOperator(
            say("Choose the sales channel under which orders appear in {name}.", name=ground.target.name)
        )
    if not s.warehouse and len(mapped) != 1 and len(ground.choices("target", "warehouses").items) > 1:
        raise NeedsOperator(
            say("Choose the warehouse of {name} that orders are booked on.", name=ground.target.name)
        )


def _brakes(s: OrderSettings, ground: Ground) -> None:
    for count in (s.brake_creates, s.brake_older):
        if isinstance(count, bool) or not isinstance(count, int) or not 1 <= count <= MOST_ORDERS:
            raise NeedsOperator(
                say("A limit of orders must be a whole number from 1 to {most}.", most=MOST_ORDERS)
            )


_CHECKS: tuple[Callable[[OrderSettings, Ground], None], ...] = (
    _filters,
    _amounts,
    _payments,
    _statuses,
    _places,
    _times,
    _brakes,
)
