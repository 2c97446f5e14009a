"""Records with every field in use, and strategies for any record."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

from hypothesis import strategies as st

from sync.model.call import Change, Diff, Verb
from sync.model.entity import Entity
from sync.model.order import (
    Address,
    Buyer,
    Extra,
    Fulfilment,
    FulfilmentOrder,
    Order,
    OrderLine,
    Tracking,
)
from sync.model.plan import Item, Planned, PlannedChange, Settle
from sync.model.problem import Problem
from sync.model.product import Level, Media, PricePair, Product, Variant
from sync.model.text import say
from sync.model.values import Money

NOON = datetime(2026, 11, 20, 12, 0, 0, 123456, tzinfo=UTC)


def lira(amount: str) -> Money:
    return Money(Decimal(amount), "TRY")


VARIANT = Variant(
    "v1",
    sku="ŞİR-1",
    barcode="8690000000012",
    options=(("Beden", "M"), ("Renk", "Ekru")),
    price=lira("1299.90"),
    compare_at=lira("0"),
    cost=lira("700"),
    weight_grams=Decimal("350.5"),
    hs_code="6109",
    origin="TR",
    taxable=False,
    stock_policy="deny",
    tracked=True,
    item_id="i1",
    media=("m1",),
    levels=(Level("loc-1", -2), Level("2", 5, False)),
    prices={"shopify": PricePair(lira("1299.90"), lira("1499.90"))},
    extra={"desi": "2"},
)
MEDIA = Media("m1", "https://x.example/ğ.jpg?a=1", "bir resim", "processing")
PRODUCT = Product(
    "p1",
    handle="şirin-elbise",
    title="Şirin 👗 Elbise \u202b",
    description="<p>ä</p>",
    vendor="Ön",
    tags=("b", "a"),
    status="draft",
    sku="P-1",
    option_names=("Beden", "Renk"),
    variants=(VARIANT,),
    media=(MEDIA,),
    metafields={"sync.record": "c/p1"},
    channels=(),
    extra={"x": ""},
    updated_at=NOON,
    problems=(Problem("price.zero", say("The price of {sku} is 0.", sku="ŞİR-1")),),
)
FULFILMENT = Fulfilment(
    "f1", "o1", Tracking("Aras", "123", "https://x.example"), "success", (("l1", 2), ("l2", 1))
)
ORDER = Order(
    "o1",
    "#1001",
    NOON,
    None,
    "TRY",
    lira("100.01"),
    shipping=lira("0"),
    taxes_included=False,
    lines=(OrderLine("l1", None, "Başlık", 3, lira("33.34"), lira("0.01"), lira("100.01"), Decimal("10")),),
    extras=(Extra("rounding", lira("-0.01")),),
    buyer=Buyer("c1", None, "", "+90555"),
    billing=Address("Ayşe", city="İzmir"),
    cancelled_at=NOON,
    gateways=("iyzico",),
    attributes={"TCKN": "1"},
    refunded=lira("5"),
    withheld=("email",),
    tracking=Tracking(number="7"),
    fulfilments=(FULFILMENT,),
    fulfilment_orders=(FulfilmentOrder("fo", "open", "loc-1", 2, False),),
)


def change(number: int, body: object = None, **values: object) -> Change:
    """A change to product `p<number>`; a create when it has a body."""
    fields = {
        "entity": Entity.PRODUCT,
        "verb": Verb.CREATE if body else Verb.UPDATE,
        "source_id": f"p{number}",
        "target_id": "" if body else f"t{number}",
        "label": f"Product {number}",
        "body": body,
        **values,
    }
    return Change(f"c{number:06d}", **fields)  # type: ignore[arg-type]


def price_change(number: int, before: str = "1.00 TRY", after: str = "2.00 TRY") -> Change:
    return change(
        number, diffs=(Diff("price", before, after, "source moved"), Diff("tags", None, ("a", "b")))
    )


def planned(number: int, *changes: Change, outcome: str = "updated", **more: object) -> Planned:
    """One report row with its changes, all of phase "product"."""
    settle = (Settle("product", f"p{number}", {"title": ("A", None)}),)
    item = Item(Entity.PRODUCT, f"p{number}", f"Product {number}", outcome, sku=f"SKU-{number}")
    return Planned(item, tuple(PlannedChange(c, "product", settle) for c in changes), **more)  # type: ignore[arg-type]


# -- any record ------------------------------------------------------------------------------------------

texts = st.text(max_size=12)
names = st.text(min_size=1, max_size=8)
moments = st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)) | st.builds(
    lambda n: NOON + timedelta(microseconds=n), st.integers(0, 10**6)
)
amounts = st.decimals(-(10**9), 10**9, places=2, allow_nan=False)
money = st.builds(Money, amounts, st.sampled_from(["TRY", "EUR", "USD"]))
maps = st.dictionaries(names, texts, max_size=3)


def some(strategy: st.SearchStrategy) -> st.SearchStrategy:
    return st.none() | strategy


def several(strategy: st.SearchStrategy, most: int = 3) -> st.SearchStrategy:
    return st.lists(strategy, max_size=most).map(tuple)


media = st.builds(Media, names, texts, texts, st.sampled_from(["ready", "processing", "failed"]))
levels = st.builds(Level, names, st.integers(-(10**6), 10**6), st.booleans())
prices = st.dictionaries(names, st.builds(PricePair, some(money), some(money)), max_size=2)
problems = st.builds(Problem, names, st.builds(lambda t, n: say("{a} {b}", a=t, b=n), texts, st.integers()))
variants = st.builds(
    Variant,
    names,
    sku=some(texts),
    barcode=some(texts),
    options=several(st.tuples(texts, texts)),
    price=some(money),
    compare_at=some(money),
    weight_grams=some(amounts),
    taxable=some(st.booleans()),
    tracked=some(st.booleans()),
    media=some(several(names)),
    levels=several(levels),
    prices=prices,
    extra=maps,
)
products = st.builds(
    Product,
    names,
    title=some(texts),
    tags=some(several(texts)),
    variants=several(variants, 2),
    media=some(several(media)),
    metafields=maps,
    channels=some(several(names)),
    prices=prices,
    extra=maps,
    updated_at=some(moments),
    problems=several(problems, 2),
)
lines = st.builds(
    OrderLine,
    names,
    some(texts),
    texts,
    st.integers(0, 10**6),
    money,
    money,
    money,
    vat_rate=some(amounts),
    gift_card=st.booleans(),
    requires_shipping=st.booleans(),
    fulfillable=st.integers(0, 9),
)
trackings = st.builds(Tracking, texts, texts, texts)
fulfilments = st.builds(
    Fulfilment, names, names, trackings, texts, several(st.tuples(names, st.integers(0, 99)))
)
addresses = st.builds(Address, *[texts] * 9)
orders = st.builds(
    Order,
    names,
    texts,
    moments,
    some(moments),
    st.just("TRY"),
    money,
    lines=several(lines, 2),
    shipping=some(money),
    taxes_included=st.booleans(),
    extras=several(st.builds(Extra, names, money, texts), 2),
    buyer=st.builds(Buyer, texts, some(texts), some(texts), some(texts)),
    billing=some(addresses),
    cancelled_at=some(moments),
    attributes=maps,
    test=st.booleans(),
    refunded=some(money),
    withheld=several(names),
    tracking=some(trackings),
    fulfilments=several(fulfilments, 2),
    problems=several(problems, 2),
)
halves = st.none() | texts | st.integers(-(10**9), 10**9) | st.booleans() | several(texts)
diffs = st.builds(Diff, names, halves, halves, texts)
changes = st.builds(
    Change,
    st.uuids().map(str),
    st.sampled_from(Entity),
    st.sampled_from(Verb),
    names,
    texts,
    texts,
    texts,
    texts,
    several(diffs),
    st.none() | products | variants | media | orders | fulfilments,
    texts,
    texts,
)
