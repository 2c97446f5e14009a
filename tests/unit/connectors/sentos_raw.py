"""Made-up Sentos records in the shapes that live answers have."""

from __future__ import annotations

from typing import Any


def raw_variant(number: int = 1, **fields: Any) -> dict[str, Any]:
    """A variant; fields replace the usual ones."""
    return {
        "id": 88000 + number,
        "sku": f"EL-1-M{number}",
        "barcode": f"86900000000{number:02d}",
        "color": "Siyah",
        "model": {"name": "Beden", "value": str(40 + number)},
        "stocks": [{"warehouse": 1, "stock": 7}],
        "images": [],
        **fields,
    }


def raw_product(**fields: Any) -> dict[str, Any]:
    """A product without variants; fields replace the usual ones."""
    return {
        "id": 4101,
        "category_id": 33,
        "sku": "EL-1",
        "name": "Çiçekli Elbise",
        "invoice_name": "Elbise",
        "brand": "Örnek Moda",
        "description": "Kısa & öz",
        "description_detail": "<p>Astarlı</p>",
        "barcode": "8690000000011",
        "currency": "TL",
        "purchase_price": "240,00",
        "sale_price": "1.299,90",
        "vat_rate": 10,
        "volumetric_weight": 1,
        "stocks": [{"warehouse": 1, "stock": 3}],
        "images": [],
        "prices": {"shopify": {"list_price": "1.499,90", "sale_price": "1.249,90"}},
        "variants": [],
        **fields,
    }


_LINE = {"id": 0, "orderlineid": 27541, "sku": None, "barcode": "8690000000035", "name": "Eşofman",
         "quantity": 2, "list_price": "33.9", "price": "29.9", "discount": "4.00", "amount": "59.8",
         "currency": "TL",
         "vat_rate": 10}  # fmt: skip
_ADDRESS = {
    "id": 1,
    "name": "Ayşe Yılmaz",
    "address": "Örnek Mah. 1",
    "district": "Selçuklu",
    "city": "Konya",
}
_BUYER = {"id": 9, "name": "Ayşe Yılmaz", "phone": "0(555) 000 00 00", "mail_address": "a@example.com"}


def raw_order(**fields: Any) -> dict[str, Any]:
    """An order of one line; fields replace the usual ones."""
    numbers = {"id": 3000700123, "order_id": 181849999, "order_code": 203129724888, "status": 5}
    times = {"order_date": "2026-01-28 13:48:00", "created_at": "2026-01-28 13:38:44"}
    cargo = {"cargo_provider": "Örnek Kargo", "cargo_number": 968001002817000, "tracking_info": None}
    people = {"customer": _BUYER, "invoice_address": _ADDRESS, "shipment_address": _ADDRESS}
    rest = {"source": "N11", "shop": "Örnek", "total": "59.8", "shipping_total": 0, "lines": [_LINE]}
    return {**numbers, **times, **cargo, **people, **rest, **fields}
