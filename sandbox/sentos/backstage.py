"""The tenant's panel, as far as tests need it: whatever happens in Sentos without the API happens here.

Nothing that is done here enters the ledger: that holds only what clients of the API did.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from starlette.routing import BaseRoute, Route

from sandbox.answers import Json, base_url
from sandbox.control import BadRequest, body_of
from sandbox.sentos import render
from sandbox.sentos.order_rules import STATUSES
from sandbox.sentos.orders import Orders
from sandbox.sentos.settings import Now
from sandbox.sentos.store import Raw, Store, sellable, stock_row, warehouse_of

_CARGO = ("Yurtiçi Kargo", "Aras Kargo", "MNG Kargo", "Sürat Kargo", "PTT Kargo")
_PEOPLE = (
    "Ayşe Yılmaz",
    "Mehmet Demir",
    "Zeynep Kaya",
    "Şule Çağlar",
    "İbrahim Öztürk",
    "Elif Şahin",
    "Gökçe Ünal",
)
_PLACES = (
    ("İstanbul", "Kadıköy"),
    ("Ankara", "Çankaya"),
    ("İzmir", "Bornova"),
    ("Konya", "Selçuklu"),
    ("Bursa", "Nilüfer"),
)


class Backstage:
    """Control routes of the Sentos emulator."""

    def __init__(self, store: Store, orders: Orders, settings: Now, change: Callable[[Raw], None]) -> None:
        self._store, self._orders = store, orders
        self._settings, self._change_settings = settings, change

    def routes(self) -> list[BaseRoute]:
        """Below ``/_sandbox``."""
        return [
            Route("/orders", self.list_orders, methods=["GET"]),
            Route("/orders", self.place_orders, methods=["POST"]),
            Route("/orders/{id:int}/advance", self.advance, methods=["POST"]),
            Route("/products", self.add_product, methods=["POST"]),
            Route("/products/{id:int}", self.show_product, methods=["GET"]),
            Route("/products/{id:int}", self.patch_product, methods=["POST"]),
            Route("/stock", self.change_stock, methods=["POST"]),
            Route("/settings", self.set, methods=["POST"]),
        ]

    async def list_orders(self, request: Request) -> Json:
        shown = [
            render.order(order, base_url(request), self._settings()) for order in self._store.orders.values()
        ]
        return Json({"orders": shown})

    async def place_orders(self, request: Request) -> Json:
        """``{"source": "Trendyol", "count": 1, "status": 2, "lines": [{"sku", "quantity", "price",
        "warehouse"}],
        "stock": true, "order_id", "order_code", "order_date", "seed"}``; what is missing is made up."""
        body = await body_of(request)
        dice = random.Random(f"{body.get('seed', 1)}:{len(self._store.orders)}")
        made = [self._foreign(body, dice) for _ in range(_whole(body.get("count", 1), "count"))]
        return Json(
            {"orders": [{name: order[name] for name in ("id", "order_id", "order_code")} for order in made]},
            201,
        )

    async def advance(self, request: Request) -> Json:
        """``{"status": 5, "cargo": {"cargo_company", "tracking_number", "tracking_link"}}``; cargo {}
        makes one up."""
        order = self._store.orders.get(request.path_params["id"])
        if order is None:
            raise BadRequest(f"there is no order {request.path_params['id']}")
        body = await body_of(request)
        status = body.get("status", order["status"])
        if status not in STATUSES:
            raise BadRequest(f"status must be one of {', '.join(map(str, STATUSES))}")
        cargo = body.get("cargo")
        if cargo == {} or (cargo is None and status == 5 and order["tracking_info"] is None):
            cargo = _made_up_cargo(order)
        self._orders.move_on(order, status, cargo or {})
        return Json(render.order(order, base_url(request), self._settings()))

    async def show_product(self, request: Request) -> Json:
        return Json(render.product(self._product(request), base_url(request), self._settings()))

    async def add_product(self, request: Request) -> Json:
        """``{"product": raw}`` in Sentos' shape, prices as "1299.90" or ``{"raw": anything}``; or
        ``{"like": id, "variants": 2049}``: a copy of a product, with so many variants and new SKUs."""
        body = await body_of(request)
        number = self._store.next_id("product", max(self._store.products, default=4100) + 1)
        if "like" in body:
            product = _copy(
                self._product_of(body["like"]), number, _whole(body.get("variants", 1), "variants")
            )
        elif isinstance(body.get("product"), dict):
            blank: Raw = {"sku": f"EK-{number}", "name": f"Ürün {number}", "currency": "TL", "vat_rate": 10}
            lists: Raw = {"stocks": [], "images": [], "variants": [], "prices": {}}
            product = {**blank, "sale_price": "199.90", **lists, **body["product"], "id": number}
        else:
            raise BadRequest('give {"product": {…}} or {"like": id}')
        self._store.save_product(product)
        return Json({"id": number, "variants": len(product["variants"])}, 201)

    async def patch_product(self, request: Request) -> Json:
        """Any raw field, plus ``price`` (everywhere a sync may look), ``title``, ``stock`` (of every
        sellable thing
        in the first warehouse), ``remove`` true, ``drop_variant`` SKU."""
        product, body = self._product(request), await body_of(request)
        if body.pop("remove", False):
            self._store.remove_product(product["id"])
            return Json({"removed": product["id"]})
        if "title" in body:
            product["name"] = body.pop("title")
        if "price" in body:
            _reprice(product, body.pop("price"))
        if "stock" in body:
            count = body.pop("stock")
            for item in sellable(product):
                stock_row(item, 1)["stock"] = count
        if "drop_variant" in body:
            gone = body.pop("drop_variant")
            product["variants"] = [variant for variant in product["variants"] if variant["sku"] != gone]
        product |= {name: value for name, value in body.items() if name != "id"}
        self._store.save_product(product)
        return Json(render.product(product, base_url(request), self._settings()))

    async def change_stock(self, request: Request) -> Json:
        """``{"changes": [{"sku", "warehouse", "stock"}]}``, or ``{"random": 1000, "seed": 1}`` rows of
        clean products."""
        body = await body_of(request)
        if "random" in body:
            changes = self._random_changes(_whole(body["random"], "random"), body.get("seed", 1))
        else:
            changes = body.get("changes") or []
        applied = [self._set_stock(change) for change in changes]
        return Json({"changed": len(applied), "changes": applied})

    async def set(self, request: Request) -> Json:
        """``{"auth": "bearer", …}``: switches of the profile, while it runs (not kept over a restart)."""
        try:
            self._change_settings(await body_of(request))
        except ValueError as error:
            raise BadRequest(str(error)) from error
        return Json({"settings": vars(self._settings())})

    def _set_stock(self, change: Raw) -> Raw:
        found = self._store.find_sku(str(change.get("sku")))
        if found is None:
            raise BadRequest(f"there is no SKU {change.get('sku')!r}")
        if not isinstance(change.get("stock"), int):
            raise BadRequest("stock must be a whole number")
        product, item = found
        row = stock_row(item, _whole(change.get("warehouse", 1), "warehouse"))
        before, row["stock"] = row["stock"], change["stock"]
        self._store.save_product(product, same_skus=True)
        return {**change, "before": before}

    def _random_changes(self, count: int, seed: Any) -> list[Raw]:
        dice = random.Random(f"{seed}:stock")
        clean = [
            product for number, product in self._store.products.items() if number not in self._store.truth
        ]
        rows = [(item, row) for product in clean for item in sellable(product) for row in item["stocks"][:1]]
        if count > len(rows):
            raise BadRequest(f"there are only {len(rows)} stock rows to change")
        return [
            {
                "sku": item["sku"],
                "warehouse": warehouse_of(row),
                "stock": int(row["stock"]) + dice.randint(1, 9),
            }
            for item, row in dice.sample(rows, count)
        ]

    def _foreign(self, body: Raw, dice: random.Random) -> Raw:
        source = str(body.get("source", "Trendyol"))
        number = dice.randrange(10**9, 10**10)
        address = _made_up_address(dice)
        order = {
            "order_id": body.get("order_id", number),
            "order_code": body.get("order_code", str(number)),
            "status": body.get("status", 2),
            "payment_method": "KREDIKARTI/BANKAKARTI",
            "customer": {
                "name": address["name"],
                "phone": address["phone"],
                "mail_address": "musteri@example.com",
            },
            "invoice_address": address,
            "shipment_address": address,
            "lines": [self._foreign_line(line) for line in body.get("lines") or [self._any_line(dice)]],
            **({"order_date": body["order_date"]} if "order_date" in body else {}),
        }
        made, _ = self._orders.place(order, source, f"{source} Mağazam", bool(body.get("stock", True)))
        return made

    def _any_line(self, dice: random.Random) -> Raw:
        clean = [
            product for number, product in self._store.products.items() if number not in self._store.truth
        ]
        if not clean:
            raise BadRequest("there is no clean product to order; name lines")
        return {
            "sku": dice.choice(sellable(dice.choice(clean)))["sku"],
            "quantity": dice.choice((1, 1, 1, 2)),
        }

    def _foreign_line(self, line: Raw) -> Raw:
        found = self._store.find_sku(str(line.get("sku")))
        product = found[0] if found else {"name": "Ürün", "sale_price": "100.00", "vat_rate": 10}
        price = line.get("price", product["sale_price"])
        return {
            "sku": line.get("sku"),
            "name": str(product["name"]),
            "quantity": _whole(line.get("quantity", 1), "quantity"),
            "price": price if isinstance(price, int | float | str) else 100,
            "vat_rate": product.get("vat_rate", 10),
            "warehouse_id": _whole(line.get("warehouse", 1), "warehouse"),
        }

    def _product(self, request: Request) -> Raw:
        return self._product_of(request.path_params["id"])

    def _product_of(self, number: Any) -> Raw:
        product = self._store.products.get(number)
        if product is None:
            raise BadRequest(f"there is no product {number!r}")
        return product


def _reprice(product: Raw, price: Any) -> None:
    # A "list price" below the new price would be a dirt of its own.
    product["sale_price"] = price
    for entry in (product["prices"] or {}).values():
        entry["sale_price"] = entry["list_price"] = price


def _copy(product: Raw, number: int, count: int) -> Raw:
    stocks = [{"warehouse": 1, "stock": 1}]
    variants = [
        {
            "id": number * 10_000 + place,
            "sku": f"EK-{number}-M{place}",
            "barcode": "",
            "color": "Siyah",
            "model": {"name": "Beden", "value": str(place)},
            "stocks": copy.deepcopy(stocks),
            "images": [],
        }
        for place in range(1, count + 1)
    ]
    return {**copy.deepcopy(product), "id": number, "sku": f"EK-{number}", "variants": variants}


def _made_up_cargo(order: Raw) -> Raw:
    company, number = _CARGO[order["id"] % len(_CARGO)], str(7_000_000_000_000_000 + order["id"])
    return {
        "cargo_company": company,
        "tracking_number": number,
        "tracking_link": f"https://kargo.example/{number}",
    }


def _made_up_address(dice: random.Random) -> Raw:
    city, district = dice.choice(_PLACES)
    street = f"Örnek Mah. {dice.randint(1, 90)}. Sok. No: {dice.randint(1, 120)}"
    phone = f"90555{dice.randrange(10**7):07d}"
    return {
        "name": dice.choice(_PEOPLE),
        "phone": phone,
        "address": street,
        "district": district,
        "city": city,
        "country": "Türkiye",
    }


def _whole(value: Any, name: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise BadRequest(f"{name} must be a whole number, zero or more")
    return value
