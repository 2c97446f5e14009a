"""Builders of small products for the engine's tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal
from itertools import count

from sync.engine.products.match import Hit, Match, Matcher, key_values
from sync.engine.products.pairing import Memory
from sync.engine.products.plan import Rules, plan_product
from sync.engine.products.wanted import wanted
from sync.model.flow import DEFAULT_FIELDS, Link, ProductSettings
from sync.model.plan import Planned
from sync.model.product import Level, Media, PricePair, Product, Variant
from sync.model.values import Money

LINK = Link("L", "Link", "A", "B", {"loc1": ("w1", "w2")})
GROUPS = {"tags": "tags"}


def lira(text: str) -> Money:
    return Money(Decimal(text), "TRY")


def item(
    sku: str,
    *,
    price: str | None = "100",
    stock: int = 5,
    id: str = "",
    options: Sequence[tuple[str, str]] = (),
    **more: object,
) -> Variant:
    """A source variant with `stock` pieces in warehouse w1."""
    prices = {"shopify": PricePair(lira(price))} if price is not None else {}
    return Variant(
        id or f"v-{sku}", sku=sku, options=tuple(options), prices=prices, levels=(Level("w1", stock),), **more
    )  # type: ignore[arg-type]


def source(id: str = "1", *variants: Variant, title: str = "Elbise", **more: object) -> Product:
    values: dict[str, object] = {
        "media": (Media("m1", "http://x/1.jpg"),),
        "vendor": "Moda",
        "tags": ("yeni",),
        "description": "<p>x</p>",
    }
    return Product(id, title=title, variants=variants or (item(f"SKU-{id}"),), **{**values, **more})  # type: ignore[arg-type]


def shown(body: Product, id: str = "p1", **more: object) -> Product:
    """What the shop shows of a product that was created from `body` and has not changed since."""
    from dataclasses import replace

    variants = tuple(
        replace(v, id=f"{id}/{n}", item_id=f"i-{v.sku}", levels=tuple(v.levels))
        for n, v in enumerate(body.variants)
    )
    return replace(body, id=id, variants=variants, **more)  # type: ignore[arg-type]


class Lists:
    """An index over plain lists."""

    def __init__(self, **sides: Sequence[Product]) -> None:
        self.sides: Mapping[str, Sequence[Product]] = sides

    def find(self, side: str, key: str, values: Sequence[str]) -> list[Hit]:
        return [
            (value, p.id, "") for p in self.sides[side] for value in key_values(p)[key] if value in values
        ]


def matcher(sources: Sequence[Product], targets: Sequence[Product], **more: object) -> Matcher:
    return Matcher(
        Lists(a=sources, b=targets),
        "a",
        "b",
        ("sku", "handle", "barcode"),
        **{  # type: ignore[arg-type]
            "bound": {},
            "owners": {},
            "present": frozenset(t.id for t in targets),
            **more,
        },
    )


def rules(settings: ProductSettings = ProductSettings(), *fields: str) -> Rules:
    ids = count(1)
    return Rules(
        settings, frozenset(fields or DEFAULT_FIELDS) | {"channels"}, GROUPS, lambda: f"c{next(ids)}"
    )


def plan(
    p: Product,
    match: Match,
    target: Product | None = None,
    memory: Memory = Memory(),
    settings: ProductSettings = ProductSettings(),
    *fields: str,
) -> Planned:
    return plan_product(wanted(p, settings, LINK, "shop"), match, target, memory, rules(settings, *fields))
