"""A target that is asked to write only while this worker may."""

from __future__ import annotations

from collections.abc import Sequence

from sync import fence
from sync.engine.apply import Target
from sync.model.call import Call, Change, Outcome, Written


class Alive:
    """Looks at the lease right before every request that writes."""

    def __init__(self, target: Target) -> None:
        self._target = target

    def batch(self, changes: Sequence[Change]) -> list[Call]:
        return self._target.batch(changes)

    def send(self, call: Call) -> list[Outcome]:
        """Raises Fenced once the lease is over: the call is another worker's then."""
        fence.check_alive()
        return self._target.send(call)

    def find_written(self, call: Call) -> Written:
        return self._target.find_written(call)
