"""``@idempotent``: required on the mutations that document it, answered from memory for 24 hours."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sandbox.ledger import argument_hash
from sandbox.shopify.context import Context
from sandbox.shopify.errors import Refusal, user_error
from sandbox.shopify.plan import Field, Variables
from sandbox.shopify.store import Store

Obj = dict[str, Any]
KEPT_SECONDS = 24 * 3600
# Faults of mutations with a key (messages of the 2026-10 schema). An earlier request with the key is still
# under way: nothing is done now, yet with the parameter ``effect`` what it asked for has come about. An
# earlier one with it failed: the key is of no use any more. ``root``: only the mutation of that alias.
CONCURRENT, FAILED = "idempotency_concurrent", "idempotency_failed"
_IN_PROGRESS = "This request is currently in progress, please try again."
_NO_USE = "A previous request with this idempotency key failed. Retry with a new idempotency key."
# Mutations of the 2026-10 schema that demand a key; those this sandbox does not run are refused anyway.
REQUIRED = {
    "inventorySetQuantities",
    "inventoryAdjustQuantities",
    "inventoryMoveQuantities",
    "inventorySetOnHandQuantities",
    "inventoryActivate",
    "inventoryTransferCreate",
    "inventoryTransferCreateAsReadyToShip",
    "inventoryTransferDuplicate",
    "inventoryTransferSetItems",
    "inventoryShipmentCreate",
    "inventoryShipmentCreateInTransit",
    "inventoryShipmentAddItems",
    "inventoryShipmentReceive",
    "locationActivate",
    "locationDeactivate",
    "refundCreate",
}


def check_key(field: Field, context: Context) -> None:
    """Refusal BAD_REQUEST when a mutation that demands a key comes without one."""
    if field.name not in REQUIRED:
        return
    key = field.directive("idempotent", "key", context.variables)
    if key is None:
        raise Refusal(
            "The @idempotent directive is required for this mutation but was not provided.",
            code="BAD_REQUEST",
        )
    if not str(key).strip():
        raise Refusal("The idempotency key cannot be an empty string.", code="BAD_REQUEST")


def once(context: Context, arguments: Variables, empty: Obj, run: Callable[[], Obj]) -> Obj:
    """Run a mutation once per key: the same key and arguments give the first answer again.

    Other arguments under a known key answer ``empty`` with IDEMPOTENCY_KEY_PARAMETER_MISMATCH. An answer that
    was refused with user errors is remembered as well. The faults CONCURRENT and FAILED answer ``empty``.
    """
    key = context.key
    if key is None:
        return run()
    store, now = context.store, context.clock.monotonic()
    _forget_old(store, now)
    id, args = f"{context.root.name}:{key}", argument_hash(arguments)
    if _struck(context, FAILED):
        burnt = _error(empty, _NO_USE, "PREVIOUS_ATTEMPT_FAILED")
        store.save("key", {"id": id, "at": now, "args": args, "answer": burnt})
        return burnt
    known = store.get("key", id)
    if known and now - known["at"] < KEPT_SECONDS:
        if known["args"] == args:
            store.replays += 1
            answer: Obj = known["answer"]
            return answer
        message = "The same idempotency key cannot be used with different operation parameters."
        return _error(empty, message, "KEY_PARAMETER_MISMATCH")
    under_way = _struck(context, CONCURRENT)
    if under_way and not (context.fault and context.fault.params.get("effect")):
        return _error(empty, _IN_PROGRESS, "CONCURRENT_REQUEST")
    answer = run()
    store.kinds["key"].pop(id, None)
    store.save("key", {"id": id, "at": now, "args": args, "answer": answer})
    return _error(empty, _IN_PROGRESS, "CONCURRENT_REQUEST") if under_way else answer


def _struck(context: Context, name: str) -> bool:
    if not context.fault_is(name):
        return False
    assert context.fault is not None
    return context.fault.params.get("root") in (None, context.root.key)


def _error(empty: Obj, message: str, code: str) -> Obj:
    return {**empty, "userErrors": [user_error(None, message, f"IDEMPOTENCY_{code}")]}


def _forget_old(store: Store, now: float) -> None:
    """Drop keys whose time is over; they stand in the order in which they came."""
    keys = store.kinds["key"]
    while keys:
        id = next(iter(keys))
        if now - keys[id]["at"] < KEPT_SECONDS:
            return
        store.drop("key", id)
