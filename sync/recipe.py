"""How the work of an entity is asked for by those who know nothing of the entity: the queue, and the verbs of
runs."""

from __future__ import annotations

from typing import Protocol

from sync.errors import CounterpartError
from sync.model.run import Run, Status


class Recipe(Protocol):
    """What every manager in `sync/managers` offers; see `SyncManager` there."""

    def stages(self, run: Run) -> tuple[str, ...]:
        """Names of the run's stages, in order."""

    def turn(self, run: Run, stage: str) -> str | None:
        """Does one stage; answers the next one, None when the run is finished."""

    def partition(self, run: Run, stage: str) -> str:
        """The connection whose budget a stage spends."""

    def close(self, run: Run, status: Status, error: CounterpartError | None) -> None:
        """Ends a run before its last stage: cancelled or failed."""
