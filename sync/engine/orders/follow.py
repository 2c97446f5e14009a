"""Planning an order that is in our ledger: its facts follow in both directions, other edits park. Pure."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from sync.engine.orders.export import Rules, advance, described, item
from sync.engine.orders.ledger import ACKNOWLEDGED, SEEN, STATUS, Ledger, seen_pair, tracked
from sync.engine.orders.snapshot import differences, snapshot
from sync.engine.orders.status import (
    CANCELLED,
    FULFIL,
    PROPOSE_CANCEL,
    SHIPPED,
    Seen,
    action_of,
    moves_forward,
    rank,
    valid,
    wanted_status,
)
from sync.model.call import Change, Diff, Verb
from sync.model.entity import Entity
from sync.model.order import Fulfilment, Order, Tracking
from sync.model.plan import Bind, Pair, Park, Planned, PlannedChange, Settle
from sync.model.text import Message, say
from sync.model.values import fingerprint, key_of

CHANGED_LATER, CANCEL_PROPOSED, CANCELLED_AT_SENTOS = (
    "order.changed_later",
    "order.cancel_proposed",
    "order.cancelled_at_sentos",
)
# What an app needs to see and to ship what is left of an order (shopify.dev, "Access scopes").
_SHIPPING_SCOPES = (
    "read_merchant_managed_fulfillment_orders",
    "write_merchant_managed_fulfillment_orders",
)
ACCEPT_CANCEL = "cancel"  # the decision that lets a cancellation through to Sentos


@dataclass(slots=True)
class _Facts:
    """One bound order being planned."""

    order: Order
    ledger: Ledger
    seen: Seen
    rules: Rules
    decision: str
    changes: list[PlannedChange] = field(default_factory=list)
    parks: list[Park] = field(default_factory=list)
    binds: list[Bind] = field(default_factory=list)
    local: dict[str, Pair] = field(default_factory=dict)
    settles: list[Settle] = field(default_factory=list)

    def park(self, cause: str, message: Message, shown: object, **facts: object) -> None:
        """Parks unless the operator has acknowledged exactly this."""
        mark = fingerprint(shown)
        if self.ledger.acknowledged.get(cause) != mark:
            self.parks.append(
                Park(
                    Entity.ORDER,
                    self.order.id,
                    self.order.name,
                    cause,
                    message,
                    facts={
                        "source": described(self.order),
                        "target": self.ledger.id_a,
                        "shown": self._other(),
                        "mark": mark,
                        **facts,
                    },
                )
            )

    def _other(self) -> dict[str, object]:
        """The order at Sentos, as far as it is known, for the console."""
        known = {"status": self.seen.status, "tracking": self.seen.tracking.number}
        return {
            self.ledger.id_a: {
                "title": self.order.name,
                "skus": [],
                "facts": {k: v for k, v in known.items() if v},
            }
        }


def plan_facts(order: Order, ledger: Ledger, seen: Seen | None, rules: Rules, decision: str = "") -> Planned:
    """`seen` is what Sentos shows now, None if it did not move since it was last seen. `decision` is the
    operator's word about the order ("cancel" accepts a proposed cancellation)."""
    facts = _Facts(order, ledger, seen or ledger.seen, rules, decision)
    if order.problems:
        for problem in order.problems:
            facts.park(problem.cause, problem.message, problem.cause)
    else:
        _changed_later(facts)
        _status_to_sentos(facts)
        _back_from_sentos(facts)
    if facts.seen != ledger.seen:
        facts.local[SEEN] = seen_pair(facts.seen)
    return _planned(facts)


def _planned(f: _Facts) -> Planned:
    settles = [*f.settles, *([Settle("order", f.ledger.id_a, f.local)] if f.local else [])]
    outcome = "updated" if f.changes else ("parked" if f.parks else "unchanged")
    line = item(f.order, outcome, f.ledger.id_a)
    if f.parks and not f.changes:
        line = replace(line, cause=f.parks[0].cause, message=f.parks[0].message)
    return Planned(line, tuple(f.changes), tuple(f.binds), tuple(settles), tuple(f.parks))


def _changed_later(f: _Facts) -> None:
    """An edit or refund after the export: documents are written once, so a person carries it over. A
    cancelled order is the matter of the status."""
    now = snapshot(f.order)
    if (
        not f.ledger.snapshot
        or now == f.ledger.snapshot
        or wanted_status(f.order, f.rules.settings) == CANCELLED
    ):
        return
    rows = differences(f.ledger.snapshot, now)
    f.park(
        CHANGED_LATER,
        say(
            "Changed in Shopify after it was sent to Sentos: {what}. Change order {number} in Sentos by "
            "hand, then mark it as done here.",
            what=", ".join(dict.fromkeys(row["what"] for row in rows)),
            number=f.ledger.id_a,
        ),
        now,
        differences=rows,
        now=now,
    )


def _status_to_sentos(f: _Facts) -> None:
    """Sends on what the shop newly says. What Sentos itself brought about is not news to it."""
    wanted, current = wanted_status(f.order, f.rules.settings, _ours(f)), f.seen.status or f.ledger.status
    if wanted == CANCELLED:
        _cancel(f, current)
    elif wanted and wanted != f.ledger.wanted:
        if moves_forward(current, wanted):
            f.changes.append(advance(f.order, f.ledger.id_a, current, wanted, f.rules.new_id))
        else:
            f.local[STATUS] = (current, wanted)


def _cancel(f: _Facts, current: str) -> None:
    if current == CANCELLED:
        return
    if current == "99":
        f.park(
            CANCEL_PROPOSED,
            say(
                "Cancelled or refunded in Shopify, but Sentos has delivered order {number}. Book the return "
                "in Sentos by hand, then mark it as done here.",
                number=f.ledger.id_a,
            ),
            "delivered",
            delivered=True,
        )
    elif f.decision == ACCEPT_CANCEL:
        f.changes.append(advance(f.order, f.ledger.id_a, current, CANCELLED, f.rules.new_id))
    else:
        f.park(
            CANCEL_PROPOSED,
            say(
                "Cancelled or refunded in Shopify. Accept to cancel order {number} in Sentos too, or keep "
                "it there.",
                number=f.ledger.id_a,
            ),
            "cancelled",
        )


def _ours(f: _Facts) -> set[str]:
    """Shipments in the shop that came from Sentos: our own, and its twins from other locations, under the
    same number or known from the last update (which one of them may have refused)."""
    number = key_of(f.ledger.sent.number)
    return {
        s.id
        for s in valid(f.order.fulfilments)
        if s.id == f.ledger.shipment
        or s.id in f.ledger.told
        or f.ledger.shipment
        and number
        and key_of(s.tracking.number) == number
    }


def _back_from_sentos(f: _Facts) -> None:
    action = action_of(f.seen, f.rules.settings)
    if action == FULFIL and f.order.cancelled_at is None:
        _fulfil(f)
    elif action == PROPOSE_CANCEL and wanted_status(f.order, f.rules.settings) != CANCELLED:
        f.park(
            CANCELLED_AT_SENTOS,
            say(
                "Sentos cancelled order {number}. Cancel or refund it in Shopify, or mark it as done here "
                "to keep it.",
                number=f.ledger.id_a,
            ),
            "6",
        )


def _fulfil(f: _Facts) -> None:
    """One shipment in the shop for one of Sentos; tracking numbers are compared before anything is made."""
    tracking, shipped = f.seen.tracking, valid(f.order.fulfilments)
    if f.ledger.shipment:
        _retrack(f, tracking)
        return
    known = next(
        (s for s in shipped if tracking.number and key_of(s.tracking.number) == key_of(tracking.number)), None
    )
    left = any(o.can_fulfil and o.remaining > 0 for o in f.order.fulfilment_orders)
    if known is not None and (not left or rank(f.ledger.wanted) >= rank(SHIPPED)):
        _adopt(f, known, tracking)
    elif left:  # also where only some of the order's locations have this number: the target ships the rest
        f.changes.append(_shipment(f, tracking))
    elif _hidden(f.order):
        _ask_for_scopes(f)
    elif any(o.remaining > 0 for o in f.order.fulfilment_orders):
        f.park(
            "order.on_hold",
            say(
                "Sentos has shipped the order, but Shopify holds it back from being fulfilled. Release the "
                "hold in Shopify; it goes on by itself then."
            ),
            [o.status for o in f.order.fulfilment_orders],
        )
    elif not shipped and not f.order.fulfilment_orders:
        f.park(
            "order.not_routed",
            say(
                "Sentos has shipped the order, but Shopify has not yet decided from where it ships. It is "
                "tried again with the next run."
            ),
            "none",
        )


def _hidden(order: Order) -> bool:
    """Is there something left to ship that the shop does not let us see?"""
    denied = any(path.startswith("fulfillmentOrders") for path in order.withheld)
    return denied and not order.fulfilment_orders and key_of(order.fulfilment) != "fulfilled"


def _ask_for_scopes(f: _Facts) -> None:
    f.park(
        "order.fulfilment_scope",
        say(
            "Sentos has shipped the order, but Shopify does not let the app see what is left to ship. Grant "
            "the access scopes {scopes} in the app's settings and install the app again; then it goes on by "
            "itself.",
            scopes=", ".join(_SHIPPING_SCOPES),
        ),
        "scopes",
    )


def _adopt(f: _Facts, known: Fulfilment, tracking: Tracking) -> None:
    """A shipment with this number is there. If the shop made it, Sentos has it from us; else it is ours from
    a lost answer."""
    if rank(f.ledger.wanted) < rank(SHIPPED):
        f.binds.append(Bind("fulfilment", f.ledger.id_a, known.id, f.ledger.id_a, f.order.name, origin="a"))
        f.settles.append(_tracked(f, tracking))


def _shipment(f: _Facts, tracking: Tracking) -> PlannedChange:
    body = Fulfilment("", f.order.id, tracking, notify=f.rules.settings.notify_customer)
    change = Change(
        f.rules.new_id(),
        Entity.FULFILMENT,
        Verb.CREATE,
        f.ledger.id_a,
        parent_id=f.order.id,
        label=f.order.name,
        body=body,
        source_parent=f.ledger.id_a,
        key=f.ledger.id_a,
        diffs=_tracking_diffs(Tracking(), tracking),
    )
    return PlannedChange(
        change,
        "fulfil",
        (_tracked(f, tracking), Settle("order", f.ledger.id_a, {STATUS: (f.seen.status, f.ledger.wanted)})),
    )


def _retrack(f: _Facts, tracking: Tracking) -> None:
    """A later tracking number goes to all of our shipments; one that vanished at Sentos is no reason to blank
    it. A shipment that the last update did not reach (refused, or never sent) is tried again."""
    ours = [s for s in valid(f.order.fulfilments) if s.id in _ours(f)]
    if not tracking.number:
        return
    if tracking == f.ledger.sent:
        due = [s for s in ours if f.ledger.told.get(s.id, tracking) != tracking]
    else:
        due = ours
    ids = [s.id for s in ours]
    for shipment in due:
        settle = tracked(Seen(f.seen.status, tracking), ids, shipment.id)
        reached = Settle("fulfilment", f.ledger.id_a, settle)
        if _tracking_diffs(shipment.tracking, tracking):
            f.changes.append(_tracking_update(f, shipment, tracking, reached))
        else:  # the shop shows it already, or Sentos only left something out
            f.settles.append(reached)


def _tracking_update(f: _Facts, shipment: Fulfilment, tracking: Tracking, reached: Settle) -> PlannedChange:
    change = Change(
        f.rules.new_id(),
        Entity.FULFILMENT,
        Verb.UPDATE,
        f.ledger.id_a,
        shipment.id,
        f.order.id,
        label=f.order.name,
        diffs=_tracking_diffs(shipment.tracking, tracking),
        body=replace(shipment, tracking=tracking, notify=f.rules.settings.notify_customer),
    )
    return PlannedChange(change, "tracking", (reached,))


def _tracked(f: _Facts, tracking: Tracking) -> Settle:
    return Settle("fulfilment", f.ledger.id_a, tracked(Seen(f.seen.status, tracking)))


def _tracking_diffs(before: Tracking, after: Tracking) -> tuple[Diff, ...]:
    return tuple(
        Diff(f"tracking.{name}", getattr(before, name), getattr(after, name))
        for name in ("company", "number", "url")
        if getattr(after, name) and getattr(before, name) != getattr(after, name)
    )


def acknowledgement(cause: str, mark: str) -> dict[str, Pair]:
    """What the baseline keeps when the operator marks a parked fact as done."""
    return {f"{ACKNOWLEDGED}{cause}": (None, mark)}
