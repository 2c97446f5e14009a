"""What calls cost: calls, points, throttles. Fed by the connectors, each call on account of the run that
makes it; what a run has spent is added up in the database, so that neither runs side by side nor workers that
take turns distort it."""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar

from storage.budgets import Told
from storage.clock import utc_now

FIELDS = ("calls", "points", "throttled")


class Meter:
    """What one run has spent in this process and what is not stored yet. Safe between threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._amounts = dict.fromkeys(FIELDS, 0.0)
        self.users = 0

    def add(self, amounts: Mapping[str, float]) -> None:
        with self._lock:
            for name in FIELDS:
                self._amounts[name] += amounts.get(name, 0.0)

    def take(self) -> dict[str, float]:
        """What has come together; from here on it is the caller's."""
        with self._lock:
            taken, self._amounts = self._amounts, dict.fromkeys(FIELDS, 0.0)
        return taken


_meter: ContextVar[Meter | None] = ContextVar("meter", default=None)


class ConnectionTrace:
    """The `Trace` of one connection."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.totals: dict[str, float] = defaultdict(float)
        self.told: Told | None = None

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
        spent = {"calls": 1.0, "points": points, "throttled": float(throttled)}
        with self._lock:
            for name, amount in spent.items():
                self.totals[name] += amount
            self.totals["seconds"] += seconds
            if available is not None and limit is not None and restore is not None:
                self.told = Told(available, limit, restore, utc_now())
        meter = _meter.get()
        if meter is not None:
            meter.add(spent)


class Spending:
    """All traces of a process, and the meters of the runs at work in it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._traces: dict[str, ConnectionTrace] = {}
        self._meters: dict[str, Meter] = {}

    def trace(self, connection_id: str) -> ConnectionTrace:
        with self._lock:
            return self._traces.setdefault(connection_id, ConnectionTrace())

    @contextmanager
    def on_account_of(self, run_id: str) -> Iterator[None]:
        """Within this block (and contexts copied from it) every call is this run's."""
        with self._lock:
            meter = self._meters.setdefault(run_id, Meter())
            meter.users += 1
        token = _meter.set(meter)
        try:
            yield
        finally:
            _meter.reset(token)
            with self._lock:
                meter.users -= 1

    @contextmanager
    def handed_over(self, run_id: str) -> Iterator[Mapping[str, float]]:
        """What the run has spent here since the last time. It counts as stored when the block ends; if it
        raises, it is handed over again the next time."""
        with self._lock:
            meter = self._meters.get(run_id)
        amounts = meter.take() if meter is not None else {}
        try:
            yield amounts
        except BaseException:
            if meter is not None:
                meter.add(amounts)
            raise
        with self._lock:
            if meter is not None and not meter.users:
                self._meters.pop(run_id, None)
