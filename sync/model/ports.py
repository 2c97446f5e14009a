"""What engine and connectors are handed: clock, keep, budget. The doors through which the world comes in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any, Protocol, TypeVar

T = TypeVar("T")


class Clock(Protocol):
    """Time as a connection feels it. With a speed factor (sandbox only) `monotonic` and `sleep` are scaled;
    `now` never is."""

    def now(self) -> datetime:
        """Aware UTC."""

    def monotonic(self) -> float:
        """Scaled seconds; for windows, pacing and retries."""

    def sleep(self, seconds: float) -> None:
        """Sleep so many scaled seconds; returns early (by raising `Cancelled`) when the work is cancelled."""


class Keep(Protocol):
    """Small values of one connection that survive a restart, sealed like secrets: cached tokens, the sign-in
    method that worked, made definitions."""

    def get(self, name: str) -> str | None: ...

    def put(self, name: str, value: str, expires_at: datetime | None = None) -> None: ...

    def drop(self, name: str) -> None: ...


class SharedState(Protocol):
    """Small states of one connection that every process of the installation sees: what a rate limit counts.
    They are handed over with the time, in scaled seconds of the clock that all share."""

    def change(self, name: str, do: Callable[[dict[str, Any], float], T]) -> T:
        """Lets `do` change the state `name`, alone; answers what it answers. `do` may not wait."""

    def note(self, name: str, do: Callable[[dict[str, Any], float], None]) -> None:
        """As `change`, for what is told after a call: raises nothing if it cannot be kept."""


class Secrets(Protocol):
    """A connection's secrets; printing it shows no value."""

    def get(self, name: str, default: str = "") -> str: ...


class Account:
    """One connection as its connector sees it: who, where, with what."""

    __slots__ = ("allow_private", "connection_id", "secrets", "settings", "speed")

    def __init__(
        self,
        connection_id: str,
        settings: Mapping[str, str],
        secrets: Secrets,
        *,
        speed: float = 1.0,
        allow_private: bool = False,
    ) -> None:
        self.connection_id = connection_id
        self.settings = settings
        self.secrets = secrets
        self.speed = speed
        self.allow_private = allow_private

    def __repr__(self) -> str:
        return f"Account({self.connection_id!r})"


class Trace(Protocol):
    """Where a connector reports what it spends: one line a request, for the run page's figures. Never
    bodies."""

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
    ) -> None: ...
