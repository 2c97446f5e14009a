"""Planning an order that is not in our ledger: create it, bind it to the one found at Sentos, skip it or park
it. Pure."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sync.engine.orders.ledger import SEEN, SNAPSHOT, STATUS, seen_pair
from sync.engine.orders.match import Found
from sync.engine.orders.snapshot import snapshot
from sync.engine.orders.status import CANCELLED, Seen, moves_forward, seen_of, shown_tracking, wanted_status
from sync.engine.orders.transform import Made
from sync.model.call import Change, Diff, Verb
from sync.model.entity import Entity
from sync.model.flow import OrderSettings
from sync.model.order import Order, Tracking
from sync.model.plan import Bind, Item, Pair, Park, Planned, PlannedChange, Settle
from sync.model.problem import Problem
from sync.model.text import Message, say

NewId = Callable[[], str]


@dataclass(frozen=True, slots=True)
class Rules:
    """What planning one order needs beside the order: the flow's settings and a source of ids."""

    settings: OrderSettings
    new_id: NewId


def item(order: Order, planned: str, target: str = "", why: Problem | None = None) -> Item:
    """The order's line in the report."""
    return Item(
        Entity.ORDER,
        order.id,
        order.name or order.id,
        planned,
        target,
        cause=why.cause if why else "",
        message=why.message if why else None,
    )


def skip(order: Order, cause: str, message: Message, target: str = "") -> Planned:
    """Left alone, with the reason."""
    return Planned(item(order, "skipped", target, Problem(cause, message)))


def park(
    order: Order, problems: tuple[Problem, ...], facts: Mapping[str, object] | None = None, target: str = ""
) -> Planned:
    """Needs a person: one attention row for each cause."""
    shown = {"source": described(order), **(facts or {})}
    parks = tuple(
        Park(Entity.ORDER, order.id, order.name or order.id, p.cause, p.message, facts=shown)
        for p in problems
    )
    return Planned(item(order, "parked", target, problems[0]), parks=parks)


def described(order: Order) -> dict[str, object]:
    """What the console shows of an order on either side; nothing personal."""
    facts = {
        "total": str(order.total),
        "status": order.status or order.financial,
        "fulfilment": order.fulfilment,
        "placed": order.placed_at.isoformat(),
        "source": order.source,
        "reference": order.reference,
        "lines": ", ".join(
            f"{line.quantity} × {line.sku or line.title}" for line in order.lines if line.quantity > 0
        )[:500],
    }
    return {
        "title": order.code if order.status else order.name,
        "skus": [line.sku for line in order.lines if line.sku][:8],
        "facts": {name: value for name, value in facts.items() if value},
    }


def plan_export(order: Order, made: Made, found: Found, rules: Rules) -> Planned:
    """One order that the flow takes."""
    if found.target is not None:
        return _bound(order, found.target, rules.settings)
    if found.candidates:
        shown = {
            "candidates": [o.id for o in found.candidates],
            "shown": {o.id: described(o) for o in found.candidates},
        }
        return park(order, (_ambiguous(found),), shown)
    if made.order is None:
        return park(order, made.problems)
    return _created(order, made.order, rules)


def _ambiguous(found: Found) -> Problem:
    return Problem(
        "order.ambiguous",
        say(
            "Sentos has {count} orders that may be this one ({numbers}). Choose the one it is, or have it "
            "created as a new one.",
            count=len(found.candidates),
            numbers=", ".join(o.id for o in found.candidates),
        ),
        "order",
    )


def _bound(order: Order, shown: Order, settings: OrderSettings) -> Planned:
    """It is there already (a lost answer, a lost database, or the operator said so): bound, never written
    again."""
    bind = Bind("order", shown.id, order.id, label=order.name, origin="b")
    settle = Settle("order", shown.id, baseline(order, seen_of(shown), settings))
    why = Problem(
        "order.found",
        say("Sentos has it already as order {number}; it was bound, not written again.", number=shown.id),
    )
    return Planned(item(order, "unchanged", shown.id, why), binds=(bind,), settles=(settle,))


def baseline(order: Order, seen: Seen, settings: OrderSettings) -> dict[str, Pair]:
    """The pairs of an order whose two sides are as they should be."""
    return {
        STATUS: (seen.status, _settled(order, seen.status, settings)),
        SEEN: seen_pair(seen),
        SNAPSHOT: (None, snapshot(order)),
    }


def _settled(order: Order, status: str, settings: OrderSettings) -> str:
    """What of the shop's facts Sentos' status already says: further ones are still to follow."""
    wanted = wanted_status(order, settings)
    return status if wanted == CANCELLED or moves_forward(status, wanted) else wanted


def _created(order: Order, body: Order, rules: Rules) -> Planned:
    label = order.name or order.id
    create = Change(
        rules.new_id(),
        Entity.ORDER,
        Verb.CREATE,
        order.id,
        label=label,
        body=body,
        key=body.reference,
        diffs=(Diff("status", None, body.status), Diff("total", None, str(body.total))),
    )
    seen = Seen(body.status)
    changes = [PlannedChange(create, "order", (Settle("order", "", baseline(order, seen, rules.settings)),))]
    wanted = wanted_status(order, rules.settings)
    if moves_forward(body.status, wanted):
        changes.append(advance(order, "", body.status, wanted, rules.new_id))
    return Planned(item(order, "created"), tuple(changes))


def advance(order: Order, target: str, current: str, wanted: str, new_id: NewId) -> PlannedChange:
    """Moves a Sentos order on, with the shop's tracking when it ships. `target` "" is filled in once the
    order is created."""
    tracking = shown_tracking(order) if wanted in ("5", "99") else Tracking()
    sent = [
        Diff(f"tracking.{name}", None, value)
        for name, value in (("company", tracking.company), ("number", tracking.number), ("url", tracking.url))
        if value
    ]
    change = Change(
        new_id(),
        Entity.ORDER,
        Verb.ADVANCE,
        order.id,
        target,
        label=order.name or order.id,
        diffs=(Diff("status", current, wanted), *sent),
    )
    shown = seen_pair(Seen(wanted, tracking))
    return PlannedChange(
        change, "status", (Settle("order", target, {STATUS: (wanted, wanted), SEEN: shown}),)
    )
