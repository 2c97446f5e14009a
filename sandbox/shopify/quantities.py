"""The names of a level's quantities, and what ``on_hand`` is made of."""

from __future__ import annotations

from typing import Any

KEPT_QUANTITIES = (
    "available",
    "committed",
    "incoming",
    "reserved",
    "damaged",
    "safety_stock",
    "quality_control",
)
QUANTITIES = ("available", "on_hand", *KEPT_QUANTITIES[1:])
# What on_hand is made of; incoming is outside (held in all recorded answers).
ON_HAND = ("available", "committed", "reserved", "damaged", "safety_stock", "quality_control")


def quantity(level: dict[str, Any], name: str) -> int:
    """One quantity of a level; ``on_hand`` is the sum of its parts."""
    if name == "on_hand":
        return sum(level["_q"][part] for part in ON_HAND)
    value: int = level["_q"][name]
    return value
