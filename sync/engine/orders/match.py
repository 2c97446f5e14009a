"""Is an order at Sentos already? By our own reference first, then by its code; what is not certain parks."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass

from sync.model.order import Order
from sync.model.values import key_of, text

SHOPIFY = "shopify"


@dataclass(frozen=True, slots=True)
class Found:
    """`target` is the same order at Sentos; otherwise `candidates` may be and a person decides; else it is
    not there."""

    target: Order | None = None
    candidates: tuple[Order, ...] = ()


def is_foreign(order: Order, shop: str, known: Collection[str]) -> bool:
    """Did Sentos fetch this order from Shopify by itself? Orders of our own ledger (`known` ids) or under our
    own references (`shop` is their prefix, "70001-") are not that."""
    return key_of(order.source) == SHOPIFY and order.id not in known and not order.reference.startswith(shop)


def same_order(
    order: Order,
    reference: str,
    shown: Sequence[Order],
    taken: Collection[str],
    decision: tuple[str, str] = ("", ""),
) -> Found:
    """Looks for one of the shop's orders among `shown` orders of Sentos; `taken` are ids bound to other
    orders; `decision` is what the operator said about it: ("bind", id), ("create", "") or nothing."""
    verb, target = decision
    free = [o for o in shown if o.id not in taken]
    chosen = [o for o in free if verb == "bind" and o.id == target]
    exact = [o for o in free if o.reference == reference]
    if chosen or len(exact) == 1:
        return Found((chosen or exact)[0])
    if exact:
        return Found(candidates=tuple(exact))
    coded = [o for o in free if _same_code(o, order) and not o.reference.startswith(prefix_of(reference))]
    if verb == "create" or not coded:
        return Found()
    if len(coded) == 1 and key_of(coded[0].source) == SHOPIFY and coded[0].total.amount == order.total.amount:
        return Found(coded[0])
    return Found(candidates=tuple(coded))


def prefix_of(reference: str) -> str:
    """What all references of one shop begin with."""
    return reference.rpartition("-")[0] + "-"


def _same_code(shown: Order, order: Order) -> bool:
    own = {_bare(order.name), text(order.code), order.id} - {""}
    return _bare(shown.code) == _bare(order.name) or (
        key_of(shown.source) == SHOPIFY and shown.reference in own
    )


def _bare(name: str) -> str:
    return text(name).removeprefix("#")
