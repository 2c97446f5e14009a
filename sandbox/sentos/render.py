"""From what the emulator holds to what Sentos sends: money styles, PHP's empties, picture addresses."""

from __future__ import annotations

import json
from typing import Any

from sandbox.sentos.settings import Settings

Raw = dict[str, Any]
MONEY = ("purchase_price", "sale_price", "list_price")


def money(value: Any, style: str) -> Any:
    """A price in the tenant's style; ``{"raw": x}`` goes out as x whatever the style.

    ``value`` is a plain decimal text: "1299.90" becomes "1.299,90" (thousands), "1299,90" (comma), itself
    (dot)
    or 1299.9 (number).
    """
    if isinstance(value, dict):
        return value["raw"]
    if value is None or style == "dot":
        return value
    if style == "number":
        return float(value)
    whole, _, cents = str(value).partition(".")
    if style == "thousands":
        whole = f"{int(whole):,}".replace(",", ".")
    return f"{whole},{cents or '00'}"


def product(raw: Raw, base: str, settings: Settings) -> Raw:
    """One product as ``GET /products`` shows it; ``base`` goes before the path of each picture."""
    shown = {**raw, **_prices(raw, settings)}
    shown["images"] = _images(raw.get("images"), base)
    shown["prices"] = _price_lists(raw.get("prices"), settings)
    shown["stocks"] = [_stock(row, settings) for row in raw.get("stocks") or []]
    shown["variants"] = [_variant(variant, base, settings) for variant in raw.get("variants") or []]
    if settings.parent_sku == "null":
        shown["sku"] = None
    return shown


def _variant(raw: Raw, base: str, settings: Settings) -> Raw:
    shown = {**raw, **_prices(raw, settings)}
    shown["stocks"] = [_stock(row, settings) for row in raw.get("stocks") or []]
    shown["images"] = _images(raw.get("images"), base) if settings.variant_images == "given" else []
    if "prices" in raw:
        shown["prices"] = _price_lists(raw["prices"], settings)
    if isinstance(raw.get("model"), dict) and settings.model != "object":
        shown["model"] = None if settings.model == "null" else raw["model"].get("value")
    if raw.get("model") in ([], {}):
        shown["model"] = empty(settings)
    return shown


def empty(settings: Settings) -> Any:
    """An empty object: PHP encodes it as ``[]``."""
    return [] if settings.empty_objects == "array" else {}


def _prices(raw: Raw, settings: Settings) -> Raw:
    return {name: money(raw[name], settings.money) for name in MONEY if name in raw}


def _price_lists(lists: Any, settings: Settings) -> Any:
    if not lists:
        return empty(settings)
    return {name: _prices(entry, settings) for name, entry in lists.items()}


def _stock(row: Raw, settings: Settings) -> Raw:
    count, place = row["stock"], row["warehouse"]
    if settings.negative_stocks and count == 0:
        count = -1
    if settings.stock == "string":
        count = str(count)
    if settings.warehouse == "object" and not isinstance(place, dict):
        place = {"id": place, "name": f"Depo {place}"}
    return {**row, "warehouse": place, "stock": count}


def _images(images: Any, base: str) -> Any:
    if isinstance(images, dict):
        return {**images, "url": _address(images.get("url"), base)}
    if isinstance(images, str):
        return _address(images, base)
    return [_images(image, base) for image in images or []]


def _address(url: Any, base: str) -> Any:
    return base + url if isinstance(url, str) and url.startswith("/") else url


def order(raw: Raw, base: str, settings: Settings) -> Raw:
    """One order as ``GET /orders`` shows it; names with a leading underscore and ``updated_at`` stay
    inside."""
    shown = {name: value for name, value in raw.items() if not name.startswith("_") and name != "updated_at"}
    for name in ("total", "shipping_total"):
        shown[name] = _order_money(shown[name], settings)
    shown["lines"] = [_line(line, base, settings) for line in raw["lines"]]
    return shown


def _line(raw: Raw, base: str, settings: Settings) -> Raw:
    line = {**raw, "images": _images(raw.get("images"), base)}
    for name in ("list_price", "price", "discount", "amount"):
        line[name] = _order_money(line[name], settings)
    if settings.line_id_zero:
        line["id"] = 0
    return line


def _order_money(value: Any, settings: Settings) -> Any:
    return value.replace(".", ",") if settings.order_money == "comma" and isinstance(value, str) else value


def encode(value: Any) -> bytes:
    """Compact UTF-8 JSON with its letters unescaped."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()
