"""A workspace between two emulated stores that sell the same SKUs, as the trial links them."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench.parts.books import Books
from bench.parts.box import Box
from sync.application import Application, open_application
from sync.cli.follow import ended
from sync.managers.sandboxes import SandboxProcess
from sync.managers.trial_plan import SOURCE_STORE, TrialPlan
from sync.model.entity import Entity
from sync.model.flow import Flow, Link
from sync.model.run import Mode, Run, Scope, Status
from sync.model.stock import ALL_PLACES

TARGET_STORE = "shopify-outlet-1"
_POLL = 0.05


@dataclass(frozen=True, slots=True)
class Shape:
    """How large and how fast the two stores are. `speed` scales their time; `latency` is a round trip in
    their seconds; `equal`: both show the same quantities; `settings` are further switches of the
    emulator."""

    skus: int
    plan: str = "standard"
    speed: float = 20.0
    latency: float = 0.0
    seed: int = 1
    equal: bool = False
    locations: str = "Depo"
    settings: Mapping[str, str] = field(default_factory=dict)


class Stores:
    """`source` and `target`, linked in a workspace. The boxes outlive the workspace."""

    def __init__(self, boxes: Mapping[str, SandboxProcess], env: Mapping[str, str], shape: Shape) -> None:
        self.shape, self.env, self.boxes = shape, dict(env), dict(boxes)
        self.source, self.target = Box(boxes[SOURCE_STORE]), Box(boxes[TARGET_STORE])
        self.ws = self.opened()
        plan = TrialPlan(kind="stores", skus=shape.skus, speed=shape.speed, seed=shape.seed)
        self.link: Link = self.ws.trial.start(plan)
        self.flow_id = self.flow.id

    def opened(self) -> Application:
        """A workspace of the same data that knows the boxes; it does not work yet."""
        ws = open_application(self.env)
        ws.trial.processes.update(self.boxes)
        return ws

    @property
    def flow(self) -> Flow:
        return next(f for f in self.ws.links.flows(self.link.id) if f.entity is Entity.STOCK)

    @property
    def place(self) -> str:
        """The target's location that is kept in step."""
        return next(place for place, sources in self.link.locations.items() if sources)

    def wanted(self) -> dict[str, int]:
        """What the target is to show by SKU: the sum over the source's locations, never below zero."""
        sources, found = self.link.locations[self.place], dict[str, int]()
        for number, place in enumerate(self.places(self.link.a)):
            if ALL_PLACES in sources or place in sources:
                for sku, pieces in Books(self.source).levels(number):
                    found[sku] = found.get(sku, 0) + pieces
        return {sku: max(0, pieces) for sku, pieces in found.items()}

    def shown(self) -> dict[str, int]:
        """What the target shows by SKU at the location that is kept in step."""
        return dict(Books(self.target).levels(self.places(self.link.b).index(self.place)))

    def places(self, connection_id: str) -> list[str]:
        """A store's locations in its own order."""
        return [choice.id for choice in self.ws.connector(connection_id).choices("locations")]

    def start(self, mode: Mode = Mode.FULL, **scope: Any) -> str:
        return self.ws.run_verbs.start(self.flow.id, mode, Scope(**scope), by="bench")

    def ended(self, run_id: str, patience: float = 900.0) -> Run:
        """Waits until nothing more happens in a run."""
        end = time.monotonic() + patience
        while not ended(self.ws, run := self.ws.runs.get(run_id)):
            if time.monotonic() > end:
                raise TimeoutError(f"the run does not end: {run}")
            time.sleep(_POLL)
        return run

    def run(self, mode: Mode = Mode.FULL, **scope: Any) -> Run:
        """One run to its end, past every brake. Raises RuntimeError if it fails."""
        run = self.ended(self.start(mode, **scope))
        if run.status is Status.BRAKED:
            self.ws.run_verbs.confirm(run.id, [hit.code for hit in run.brakes], by="bench")
            run = self.ended(run.id)
        if run.status is not Status.DONE:
            raise RuntimeError(f"{run.status}: {run.error and run.error.english()} {run.counts}")
        return run

    def baseline(self) -> Run:
        """The first full alignment, confirmed by the operator: from here on there are deltas and
        schedules."""
        run = self.run()
        if not self.ws.stock_stages.get(self.flow_id).live:
            self.ws.stock_stages.validate(self.flow_id, "bench", {})
        return run

    def close(self) -> None:
        """Ends the workspace; the boxes go on."""
        self.ws.trial.processes.clear()
        self.ws.close()


@contextmanager
def store_boxes(shape: Shape) -> Iterator[dict[str, SandboxProcess]]:
    """Both stores as processes, their state in memory."""
    started: dict[str, SandboxProcess] = {}
    try:
        for number, name in enumerate((SOURCE_STORE, TARGET_STORE)):
            settings = {
                "shop": f"store-{number}",
                "stock_skus": str(shape.skus),
                "stock_seed": str(shape.seed + (0 if shape.equal else number)),
                "plan": shape.plan,
                "locations": shape.locations,
                **shape.settings,
            }
            started[name] = SandboxProcess(
                "shopify",
                None,
                speed=shape.speed,
                seed=shape.seed,
                latency=shape.latency,
                settings=settings,
            )
        yield started
    finally:
        for process in started.values():
            process.stop()


@contextmanager
def two_stores(
    shape: Shape, *, work: bool = True, home: Path | None = None, url: str = ""
) -> Iterator[Stores]:
    """Two linked stores and a workspace over SQLite (or the database `url`); `work`: runs are worked on
    in this process."""
    folder = nullcontext(str(home)) if home else tempfile.TemporaryDirectory(prefix="counterpart-bench-")
    with folder as at, store_boxes(shape) as boxes:
        env = {"COUNTERPART_HOME": at, **({"COUNTERPART_DATABASE_URL": url} if url else {})}
        stores = Stores(boxes, env, shape)
        try:
            if work and not stores.ws.start():
                raise RuntimeError("another process does the work of this workspace")
            yield stores
        finally:
            stores.close()
