"""The lagging search index: lists with a ``query`` see what was true some seconds ago."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Any

from sandbox.clock import Clock

Obj = dict[str, Any]
Facts = dict[str, Any]


class SearchIndex:
    """The facts that search knows of each object; a write arrives ``lag`` scaled seconds after it happened.

    ``look`` finds an object's facts when it is indexed (None: it is gone). While ``stale`` nothing new
    arrives.
    """

    def __init__(self, clock: Clock, lag: float, look: Callable[[str, str], Facts | None]) -> None:
        self._clock, self.lag, self._look = clock, lag, look
        self.stale = False
        self._seen: dict[str, dict[str, Facts]] = {}
        self._due: deque[tuple[float, str, str]] = deque()

    def clear(self) -> None:
        """Forget everything."""
        self._seen.clear()
        self._due.clear()

    def now(self, kind: str, id: str) -> None:
        """Index an object without a lag, as after a restart."""
        facts = self._look(kind, id)
        rows = self._seen.setdefault(kind, {})
        if facts is None:
            rows.pop(id, None)
        else:
            rows[id] = facts

    def knows(self, kind: str, id: str) -> bool:
        """Whether search has an object's facts."""
        return id in self._seen.get(kind, {})

    def seen(self, kind: str, id: str, facts: Facts) -> None:
        """Let search go on with these facts until it hears of a change."""
        self._seen.setdefault(kind, {})[id] = facts

    def later(self, kind: str, id: str) -> None:
        """Index an object (or its absence) when the lag is over."""
        if self.lag <= 0 and not self.stale:
            self.now(kind, id)
        else:
            self._due.append((self._clock.monotonic() + self.lag, kind, id))

    def rows(self, kind: str) -> dict[str, Facts]:
        """What search knows at this moment: facts by id."""
        now = self._clock.monotonic()
        while self._due and self._due[0][0] <= now and not self.stale:
            _, which, id = self._due.popleft()
            self.now(which, id)
        return self._seen.setdefault(kind, {})
