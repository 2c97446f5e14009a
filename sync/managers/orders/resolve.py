"""What a person decides about a parked order.

skip: leave it alone from now on · retry: look again · bind: it is this order of Sentos · create: it is none
of them · cancel: carry a proposed cancellation over to Sentos · keep, done: the operator has seen to it; the
same fact is not shown again.
"""

from __future__ import annotations

from storage.attention import Parked
from sync.engine.orders.follow import (
    ACCEPT_CANCEL,
    CANCEL_PROPOSED,
    CANCELLED_AT_SENTOS,
    CHANGED_LATER,
    acknowledgement,
)
from sync.errors import NeedsOperator
from sync.model.entity import Entity
from sync.model.plan import Settle
from sync.model.run import Scope
from sync.model.text import say
from sync.workspace import Workspace

SKIP, RETRY, BIND, CREATE, KEEP, DONE = "skip", "retry", "bind", "create", "keep", "done"
_VERBS: dict[str, tuple[str, ...]] = {
    "order.ambiguous": (BIND, CREATE, SKIP, RETRY),
    CHANGED_LATER: (DONE, RETRY),
    CANCEL_PROPOSED: (ACCEPT_CANCEL, KEEP, RETRY),
    CANCELLED_AT_SENTOS: (DONE, RETRY),
    "order.on_hold": (RETRY, DONE),
    "order.not_routed": (RETRY,),
    "order.fulfilment_scope": (RETRY,),
}


def verbs(parked: Parked) -> tuple[str, ...]:
    """The verbs that make sense for a parked row, the likeliest first."""
    if parked.cause == CANCEL_PROPOSED and parked.facts.get("delivered"):
        return DONE, RETRY
    if parked.entity == Entity.FULFILMENT.value:
        return (RETRY,)
    return _VERBS.get(parked.cause, (RETRY, SKIP))


def resolve(ws: Workspace, parked: Parked, verb: str, *, by: str, target_id: str = "") -> Scope | None:
    """Stores the decision and closes the row, but for a retry, whose run closes it. Raises NeedsOperator for
    a verb that does not fit or a target that cannot be meant."""
    if verb not in verbs(parked):
        raise NeedsOperator(say("This cannot be done about {label}.", label=parked.label))
    if verb == RETRY:
        return _retry(ws, parked)
    if verb in (KEEP, DONE):
        _acknowledge(ws, parked)
    elif verb == BIND:
        _check_target(ws, parked, target_id)
        ws.decisions.decide(parked.link_id, Entity.ORDER.value, parked.record_id, BIND, target_id, by)
    else:
        ws.decisions.decide(parked.link_id, Entity.ORDER.value, parked.record_id, verb, "", by)
    ws.attention.close([parked.id], by)
    return Scope(ids=(parked.record_id,)) if verb in (BIND, CREATE, ACCEPT_CANCEL) else None


def _retry(ws: Workspace, parked: Parked) -> Scope:
    """Also takes back an earlier decision to skip."""
    if parked.entity == Entity.FULFILMENT.value:
        bound = ws.bindings.by_a(parked.link_id, "order", [parked.record_id])
        return Scope(ids=tuple(b.id_b for b in bound.values()))
    ws.decisions.forget(parked.link_id, Entity.ORDER.value, parked.record_id)
    return Scope(ids=(parked.record_id,))


def _acknowledge(ws: Workspace, parked: Parked) -> None:
    bound = ws.bindings.by_b(parked.link_id, "order", [parked.record_id]).get(parked.record_id)
    if bound is None:
        raise NeedsOperator(say("{label} is no longer among the exported orders.", label=parked.label))
    settle = Settle("order", bound.id_a, acknowledgement(parked.cause, str(parked.facts.get("mark") or "")))
    with ws.db.write() as tx:
        ws.bindings.settle(tx, parked.link_id, [settle])


def _check_target(ws: Workspace, parked: Parked, target_id: str) -> None:
    offered = {str(candidate) for candidate in parked.facts.get("candidates") or ()}
    if target_id not in offered:
        raise NeedsOperator(say("Choose one of the orders of Sentos that are offered."))
    if ws.bindings.by_a(parked.link_id, "order", [target_id]):
        raise NeedsOperator(
            say("Order {number} of Sentos belongs to another order already.", number=target_id)
        )
