"""When a run was in which stage, seen from outside."""

from __future__ import annotations

import threading
from datetime import UTC, datetime

from bench.parts.figures import cpu_seconds
from bench.parts.stores import Stores
from sync.model.run import LIVE, Mode, Run

_EVERY = 0.02  # real seconds between two looks


class Stages:
    """Watches the runs of a flow from a thread of its own. Seconds are the emulators'."""

    def __init__(self, stores: Stores) -> None:
        self._stores, self._speed = stores, stores.shape.speed
        self._seen: list[tuple[datetime, str]] = []
        self._cpu: list[float] = []
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="stages", daemon=True)

    def __enter__(self) -> Stages:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()
        self._note("")

    @property
    def now(self) -> str:
        """The stage at work; "" before the first."""
        return self._seen[-1][1] if self._seen else ""

    def seconds(self, *names: str) -> float:
        """How long the stages whose names begin so took together."""
        pairs = zip(self._seen, self._seen[1:], strict=False)
        total = sum((end - at).total_seconds() for (at, stage), (end, _) in pairs if stage.startswith(names))
        return round(total * self._speed, 2)

    def written(self, run: Run) -> float:
        """From the first write until the last stage that writes was over."""
        if run.first_write_at is None:
            return 0.0
        ends = [
            end for (_, stage), (end, _) in zip(self._seen, self._seen[1:], strict=False) if _writes(stage)
        ]
        return max(0.0, (max(ends) - run.first_write_at).total_seconds() * self._speed) if ends else 0.0

    def all(self) -> dict[str, float]:
        """Seconds by stage, in their order."""
        return {name: self.seconds(name) for name in dict.fromkeys(stage for _, stage in self._seen if stage)}

    def cpu(self) -> dict[str, float]:
        """Seconds of this process's processor time by stage."""
        found: dict[str, float] = {}
        for (_, stage), start, end in zip(self._seen, self._cpu, self._cpu[1:], strict=False):
            if stage:
                found[stage] = round(found.get(stage, 0.0) + end - start, 2)
        return found

    def _watch(self) -> None:
        while not self._over.wait(_EVERY):
            runs = self._stores.ws.runs.list(
                flow_id=self._stores.flow_id, live=True, limit=1, without=(Mode.ITEMS,)
            )
            stage = runs[0].stage if runs and runs[0].status in LIVE else ""
            if stage != self.now:
                self._note(stage)

    def _note(self, stage: str) -> None:
        self._seen.append((datetime.now(UTC), stage))
        self._cpu.append(cpu_seconds())


def _writes(stage: str) -> bool:
    return stage.startswith("apply:")
