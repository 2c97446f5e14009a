"""Source product → the product that is wanted at the target, by the flow's settings. Pure."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from sync.model.flow import FieldMap, Link, ProductFilter, ProductSettings
from sync.model.problem import Problem
from sync.model.product import Level, Media, PricePair, Product, Variant
from sync.model.stock import ALL_PLACES
from sync.model.text import say
from sync.model.values import Money, key_of, text

RECORD_KEY = "sync.record"
"""The metafield (type id) that names the source record; creates upsert by it."""
VARIANTS_KEY = "sync.variants"
IN_STOCK = "stock"
"""The filter that keeps products without stock from being created; one that is in the shop already stays in
step."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the target is to show. `excluded` says why a filter left the record out; `fatal` problems keep it
    from being written at all, `problems` concern single fields, which are None in `product`."""

    product: Product
    problems: tuple[Problem, ...] = ()
    fatal: tuple[Problem, ...] = ()
    excluded: str = ""


def wanted(source: Product, settings: ProductSettings, link: Link, origin: str) -> Wanted:
    """`origin` names the source connection in the record's custom id."""
    excluded = left_out_by(source, settings.filters)
    names = _option_names(source.variants, source.option_names)
    pictures = {m.id: m.url for m in source.media or ()}
    spelt: dict[tuple[str, str], str] = {}
    pairs = [
        _variant(_with_pictures(_with_options(v, names, spelt), pictures), source, settings, link)
        for v in source.variants
    ]
    kept, dropped = _without_flawed(pairs)
    variants = tuple(v for v, _ in kept)
    problems = [
        *source.problems,
        *_unpriced([p for _, found in pairs for p in found]),
        *dropped,
        *_duplicates(variants),
    ]
    product = _mapped(
        source,
        settings,
        replace(
            source,
            handle=source.handle,
            title=text(source.title) or None,
            variants=variants,
            media=_media(source),
            option_names=names,
            status=None,
            channels=tuple(settings.channels),
            metafields={RECORD_KEY: f"{origin}/{source.id}", VARIANTS_KEY: _variant_map(variants)},
            problems=(),
        ),
    )
    return Wanted(product, tuple(problems), _fatal(product, problems), excluded)


def _variant(v: Variant, product: Product, s: ProductSettings, link: Link) -> tuple[Variant, list[Problem]]:
    pair, problems = _price(v, product, s)
    compare = pair.compare_at
    if pair.price is not None and (compare is None or compare.amount <= pair.price.amount):
        compare = Money(Decimal(0), pair.price.currency)  # nothing to strike through
    return replace(
        v, sku=text(v.sku), price=pair.price, compare_at=compare, tracked=True, levels=_levels(v, link)
    ), problems


def _price(v: Variant, product: Product, s: ProductSettings) -> tuple[PricePair, list[Problem]]:
    """The flow's price list, then (if allowed) the platform's plain price; zero is never a price. A list
    whose price is there but unreadable is not passed over: nobody knows what it says, so nothing is
    written."""
    for pair in _candidates(v, product, s):
        if pair.price is None:
            return PricePair(None), []  # reading it has left a problem on the record
        if pair.price.amount > 0 or not s.zero_price_protection:
            return _in_currency(pair, v, s)
    if any(p.cause == "currency.unknown" for p in product.problems):
        return PricePair(None), []
    zero = Problem(
        "price.zero",
        say(
            "{sku} has no price, or the price 0, in price list {list}. Its price is left as it is.",
            sku=v.sku or product.title,
            list=s.price_list,
        ),
        "price",
        text(v.sku),
    )
    return PricePair(None), [zero]


def _candidates(v: Variant, product: Product, s: ProductSettings) -> list[PricePair]:
    names = [s.price_list.casefold(), *(["base"] if s.price_fallback else [])]
    found = [prices[name] for name in names for prices in (v.prices, product.prices) if name in prices]
    return [*found, PricePair(v.price, v.compare_at)] if s.price_fallback and v.price is not None else found


def _unpriced(problems: list[Problem]) -> list[Problem]:
    """One line for all variants of a product that lack a price, not one each."""
    zero = [p for p in problems if p.cause == "price.zero"]
    if len(zero) < 2:
        return problems
    together = Problem(
        "price.zero",
        say(
            "{count} variants have no price, or the price 0: {skus}. Their prices are left as they are.",
            count=len(zero),
            skus=", ".join(p.sku for p in zero[:5]),
        ),
        "price",
    )
    return [together, *(p for p in problems if p.cause != "price.zero")]


def _in_currency(pair: PricePair, v: Variant, s: ProductSettings) -> tuple[PricePair, list[Problem]]:
    if pair.price is not None and pair.price.currency != s.currency:
        return PricePair(None), [
            Problem(
                "price.currency",
                say(
                    "{sku} is priced in {found}, the shop sells in {wanted}. Its price is left as it is.",
                    sku=v.sku,
                    found=pair.price.currency,
                    wanted=s.currency,
                ),
                "price",
                text(v.sku),
            )
        ]
    return pair, []


def _levels(v: Variant, link: Link) -> tuple[Level, ...]:
    """Per mapped location the sum of its warehouses, never below 0. No mapping, or a source that does not
    say: no word on stock."""
    if not v.levels:
        return ()
    stock = {level.location_id: level.available for level in v.levels}
    return tuple(
        Level(place, max(0, sum(stock.get(w, 0) for w in (stock if ALL_PLACES in group else group))))
        for place, group in link.locations.items()
        if group
    )


def _without_flawed(
    pairs: Iterable[tuple[Variant, list[Problem]]],
) -> tuple[list[tuple[Variant, list[Problem]]], list[Problem]]:
    """Variants that nobody could find again (no SKU) or that repeat an option pair are left out and
    reported."""
    kept: list[tuple[Variant, list[Problem]]] = []
    problems: list[Problem] = []
    seen: set[tuple[tuple[str, str], ...]] = set()
    for v, found in pairs:
        if not v.sku:
            problems.append(
                Problem(
                    "sku.missing",
                    say(
                        "A variant ({options}) has no SKU. It is left out until it has one.",
                        options=" / ".join(x for _, x in v.options) or "-",
                    ),
                    "sku",
                )
            )
        elif v.options in seen:
            problems.append(
                Problem(
                    "options.duplicate",
                    say(
                        "{sku} repeats the options {options} of another variant. The first one is kept.",
                        sku=v.sku,
                        options=" / ".join(x for _, x in v.options),
                    ),
                    "options",
                    v.sku,
                )
            )
        else:
            seen.add(v.options)
            kept.append((v, found))
    return kept, problems


def _duplicates(variants: Iterable[Variant]) -> list[Problem]:
    counts = Counter(key_of(v.sku) for v in variants)
    return [
        Problem(
            "sku.repeated",
            say(
                "The SKU {sku} stands on {count} variants of this product. Nothing is written until it is "
                "unique.",
                sku=sku,
                count=n,
            ),
            "",
            sku,
        )
        for sku, n in counts.items()
        if n > 1
    ]


def _fatal(product: Product, problems: Iterable[Problem]) -> tuple[Problem, ...]:
    fatal = [
        p
        for p in problems
        if p.cause in ("sku.repeated", "record.unreadable", "title.missing", "variants.none")
    ]
    if not product.title and not any(p.cause == "title.missing" for p in fatal):
        fatal.append(Problem("title.missing", say("The product has no title."), "title"))
    if not product.variants and not any(p.cause == "variants.none" for p in fatal):
        fatal.append(
            Problem("variants.none", say("Nothing sellable is left of this product: no variant has a SKU."))
        )
    if len(product.option_names) > 3:
        fatal.append(
            Problem(
                "options.many",
                say("The product has {count} options; the shop allows 3.", count=len(product.option_names)),
            )
        )
    if len(product.variants) > 2048:
        fatal.append(
            Problem(
                "variants.many",
                say("The product has {count} variants; the shop allows 2,048.", count=len(product.variants)),
            )
        )
    return tuple(fatal)


def _option_names(variants: tuple[Variant, ...], known: tuple[str, ...]) -> tuple[str, ...]:
    names = list(known)
    for v in variants:
        names += [name for name, _ in v.options if name not in names]
    return tuple(n for n in names if any(n == name for v in variants for name, _ in v.options))


# What a variant is called that lacks an option which its siblings have.
_ONLY = {"Renk": "Tek Renk", "Beden": "Tek Beden"}


def _with_options(v: Variant, names: tuple[str, ...], spelt: dict[tuple[str, str], str]) -> Variant:
    """Every variant names every option; " / " inside a value is what Shopify joins option values with, and
    refuses. `spelt` holds how each value is spelt where it comes first: shops do not tell Siyah/Beyaz from
    siyah/beyaz."""
    have = {name: text(value).replace(" / ", "/") for name, value in v.options}
    wanted = {n: have.get(n) or _ONLY.get(n, "Standart") for n in names}
    return replace(
        v, options=tuple((n, spelt.setdefault((n, key_of(value)), value)) for n, value in wanted.items())
    )


def _with_pictures(v: Variant, pictures: Mapping[str, str]) -> Variant:
    """A variant's pictures by address: the target does not know the source's ids."""
    return replace(v, media=tuple(pictures[i] for i in v.media if i in pictures)) if v.media else v


def _media(source: Product) -> tuple[Media, ...] | None:
    """Each picture once, in the source's order. None (the source did not say) stays None."""
    if source.media is None:
        return None
    return tuple({m.id: m for m in source.media if m.id}.values())


def _variant_map(variants: Iterable[Variant]) -> str:
    return json.dumps(
        {v.id: v.sku for v in variants}, ensure_ascii=False, sort_keys=True, separators=(",", ":")
    )


# -- filters and custom mappings -----------------------------------------------------------------------------


def left_out_by(p: Product, f: ProductFilter) -> str:
    """The name of the filter that leaves the product out, "" if it takes part."""
    brands, categories, skus = ({x.casefold() for x in group} for group in (f.brands, f.categories, f.skus))
    if brands and (p.vendor or "").casefold() not in brands:
        return "brand"
    if categories and (p.product_type or p.category or "").casefold() not in categories:
        return "category"
    if skus and not skus & {key_of(v.sku) for v in p.variants} and key_of(p.sku) not in skus:
        return "SKU"
    if f.title_contains and f.title_contains.casefold() not in (p.title or "").casefold():
        return "title"
    if f.in_stock_only and not any(level.available > 0 for v in p.variants for level in v.levels):
        return IN_STOCK
    return ""


def _mapped(source: Product, s: ProductSettings, product: Product) -> Product:
    for m in s.mappings:
        value = source_value(source, m.source)
        if value is not None and value != "":
            product = _set(product, m, value)
    return product


def source_value(p: Product, name: str) -> str | None:
    """A source field by name ("extra.shelf_number", "vendor"), or the constant after "="."""
    if name.startswith("="):
        return name[1:]
    if name.startswith("extra."):
        return p.extra.get(name[6:])
    value = getattr(p, name, None)
    return None if value is None or isinstance(value, (tuple, Mapping)) else text(value)


def _set(product: Product, m: FieldMap, value: str) -> Product:
    if m.target == "tag":
        return replace(product, tags=tuple(sorted({*(product.tags or ()), value})))
    if m.target.startswith("metafield:"):
        return replace(product, metafields={**product.metafields, m.target[10:]: value})
    if m.target in (
        "title",
        "description",
        "vendor",
        "product_type",
        "category",
        "seo_title",
        "seo_description",
    ):
        return replace(product, **{m.target: value})  # type: ignore[arg-type]
    return product
