"""Orders, from an answer to the model. Amounts are in the shop's currency; line prices include VAT if
`taxes_included` says so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from sync.connectors.shopify.wire.values import decimal, moment, nodes, number_of, shop_money
from sync.model.order import Address, Buyer, Extra, Fulfilment, FulfilmentOrder, Order, OrderLine, Tracking
from sync.model.problem import Problem
from sync.model.text import say
from sync.model.values import Money, text

Wire = Mapping[str, Any]
_CENT = Decimal("0.01")
_NOTHING = Decimal(0)
_EPOCH = datetime.fromtimestamp(0, UTC)
# Statuses of a fulfilment order that still has something to ship (Shopify Admin 2026-10 schema).
_OPEN = frozenset({"OPEN", "IN_PROGRESS", "SCHEDULED"})
# Transaction kinds that move money in (Shopify Admin 2026-10 schema).
_PAYING = frozenset({"SALE", "CAPTURE"})


def order(raw: Wire, withheld: Sequence[str] = ()) -> Order:
    """An order; `withheld` are the paths below it that Shopify denied. Never raises: an order that cannot be
    understood comes with its id, its name and a problem."""
    try:
        return _order(raw, tuple(withheld))
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        problem = Problem(
            "order.unreadable", say("The order cannot be understood: {reason}", reason=str(error)[:200])
        )
        currency = text(raw.get("currencyCode")) or "XXX"
        return Order(
            text(raw.get("id")),
            text(raw.get("name")),
            _EPOCH,
            None,
            currency,
            Money(_NOTHING, currency),
            withheld=tuple(withheld),
            problems=(problem,),
        )


def _order(raw: Wire, withheld: tuple[str, ...]) -> Order:
    currency = text(raw["currencyCode"])
    rounding = _money(_of(raw, "totalCashRoundingAdjustment").get("paymentSet"), currency)
    fulfilments = tuple(fulfilment(row, text(raw.get("id"))) for row in nodes(raw.get("fulfillments")))
    placed = moment(raw.get("createdAt"))
    if placed is None:
        raise ValueError("no time of creation")
    return Order(
        id=text(raw["id"]),
        name=text(raw.get("name")),
        placed_at=placed,
        updated_at=moment(raw.get("updatedAt")),
        currency=currency,
        total=_must(raw.get("currentTotalPriceSet"), "total") + rounding,
        lines=tuple(line(row, currency) for row in nodes(raw.get("lineItems"))),
        shipping=shop_money(raw.get("currentShippingPriceSet")),
        shipping_title=next((text(row.get("title")) for row in nodes(raw.get("shippingLines"))), ""),
        taxes_included=bool(raw.get("taxesIncluded")),
        extras=extras(raw, currency, rounding),
        buyer=_buyer(raw, withheld),
        billing=address(raw.get("billingAddress")),
        delivery=address(raw.get("shippingAddress")),
        financial=text(raw.get("displayFinancialStatus")).lower(),
        fulfilment=text(raw.get("displayFulfillmentStatus")).lower(),
        cancelled_at=moment(raw.get("cancelledAt")),
        gateways=tuple(map(text, raw.get("paymentGatewayNames") or ())),
        tags=tuple(map(text, raw.get("tags") or ())),
        note=text(raw.get("note")),
        attributes=_attributes(raw),
        test=bool(raw.get("test")),
        source=text(raw.get("sourceName")),
        reference=text(raw.get("sourceIdentifier")),
        code=text(raw.get("legacyResourceId")) or str(number_of(text(raw.get("id")))),
        edited=bool(raw.get("edited")),
        refunded=shop_money(raw.get("totalRefundedSet")),
        withheld=withheld,
        tracking=next((f.tracking for f in fulfilments if f.status == "success" and f.tracking.number), None),
        fulfilments=fulfilments,
        fulfilment_orders=tuple(fulfilment_order(row) for row in nodes(raw.get("fulfillmentOrders"))),
        problems=_paid_in_another_currency(raw, currency),
    )


def _paid_in_another_currency(raw: Wire, currency: str) -> tuple[Problem, ...]:
    """Amounts are read in the shop's currency; what the buyer saw and paid in another one is a flaw of the
    order."""
    shown = text(raw.get("presentmentCurrencyCode"))
    if not shown or shown == currency:
        return ()
    why = say("The buyer paid in {shown}, not in the shop's {currency}.", shown=shown, currency=currency)
    return (Problem("order.currency", why, "currency"),)


def line(raw: Wire, currency: str) -> OrderLine:
    """A line as it stands now. Shopify's discount allocations still hold the share of refunded and removed
    pieces (schema, LineItem.discountAllocations), so they are cut down to the pieces that are left."""
    placed, current = int(raw["quantity"]), int(raw["currentQuantity"])
    unit = _must(raw.get("originalUnitPriceSet"), "unit price")
    allocated = sum(
        (_money(a.get("allocatedAmountSet"), currency).amount for a in raw.get("discountAllocations") or ()),
        _NOTHING,
    )
    left = allocated if current == placed or not placed else allocated * current / placed
    discount = Money(left.quantize(_CENT, ROUND_HALF_UP), currency)
    variant = _of(raw, "variant")
    return OrderLine(
        id=text(raw["id"]),
        sku=text(raw.get("sku")) or None,
        title=_title(raw),
        quantity=current,
        unit_price=unit,
        discount=discount,
        total=unit.times(current) - discount,
        vat_rate=vat_rate(raw.get("taxLines") or ()),
        barcode=text(variant.get("barcode")),
        variant_id=text(variant.get("id")),
        original_quantity=placed,
        gift_card=bool(raw.get("isGiftCard")),
        requires_shipping=bool(raw.get("requiresShipping", True)),
        fulfillable=int(raw.get("unfulfilledQuantity") or 0),
    )


def vat_rate(rows: Sequence[Wire]) -> Decimal | None:
    """The rates of all tax lines together, in percent; None without tax lines."""
    rates = [
        decimal(row["rate"]) * 100 for row in rows if isinstance(row, Mapping) and row.get("rate") is not None
    ]
    return sum(rates, _NOTHING).quantize(_CENT, ROUND_HALF_UP).normalize() + 0 if rates else None


def extras(raw: Wire, currency: str, rounding: Money) -> tuple[Extra, ...]:
    """Money beside lines and shipping. Tip, duties, fees and rounding are part of the order's total;
    "gift_card" is what was paid by gift card, which is not."""
    tip, duties = (
        _money(raw.get("totalTipReceivedSet"), currency),
        _money(raw.get("currentTotalDutiesSet"), currency),
    )
    found = [Extra("tip", tip), Extra("duties", duties), Extra("rounding", rounding)]
    found += [
        Extra("fee", _money(row.get("price"), currency), text(row.get("name")))
        for row in raw.get("additionalFees") or ()
    ]
    found += [
        Extra("gift_card", _money(row.get("amountSet"), currency), text(row.get("id")))
        for row in raw.get("transactions") or ()
        if _is_gift_card(row)
    ]
    return tuple(extra for extra in found if extra.amount.amount != 0)


def _is_gift_card(row: Wire) -> bool:
    return (
        text(row.get("gateway")) == "gift_card"
        and row.get("status") == "SUCCESS"
        and row.get("kind") in _PAYING
    )


def address(raw: object) -> Address | None:
    """A postal address; None for null. In Turkey Shopify's province is the il and its city the ilçe."""
    if not isinstance(raw, Mapping):
        return None
    country, city, province = text(raw.get("countryCodeV2")), text(raw.get("city")), text(raw.get("province"))
    turkish = country == "TR" and bool(province)
    return Address(
        name=" ".join(filter(None, (text(raw.get("firstName")), text(raw.get("lastName"))))),
        company=text(raw.get("company")),
        phone=text(raw.get("phone")),
        line1=text(raw.get("address1")),
        line2=text(raw.get("address2")),
        district=city if turkish else "",
        city=province if turkish else city,
        postcode=text(raw.get("zip")),
        country=country,
    )


def fulfilment(raw: Wire, order_id: str) -> Fulfilment:
    """A shipment with its first tracking number; status success, cancelled, error or failure."""
    first = next(iter(nodes(raw.get("trackingInfo"))), {})
    tracking = Tracking(text(first.get("company")), text(first.get("number")), text(first.get("url")))
    return Fulfilment(text(raw.get("id")), order_id, tracking, text(raw.get("status")).lower())


def fulfilment_order(raw: Wire) -> FulfilmentOrder:
    """What one location has to ship."""
    actions = {text(a.get("action")) for a in raw.get("supportedActions") or ()}
    status = text(raw.get("status"))
    remaining = sum(int(row.get("remainingQuantity") or 0) for row in nodes(raw.get("lineItems")))
    return FulfilmentOrder(
        text(raw.get("id")),
        status.lower(),
        _location(raw),
        remaining,
        status in _OPEN and (not actions or "CREATE_FULFILLMENT" in actions),
    )


def _location(raw: Wire) -> str:
    return text(_of(_of(raw, "assignedLocation"), "location").get("id"))


def _buyer(raw: Wire, withheld: tuple[str, ...]) -> Buyer:
    customer = _of(raw, "customer")
    name = " ".join(filter(None, (text(customer.get("firstName")), text(customer.get("lastName")))))
    email = text(raw.get("email")) or text(_of(customer, "defaultEmailAddress").get("emailAddress"))
    phone = text(raw.get("phone")) or text(_of(customer, "defaultPhoneNumber").get("phoneNumber"))
    return Buyer(
        text(customer.get("id")),
        None if not name and _hidden(withheld, ("customer", "firstName", "lastName")) else name,
        None if not email and _hidden(withheld, ("customer", "email", "defaultEmailAddress")) else email,
        None if not phone and _hidden(withheld, ("customer", "phone", "defaultPhoneNumber")) else phone,
    )


def _hidden(withheld: Sequence[str], names: Sequence[str]) -> bool:
    """Whether one of the fields is among the denied paths ("customer.firstName", "email", "customer" …)."""
    return any(path == name or path.split(".")[-1] == name for path in withheld for name in names)


def _attributes(raw: Wire) -> dict[str, str]:
    own = {text(a.get("key")): text(a.get("value")) for a in raw.get("customAttributes") or ()}
    localized = {
        f"localized.{text(a.get('key')).lower()}": text(a.get("value"))
        for a in nodes(raw.get("localizedFields"))
    }
    return {**own, **localized}


def _title(raw: Wire) -> str:
    parts = (text(raw.get("title")), text(raw.get("variantTitle")))
    return " - ".join(part for part in parts if part and part != "Default Title")


def _money(raw: object, currency: str) -> Money:
    return shop_money(raw) or Money(_NOTHING, currency)


def _must(raw: object, what: str) -> Money:
    found = shop_money(raw)
    if found is None:
        raise ValueError(f"no {what}")
    return found


def _of(raw: Wire, name: str) -> Wire:
    inner = raw.get(name)
    return inner if isinstance(inner, Mapping) else {}
