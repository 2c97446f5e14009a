"""Links, flows and their settings: what the operator decides. Stored as JSON through `codec`; every default
is safe."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from sync.model.entity import Entity
from sync.model.text import Message


@dataclass(frozen=True, slots=True)
class Connection:
    """One account on one platform, without its secrets. status: pending, connected, failed."""

    id: str
    platform: str
    name: str
    settings: Mapping[str, str] = field(default_factory=dict)
    sandbox: bool = False
    speed: float = 1.0
    status: str = "pending"
    reason: Message | None = None
    facts: Mapping[str, str] = field(default_factory=dict)
    identity: str = ""
    checked_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Link:
    """Two connections kept in step: `a` is the ERP side (or first store), `b` the shop. `locations` maps each
    location of b to the locations or warehouses of a whose stock is summed there (`stock.ALL_PLACES`:
    all)."""

    id: str
    name: str
    a: str
    b: str
    locations: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Brakes:
    """When a run stops before its first write. Shares in percent of what was compared; counts are absolute; a
    share brake needs at least `floor` concerned rows, so that small shops are not stopped by one product."""

    empty_source: bool = True
    source_drop_percent: int = 50
    zeroed_percent: int = 20
    zeroed_count: int = 500
    price_move_percent: int = 30
    price_moves_share: int = 20
    price_moves_count: int = 500
    floor: int = 10


@dataclass(frozen=True, slots=True)
class FieldMap:
    """Custom mapping: `source` is a field of the source record ("extra.shelf_number", "brand") or "=text" for
    a constant; `target` is a product field, "tag" or "metafield:namespace.key"."""

    source: str
    target: str


@dataclass(frozen=True, slots=True)
class ProductFilter:
    """Which source products take part. Empty means all; texts compare case-folded."""

    brands: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    title_contains: str = ""
    in_stock_only: bool = False


DEFAULT_FIELDS = (
    "title",
    "description",
    "vendor",
    "product_type",
    "tags",
    "price",
    "compare_at",
    "cost",
    "sku",
    "barcode",
    "tracked",
    "options",
    "images",
    "stock",
    "metafields",
)


@dataclass(frozen=True, slots=True)
class ProductSettings:
    """The product flow. `drift` says what happens to a field that only the target moved: keep (and report) or
    restore."""

    fields: tuple[str, ...] = DEFAULT_FIELDS
    match_keys: tuple[str, ...] = ("sku", "handle", "barcode")
    price_list: str = "shopify"
    price_fallback: bool = True
    new_status: str = "draft"
    channels: tuple[str, ...] = ()
    drift: str = "keep"
    zero_price_protection: bool = True
    currency: str = "TRY"
    mappings: tuple[FieldMap, ...] = ()
    filters: ProductFilter = ProductFilter()
    brakes: Brakes = Brakes()


# Shopify's fulfilment/financial words → Sentos' status codes, and the order in which they may move.
DEFAULT_STATUS_OUT: Mapping[str, str] = {
    "pending": "1",
    "authorized": "1",
    "partially_paid": "1",
    "paid": "2",
    "partially_refunded": "2",
    "fulfilled": "5",
    "cancelled": "6",
    "refunded": "6",
    "voided": "6",
}
DEFAULT_STATUS_BACK: Mapping[str, str] = {"5": "fulfil", "99": "fulfil", "6": "propose_cancel"}
DEFAULT_PAYMENTS: Mapping[str, str] = {
    "shopify_payments": "KREDIKARTI/BANKAKARTI",
    "iyzico": "KREDIKARTI/BANKAKARTI",
    "paytr": "KREDIKARTI/BANKAKARTI",
    "bogus": "KREDIKARTI/BANKAKARTI",
    "banka havalesi": "EFT/HAVALE",
    "havale/eft": "EFT/HAVALE",
    "eft": "EFT/HAVALE",
    "stripe": "KREDIKARTI/BANKAKARTI",
    "paypal": "KREDIKARTI/BANKAKARTI",
    "param": "KREDIKARTI/BANKAKARTI",
    "bank deposit": "EFT/HAVALE",
    "havale": "EFT/HAVALE",
    "cash on delivery (cod)": "KAPIDAODEME/NAKIT",
    "kapıda ödeme": "KAPIDAODEME/NAKIT",
    "kapıda nakit ödeme": "KAPIDAODEME/NAKIT",
    "kapıda kredi kartı": "KAPIDAODEME/KREDIKARTI",
    "manual": "EFT/HAVALE",
    "cash": "NAKIT",
}


@dataclass(frozen=True, slots=True)
class OrderSettings:
    """The order flow. `go_live_at` defaults to the moment the flow is switched on; older orders only once
    their count has been confirmed (`older_confirmed`). The attribute fields hold one or more names, apart by
    commas. `service_skus` names the SKU that carries tip, duties, fee, gift_card, rounding. A run stops
    before it creates more than `brake_creates` orders, or more than `brake_older` older ones."""

    go_live_at: datetime | None = None
    older_since: datetime | None = None
    older_confirmed: int = 0
    financial: tuple[str, ...] = ("paid", "authorized", "pending", "partially_paid", "partially_refunded")
    fulfilment: tuple[str, ...] = ()
    tags_any: tuple[str, ...] = ()
    tags_none: tuple[str, ...] = ()
    test_orders: bool = False
    currency: str = "TRY"
    sales_channel: str = ""
    warehouse: str = ""
    identity_attribute: str = "TCKN, TC Kimlik No, T.C. Kimlik No"
    tax_office_attribute: str = "Vergi Dairesi"
    tax_number_attribute: str = "Vergi No, Vergi Numarası"
    default_vat: Decimal = Decimal(10)
    service_skus: Mapping[str, str] = field(default_factory=dict)
    payments: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_PAYMENTS))
    default_payment: str = ""
    status_out: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_STATUS_OUT))
    status_back: Mapping[str, str] = field(default_factory=lambda: dict(DEFAULT_STATUS_BACK))
    allow_foreign: bool = False
    brake_creates: int = 1000
    brake_older: int = 100
    notify_customer: bool = False


@dataclass(frozen=True, slots=True)
class StockSettings:
    """The stock flow. Items pair by SKU, always trimmed and NFC; `fold_case` and `fold_dashes` let more pairs
    be equal. `buffers` keeps so many pieces back per target location ("" for all others). `drift`: what
    happens when only the target moved: keep (and report) or restore. `unreported`: when the source moves
    after that, the pieces that the target lost without telling are taken off (subtract) or the row is parked
    (park). `increase_twice`: a rise is written only once it was seen in two reads. `subtract_orders`: pieces
    of orders that the source does not know yet are taken off. `untracked`: skip, or track (switch counting
    on). `activate`: stock items at locations where they are not. `gone`: what becomes of a target item whose
    source item two complete sweeps did not show: leave, zero, draft, archive. `tags`: only items whose
    product carries one of them."""

    fold_case: bool = True
    fold_dashes: bool = False
    buffers: Mapping[str, int] = field(default_factory=dict)
    drift: str = "keep"
    unreported: str = "subtract"
    increase_twice: bool = False
    subtract_orders: bool = False
    untracked: str = "skip"
    activate: bool = True
    gone: str = "leave"
    tags: tuple[str, ...] = ()
    brakes: Brakes = Brakes()


@dataclass(frozen=True, slots=True)
class Schedule:
    """When a flow runs by itself: every `minutes`, or by `cron` in `timezone`; nothing set: only by hand.
    From `quiet_from` to `quiet_to` ("HH:MM" in `timezone`, may pass midnight; "" for none) nothing starts."""

    minutes: int = 0
    cron: str = ""
    timezone: str = "Europe/Istanbul"
    paused: bool = False
    quiet_from: str = ""
    quiet_to: str = ""


@dataclass(frozen=True, slots=True)
class Flow:
    """One entity of a link. `direction` is "a>b" or "b>a"; `version` grows with every saved change, so that
    an approved plan knows whether it still holds."""

    id: str
    link_id: str
    entity: Entity
    direction: str
    enabled: bool = False
    version: int = 1
    products: ProductSettings = ProductSettings()
    orders: OrderSettings = OrderSettings()
    schedule: Schedule = Schedule()
    stock: StockSettings = StockSettings()
