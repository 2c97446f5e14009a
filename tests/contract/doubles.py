"""What a connector is handed in tests: a scaled clock, a keep and secrets in memory, a trace that
remembers."""

from __future__ import annotations

import threading
import time
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from sync.connectors.contract import Services
from sync.errors import Cancelled
from sync.model.ports import Account


class ScaledClock:
    """Real time, `speed` times as fast for pacing. `cancelled` makes every sleep end at once, as a stopped
    run does."""

    def __init__(self, speed: float = 1.0) -> None:
        self.speed, self.slept, self.cancelled = speed, 0.0, False
        self._started = time.monotonic()

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return (time.monotonic() - self._started) * self.speed

    def sleep(self, seconds: float) -> None:
        if self.cancelled:
            raise Cancelled("The run was cancelled.")
        self.slept += max(0.0, seconds)
        time.sleep(max(0.0, seconds) / self.speed)


class OwnClock(ScaledClock):
    """Time that passes only while somebody sleeps, `speed` times as fast as the real one: how long a busy
    machine takes for its own work is no part of it. It never runs ahead of a sandbox of that speed."""

    def __init__(self, speed: float = 1.0) -> None:
        super().__init__(speed)
        self._time, self._moving = 0.0, threading.Lock()

    def monotonic(self) -> float:
        return self._time

    def sleep(self, seconds: float) -> None:
        until = self._time + max(0.0, seconds)
        super().sleep(seconds)
        with self._moving:
            self._time = max(self._time, until)


class StillClock(ScaledClock):
    """Time that passes only by sleeping: pacing can be tested to the second without waiting."""

    def __init__(self) -> None:
        super().__init__()
        self.time = 0.0

    def monotonic(self) -> float:
        return self.time

    def sleep(self, seconds: float) -> None:
        if self.cancelled:
            raise Cancelled("The run was cancelled.")
        self.slept += max(0.0, seconds)
        self.time += max(0.0, seconds)


class MemoryKeep:
    """A connection's small values."""

    def __init__(self) -> None:
        self.values: dict[str, str] = {}

    def get(self, name: str) -> str | None:
        return self.values.get(name)

    def put(self, name: str, value: str, expires_at: datetime | None = None) -> None:
        self.values[name] = value

    def drop(self, name: str) -> None:
        self.values.pop(name, None)


class Secrets:
    """Secrets that do not show themselves."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)

    def get(self, name: str, default: str = "") -> str:
        return self._values.get(name, default)

    def __repr__(self) -> str:
        return "Secrets(…)"


class Trace:
    """Every request that was reported: (operation, its figures)."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any]]] = []

    def request(self, operation: str, **figures: Any) -> None:
        self.requests.append((operation, figures))


def services(speed: float = 1.0, keep: MemoryKeep | None = None) -> Services:
    """Fresh ones."""
    return Services(OwnClock(speed), keep or MemoryKeep(), Trace())


def account(
    url: str, secrets: Mapping[str, str], *, speed: float = 1.0, allow_private: bool = True, **settings: str
) -> Account:
    """An account at a sandbox."""
    return Account(
        "connection", {"url": url, **settings}, Secrets(secrets), speed=speed, allow_private=allow_private
    )
