"""How long writing so many rows of stock will take, honestly: by what the target's own budget allows, and by
what has been measured. Seconds are those of the operator's clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sync.model.flow import Connection

if TYPE_CHECKING:
    from sync.workspace import Workspace

CALL_ROWS = 250
"""Rows that one call of Shopify's inventory mutations takes (Admin API 2026-10: arrays of at most 250)."""
CALL_POINTS = 10.0
"""Points of one mutation (shopify.dev, "API limits": a mutation costs 10 points)."""
STANDARD = (2_000.0, 2_000.0, 100.0)
"""(available, limit, restored a second) on a standard plan; used until the store has told its own."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What writing `rows` will cost: `calls`, `points`, and about so many `seconds`. `told` False: the store
    has not told its budget yet, so that a standard plan is assumed."""

    rows: int
    calls: int
    points: float
    seconds: float
    told: bool


def of_rows(ws: Workspace, target: Connection, rows: int, per_second: float | None = None) -> Estimate | None:
    """For rows still to be written; None for a platform that has no points. `per_second` is the pace measured
    so far: the slower of both is what is said."""
    if target.platform != "shopify":
        return None
    bucket = ws.spending.trace(target.id).bucket
    available, _limit, restore = bucket or STANDARD
    calls = math.ceil(rows / CALL_ROWS)
    points = calls * CALL_POINTS
    seconds = max(0.0, points - available) / max(restore, 0.1) / max(target.speed, 0.001)
    if per_second:
        seconds = max(seconds, rows / per_second)
    return Estimate(rows, calls, points, seconds, bucket is not None)
