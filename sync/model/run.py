"""Runs: one execution of a flow, its stages, its counts."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from sync.model.flow import ProductFilter
from sync.model.text import Message

OUTCOMES = ("created", "updated", "unchanged", "skipped", "failed", "parked")


class Mode(StrEnum):
    """preview: plan, no write · test: the first five records that differ · full: everything, and the source's
    word holds · sweep: both sides read whole and merged (daily, weekly) · delta: what moved at the source
    since the last run · items: what one turn of the queue wrote · undo: another run's before-values
    restored."""

    PREVIEW = "preview"
    TEST = "test"
    FULL = "full"
    SWEEP = "sweep"
    DELTA = "delta"
    ITEMS = "items"
    UNDO = "undo"


class Status(StrEnum):
    """queued → running → (braked → running) → done | red | failed | cancelled. `red`: finished but does not
    balance or has failures; `planned`: a preview that is kept and may be applied later."""

    QUEUED = "queued"
    RUNNING = "running"
    BRAKED = "braked"
    PLANNED = "planned"
    DONE = "done"
    RED = "red"
    FAILED = "failed"
    CANCELLED = "cancelled"


LIVE = (Status.QUEUED, Status.RUNNING, Status.BRAKED)


@dataclass(frozen=True, slots=True)
class Scope:
    """What part of a flow a run covers. `parts`: products, prices, stock, images, orders, statuses; empty =
    all the flow has. `skus`, `names` or `ids`: these records alone. `filters` narrow a product run beside the
    flow's own. `plan_of`: apply the kept plan of that run. `confirmed`: the brake codes that the operator
    typed through. `undo_of`: restore what that run changed. `reason`: why a full run is needed after go-live.
    `tags`: only items whose product carries one of them."""

    parts: tuple[str, ...] = ()
    skus: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    plan_of: str = ""
    confirmed: tuple[str, ...] = ()
    filters: ProductFilter = ProductFilter()
    undo_of: str = ""
    reason: str = ""
    tags: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Counts:
    """One row per record read. Balanced: read = created + updated + unchanged + skipped + failed + parked."""

    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    failed: int = 0
    parked: int = 0

    @property
    def balanced(self) -> bool:
        return self.read == sum(getattr(self, name) for name in OUTCOMES)


@dataclass(frozen=True, slots=True)
class BrakeHit:
    """Why a run stopped before its first write."""

    code: str
    message: Message
    count: int = 0
    limit: int = 0


@dataclass(frozen=True, slots=True)
class Run:
    """One execution. `stage` is the stage at work; `done`/`total` count its items; `spent` holds calls,
    points, throttled."""

    id: str
    flow_id: str
    mode: Mode
    status: Status
    scope: Scope = Scope()
    stage: str = ""
    done: int = 0
    total: int = 0
    counts: Counts = Counts()
    brakes: tuple[BrakeHit, ...] = ()
    error: Message | None = None
    flow_version: int = 0
    started_by: str = ""
    created_at: datetime | None = None
    started_at: datetime | None = None
    first_write_at: datetime | None = None
    finished_at: datetime | None = None
    cancel_requested: bool = False
    spent: dict[str, float] = field(default_factory=dict)
    figures: dict[str, object] = field(default_factory=dict)
