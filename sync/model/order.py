"""Orders, fulfilments and their parts, as canonical records. All line amounts include VAT unless said
otherwise."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sync.model.problem import Problem
from sync.model.values import Money


@dataclass(frozen=True, slots=True)
class Address:
    """A postal address. Turkish use: `city` = il, `district` = ilçe."""

    name: str = ""
    company: str = ""
    phone: str = ""
    line1: str = ""
    line2: str = ""
    district: str = ""
    city: str = ""
    postcode: str = ""
    country: str = ""


@dataclass(frozen=True, slots=True)
class Buyer:
    """Who bought. None: the platform withheld the field (never the same as an empty one)."""

    id: str = ""
    name: str | None = None
    email: str | None = None
    phone: str | None = None


@dataclass(frozen=True, slots=True)
class OrderLine:
    """One line as it stands now. `unit_price` is gross per piece before discounts, `discount` the sum
    allocated to the whole line, `total` = unit_price × quantity − discount. `vat_rate` in percent.
    `original_quantity` as placed."""

    id: str
    sku: str | None
    title: str
    quantity: int
    unit_price: Money
    discount: Money
    total: Money
    vat_rate: Decimal | None = None
    barcode: str = ""
    variant_id: str = ""
    original_quantity: int = 0
    gift_card: bool = False
    requires_shipping: bool = True
    fulfillable: int = 0


@dataclass(frozen=True, slots=True)
class Extra:
    """Money beside the lines: tip, duties, fee, gift_card, rounding (signed), named by `kind`."""

    kind: str
    amount: Money
    title: str = ""


@dataclass(frozen=True, slots=True)
class Tracking:
    """Where a parcel is."""

    company: str = ""
    number: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Fulfilment:
    """A shipment of an order; `lines` are (order line id, quantity), empty = all that remains. `notify`: the
    platform is to tell the customer about it."""

    id: str
    order_id: str
    tracking: Tracking = Tracking()
    status: str = "success"
    lines: tuple[tuple[str, int], ...] = ()
    notify: bool = False


@dataclass(frozen=True, slots=True)
class FulfilmentOrder:
    """What one location still has to ship. `status` and `location_id` as the platform says; `remaining`
    pieces."""

    id: str
    status: str
    location_id: str = ""
    remaining: int = 0
    can_fulfil: bool = True


@dataclass(frozen=True, slots=True)
class Order:
    """An order. `name` is what people call it (#1001); `financial` and `fulfilment` are the platform's
    lower-case words; `status` the platform's own code if it has one (Sentos: "1" … "99"). `total` is what is
    owed now, all included."""

    id: str
    name: str
    placed_at: datetime
    updated_at: datetime | None
    currency: str
    total: Money
    lines: tuple[OrderLine, ...] = ()
    shipping: Money | None = None
    shipping_title: str = ""
    taxes_included: bool = True
    extras: tuple[Extra, ...] = ()
    buyer: Buyer = Buyer()
    billing: Address | None = None
    delivery: Address | None = None
    financial: str = ""
    fulfilment: str = ""
    status: str = ""
    cancelled_at: datetime | None = None
    gateways: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    note: str = ""
    attributes: Mapping[str, str] = field(default_factory=dict)
    test: bool = False
    source: str = ""
    reference: str = ""
    code: str = ""
    edited: bool = False
    refunded: Money | None = None
    withheld: tuple[str, ...] = ()
    tracking: Tracking | None = None
    fulfilments: tuple[Fulfilment, ...] = ()
    fulfilment_orders: tuple[FulfilmentOrder, ...] = ()
    problems: tuple[Problem, ...] = ()

    def pieces(self) -> dict[str, int]:
        """How many of each variant it holds; lines without one are left out."""
        found: dict[str, int] = {}
        for line in self.lines:
            if line.variant_id:
                found[line.variant_id] = found.get(line.variant_id, 0) + max(0, line.quantity)
        return found
