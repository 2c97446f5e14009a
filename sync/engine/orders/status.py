"""Order statuses: the shop's words → Sentos' codes, forward only, and never back where they came from.

Sentos: 1 Onay Bekliyor, 2 Onaylandı, 3 Tedarik Sürecinde, 4 Hazırlanıyor, 5 Kargoya Verildi, 99 Teslim
Edildi; 6 İptal/İade Edildi is reached by approval only (codes as public client code has them)."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sync.model.flow import OrderSettings
from sync.model.order import Fulfilment, Order, Tracking
from sync.model.values import key_of

FORWARD = ("1", "2", "3", "4", "5", "99")
CANCELLED = "6"
SHIPPED = "5"
FULFIL, PROPOSE_CANCEL = "fulfil", "propose_cancel"


def rank(status: str) -> int:
    """How far an order has come; -1 for a code that is not on the way."""
    return FORWARD.index(status) if status in FORWARD else -1


def moves_forward(current: str, wanted: str) -> bool:
    """May an order go from `current` to `wanted` by itself? Never out of a cancellation, never back, never
    into 6."""
    return current != CANCELLED and wanted in FORWARD and rank(wanted) > rank(current)


def valid(fulfilments: Collection[Fulfilment]) -> list[Fulfilment]:
    """Shipments that count: not cancelled, not failed."""
    return [f for f in fulfilments if f.status in ("success", "")]


def wanted_status(order: Order, settings: OrderSettings, ours: Collection[str] = ()) -> str:
    """The code that the shop's facts stand for by the flow's table, "" if it says nothing. `ours` are ids of
    shipments that were made from Sentos' own status: they say nothing new to Sentos. 6 wins over
    everything."""
    words = ["cancelled"] if order.cancelled_at is not None else []
    words.append(key_of(order.financial))
    if not _only_ours(order, ours):
        words.append(key_of(order.fulfilment))
    table = {key_of(word): code for word, code in settings.status_out.items()}
    codes = [table[word] for word in words if table.get(word)]
    if CANCELLED in codes:
        return CANCELLED
    return max(codes, key=rank, default="")


def _only_ours(order: Order, ours: Collection[str]) -> bool:
    shipped = valid(order.fulfilments)
    return bool(shipped) and all(f.id in ours for f in shipped)


def first_status(order: Order, settings: OrderSettings) -> str:
    """The status that a new order gets at Sentos: what was paid, but nothing about shipping: that follows as
    a fact of its own, with its tracking."""
    table = {key_of(word): code for word, code in settings.status_out.items()}
    code = table.get(key_of(order.financial), "")
    return (
        code
        if code in FORWARD and rank(code) < rank(SHIPPED)
        else ("2" if rank(code) >= rank(SHIPPED) else "1")
    )


def shown_tracking(order: Order) -> Tracking:
    """The shop's tracking: of its first shipment that has a number."""
    return next((f.tracking for f in valid(order.fulfilments) if f.tracking.number), Tracking())


@dataclass(frozen=True, slots=True)
class Seen:
    """What Sentos shows of an order: its status and where the parcel is."""

    status: str = ""
    tracking: Tracking = Tracking()


def seen_of(order: Order) -> Seen:
    return Seen(order.status, order.tracking or Tracking())


def action_of(seen: Seen, settings: OrderSettings) -> str:
    """What Sentos' status asks of the shop: fulfil, propose_cancel or "". An order that is on its way is
    shipped in the shop only once its tracking number is there; one that has been delivered is, with or
    without."""
    asked = settings.status_back.get(seen.status, "")
    if asked == FULFIL and not seen.tracking.number and seen.status != "99":
        return ""
    return asked if asked in (FULFIL, PROPOSE_CANCEL) else ""
