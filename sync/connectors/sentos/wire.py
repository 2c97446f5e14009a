"""Sentos products → canonical products. Pure; the only place that knows how Sentos spells them.

Shapes as met in public client code (secgin/SentosApiLibrary, mssbey/msoyaz-l-m,
Cnbkrtl/VervegrandPortal-V2, ozgecelikli/sentos_api). A blank field is "Sentos does not say" (None): nobody
filled it in, which is no order to empty the shop's. Dirt becomes a `Problem`; nothing here raises for it.
"""

from __future__ import annotations

import html
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import urlsplit

from sync.connectors.guard import safe_url
from sync.connectors.sentos import money
from sync.connectors.sentos.options import Options, option_key, options_of, shown
from sync.connectors.sentos.prices import PriceReader, Prices
from sync.connectors.sentos.problems import problem
from sync.connectors.sentos.shapes import flat, id_of, list_of, object_of, said, text_of
from sync.model.problem import Problem
from sync.model.product import Level, Media, Product, Variant
from sync.model.values import fingerprint, key_of

_STRUCTURED = frozenset(
    {
        "id",
        "variants",
        "images",
        "stocks",
        "prices",
        "description",
        "description_detail",
        "name",
        "sale_price",
    }
)


@dataclass(frozen=True, slots=True)
class Reading:
    """How a tenant's records are read: `dots` (see `money.amount`), names of categories by id as a path
    from the root, whether pictures may lie in a private network (sandbox)."""

    dots: str = money.AMBIGUOUS
    categories: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    allow_private: bool = False


def product(raw: Any, reading: Reading) -> Product:
    """Any entry of a product list as a product; one that cannot be understood has an id, a problem, and
    nothing else."""
    try:
        number = id_of(object_of(raw).get("id"))
        if not number:
            raise ValueError("it has no id")
        return _Maker(raw, number, reading).product()
    except (
        ValueError,
        TypeError,
        KeyError,
        AttributeError,
        IndexError,
        ArithmeticError,
        RecursionError,
    ) as error:
        known = id_of(object_of(raw).get("id"))
        return Product(
            known or f"unreadable-{fingerprint(raw)[:12]}",
            problems=(problem("record.unreadable", detail=error),),
        )


class _Maker:
    """One product being read; collects its problems."""

    def __init__(self, raw: Mapping[str, Any], number: str, reading: Reading) -> None:
        self._raw, self._id, self._reading = raw, number, reading
        self._problems: list[Problem] = []
        self._pictures: dict[str, Media] = {}
        self._currency = self._read_currency()

    def product(self) -> Product:
        raw = self._raw
        title = said(raw.get("name")) or said(raw.get("invoice_name"))
        if title is None:
            self._note("title.missing")
        prices = self._prices(raw, "")
        self._problems += prices.problems
        self._images(raw.get("images"), "")
        variants = self._variants(prices)
        path = self._reading.categories.get(id_of(raw.get("category_id")), ())
        return Product(
            self._id,
            title=title,
            description=self._description(),
            vendor=said(raw.get("brand")),
            product_type=path[-1] if path else said(raw.get("category")),
            sku=said(raw.get("sku")),
            option_names=tuple(name for name, _ in variants[0].options) if variants else (),
            variants=variants,
            media=tuple(self._pictures.values()) or None,
            prices=prices.lists,
            extra=self._extra(path),
            problems=tuple(self._problems),
        )

    def _note(self, cause: str, **params: Any) -> None:
        self._problems.append(problem(cause, **params))

    def _read_currency(self) -> str:
        code = money.currency_code(text_of(self._raw.get("currency")))
        if code is None:
            self._note("currency.unknown", value=self._raw.get("currency"))
        return code or ""

    def _prices(self, raw: Mapping[str, Any], sku: str) -> Prices:
        """No prices at all in an unknown currency."""
        return PriceReader(self._currency, self._reading.dots, sku).read(raw) if self._currency else Prices()

    def _description(self) -> str | None:
        """The HTML detail, else the short text made HTML."""
        detail, short = said(self._raw.get("description_detail")), said(self._raw.get("description"))
        if detail is not None or short is None or "<" in short:
            return detail or short
        return html.escape(short, quote=False).replace("\n", "<br>")

    def _extra(self, path: tuple[str, ...]) -> dict[str, str]:
        found = flat(self._raw, _STRUCTURED)
        short, tree = text_of(self._raw.get("description")), " > ".join(path)
        return {
            **found,
            **({"category_path": tree, "category_name": path[-1]} if path else {}),
            **({"description": short} if short else {}),
        }

    def _variants(self, prices: Prices) -> tuple[Variant, ...]:
        raws = list_of(self._raw.get("variants"))
        if not raws:
            only = self._variant(self._raw, f"product:{self._id}", (), prices)
            return (only,) if only else ()
        readable = [raw for raw in raws if isinstance(raw, Mapping)]
        for raw in raws:
            if not isinstance(raw, Mapping):
                self._note("variant.unreadable", detail=type(raw).__name__)
        sellable = [raw for raw in readable if self._has_sku(raw)]
        made = [
            self._variant(
                raw, _variant_id(raw), options, prices.over(self._prices(raw, text_of(raw.get("sku"))))
            )
            for raw, options in zip(sellable, options_of(sellable), strict=True)
        ]
        kept = tuple(self._distinct(variant for variant in made if variant))
        if not kept:
            self._note("variants.none")
        return kept

    def _has_sku(self, raw: Mapping[str, Any]) -> bool:
        if text_of(raw.get("sku")):
            return True
        self._note(
            "sku.empty",
            detail=shown(options_of([raw])[0]) or text_of(raw.get("barcode")) or id_of(raw.get("id")),
        )
        return False

    def _variant(
        self, raw: Mapping[str, Any], number: str, options: Options, prices: Prices
    ) -> Variant | None:
        sku = said(raw.get("sku"))
        if sku is None:
            self._note("sku.empty", detail=text_of(raw.get("name")) or number)
            return None
        own = raw is not self._raw
        if own:
            self._problems += prices.problems
        base = prices.lists.get("base")
        return Variant(
            number,
            sku=sku,
            barcode=said(raw.get("barcode")),
            options=options,
            price=prices.base,
            compare_at=base.compare_at if base else None,
            cost=prices.cost,
            tracked=True,
            media=(self._images(raw.get("images"), sku) or None) if own else None,
            levels=self._levels(raw.get("stocks"), sku),
            prices=prices.lists,
            extra=flat(raw, _STRUCTURED | {"model"}) if own else {},
        )

    def _distinct(self, variants: Iterable[Variant]) -> Iterable[Variant]:
        """The first of each SKU and of each option pair; the others are reported."""
        skus: set[str] = set()
        pairs: set[tuple[str, ...]] = set()
        for variant in variants:
            sku, pair = key_of(variant.sku), option_key(variant.options)
            if sku in skus:
                self._note("sku.duplicate", sku=variant.sku or "", value=variant.sku)
            elif pair in pairs:
                self._note("options.duplicate", sku=variant.sku or "", value=shown(variant.options) or "—")
            else:
                skus.add(sku)
                pairs.add(pair)
                yield variant

    def _levels(self, raw: Any, sku: str) -> tuple[Level, ...]:
        """Stock by warehouse; several rows of one warehouse (shelves) are summed. No readable row: a
        problem, no zero."""
        found: dict[str, int] = {}
        for row in list_of(raw):
            place, count = _stock_row(row)
            if not place or count is None:
                self._note("stock.unreadable", sku=sku, value=object_of(row).get("stock", row))
                return ()
            found[place] = found.get(place, 0) + count
        if not found:
            self._note("stock.missing", sku=sku)
        return tuple(Level(place, count) for place, count in found.items())

    def _images(self, raw: Any, sku: str) -> tuple[str, ...]:
        """Adds the pictures to the product's, once each by address; returns the ids of these."""
        ids: list[str] = []
        for entry in list_of(raw):
            url = _picture_url(entry)
            if not url:
                continue
            if not safe_url(url, self._reading.allow_private):
                self._note("image.unsafe", sku=sku, value=url)
                continue
            known = self._pictures.setdefault(
                url, Media(id_of(object_of(entry).get("id")) or _picture_id(url), url)
            )
            ids.append(known.id)
        return tuple(dict.fromkeys(ids))


def _picture_id(url: str) -> str:
    """What tells pictures without an id apart: their address but for scheme and port, so that a tenant that
    moves to others of these does not seem to have new pictures."""
    parts = urlsplit(url)
    return f"{parts.hostname}{parts.path}" + (f"?{parts.query}" if parts.query else "")


def _variant_id(raw: Mapping[str, Any]) -> str:
    """The variant's id; where a tenant sends none, its SKU stands in."""
    return id_of(raw.get("id")) or f"sku:{text_of(raw.get('sku'))}"


def _stock_row(row: Any) -> tuple[str, int | None]:
    """(warehouse id, pieces) of a row; the warehouse may be a number or an object, the pieces a number or
    a text."""
    cells = object_of(row)
    place = cells.get("warehouse")
    number = (
        text_of(place.get("id"))
        if isinstance(place, Mapping)
        else text_of(place or cells.get("warehouse_id"))
    )
    try:
        return number, money.pieces(cells.get("stock"))
    except money.Unreadable:
        return number, None


def _picture_url(entry: Any) -> str:
    url = text_of(entry.get("url")) if isinstance(entry, Mapping) else text_of(entry)
    return f"https:{url}" if url.startswith("//") else url


def category_paths(raw: Any) -> dict[str, tuple[str, ...]]:
    """The category tree as id → names from the root; bare array, `data` wrapper or nothing."""
    found: dict[str, tuple[str, ...]] = {}
    waiting: list[tuple[Any, tuple[str, ...]]] = [(entry, ()) for entry in unwrapped(raw)]
    while waiting:
        entry, above = waiting.pop()
        cells = object_of(entry)
        number, name = id_of(cells.get("id")), text_of(cells.get("name"))
        if number and name and number not in found:
            found[number] = (*above, name)
            waiting += [(inner, found[number]) for inner in list_of(cells.get("sub_categories"))]
    return found


def unwrapped(raw: Any) -> list[Any]:
    """The entries of a list that may come bare or as `data`."""
    return list_of(raw.get("data")) if isinstance(raw, Mapping) and "data" in raw else list_of(raw)


def one_record(raw: Any) -> Any:
    """The one record of an answer that may wrap it in `data`, `product` or `order`, or in a list of one."""
    for name in ("data", "product", "order"):
        if isinstance(raw, Mapping) and name in raw and "id" not in raw:
            raw = raw[name]
    return raw[0] if isinstance(raw, list) and raw else raw


def at_places(found: Product, places: frozenset[str]) -> Product:
    """The product with the stock of these warehouses only."""
    variants = tuple(
        replace(v, levels=tuple(lv for lv in v.levels if lv.location_id in places)) for v in found.variants
    )
    return replace(found, variants=variants)


def has_sku(found: Product, wanted: frozenset[str]) -> bool:
    """Whether the product or one of its variants has exactly one of these SKU keys: Sentos' own filter is
    loose."""
    return any(key_of(sku) in wanted for sku in (found.sku, *(v.sku for v in found.variants)) if sku)
