"""How long writing stock will take, honestly: by how the target's connector packs it, by what the target's
own budget allows, and by what has been measured. Seconds are those of the operator's clock."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from storage.budgets import Told
from storage.clock import utc_now
from sync.connectors import registry
from sync.managers.views import stock_log
from sync.managers.views.stock import StockCard
from sync.managers.views.stock_rows import most_rows, planned_rows
from sync.model.call import Verb
from sync.model.entity import Entity
from sync.model.flow import Connection
from sync.model.support import CallSize
from sync.workspace import Workspace

STANDARD = (2_000.0, 100.0)
"""(available, restored a second) on a standard plan; used until the store has told its own."""
WRITES: Mapping[str, tuple[Entity, Verb]] = {
    "track": (Entity.STOCK, Verb.TRACK),
    "activate": (Entity.STOCK, Verb.ACTIVATE),
    "stock": (Entity.STOCK, Verb.SET),
    "adjust": (Entity.STOCK, Verb.ADJUST),
    "gone": (Entity.STOCK, Verb.SET),
    "hide": (Entity.PRODUCT, Verb.UPDATE),
}
"""What the rows of each phase are sent as (`stock_log.to_write` names them)."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """What writing `rows` will cost: `calls`, `points`, and about so many `seconds`. `told` False: the store
    has not told its budget yet, so that a standard plan is assumed."""

    rows: int
    calls: int
    points: float
    seconds: float
    told: bool


@dataclass(frozen=True, slots=True)
class Before:
    """What a run that is started now would have to write: `rows` quantities. `by`: plan (the last preview) ·
    differ (rows that are known to differ) · most (every matched row: there cannot be more)."""

    estimate: Estimate
    by: str
    rows: int


def of_rows(
    ws: Workspace,
    target: Connection,
    rows: Mapping[str, int],
    at_least: float = 0.0,
    *,
    now: datetime | None = None,
) -> Estimate | None:
    """For rows still to be written, by phase; None for a platform that counts no points, or for no rows.
    `at_least`: seconds that are needed at the pace measured so far; the slower of both is what is said."""
    wanted = {phase: n for phase, n in rows.items() if n > 0 and phase in WRITES}
    trips = list(_trips(target.platform, wanted))
    points = sum(calls * size.points + n * size.each for size, n, calls in trips)
    if not points:
        return None
    told = _told(ws, target.id)
    available, restore = _level(told, target.speed, now or utc_now()) if told else STANDARD
    seconds = max(0.0, points - available) / max(restore, 0.1) / max(target.speed, 0.001)
    count, calls = sum(n for _size, n, _calls in trips), sum(calls for _size, _n, calls in trips)
    return Estimate(count, calls, points, max(seconds, at_least), told is not None)


def of_run(ws: Workspace, target: Connection, run_id: str, at_least: float = 0.0) -> Estimate | None:
    """For what a run has decided to write and has not written yet."""
    return of_rows(ws, target, stock_log.to_write(ws, run_id), at_least)


def of_plan(ws: Workspace, target: Connection, run_id: str) -> Estimate | None:
    """For the rows of a kept plan that are ticked at this moment."""
    return of_rows(ws, target, stock_log.to_write(ws, run_id, ticked=True))


def before(ws: Workspace, card: StockCard) -> Before | None:
    """For a run that is started by hand now; None where nothing is known yet, or nothing differs."""
    if not card.match or card.live is not None:
        return None
    target = card.info.target
    if (planned := planned_rows(ws, card)) is not None:
        return _before(ws, target, planned, "plan")
    if card.stage.baseline_run:
        return _before(ws, target, {"stock": sum(card.differences.values())}, "differ")
    return at_most(ws, card)


def at_most(ws: Workspace, card: StockCard) -> Before | None:
    """If every matched row had to be written; None where there is no match yet."""
    return _before(ws, card.info.target, most_rows(ws, card), "most")


def _before(ws: Workspace, target: Connection, rows: Mapping[str, int], by: str) -> Before | None:
    found = of_rows(ws, target, rows)
    written = sum(n for phase, n in rows.items() if phase not in ("track", "activate"))
    return None if found is None else Before(found, by, written)


def _trips(platform: str, rows: Mapping[str, int]) -> Iterator[tuple[CallSize, int, int]]:
    """(size, rows, calls) of everything that goes out. What one call stocks is set at once, in a call of its
    own: until then the place may show an old quantity."""
    stocked = min(rows.get("activate", 0), rows.get("stock", 0))
    for phase, n in {**rows, "stock": rows.get("stock", 0) - stocked}.items():
        if (size := _size(platform, phase)) is not None:
            yield size, n, math.ceil(n / size.rows)
    window, size = _size(platform, "activate"), _size(platform, "stock")
    if stocked and window is not None and size is not None:
        yield size, stocked, math.ceil(stocked / min(window.rows, size.rows))


def _size(platform: str, phase: str) -> CallSize | None:
    """As the target's connector declares it; None where it does not."""
    entity, verb = WRITES[phase]
    spec = registry.SPECS.get(platform)
    return None if spec is None else spec.supports(entity).calls.get(verb)


def _told(ws: Workspace, connection_id: str) -> Told | None:
    """What the store said last, to this process or to any other."""
    every = (ws.spending.trace(connection_id).told, ws.budgets.told(connection_id))
    return max((told for told in every if told), key=lambda told: told.at, default=None)


def _level(told: Told, speed: float, now: datetime) -> tuple[float, float]:
    """(available by now, restored a second): a bucket that nobody draws on fills up again."""
    gone = max(0.0, (now - told.at).total_seconds()) * speed
    return min(told.limit, told.available + gone * told.restore), told.restore
