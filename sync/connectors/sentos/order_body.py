"""A canonical order → the body of `POST /orders`. Pure.

Shape and rules as one live integration learnt them from the server's 422 answers: payment methods are a
closed list, phones are 11 to 13 digits beginning with 90, a line's price is a number per piece with VAT.
"""

from __future__ import annotations

import re
from decimal import Decimal

from sync.connectors.sentos.wire_orders import STATUSES, local
from sync.errors import RecordRefused
from sync.model.order import Address, Order, OrderLine
from sync.model.text import say
from sync.model.values import Money

PAYMENT_METHODS = (
    "KREDIKARTI/BANKAKARTI",
    "EFT/HAVALE",
    "NAKIT",
    "KAPIDAODEME/NAKIT",
    "KAPIDAODEME/KREDIKARTI",
)

# Keys of Order.attributes that the order manager fills in.
CHANNEL, WAREHOUSE, PAYMENT, STATUS = (
    "sentos.channel_id",
    "sentos.warehouse_id",
    "sentos.payment_method",
    "sentos.status",
)
IDENTITY = ("turkishIdentityNumber", "taxOffice", "taxNumber")

Raw = dict[str, object]


def order_body(order: Order, key: str) -> Raw:
    """The body that creates `order` under our reference `key`. Its amounts are numbers with two decimals
    and add up to the order's total. Raises RecordRefused, with the reason, for anything that Sentos cannot
    express."""
    wanted = order.attributes
    if order.currency != "TRY":
        raise RecordRefused(
            say("Sentos takes orders in Turkish lira only, not in {currency}.", currency=order.currency)
        )
    if wanted.get(PAYMENT) not in PAYMENT_METHODS:
        raise RecordRefused(
            say(
                "The payment method {method} is not one that Sentos knows.", method=wanted.get(PAYMENT) or "—"
            )
        )
    if order.extras:
        raise RecordRefused(say("The order carries amounts beside its lines that Sentos cannot hold."))
    body: Raw = {
        "order_id": key,
        "order_code": order.code or order.name,
        "status": _status(wanted.get(STATUS, "2")),
        "channel_id": _number(wanted.get(CHANNEL, ""), "sales channel"),
        "order_date": local(order.placed_at),
        "currency": "TL",
        "payment_method": wanted[PAYMENT],
        "shipping_total": _plain(order.shipping),
        "note": order.note,
        "customer": {
            "name": order.buyer.name or "",
            "phone": phone(order.buyer.phone or ""),
            "mail_address": order.buyer.email or "",
        },
        "invoice_address": {
            **_address(order.billing, order),
            **{k: wanted[k] for k in IDENTITY if wanted.get(k)},
        },
        "shipment_address": _address(order.delivery, order),
        "lines": [_line(line, _number(wanted.get(WAREHOUSE, ""), "warehouse")) for line in order.lines],
    }
    _check_total(order)
    return body


def _status(word: str) -> int:
    if word not in STATUSES:
        raise RecordRefused(say("Sentos has no order status {status}.", status=word))
    return int(word)


def _number(word: str, what: str) -> int:
    if not word.isdigit():
        raise RecordRefused(say("Choose the Sentos {what} for orders in the link's settings.", what=what))
    return int(word)


def phone(raw: str) -> str:
    """A phone as Sentos wants it: "0 (555) 111 22 33", "+90 555…" and "555…" become 90555…; others keep
    their digits."""
    digits = re.sub(r"\D", "", raw, flags=re.ASCII).removeprefix("00")
    if len(digits) == 11 and digits.startswith("0"):
        return "90" + digits[1:]
    return "90" + digits if len(digits) == 10 and not digits.startswith("0") else digits


def _address(address: Address | None, order: Order) -> Raw:
    """An address; a missing invoice address is the delivery's and the other way round, a missing phone the
    buyer's."""
    found = address or order.delivery or order.billing
    if found is None:
        raise RecordRefused(say("The order has no address."))
    lines = ", ".join(part for part in (found.company, found.line1, found.line2) if part)
    return {
        "name": found.name or order.buyer.name or "",
        "phone": phone(found.phone or order.buyer.phone or ""),
        "address": lines,
        "country": found.country,
        "city": found.city,
        "district": found.district,
        **({"zipCode": found.postcode} if found.postcode else {}),
    }


def _line(line: OrderLine, warehouse: int) -> Raw:
    if not line.sku:
        raise RecordRefused(say("The line {title} has no SKU.", title=line.title))
    if line.quantity < 1 or line.vat_rate is None or line.vat_rate != line.vat_rate.to_integral_value():
        raise RecordRefused(say("The line {sku} needs a quantity and a whole VAT rate.", sku=line.sku))
    return {
        "warehouse_id": warehouse,
        "quantity": line.quantity,
        "price": _plain(unit_price(line)),
        "name": line.title,
        "sku": line.sku,
        "vat_rate": int(line.vat_rate),
    }


def unit_price(line: OrderLine) -> Money:
    """What one piece costs after discounts. RecordRefused if that is no whole kuruş: such a line must be
    split first."""
    each = Money(line.total.amount / line.quantity, line.total.currency)
    if each.times(line.quantity) != line.total:
        raise RecordRefused(
            say(
                "{total} cannot be divided by {quantity} to the kuruş.",
                total=line.total,
                quantity=line.quantity,
            )
        )
    return each


def _plain(money: Money | None) -> Decimal:
    return Decimal(0) if money is None else money.amount


def _check_total(order: Order) -> None:
    """The last guard before an order leaves: lines and shipping are what the buyer owes, to the kuruş."""
    found = sum((line.total.amount for line in order.lines), _plain(order.shipping))
    if found != order.total.amount:
        raise RecordRefused(
            say(
                "Lines and shipping add up to {found}, the order says {total}.",
                found=found,
                total=order.total,
            )
        )
