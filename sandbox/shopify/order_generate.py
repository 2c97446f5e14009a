"""Descriptions of believable orders on the products there are; some carry one of the known dirts."""

from __future__ import annotations

import random
from datetime import timedelta
from decimal import Decimal
from itertools import islice
from typing import Any

from sandbox.shopify import people
from sandbox.shopify.customers import customer_for
from sandbox.shopify.order_build import BadOrder, build_order
from sandbox.shopify.order_totals import cents
from sandbox.shopify.store import Store

Obj = dict[str, Any]
DIRTS = ("line_without_sku", "other_currency", "tip", "gift_card", "withheld_customer", "fee")
ASKED = frozenset({"count", "seed", "dirt", "dirts", "hours"})
# Of a generated stock catalogue, which may be huge, the first products are bought.
MOST_GENERATED = 2000
CASH_ON_DELIVERY = "Cash on Delivery (COD)"
GATEWAYS = ("iyzico", "PayTR", "shopify_payments", "Banka Havalesi")


def place_orders(store: Store, asked: Obj) -> list[Obj]:
    """Place ``count`` orders by ``seed``; ``dirt`` is the share of dirty ones (0 unless told).

    They are placed now, or spread over the last ``hours``.
    BadOrder if there is nothing to buy or no such dirt.
    """
    if odd := sorted(set(asked) - ASKED):
        raise BadOrder(f"unknown {', '.join(odd)}; give lines for one order, or {', '.join(sorted(ASKED))}")
    dice = random.Random(asked.get("seed", 1))
    variants = _buyable(store)
    if not variants:
        raise BadOrder("there are no products with variants to order; sync or seed some first")
    dirts = tuple(asked.get("dirts") or DIRTS)
    if odd := sorted(set(dirts) - set(DIRTS)):
        raise BadOrder(f"unknown dirt {', '.join(odd)}; orders know: {', '.join(DIRTS)}")
    count, share = int(asked.get("count", 1)), float(asked.get("dirt", 0))
    dirty = set(dice.sample(range(count), round(count * share)))
    made = []
    for n in range(count):
        spec = _clean(store, dice, variants)
        if asked.get("hours"):
            _backdate(store, spec, (count - n) / count * float(asked["hours"]))
        if n in dirty:
            _soil(spec, dirts[len([d for d in dirty if d < n]) % len(dirts)])
        made.append(build_order(store, spec))
    return made


def _buyable(store: Store) -> list[Obj]:
    rows: list[Obj] = []
    most = None if store.stock is None else MOST_GENERATED
    for product in islice(store.sorted("product", "id"), most):
        if product["status"] in ("ACTIVE", "DRAFT") and not product["isGiftCard"]:
            rows += [one for one in product["_variants"] if one["_item"]["sku"] and Decimal(one["price"]) > 0]
    return rows


def _backdate(store: Store, spec: Obj, hours: float) -> None:
    moment = store.tools.clock.now() - timedelta(hours=hours)
    spec["created_at"] = spec["processed_at"] = moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def _clean(store: Store, dice: random.Random, variants: list[Obj]) -> Obj:
    buyer = people.person(dice)
    cash = dice.random() < 0.15
    spec: Obj = {
        "lines": _lines(dice, variants),
        "customer": {"id": customer_for(store, buyer)["id"]},
        "email": buyer["email"],
        "phone": buyer["phone"],
        "shipping_address": buyer["address"],
        "billing": buyer["address"],
        "shipping": [_shipping(dice, cash)],
        "payment": "pending" if cash else "paid",
        "gateway": CASH_ON_DELIVERY if cash else dice.choice(GATEWAYS),
        "tags": [],
        "attributes": {},
    }
    if dice.random() < 0.3:
        spec["discount"] = dice.choice(
            ({"code": "HOSGELDIN10", "percentage": 10}, {"code": "BAHAR50", "amount": 50}, {"percentage": 7})
        )
    _invoice(dice, spec, buyer)
    return spec


def _lines(dice: random.Random, variants: list[Obj]) -> list[Obj]:
    count = min(dice.choices((1, 2, 3, 4), (50, 28, 14, 8))[0], len(variants))
    lines = []
    for variant in dice.sample(variants, count):
        stocked = max((one["_q"]["available"] for one in variant["_item"]["_levels"].values()), default=0)
        quantity = min(dice.choices((1, 2, 3), (78, 17, 5))[0], max(1, stocked))
        line: Obj = {
            "variant": variant["id"],
            "quantity": quantity,
            "tax_rate": dice.choices(("0.10", "0.20"), (80, 20))[0],
        }
        if dice.random() < 0.12:
            line["discount"] = cents(Decimal(variant["price"]) * quantity / 10)
        lines.append(line)
    return lines


def _shipping(dice: random.Random, cash: bool) -> Obj:
    price = "0" if dice.random() < 0.45 else dice.choice(("49.90", "59.90", "79.99"))
    title = (
        "Kapıda Ödeme"
        if cash
        else dice.choice(("Standart Kargo", "Ücretsiz Kargo" if price == "0" else "Hızlı Kargo"))
    )
    return {"title": title, "code": title, "price": price, "tax_rate": "0.20"}


def _invoice(dice: random.Random, spec: Obj, buyer: Obj) -> None:
    """Some want an invoice in another name, to another address, or with their identity number."""
    chance = dice.random()
    if chance < 0.12:
        name, office, number = people.company(dice)
        spec["billing"] = {
            **people.place(dice, buyer["firstName"], buyer["lastName"], buyer["phone"]),
            "company": name,
        }
        spec["attributes"] = {"Vergi Dairesi": office, "Vergi No": number}
        spec["note"] = f"Fatura şirket adına kesilsin: {name}"
    elif chance < 0.3:
        spec["attributes"] = {"TC Kimlik No": people.tckn(dice)}
    elif chance < 0.42:
        first = dice.choice(people.FIRST)
        spec["shipping_address"] = people.place(dice, first, buyer["lastName"], None)
        spec["note"] = "Hediye paketi olsun lütfen 🎁"


def _soil(spec: Obj, dirt: str) -> None:
    """Give an order one dirt; it is tagged with its name, so that a test can find it."""
    spec["tags"] = [f"dirt-{dirt.replace('_', '-')}"]
    if dirt == "line_without_sku":
        spec["lines"].append(
            {"title": "Özel dikim farkı", "sku": None, "quantity": 1, "price": "75.00", "tax_rate": "0.20"}
        )
    elif dirt == "other_currency":
        spec["presentment"] = {"currency": "EUR", "rate": "0.0213"}
    elif dirt == "tip":
        spec["tip"] = "25.00"
    elif dirt == "fee":
        spec["fees"] = "19.90"
    elif dirt == "gift_card":
        spec["lines"].append(
            {
                "title": "Hediye Kartı",
                "sku": "GIFT-500",
                "quantity": 1,
                "price": "500.00",
                "gift_card": True,
                "taxable": False,
            }
        )
    elif dirt == "withheld_customer":
        spec["withheld"] = True
