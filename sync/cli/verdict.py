"""Lost or doubled? Read off what the sandboxes really hold, never off our own status columns."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

State = Mapping[str, Any]
Fates = Mapping[str, str]
"""Source id → outcome in our report: the only thing of ours that counts, and only as an excuse."""

EXCUSED = ("parked", "skipped")


@dataclass(frozen=True, slots=True)
class Ledger:
    """What is lost or doubled, each entry named for a person."""

    lost: tuple[str, ...] = ()
    doubled: tuple[str, ...] = ()

    def counts(self) -> dict[str, int]:
        return {"lost": len(self.lost), "doubled": len(self.doubled)}


def compare(sentos: State, shopify: State, products: Fates, orders: Fates) -> Ledger:
    """Holds both sandboxes' `/_sandbox/state` against each other: every product with its variants in the
    shop and every order in the ERP, exactly once, or reported with a reason that its dirt allows."""
    ours, theirs = sentos["products"], shopify["products"]
    return Ledger(
        (*_lost_products(ours, theirs, products), *_lost_orders(sentos["orders"], shopify["orders"], orders)),
        (*_doubled_products(theirs), *_doubled_media(theirs), *_doubled_orders(sentos["orders"])),
    )


def _lost_products(ours: Sequence[State], theirs: Sequence[State], fates: Fates) -> Iterable[str]:
    """Also lost: a product that stands in the shop though it must not (a price of 0), and a clean one's
    variant."""
    skus: dict[str, set[str]] = {}
    for product in theirs:
        skus.setdefault(record_of(product), set()).update(v["sku"] for v in product["variants"])
    for product in ours:
        number = str(product["id"])
        there, fate = number in skus, fates.get(number, "missing from the report")
        if ("synced" if there else fate) not in product["accept"]:
            yield f"product {number} ({product['sku']}): {'' if there else 'not '}in the shop, {fate}"
        elif there and not product["dirt"]:
            yield from (
                f"variant {sku} of product {number}" for sku in product["skus"] if sku not in skus[number]
            )


def record_of(product: State) -> str:
    """The source's id of a product of the shop, "" for one that is not ours; its mark says connection/id."""
    return str(product["metafields"].get("sync.record", "")).rpartition("/")[2]


def _doubled_products(theirs: Sequence[State]) -> Iterable[str]:
    yield from (f"product {n}" for n in _twice(record_of(p) for p in theirs))
    yield from (f"SKU {sku}" for sku in _twice(v["sku"] for p in theirs for v in p["variants"]))


def _doubled_media(theirs: Sequence[State]) -> Iterable[str]:
    for product in theirs:
        sources = (medium.get("source") for medium in product["media"])
        yield from (f"picture {source} of {product['handle']}" for source in _twice(sources))


def _lost_orders(erp: Sequence[State], shop: Sequence[State], fates: Fates) -> Iterable[str]:
    """Our own name of an order at the ERP (`order_id`) ends with the shop's number of it."""
    there = {str(order["order_id"]).rpartition("-")[2] for order in erp}
    for order in shop:
        number = str(order["id"]).rpartition("/")[2]
        fate = fates.get(str(order["id"]), fates.get(number, "missing from the report"))
        if number not in there and fate not in EXCUSED:
            yield f"order {order['name']}: not at Sentos, {fate}"


def _doubled_orders(erp: Sequence[State]) -> Iterable[str]:
    """By our reference; where those differ, one number of one channel is the same order twice."""
    yield from (f"order {reference}" for reference in _twice(str(o["order_id"]) for o in erp))
    different = {str(o["order_id"]): (o.get("source"), str(o["order_code"]).lstrip("#")) for o in erp}
    yield from (f"order number {code}" for _, code in _twice(pair for pair in different.values() if pair[1]))


def _twice(values: Iterable[Any]) -> list[Any]:
    """Each value once for every time that it is there too often; empty ones are no identity."""
    return [value for value, n in Counter(v for v in values if v).items() for _ in range(n - 1)]
