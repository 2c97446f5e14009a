"""How long writing so many rows of stock will take, honestly: by what the target's own budget allows, and by
what has been measured. Seconds are those of the operator's clock."""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from storage.budgets import Told
from storage.clock import utc_now
from sync.model.flow import Connection

if TYPE_CHECKING:
    from sync.workspace import Workspace

CALL_ROWS = 250
"""Rows that one call of Shopify's inventory mutations takes (Admin API 2026-10: arrays of at most 250)."""
CALL_POINTS = 10.0
"""Points of one mutation (shopify.dev, "API limits": a mutation costs 10 points)."""
STANDARD = (2_000.0, 100.0)
"""(available, restored a second) on a standard plan; used until the store has told its own."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What writing `rows` will cost: `calls`, `points`, and about so many `seconds`. `told` False: the store
    has not told its budget yet, so that a standard plan is assumed."""

    rows: int
    calls: int
    points: float
    seconds: float
    told: bool


def of_rows(
    ws: Workspace,
    target: Connection,
    rows: int,
    per_second: float | None = None,
    *,
    now: datetime | None = None,
) -> Estimate | None:
    """For rows still to be written; None for a platform that has no points. `per_second` is the pace measured
    so far: the slower of both is what is said."""
    if target.platform != "shopify":
        return None
    told = _told(ws, target.id)
    available, restore = _level(told, target.speed, now or utc_now()) if told else STANDARD
    calls = math.ceil(rows / CALL_ROWS)
    points = calls * CALL_POINTS
    seconds = max(0.0, points - available) / max(restore, 0.1) / max(target.speed, 0.001)
    if per_second:
        seconds = max(seconds, rows / per_second)
    return Estimate(rows, calls, points, seconds, told is not None)


def _told(ws: Workspace, connection_id: str) -> Told | None:
    """What the store said last, to this process or to any other."""
    every = (ws.spending.trace(connection_id).told, ws.budgets.told(connection_id))
    return max((told for told in every if told), key=lambda told: told.at, default=None)


def _level(told: Told, speed: float, now: datetime) -> tuple[float, float]:
    """(available by now, restored a second): a bucket that nobody draws on fills up again."""
    gone = max(0.0, (now - told.at).total_seconds()) * speed
    return min(told.limit, told.available + gone * told.restore), told.restore
