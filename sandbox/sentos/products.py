"""The product endpoints: paged lists with their loose SKU filter, and writes that answer 200 whatever
happened."""

from __future__ import annotations

import copy
import math
from decimal import Decimal, InvalidOperation
from typing import Any

from sandbox.answers import Json
from sandbox.platform import Tools
from sandbox.sentos import render
from sandbox.sentos.gate import Ask, Refused
from sandbox.sentos.settings import Now
from sandbox.sentos.store import Raw, Store, sellable, stock_row

DEFAULT_SIZE = 100
SAVED = "İşlem başarılı"
NOT_SAVED = "İşlem başarısız"
_TEXTS = (
    "name",
    "invoice_name",
    "brand",
    "description",
    "description_detail",
    "barcode",
    "currency",
    "category_id",
)
_PLAIN = (*_TEXTS, "vat_rate", "volumetric_weight", "images")


class Products:
    """Handlers of ``/products``."""

    def __init__(self, store: Store, tools: Tools, settings: Now) -> None:
        """``settings`` is called for the settings of the moment."""
        self._store, self._tools, self._settings = store, tools, settings

    def listing(self, ask: Ask) -> Json:
        """``GET /products``: filters ``sku`` and ``barcode``, ``orderby_id``; other parameters are
        ignored."""
        ids = self._matching(ask.query)
        ids.sort(reverse=ask.query.get("orderby_id", "DESC").upper() != "ASC")
        if ask.faults("empty_catalogue"):
            ids = []
        page, size = paging(ask.query, self._settings().page_cap)
        shift = (
            0
            if ask.query.get("orderby_id", "").upper() == "ASC"
            else min(self._settings().list_shift, size - 1)
        )
        start = (page - 1) * (size - shift)
        shown = ids[start : start + size]
        if ask.faults("short_page"):
            shown = shown[: len(shown) // 2]
        pages = 0 if not ids else 1 + max(0, math.ceil((len(ids) - size) / (size - shift)))
        head = {"page": page, "size": size, "total_elements": len(ids), "total_pages": pages}
        items = b",".join(self._shown(number, ask) for number in shown)
        return Json(render.encode(head)[:-1] + b',"data":[' + items + b"]}")

    def get(self, ask: Ask) -> Json:
        """``GET /products/{id}``: one object, or wrapped as the ``wrap`` switch says."""
        number = self._existing(ask)["id"]
        body = self._shown(number, ask)
        wrap = self._settings().wrap
        if wrap == "list":
            return Json(b"[" + body + b"]")
        return Json(body if wrap == "none" else b'{"%s":%s}' % (wrap.encode(), body))

    def create(self, ask: Ask) -> Any:
        """``POST /products``; 200 with ``errors`` when something is wrong with it."""
        body = _object(ask.body)
        if ask.faults("errors_in_200"):
            return self._failed({"product": [{"message": "Ürün kaydedilemedi"}]})
        product, errors = self._new(body)
        if errors:
            return self._failed(errors)
        self._store.save_product(product)
        self._tools.ledger.effect(
            "product.created", str(product["id"]), key=product["sku"], args=body, after=product
        )
        return self._saved(product, {}, ask)

    def update(self, ask: Ask) -> Any:
        """``PUT /products/{id}``: what is in the body changes, prices by list, stocks absolute by
        warehouse."""
        product, body = self._existing(ask), _object(ask.body)
        if ask.faults("errors_in_200"):
            return self._failed({"price": [{"message": "Fiyat güncellenemedi"}]})
        if errors := price_errors(body):
            return self._failed(errors)
        variants = body.get("variants") or []
        errors = {}
        if variants and ask.faults("partial_user_errors"):
            refused, variants = variants[0], variants[1:]
            errors = {"variants": [{"sku": refused.get("sku"), "message": "Varyant güncellenemedi"}]}
        before = copy.deepcopy(product)
        _patch(product, body)
        errors = errors or {}
        unknown = self._patch_variants(product, variants, bool(errors))
        if unknown:
            errors.setdefault("variants", []).extend(unknown)
        self._store.save_product(product)
        self._tools.ledger.effect("product.put", str(product["id"]), args=body, before=before, after=product)
        return self._saved(product, errors, ask)

    def platform_variants(self, ask: Ask) -> Any:
        """``PUT /products/{id}/platform-variants``: an array of SKU, prices by platform, and stocks."""
        product = self._existing(ask)
        if not isinstance(ask.body, list):
            raise Refused(400, "Dizi bekleniyor")
        before, errors = copy.deepcopy(product), {}
        items = {item["sku"]: item for item in sellable(product)}
        for entry in ask.body:
            wrong = price_errors(entry)
            if entry.get("sku") not in items or wrong:
                message = "Fiyat hatalı" if wrong else "SKU bulunamadı"
                errors[str(entry.get("sku"))] = {"message": message}
            else:
                _patch(items[entry["sku"]], entry)
        self._store.save_product(product)
        self._tools.ledger.effect(
            "product.put", str(product["id"]), args=ask.body, before=before, after=product
        )
        return self._saved(product, {"prices": {"platform": errors}} if errors else {}, ask)

    def _matching(self, query: dict[str, str]) -> list[int]:
        sku, barcode, loose = query.get("sku"), query.get("barcode"), self._settings().sku_filter == "loose"
        if not sku and not barcode:
            return list(self._store.products)
        found = []
        for number, product in self._store.products.items():
            items = [product, *product["variants"]]
            if sku and not any(_like(item.get("sku"), sku, loose) for item in items):
                continue
            if not barcode or any(item.get("barcode") == barcode for item in items):
                found.append(number)
        return found

    def _shown(self, number: int, ask: Ask) -> bytes:
        """The product's JSON, spoilt where a fault says so."""
        lost = [name for name in ("images", "variants") if ask.faults(f"{name}_missing")]
        if not lost:
            return self._store.product_json(number, ask.base, self._settings())
        shown = render.product(self._store.products[number], ask.base, self._settings())
        for name in lost:
            shown[name] = []
        if "images" in lost:
            shown["variants"] = [{**variant, "images": []} for variant in shown["variants"]]
        return render.encode(shown)

    def _existing(self, ask: Ask) -> Raw:
        product = self._store.products.get(ask.number())
        if product is None:
            raise Refused(404, "Ürün bulunamadı")
        return product

    def _new(self, body: Raw) -> tuple[Raw, Raw]:
        errors = price_errors(body)
        for name in ("name", "sku"):
            if not str(body.get(name) or "").strip():
                errors.setdefault(name, []).append({"message": f"{name} zorunludur"})
        variants = body.get("variants") or []
        if bad := [
            variant for variant in variants if not variant.get("sku") or self._store.find_sku(variant["sku"])
        ]:
            errors["variants"] = [
                {"sku": variant.get("sku"), "message": "SKU boş ya da kayıtlı"} for variant in bad
            ]
        if errors:
            return {}, errors
        product: Raw = {"id": self._store.next_id("product", max(self._store.products, default=4100) + 1)}
        product |= {
            **dict.fromkeys(_TEXTS, ""),
            "sku": body["sku"],
            "prices": {},
            "stocks": [],
            "images": [],
            "variants": [],
        }
        _patch(product, body)
        for place, variant in enumerate(variants, 1):
            product["variants"].append(_new_variant(product["id"] * 100 + place, variant))
        return product, {}

    def _patch_variants(self, product: Raw, given: list[Raw], partial: bool) -> list[Raw]:
        """Apply them by SKU; the ones left out go, if the tenant is like that. Returns an error per
        unknown SKU."""
        if not given:
            return []
        have = {variant["sku"]: variant for variant in product["variants"]}
        for variant in given:
            if variant.get("sku") in have:
                _patch(have[variant["sku"]], variant)
        named = {variant.get("sku") for variant in given}
        if self._settings().put_deletes_omitted and not partial:
            product["variants"] = [variant for variant in product["variants"] if variant["sku"] in named]
        return [{"sku": sku, "message": "Varyant bulunamadı"} for sku in named if sku not in have]

    def _saved(self, product: Raw, errors: Raw, ask: Ask) -> Raw:
        shown = render.product(product, ask.base, self._settings())
        return {"errors": errors or render.empty(self._settings()), "message": SAVED, "product": shown}

    def _failed(self, errors: Raw) -> Raw:
        return {"errors": errors, "message": NOT_SAVED, "product": render.empty(self._settings())}


def paging(query: dict[str, str], cap: int) -> tuple[int, int]:
    """Page (from 1) and size (1 to ``cap``) as asked for; nonsense counts as not asked."""
    return max(1, _whole(query.get("page"), 1)), min(cap, max(1, _whole(query.get("size"), DEFAULT_SIZE)))


def _whole(text: str | None, otherwise: int) -> int:
    return int(text) if text and text.isascii() and text.isdigit() else otherwise


def _like(value: object, wanted: str, loose: bool) -> bool:
    if not isinstance(value, str):
        return False
    return wanted.casefold() in value.casefold() if loose else value == wanted


def _object(body: Any) -> Raw:
    if not isinstance(body, dict):
        raise Refused(400, "JSON nesnesi bekleniyor")
    return body


def price_errors(body: Raw) -> Raw:
    """``{"price": [{"message"}]}`` for prices that are negative or no number; {} when all is well."""
    named = [(name, body[name]) for name in render.MONEY if name in body]
    for platform, entry in (body.get("prices") or {}).items():
        named += [(f"{platform}.{name}", entry[name]) for name in render.MONEY if name in entry]
    bad = [name for name, value in named if _money(value) is None]
    return {"price": [{"message": f"{name} hatalı"} for name in bad]} if bad else {}


def _money(value: Any) -> str | None:
    """A price as the catalogue keeps it ("1299.90"); None when it is none. "1.299,90" and 1299.9 are both
    read."""
    text = str(value).strip()
    if isinstance(value, bool):
        return None
    if "," in text:
        text = text.replace(".", "").replace(",", ".")
    try:
        amount = Decimal(text)
    except InvalidOperation:
        return None
    return f"{amount:.2f}" if amount.is_finite() and amount >= 0 else None


def _patch(item: Raw, body: Raw) -> None:
    """Carry what ``body`` has over to a product or variant; its prices were checked before."""
    for name in _PLAIN:
        if name in body:
            item[name] = body[name]
    for name in ("color", "model"):
        if name in body:
            item[name] = body[name]
    for name in render.MONEY:
        if name in body:
            item[name] = _money(body[name])
    for platform, entry in (body.get("prices") or {}).items():
        lists = item["prices"] = item.get("prices") or {}
        lists.setdefault(platform, {}).update(
            {name: _money(entry[name]) for name in entry if name in render.MONEY}
        )
    for row in body.get("stocks") or []:
        stock_row(item, int(row["warehouse"]))["stock"] = int(row["stock"])


def _new_variant(number: int, body: Raw) -> Raw:
    variant: Raw = {"id": number, "sku": body["sku"], "barcode": "", "model": [], "stocks": [], "images": []}
    _patch(variant, body)
    return variant
