"""What an order looked like when it was exported, and what has changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from sync.model.order import Order
from sync.model.values import fingerprint


def snapshot(order: Order) -> str:
    """The parts of an order that were exported, as JSON text. The address is kept as a fingerprint only."""
    address = order.delivery
    shown: dict[str, Any] = {
        "total": str(order.total),
        "shipping": str(order.shipping or ""),
        "lines": {
            line.id: [line.sku or "", line.title, line.quantity, str(line.total)]
            for line in order.lines
            if line.quantity > 0
        },
        "delivery": fingerprint(
            [
                address.name,
                address.line1,
                address.line2,
                address.district,
                address.city,
                address.postcode,
                address.country,
            ]
        )
        if address
        else "",
    }
    if order.refunded is not None and order.refunded.amount:
        # Money can go back without a line or the total changing.
        shown["refunded"] = str(order.refunded)
    return json.dumps(shown, ensure_ascii=False, sort_keys=True)


def differences(before: str, after: str) -> list[dict[str, str]]:
    """What differs between two snapshots, for the operator: {"what", "before", "after"} a row."""
    old, new = _read(before), _read(after)
    rows = [
        {"what": name, "before": str(old.get(name) or ""), "after": str(new.get(name) or "")}
        for name in ("total", "shipping", "refunded")
        if (old.get(name) or "") != (new.get(name) or "")
    ]
    if old.get("delivery") != new.get("delivery"):
        rows.append({"what": "delivery address", "before": "", "after": ""})
    was, now = old.get("lines") or {}, new.get("lines") or {}
    for line in dict.fromkeys([*was, *now]):
        if was.get(line) != now.get(line):
            rows.append(
                {
                    "what": _name(was.get(line) or now.get(line)),
                    "before": _amount(was.get(line)),
                    "after": _amount(now.get(line)),
                }
            )
    return rows


def _read(raw: str) -> Mapping[str, Any]:
    found = json.loads(raw) if raw else {}
    return found if isinstance(found, Mapping) else {}


def _name(line: Any) -> str:
    return str(line[0] or line[1])


def _amount(line: Any) -> str:
    return "" if line is None else f"{line[2]} × = {line[3]}"
