"""The order endpoints: filtered lists, orders pushed by a shop, status and invoice."""

from __future__ import annotations

import copy
import math
from datetime import datetime, timedelta
from decimal import Decimal

from sandbox.platform import Tools
from sandbox.sentos import render
from sandbox.sentos.gate import Ask, Refused
from sandbox.sentos.order_rules import STATUSES, moment, order_errors
from sandbox.sentos.products import NOT_SAVED, SAVED, paging
from sandbox.sentos.settings import Now
from sandbox.sentos.store import FIRST_ORDER_ID, Raw, Store

SEARCH_LAG = 30.0
# What an order has before anybody worked on it.
_UNTOUCHED: Raw = {
    "package_code": "",
    "order_type": None,
    "ship_due_date": None,
    "payment_status": None,
    "carrying_charge": 0,
    "service_fee": 0,
    "cargo_provider": "",
    "cargo_number": "",
    "cargo_label": None,
    "tracking_info": None,
    "has_invoice": "no",
    "invoice_type": "",
    "invoice_number": "",
    "invoice_url": "",
}
_SORTS = ("id", "created_at", "updated_at", "ship_due_date")
# Query prefix, field of the order, and whether the range may reach a day too far.
_RANGES = (("", "order_date", True), ("created_", "created_at", False), ("updated_", "updated_at", False))


class Orders:
    """Handlers of ``/orders``, and the making of orders for the control plane."""

    def __init__(self, store: Store, tools: Tools, settings: Now) -> None:
        """``settings`` is called for the settings of the moment."""
        self._store, self._tools, self._settings = store, tools, settings
        self._created: dict[int, float] = {}

    def listing(self, ask: Ask) -> Raw:
        """``GET /orders``: parameters out of the query, or, as the official document has it, out of the
        body."""
        query = ask.query or (ask.body if isinstance(ask.body, dict) else {})
        query = {name: str(value) for name, value in query.items()}
        found = [order for order in self._store.orders.values() if self._wanted(order, query)]
        if fault := ask.faults("stale_search"):
            found = [
                order for order in found if not self._fresh(order, float(fault.params.get("lag", SEARCH_LAG)))
            ]
        field = query.get("orderby_field", "id")
        field = field if field in _SORTS else "id"
        falling = query.get("orderby_direction", "DESC").upper() != "ASC"
        found.sort(
            key=lambda order: (str(order.get(field) or "") if field != "id" else "", order["id"]),
            reverse=falling,
        )
        page, size = paging(query, self._settings().page_cap)
        shown = found[(page - 1) * size : page * size]
        return {
            "page": page,
            "size": size,
            "total_elements": len(found),
            "total_pages": math.ceil(len(found) / size),
            "data": [self._shown(order, ask) for order in shown],
        }

    def get(self, ask: Ask) -> Raw:
        """``GET /orders/{id}``: one order with its lines."""
        return self._shown(self._existing(ask), ask)

    def create(self, ask: Ask) -> Raw:
        """``POST /orders``: 422 by field, or the order; its lines leave their warehouses at once."""
        if not isinstance(ask.body, dict):
            raise Refused(400, "JSON nesnesi bekleniyor")
        body = ask.body
        warehouses = {one["id"] for one in self._store.warehouses}
        errors = order_errors(body, set(self._store.channels), warehouses)
        errors = errors or self._tenant_errors(body)
        if errors:
            raise Refused(422, "Doğrulama hatası", errors)
        if ask.faults("errors_in_200"):
            return self._failed({"order": [{"message": "Sipariş kaydedilemedi"}]})
        channel = self._store.channels[body["channel_id"]]
        order, moved = self.place(body, source=channel["name"], shop=channel["name"])
        self._tools.ledger.effect(
            "order.created", str(order["id"]), key=str(body["order_id"]), args=body, after=self._brief(order),
            detail={"order_code": str(body["order_code"]), "total": order["total"], "stock": moved},
        )  # fmt: skip
        return self._saved(order)

    def update(self, ask: Ask) -> Raw:
        """``PUT /orders/{id}``: ``{"status", "data": {"cargo_company", "tracking_number",
        "tracking_url"}}``."""
        order = self._existing(ask)
        body = ask.body if isinstance(ask.body, dict) else {}
        if body.get("status") not in STATUSES:
            raise Refused(422, "Doğrulama hatası", {"status": ["geçersiz sipariş durumu"]})
        if ask.faults("errors_in_200"):
            return self._failed({"status": [{"message": "Durum değiştirilemedi"}]})
        before = self._brief(order)
        self.move_on(order, body["status"], body.get("data") or {})
        self._tools.ledger.effect(
            "order.status", str(order["id"]), args=body, before=before, after=self._brief(order)
        )
        return self._saved(order)

    def invoice(self, ask: Ask) -> Raw:
        """``POST`` and ``PUT /orders/invoice/{id}``; 404 unknown order, 405 invalid input."""
        order = self._existing(ask)
        body = ask.body if isinstance(ask.body, dict) else {}
        names = ("invoice_type", "invoice_number", "invoice_url")
        if not all(isinstance(body.get(name), str) and body[name] for name in names):
            raise Refused(405, "Geçersiz fatura bilgisi")
        order |= {name: body[name] for name in names} | {"has_invoice": "yes"}
        self._store.save_order(order)
        self._tools.ledger.effect("order.invoice", str(order["id"]), key=body["invoice_number"], args=body)
        return {"errors": render.empty(self._settings()), "message": SAVED}

    def uninvoice(self, ask: Ask) -> Raw:
        """``DELETE /orders/invoice/{id}``."""
        order = self._existing(ask)
        if order["has_invoice"] != "yes":
            raise Refused(405, "Fatura bulunamadı")
        order |= {"invoice_type": "", "invoice_number": "", "invoice_url": "", "has_invoice": "no"}
        self._store.save_order(order)
        self._tools.ledger.effect("order.invoice_deleted", str(order["id"]))
        return {"errors": render.empty(self._settings()), "message": SAVED}

    def place(self, body: Raw, source: str, shop: str, moves_stock: bool = True) -> tuple[Raw, list[Raw]]:
        """Make an order out of a checked body; also returns what its lines took from which warehouse."""
        now, lines = self._store.now(), [self._line(line) for line in body["lines"]]
        goods = sum((Decimal(line["amount"]) for line in lines), Decimal(0))
        shipping = Decimal(str(body.get("shipping_total", 0)))
        order: Raw = {
            "id": self._store.next_id("order", FIRST_ORDER_ID),
            **{name: body[name] for name in ("order_id", "order_code", "status")},
            "source": source,
            "shop": shop,
            "note": body.get("note") or "",
            "order_date": body.get("order_date", now),
            "created_at": now,
            "payment_method": body.get("payment_method"),
            "_channel": body.get("channel_id"),
            "total": plain(goods + shipping),
            "shipping_total": plain(shipping),
            **copy.deepcopy(_UNTOUCHED),
            "customer": {"id": self._store.next_id("customer", 9001), **copy.deepcopy(body["customer"])},
            "invoice_address": self._address(body["invoice_address"]),
            "shipment_address": self._address(body["shipment_address"]),
            "lines": lines,
        }
        moved = self._take(order, body["lines"]) if moves_stock else []
        order["_moved"] = moved
        self._created[order["id"]] = self._tools.clock.monotonic()
        self._store.save_order(order)
        return order, moved

    def move_on(self, order: Raw, status: int, cargo: Raw) -> None:
        """Set an order's status, and its tracking when there is some."""
        was, order["status"] = order["status"], status
        if cargo:
            company = str(cargo.get("cargo_company") or order["cargo_provider"])
            number = str(cargo.get("tracking_number") or order["cargo_number"])
            link = str(cargo.get("tracking_url") or cargo.get("tracking_link") or "")
            order["tracking_info"] = {
                "cargo_company": company,
                "tracking_number": number,
                "tracking_link": link,
            }
            order["cargo_provider"], order["cargo_number"] = company, number
        if status == 6 and was not in (5, 6, 99) and self._settings().cancel_restocks:
            for row in order["_moved"]:
                self._store.move_stock(row["sku"], row["warehouse"], row["before"] - row["after"])
            order["_moved"] = []
        self._store.save_order(order)

    def _take(self, order: Raw, lines: list[Raw]) -> list[Raw]:
        moved = [
            self._store.move_stock(line["sku"], line["warehouse_id"], -line["quantity"]) for line in lines
        ]
        return [row for row in moved if row is not None]

    def _line(self, line: Raw) -> Raw:
        found = self._store.find_sku(str(line["sku"]))
        product, item = found if found else ({}, {})
        price, number = Decimal(str(line["price"])), self._store.next_id("line", 27001)
        images = item.get("images") or product.get("images") or []
        return {
            "id": number,
            "orderlineid": number,
            "sku": line["sku"],
            "barcode": item.get("barcode", ""),
            "status": "accepted",
            "name": line["name"],
            "quantity": line["quantity"],
            "list_price": plain(price),
            "price": plain(price),
            "discount": "0",
            "amount": plain(price * line["quantity"]),
            "currency": "TL",
            "vat_rate": line["vat_rate"],
            "color": item.get("color", ""),
            "model": item.get("model") or [],
            "images": images[0] if isinstance(images, list) and images else images,
        }

    def _address(self, given: Raw) -> Raw:
        return {"id": self._store.next_id("address", 5001), **copy.deepcopy(given)}

    def _tenant_errors(self, body: Raw) -> dict[str, list[str]]:
        """What only some tenants refuse."""
        settings, errors = self._settings(), {}
        known = {str(order["order_id"]) for order in self._store.orders.values()}
        if settings.duplicate_orders == "reject" and str(body["order_id"]) in known:
            errors["order_id"] = ["bu sipariş daha önce kaydedilmiş"]
        if settings.unknown_sku == "refuse":
            for place, line in enumerate(body["lines"]):
                if self._store.find_sku(str(line["sku"])) is None:
                    errors[f"lines.{place}.sku"] = ["ürün bulunamadı"]
        return errors

    def _wanted(self, order: Raw, query: dict[str, str]) -> bool:
        for name in ("order_id", "order_code"):
            if query.get(name) and not self._numbered(str(order[name]), query[name]):
                return False
        if query.get("status") and str(order["status"]) != query["status"]:
            return False
        ids = query.get("status_ids")
        if ids and str(order["status"]) not in [one.strip() for one in ids.split(",")]:
            return False
        return all(self._within(order[field], query, prefix, slack) for prefix, field, slack in _RANGES)

    def _numbered(self, number: str, wanted: str) -> bool:
        how = self._settings().order_filter
        return how == "ignored" or (wanted in number if how == "loose" else wanted == number)

    def _within(self, value: str, query: dict[str, str], prefix: str, slack: bool) -> bool:
        days = timedelta(days=self._settings().date_slack_days if slack else 0)
        when = moment(value) or datetime.min  # noqa: DTZ901 as zoneless as Sentos' own times
        first, last = _bound(query, f"{prefix}start_date"), _bound(query, f"{prefix}end_date")
        if last is not None and len(query[f"{prefix}end_date"]) == 10:
            last += timedelta(days=1, seconds=-1)
        return (first is None or when >= first - days) and (last is None or when <= last + days)

    def _fresh(self, order: Raw, lag: float) -> bool:
        made = self._created.get(order["id"])
        return made is not None and self._tools.clock.monotonic() - made < lag

    def _existing(self, ask: Ask) -> Raw:
        order = self._store.orders.get(ask.number())
        if order is None:
            raise Refused(404, "Sipariş bulunamadı")
        return order

    def _saved(self, order: Raw) -> Raw:
        return {"errors": render.empty(self._settings()), "message": SAVED, "order": self._brief(order)}

    def _failed(self, errors: Raw) -> Raw:
        return {"errors": errors, "message": NOT_SAVED, "order": render.empty(self._settings())}

    def _shown(self, order: Raw, ask: Ask) -> Raw:
        return render.order(order, ask.base, self._settings())

    def _brief(self, order: Raw) -> Raw:
        tracking = {"tracking_info": dict(order["tracking_info"])} if order["tracking_info"] else {}
        return {"id": order["id"], "order_code": order["order_code"], "status": order["status"], **tracking}


def _bound(query: dict[str, str], name: str) -> datetime | None:
    if not query.get(name):
        return None
    when = moment(query[name])
    if when is None:
        raise Refused(422, "Doğrulama hatası", {name: ["tarih biçimi YYYY-MM-DD HH:mm:ss olmalıdır"]})
    return when


def plain(amount: Decimal) -> str:
    """An amount as orders carry it: "29.9", "1299", never an exponent."""
    text = f"{amount:.2f}"
    return text.rstrip("0").rstrip(".")
