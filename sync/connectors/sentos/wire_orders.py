"""Sentos orders → canonical orders. Pure.

Times are Turkish wall time (UTC+3 all year since 2016) without a zone; ids and cargo numbers are larger
than 2^53 and stay text; a line's `id` may be 0 and its `sku` null (public client code: mssbey/msoyaz-l-m,
Cnbkrtl/salesv2render-deneme).
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

from sync.connectors.sentos import money
from sync.connectors.sentos.problems import problem
from sync.connectors.sentos.shapes import flat, id_of, list_of, object_of, said, text_of
from sync.model.order import Address, Buyer, Order, OrderLine, Tracking
from sync.model.problem import Problem
from sync.model.values import Money, fingerprint

TURKEY = timezone(timedelta(hours=3))
UNKNOWN_TIME = datetime(1970, 1, 1, tzinfo=UTC)
STATUSES = {
    "1": "Onay Bekliyor",
    "2": "Onaylandı",
    "3": "Tedarik Sürecinde",
    "4": "Hazırlanıyor",
    "5": "Kargoya Verildi",
    "6": "İptal/İade Edildi",
    "99": "Teslim Edildi",
}
_STRUCTURED = frozenset(
    {
        "id",
        "lines",
        "customer",
        "invoice_address",
        "shipment_address",
        "tracking_info",
        "total",
        "shipping_total",
        "note",
        "status",
        "order_id",
        "order_code",
        "source",
        "cargo_label",
    }
)


def local(moment: datetime) -> str:
    """An aware time as Sentos writes it: "2026-01-28 13:48:00" in Turkey."""
    return moment.astimezone(TURKEY).strftime("%Y-%m-%d %H:%M:%S")


def moment(raw: Any) -> datetime | None:
    """A time of Sentos in UTC; None if it is none."""
    for style in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"):
        try:
            return datetime.strptime(text_of(raw)[:19], style).replace(tzinfo=TURKEY).astimezone(UTC)
        except ValueError:
            continue
    return None


def order(raw: Any) -> Order:
    """Any entry of an order list as an order; one that cannot be understood has an id and a problem, and
    no lines."""
    try:
        number = id_of(object_of(raw).get("id"))
        if not number:
            raise ValueError("it has no id")
        return _Maker(raw, number).order()
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        ArithmeticError,
        RecursionError,
    ) as error:
        known = id_of(object_of(raw).get("id")) or f"unreadable-{fingerprint(raw)[:12]}"
        return Order(
            known,
            known,
            UNKNOWN_TIME,
            None,
            "TRY",
            Money(Decimal(0), "TRY"),
            problems=(problem("record.unreadable", detail=error),),
        )


class _Maker:
    """One order being read; collects its problems."""

    def __init__(self, raw: Mapping[str, Any], number: str) -> None:
        self._raw, self._id = raw, number
        self._problems: list[Problem] = []
        rows = [object_of(row) for row in list_of(raw.get("lines"))]
        word = next(
            (text_of(row.get("currency")) for row in rows if row.get("currency")),
            text_of(raw.get("currency")),
        )
        self._currency = money.currency_code(word) or "XXX"
        if self._currency == "XXX":
            self._problems.append(problem("currency.unknown", field="currency", value=word))

    def order(self) -> Order:
        raw = self._raw
        lines = tuple(self._line(row, index) for index, row in enumerate(list_of(raw.get("lines"))))
        code, reference = text_of(raw.get("order_code")), text_of(raw.get("order_id"))
        return Order(
            self._id,
            code or reference or self._id,
            self._placed(),
            moment(raw.get("updated_at")),
            self._currency,
            self._money(raw.get("total"), "total"),
            lines=lines,
            shipping=self._money(raw.get("shipping_total"), "shipping"),
            buyer=_buyer(raw.get("customer")),
            billing=_address(raw.get("invoice_address")),
            delivery=_address(raw.get("shipment_address")),
            status=id_of(raw.get("status")),
            note=text_of(raw.get("note")),
            attributes=flat(raw, _STRUCTURED),
            source=text_of(raw.get("source")),
            reference=reference,
            code=code,
            tracking=tracking(raw),
            problems=tuple(self._problems),
        )

    def _placed(self) -> datetime:
        found = moment(self._raw.get("order_date")) or moment(self._raw.get("created_at"))
        if found is None:
            self._problems.append(problem("order.date", value=self._raw.get("order_date")))
        return found or UNKNOWN_TIME

    def _money(self, raw: Any, where: str) -> Money:
        """Orders show "29.9" and "29,90"; a lone point is a decimal mark here, three digits after it or
        not."""
        try:
            return Money(money.amount(raw, money.DECIMAL) or Decimal(0), self._currency)
        except money.Unreadable:
            self._problems.append(problem("order.amount", field=where, value=raw))
            return Money(Decimal(0), self._currency)

    def _line(self, row: Any, index: int) -> OrderLine:
        """A line; `price` is what one piece costs after its discount, `amount` the line's sum."""
        raw = object_of(row)
        if not raw:
            self._problems.append(problem("order.line", detail=type(row).__name__))
        quantity = self._quantity(raw.get("quantity"))
        unit, total = self._money(raw.get("price"), "lines"), self._money(raw.get("amount"), "lines")
        if raw.get("amount") in (None, ""):
            total = unit.times(quantity)
        sku = said(raw.get("sku"))
        line_id = id_of(raw.get("orderlineid")) or f"{id_of(raw.get('id'))}/{sku or ''}/{index}"
        return OrderLine(
            line_id,
            sku,
            text_of(raw.get("name")),
            quantity,
            unit,
            unit.times(quantity) - total,
            total,
            vat_rate=_rate(raw.get("vat_rate")),
            barcode=text_of(raw.get("barcode")),
            original_quantity=quantity,
        )

    def _quantity(self, raw: Any) -> int:
        try:
            return money.pieces(raw) or 0
        except money.Unreadable:
            self._problems.append(problem("order.line", detail=f"quantity {raw}"))
            return 0


def _rate(raw: Any) -> Decimal | None:
    try:
        return money.amount(raw, money.DECIMAL)
    except money.Unreadable:
        return None


def _buyer(raw: Any) -> Buyer:
    cells = object_of(raw)
    return Buyer(
        id_of(cells.get("id")),
        text_of(cells.get("name")),
        text_of(cells.get("mail_address")),
        text_of(cells.get("phone")),
    )


def _address(raw: Any) -> Address | None:
    cells = object_of(raw)
    if not cells:
        return None
    return Address(
        name=text_of(cells.get("name")),
        phone=text_of(cells.get("phone")),
        line1=text_of(cells.get("address")),
        district=text_of(cells.get("district")),
        city=text_of(cells.get("city")),
        postcode=text_of(cells.get("zipCode")),
        country=text_of(cells.get("country")),
    )


def tracking(raw: Mapping[str, Any]) -> Tracking | None:
    """Where the parcel is: `tracking_info`, else the order's cargo fields; None while there is no number."""
    info = object_of(raw.get("tracking_info"))
    number = id_of(info.get("tracking_number")) or id_of(raw.get("cargo_number"))
    if not number:
        return None
    company = text_of(info.get("cargo_company")) or text_of(raw.get("cargo_provider"))
    url = text_of(info.get("tracking_link")) or text_of(info.get("tracking_url"))
    return Tracking(company, number, url)
