"""What our own ledger keeps with an exported order, in and out of its binding's baseline. A is Sentos, B the
shop."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sync.engine.orders.status import Seen
from sync.model.order import Tracking
from sync.model.plan import Binding, Pair

STATUS, SEEN, SNAPSHOT, TRACKING, ACKNOWLEDGED = "status", "seen", "snapshot", "tracking", "acknowledged:"


@dataclass(frozen=True, slots=True)
class Ledger:
    """`status` is what Sentos was last given or had settled, `wanted` what the shop's facts then stood for;
    `seen` is what Sentos last showed; `snapshot` the order as exported; `shipment` our own fulfilment in the
    shop, with the tracking it was given; `told` is, by id of a shipment, the tracking of its own last update
    (an order that ships from several locations has several shipments, and one may be refused); `acknowledged`
    holds, by cause, what the operator has put up with."""

    id_a: str
    id_b: str
    status: str = ""
    wanted: str = ""
    seen: Seen = Seen()
    snapshot: str = ""
    shipment: str = ""
    sent: Tracking = Tracking()
    told: Mapping[str, Tracking] = field(default_factory=dict)
    acknowledged: Mapping[str, str] = field(default_factory=dict)


def ledger_of(order: Binding, children: Sequence[Binding] = ()) -> Ledger:
    """The ledger row of an order from its binding and those of its shipments."""
    base = order.baseline
    shipment = next((c for c in children if c.kind == "fulfilment"), None)
    known = {
        name.removeprefix(ACKNOWLEDGED): _text(pair[1])
        for name, pair in base.items()
        if name.startswith(ACKNOWLEDGED)
    }
    return Ledger(
        order.id_a,
        order.id_b,
        _text(base.get(STATUS, ("", ""))[0]),
        _text(base.get(STATUS, ("", ""))[1]),
        read_seen(base.get(SEEN, ("", None))[0]),
        _text(base.get(SNAPSHOT, (None, ""))[1]),
        shipment.id_b if shipment else "",
        _sent(shipment),
        _told(shipment),
        known,
    )


def _sent(shipment: Binding | None) -> Tracking:
    return read_seen(shipment.baseline.get(TRACKING, ("", None))[0]).tracking if shipment else Tracking()


def _told(shipment: Binding | None) -> dict[str, Tracking]:
    """All shipments of the last tracking update; one that it did not reach is told nothing yet."""
    if shipment is None:
        return {}
    base = shipment.baseline
    due = json.loads(_text(base.get(TRACKING, ("", None))[1]) or "[]")
    return {str(s): read_seen(base.get(f"{TRACKING}:{s}", ("", None))[0]).tracking for s in due}


def tracked(seen: Seen, shipments: Sequence[str] = (), reached: str = "") -> dict[str, Pair]:
    """The pairs of tracking that was given to the shop. With `shipments` (ids) it is an update of them, of
    which `reached` has it now: A's half is the tracking, B's the shipments that it is meant for."""
    shown = seen_pair(seen)[0]
    if not shipments:
        return {TRACKING: (shown, None)}
    return {TRACKING: (shown, json.dumps(sorted(shipments))), f"{TRACKING}:{reached}": (shown, None)}


def seen_pair(seen: Seen) -> Pair:
    """As the baseline keeps it: a JSON list of status, company, number, address."""
    t = seen.tracking
    return json.dumps([seen.status, t.company, t.number, t.url], ensure_ascii=False), None


def read_seen(raw: object) -> Seen:
    """The inverse of `seen_pair`."""
    if not raw:
        return Seen()
    status, company, number, url = json.loads(str(raw))
    return Seen(str(status), Tracking(str(company), str(number), str(url)))


def _text(value: object) -> str:
    return "" if value is None else str(value)
