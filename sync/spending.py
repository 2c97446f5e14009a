"""What each connection spends: calls, points, throttles. Fed by the connectors, read by the run page and
`demo`."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping

_FIELDS = ("calls", "points", "throttled")


class ConnectionTrace:
    """The `Trace` of one connection."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.totals: dict[str, float] = defaultdict(float)
        self.bucket: tuple[float, float, float] | None = None

    def request(
        self,
        operation: str,
        *,
        seconds: float,
        points: float = 0.0,
        throttled: bool = False,
        available: float | None = None,
        limit: float | None = None,
        restore: float | None = None,
    ) -> None:
        with self._lock:
            self.totals["calls"] += 1
            self.totals["points"] += points
            self.totals["throttled"] += throttled
            self.totals["seconds"] += seconds
            if available is not None and limit is not None and restore is not None:
                self.bucket = (available, limit, restore)


class Spending:
    """All traces of a process, and what each run has spent since it began."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._traces: dict[str, ConnectionTrace] = {}
        self._starts: dict[str, dict[str, float]] = {}

    def trace(self, connection_id: str) -> ConnectionTrace:
        with self._lock:
            return self._traces.setdefault(connection_id, ConnectionTrace())

    def of(self, *connection_ids: str) -> dict[str, float]:
        """Totals of these connections together since the process started."""
        totals = dict.fromkeys(_FIELDS, 0.0)
        for connection_id in connection_ids:
            for name in _FIELDS:
                totals[name] += self.trace(connection_id).totals[name]
        return totals

    def since_start(
        self, run_id: str, totals: Mapping[str, float], before: Mapping[str, float]
    ) -> dict[str, float]:
        """What a run has spent: since this process first asked, and `before` in a process that died."""
        with self._lock:
            start = self._starts.setdefault(run_id, {n: totals[n] - before.get(n, 0.0) for n in _FIELDS})
        return {name: round(totals[name] - start[name], 1) for name in _FIELDS}
