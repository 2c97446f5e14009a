"""What ``POST /orders`` demands, as one live integration learnt from its 422 answers."""

from __future__ import annotations

import re
from datetime import datetime
from typing import Any

Raw = dict[str, Any]

PAYMENT_METHODS = (
    "KREDIKARTI/BANKAKARTI",
    "EFT/HAVALE",
    "NAKIT",
    "KAPIDAODEME/NAKIT",
    "KAPIDAODEME/KREDIKARTI",
)
STATUSES = {
    1: "Onay Bekliyor",
    2: "Onaylandı",
    3: "Tedarik Sürecinde",
    4: "Hazırlanıyor",
    5: "Kargoya Verildi",
    6: "İptal/İade Edildi",
    99: "Teslim Edildi",
}
_PHONE = re.compile(r"90[0-9]{9,11}", re.ASCII)
_IDENTITY = re.compile(r"[0-9]{11}", re.ASCII)
_PERSON = ("name", "phone")
_ADDRESS = ("name", "phone", "address", "city", "district")
_LINE = ("name", "sku")


def moment(text: Any) -> datetime | None:
    """A time as Sentos writes it, ``YYYY-MM-DD`` or ``YYYY-MM-DD HH:mm:ss``; None for anything else."""
    for style in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d"):
        try:
            return datetime.strptime(str(text), style)  # noqa: DTZ007 Sentos writes times without a zone
        except ValueError:
            continue
    return None


def order_errors(body: Raw, channels: set[int], warehouses: set[int]) -> dict[str, list[str]]:
    """Everything that is wrong with an order, by field; {} when it is accepted."""
    errors: dict[str, list[str]] = {}

    def check(good: bool, field: str, message: str) -> None:
        if not good:
            errors.setdefault(field, []).append(message)

    for field in ("order_id", "order_code"):
        check(_filled(body.get(field)), field, "zorunludur")
    check(body.get("status") in STATUSES, "status", "geçersiz sipariş durumu")
    check(body.get("channel_id") in channels, "channel_id", "satış kanalı bulunamadı")
    check(
        moment(body.get("order_date")) is not None, "order_date", "tarih biçimi YYYY-MM-DD HH:mm:ss olmalıdır"
    )
    check(body.get("currency") == "TL", "currency", "yalnızca TL kabul edilir")
    check(body.get("payment_method") in PAYMENT_METHODS, "payment_method", "geçersiz ödeme yöntemi")
    check(_amount(body.get("shipping_total", 0)), "shipping_total", "sıfır ya da büyük bir sayı olmalıdır")
    _check_person(body.get("customer"), "customer", _PERSON, check)
    for field in ("invoice_address", "shipment_address"):
        _check_person(body.get(field), field, _ADDRESS, check)
    _check_lines(body.get("lines"), warehouses, check)
    return errors


def _check_person(person: Any, field: str, required: tuple[str, ...], check: Any) -> None:
    if not isinstance(person, dict):
        check(False, field, "zorunludur")
        return
    for name in required:
        check(_filled(person.get(name)), f"{field}.{name}", "zorunludur")
    phone = str(person.get("phone") or "")
    if phone:
        check(bool(_PHONE.fullmatch(phone)), f"{field}.phone", "90 ile başlayan 11-13 haneli rakam olmalıdır")
    identity = person.get("turkishIdentityNumber")
    if identity not in (None, ""):
        check(
            bool(_IDENTITY.fullmatch(str(identity))), f"{field}.turkishIdentityNumber", "11 haneli olmalıdır"
        )
    mail = person.get("mail_address")
    if mail not in (None, ""):
        check("@" in str(mail), f"{field}.mail_address", "geçersiz e-posta")


def _check_lines(lines: Any, warehouses: set[int], check: Any) -> None:
    if not isinstance(lines, list) or not lines or not all(isinstance(line, dict) for line in lines):
        check(False, "lines", "en az bir satır olmalıdır")
        return
    for place, line in enumerate(lines):
        at = f"lines.{place}"
        for name in _LINE:
            check(_filled(line.get(name)), f"{at}.{name}", "zorunludur")
        count = line.get("quantity")
        good = isinstance(count, int) and not isinstance(count, bool) and count > 0
        check(good, f"{at}.quantity", "sıfırdan büyük tam sayı olmalıdır")
        check(_amount(line.get("price")), f"{at}.price", "sıfır ya da büyük bir sayı olmalıdır")
        check(line.get("warehouse_id") in warehouses, f"{at}.warehouse_id", "depo bulunamadı")
        vat = line.get("vat_rate")
        check(
            isinstance(vat, int) and not isinstance(vat, bool) and 0 <= vat <= 100,
            f"{at}.vat_rate",
            "geçersiz oran",
        )


def _filled(value: Any) -> bool:
    return isinstance(value, str | int) and not isinstance(value, bool) and bool(str(value).strip())


def _amount(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
