"""Writing orders: the calls, what their answers mean, and finding out what became of an unanswered one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.connectors.http import Response
from sync.connectors.sentos.client import Client
from sync.connectors.sentos.order_body import order_body
from sync.connectors.sentos.reading import OrderReader, lookup
from sync.connectors.sentos.shapes import id_of, list_of, object_of, text_of
from sync.connectors.sentos.wire import one_record
from sync.connectors.sentos.wire_orders import STATUSES
from sync.connectors.sentos.wire_orders import order as read_order
from sync.errors import CounterpartError, OutcomeUnknown, RecordRefused
from sync.model import codec
from sync.model.call import Call, Change, Found, Outcome, State, Verb, Written
from sync.model.entity import Entity
from sync.model.order import Order
from sync.model.ports import Clock
from sync.model.text import Message, say
from sync.model.values import fingerprint

CREATE, ADVANCE = "orders.create", "orders.update"
# A write may still be worked on when its connection is long gone (stalls of 90 s have been met); only later
# is "not there" an answer. The same look-up is possible once in 31 s.
SETTLE_SECONDS = 91.0
# An order's way; 6 (cancelled) may follow anywhere before delivery, by approval.
FORWARD = ("1", "2", "3", "4", "5", "99")
CANCELLED = "6"


def batch(changes: Sequence[Change]) -> list[Call]:
    """One call a change. ValueError for anything but creating and advancing orders."""
    return [_call(change) for change in changes]


def _call(change: Change) -> Call:
    if change.entity is Entity.ORDER and change.verb is Verb.CREATE and isinstance(change.body, Order):
        operation, arguments = CREATE, _create_arguments(change, change.body)
    elif change.entity is Entity.ORDER and change.verb is Verb.ADVANCE:
        operation, arguments = ADVANCE, _advance_arguments(change)
    else:
        raise ValueError(f"Sentos cannot {change.verb} a {change.entity}")
    key = change.key or fingerprint([operation, arguments])
    return Call(f"{operation}:{change.id}", operation, arguments, (change.id,), key)


def _create_arguments(change: Change, order: Order) -> dict[str, object]:
    """The body, or the reason why there is none: one order that cannot be expressed does not stop the
    others."""
    if not change.key:
        raise ValueError("an order is only created under a reference of its own")
    try:
        return {"body": _plain(order_body(order, change.key))}
    except RecordRefused as refused:
        return {"refused": codec.dump(refused.message)}


def _plain(value: Any) -> Any:
    """JSON-able: amounts as numbers of at most two decimals."""
    if isinstance(value, Mapping):
        return {name: _plain(inner) for name, inner in value.items()}
    if isinstance(value, list):
        return [_plain(inner) for inner in value]
    return value if isinstance(value, str | int) or value is None else float(value)


def _advance_arguments(change: Change) -> dict[str, object]:
    status = change.after("status")
    data = {
        name: str(change.after(f"tracking.{word}"))
        for name, word in (
            ("cargo_company", "company"),
            ("tracking_number", "number"),
            ("tracking_url", "url"),
        )
        if change.after(f"tracking.{word}")
    }
    return {"order": change.target_id, "status": str(status), "data": data}


@dataclass(slots=True)
class OrderWriter:
    """Sends calls made by `batch`, and finds out about lost ones."""

    client: Client
    reader: OrderReader
    clock: Clock
    _failed_at: dict[str, float] = field(default_factory=dict)

    def send(self, call: Call) -> list[Outcome]:
        """One outcome. Raises as `Client.write`."""
        try:
            return [self._created(call) if call.operation == CREATE else self._advanced(call)]
        except OutcomeUnknown:
            self._failed_at[call.id] = self.clock.monotonic()
            raise

    def _created(self, call: Call) -> Outcome:
        arguments: Mapping[str, Any] = call.arguments
        change_id = call.change_ids[0]
        if "refused" in arguments:
            return Outcome(change_id, State.REFUSED, message=codec.load(Message, arguments["refused"]))
        response = self.client.write("POST", "/orders", arguments["body"], CREATE)
        reason = refusal(response)
        number = _order_id(response) if response.status < 300 else ""
        if reason is not None and not number:
            return Outcome(change_id, State.REFUSED, message=reason)
        if not number:
            raise OutcomeUnknown(
                say("Sentos accepted the order but did not say its number."), response.start()[:300]
            )
        return Outcome(change_id, State.APPLIED, number, reason)

    def _advanced(self, call: Call) -> Outcome:
        """Reads the order first: it may have gone further than the plan knew, and is never moved back."""
        change_id, number, wanted = (
            call.change_ids[0],
            str(call.arguments["order"]),
            str(call.arguments["status"]),
        )
        current = self._order(number)
        if current is None:
            return Outcome(
                change_id, State.REFUSED, number, say("There is no order {number} in Sentos.", number=number)
            )
        data: Mapping[str, Any] = object_of(call.arguments.get("data"))
        if current.status == wanted and (not data or _shows(current, data)):
            return Outcome(change_id, State.APPLIED, number)
        if not may_move(current.status, wanted):
            message = say(
                "The order is already at {status}; it only moves forward.",
                status=STATUSES.get(current.status, current.status),
            )
            return Outcome(change_id, State.STALE, number, message, current.status)
        body: dict[str, object] = {"status": int(wanted), **({"data": dict(data)} if data else {})}
        response = self.client.write("PUT", f"/orders/{number}", body, ADVANCE)
        reason = refusal(response)
        if reason is not None:
            return Outcome(change_id, State.REFUSED, number, reason)
        return Outcome(change_id, State.APPLIED, number)

    def _order(self, number: str, fresh: bool = False) -> Order | None:
        raw = self.client.get(f"/orders/{number}", operation="orders.get", missing=True, fresh=fresh)
        return None if raw is None else read_order(one_record(raw))

    def find_written(self, call: Call) -> Written:
        """Looks for the order by our reference and by its code, or at its status. "No" only once the
        settling time is over and a look-up made after that found nothing; until then the seconds that are
        left."""
        if "refused" in call.arguments:
            return Written(Found.NO)
        failed = self._failed_at.setdefault(call.id, self.clock.monotonic())
        blocked = max(
            (self.client.wait_for(path, params) for path, params in self._lookups(call)), default=0.0
        )
        left = failed + SETTLE_SECONDS - self.clock.monotonic()
        if blocked > 0:
            # Asked a moment ago: nothing new to be learnt before the same question is allowed again.
            return Written(Found.NOT_SURE, ask_again_in=blocked)
        outcome = self._found_created(call) if call.operation == CREATE else self._found_advanced(call)
        if outcome is not None:
            self._failed_at.pop(call.id, None)
            return Written(Found.YES, (outcome,))
        if left > 0:
            return Written(Found.NOT_SURE, ask_again_in=left)
        self._failed_at.pop(call.id, None)
        return Written(Found.NO)

    def _lookups(self, call: Call) -> list[tuple[str, dict[str, str] | None]]:
        if call.operation == ADVANCE:
            return [(f"/orders/{call.arguments['order']}", None)]
        body = object_of(call.arguments.get("body"))
        return [
            ("/orders", lookup("order_id", str(body["order_id"]))),
            ("/orders", lookup("order_code", str(body["order_code"]))),
        ]

    def _found_created(self, call: Call) -> Outcome | None:
        body = object_of(call.arguments.get("body"))
        reference, code = str(body["order_id"]), str(body["order_code"])
        found = [
            *self.reader.named(reference, fresh=True, fields=("order_id",)),
            *self.reader.named(code, fresh=True, fields=("order_code",)),
        ]
        # The same code under another reference is another shop's order; without a reference it can only be
        # ours.
        ours = next((order for order in found if order.reference == reference or not order.reference), None)
        return None if ours is None else Outcome(call.change_ids[0], State.APPLIED, ours.id)

    def _found_advanced(self, call: Call) -> Outcome | None:
        number, wanted = str(call.arguments["order"]), str(call.arguments["status"])
        current = self._order(number, fresh=True)
        if current is None or (current.status != wanted and may_move(current.status, wanted)):
            return None
        return Outcome(call.change_ids[0], State.APPLIED, number)


def _order_id(response: Response) -> str:
    """The number of the order in a 2xx answer, below `order` or at its root; "" if there is none."""
    return id_of(object_of(one_record(response.json(decimals=True))).get("id"))


def may_move(current: str, wanted: str) -> bool:
    """Whether an order may go from one status to another: forward, or into cancellation before delivery."""
    if wanted == CANCELLED:
        return current in FORWARD[:-1]
    if current not in FORWARD or wanted not in FORWARD:
        return current not in STATUSES and wanted in FORWARD
    return FORWARD.index(wanted) >= FORWARD.index(current)


def _shows(order: Order, data: Mapping[str, Any]) -> bool:
    return order.tracking is not None and order.tracking.number == text_of(data.get("tracking_number"))


def refusal(response: Response) -> Message | None:
    """Why a write was refused: an answer of 4xx, or one of 200 whose `errors` are not empty. None if it
    was accepted."""
    if response.status < 300:
        errors = object_of(response.json(decimals=True)).get("errors")
        return (
            None
            if not errors
            else say("Sentos refuses it: {reason}", reason=_reasons(errors) or "no reason given")
        )
    try:
        answer = object_of(response.json(decimals=True))
        reason = _reasons(answer.get("errors")) or text_of(answer.get("message"))
    except CounterpartError:
        reason = ""
    return say("Sentos refuses it: {reason}", reason=reason or f"status {response.status}")


def _reasons(errors: Any, where: str = "") -> str:
    """All messages in a tree of errors, each with the field it hangs on: "lines.0.sku: zorunludur"."""
    if isinstance(errors, Mapping):
        if text_of(errors.get("message")):
            return _at(where, text_of(errors["message"]))
        return "; ".join(filter(None, (_reasons(v, f"{where}.{k}".strip(".")) for k, v in errors.items())))[
            :500
        ]
    if isinstance(errors, list):
        return "; ".join(filter(None, (_reasons(each, where) for each in list_of(errors))))[:500]
    return _at(where, text_of(errors)) if text_of(errors) else ""


def _at(where: str, message: str) -> str:
    return f"{where}: {message}" if where else message
