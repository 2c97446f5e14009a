"""The variables of stock calls: rows with compare-and-set, several writes under aliases of their own."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sync.model.call import Change

# Every write under an alias costs its own 10 points, so that joining saves round trips, not points; more of
# them would only make the urgent wait longer.
MAX_ALIASES = 25
Made = tuple[str, dict[str, Any], float]


def set_stock(members: Sequence[Change], safe_url: object = None) -> Made:
    rows = [
        {
            "inventoryItemId": change.target_id,
            "locationId": change.place,
            "quantity": _whole(change, after),
            "changeFromQuantity": _from(change, before),
        }
        for change in members
        for before, after in (_available(change),)
    ]
    given = {"name": "available", "reason": "correction", "quantities": rows}
    return "inventory_set", {"variables": {"input": given}}, 10


def adjust_stock(members: Sequence[Change], safe_url: object = None) -> Made:
    rows = [
        {
            "inventoryItemId": change.target_id,
            "locationId": change.place,
            "delta": _whole(change, after) - _whole(change, before),
            "changeFromQuantity": _whole(change, before),
        }
        for change in members
        for before, after in (_available(change),)
    ]
    given = {"name": "available", "reason": "correction", "changes": rows}
    return "inventory_adjust", {"variables": {"input": given}}, 10


def _available(change: Change) -> tuple[object, object]:
    """What the target shows and what it is to show. ValueError if the change does not say."""
    for diff in change.diffs:
        if diff.field == "available":
            return diff.before, diff.after
    raise ValueError(f"a stock change without a quantity ({change.label})")


def track(members: Sequence[Change], safe_url: object = None) -> Made:
    variables: dict[str, Any] = {f"item{n}": change.target_id for n, change in enumerate(members)}
    return "inventory_track", {"variables": variables}, 10.0 * len(members)


def _from(change: Change, before: object) -> int | None:
    """The quantity that must still be there. None (JSON null) overwrites blindly: only if nothing was ever
    observed."""
    return None if before is None else _whole(change, before)


def _whole(change: Change, value: object) -> int:
    if type(value) is not int:  # True is an int, but no quantity
        raise ValueError(f"a stock quantity is a whole number, not {value!r} ({change.label})")
    return value


def activate(members: Sequence[Change], safe_url: object = None) -> Made:
    variables: dict[str, Any] = {}
    for n, change in enumerate(members):
        variables |= {f"item{n}": change.target_id, f"location{n}": change.place}
    return "inventory_activate", {"variables": variables}, 10.0 * len(members)
