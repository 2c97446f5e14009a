"""The windows of `pacing` where several processes speak to one account: what is taken stands where all of
them see it, in a `SharedState`. Seconds are scaled, on the clock that all share.

Nothing is reserved ahead: whoever finds no room sleeps, outside of any transaction, and asks again. A call
under way counts as made at this moment until its answer has come; that of a process that died for `LOST`
seconds."""

from __future__ import annotations

import os
import threading
from hashlib import sha256
from typing import Any, Protocol

from sync.connectors.contract import Services
from sync.connectors.pacing import SameUrl, SlidingWindow
from sync.model.ports import Clock, SharedState

LOST = 120.0
"""Longer than any request takes."""
_LOOK = 5.0
"""How often is looked whether a call under way has its answer."""
_State = dict[str, Any]
_Take = list[Any]
"""[moment, until when it counts as under way (0: answered), whose it is]."""


class Window(Protocol):
    """What a connector does with a window of calls, its own or a shared one."""

    def take(self) -> None: ...

    def answered(self) -> None: ...

    def slow(self, limit: int, seconds: float) -> None: ...


class Same(Protocol):
    """What a connector does to keep equal requests apart."""

    def wait(self, url: str) -> float: ...

    def take(self, url: str) -> None: ...

    def note(self, url: str) -> None: ...


def window(services: Services, name: str, limit: int, seconds: float, spacing: float = 0.0) -> Window:
    """At most `limit` calls in any `seconds`, `spacing` apart, among all who speak to the account."""
    if services.shared is None:
        return SlidingWindow(limit, seconds, services.clock, spacing)
    return SharedWindow(services.shared, name, limit, seconds, services.clock, spacing)


def same_url(services: Services, name: str, seconds: float) -> Same:
    """One equal request in `seconds`, among all who speak to the account."""
    if services.shared is None:
        return SameUrl(services.clock, seconds)
    return SharedSameUrl(services.shared, name, services.clock, seconds)


class SharedWindow:
    """A `SlidingWindow` of a whole installation. One request of each process at a time."""

    def __init__(
        self, shared: SharedState, name: str, limit: int, seconds: float, clock: Clock, spacing: float = 0.0
    ) -> None:
        if limit < 1:
            raise ValueError("a window of no calls")
        self._shared, self._name, self._clock = shared, name, clock
        self._limit, self._seconds, self._spacing = limit, seconds, spacing
        self._mine = ""  # the last take of this process

    def take(self) -> None:
        """Waits for the next free moment."""
        mine = _own()
        while (wait := self._shared.change(self._name, lambda state, now: self._try(state, now, mine))) > 0:
            self._clock.sleep(wait)
        self._mine = mine

    def answered(self) -> None:
        """Counts the last take from now on, because its answer has just come."""

        def note(state: _State, now: float) -> None:
            for take in state.get("taken", []):
                if take[2] == self._mine:
                    take[:2] = [now, 0.0]

        self._shared.note(self._name, note)

    def slow(self, limit: int, seconds: float) -> None:
        """Only so many fit for so long (the platform said that it is too much), whoever calls."""

        def note(state: _State, now: float) -> None:
            state["slow"] = [max(1, limit), now + seconds]

        self._shared.note(self._name, note)

    def _try(self, state: _State, now: float, mine: str) -> float:
        """Seconds that are missing; 0: taken."""
        most, until = state.get("slow", (self._limit, 0.0))
        limit = min(self._limit, int(most)) if now < until else self._limit
        taken = [_as_of(now, take) for take in state.get("taken", [])]
        reach = max(self._seconds, self._spacing)
        state["taken"] = taken = [take for take in taken if take[1] or take[0] + reach > now]
        moments = sorted(now if take[1] else take[0] for take in taken)
        spaced = moments[-1] + self._spacing if moments else now
        full = moments[-limit] + self._seconds if len(moments) >= limit else now
        wait = max(spaced, full) - now
        if wait <= 0:
            taken.append([now, now + LOST, mine])
        return _patient(wait, any(take[1] for take in taken))


class SharedSameUrl:
    """A `SameUrl` of a whole installation: one equal request in so many seconds."""

    def __init__(self, shared: SharedState, name: str, clock: Clock, seconds: float) -> None:
        self._shared, self._name, self._clock, self._seconds = shared, name, clock, seconds
        self._lock = threading.Lock()
        self._mine: dict[str, str] = {}

    def wait(self, url: str) -> float:
        """Seconds until this URL may be asked again, 0 if at once."""
        return self._shared.change(self._name, lambda state, now: self._left(state, now, _short(url)))

    def take(self, url: str) -> None:
        """Waits until this URL may be asked; nobody else may until it is answered and the time is over."""
        key, mine = _short(url), _own()

        def attempt(state: _State, now: float) -> float:
            left = self._left(state, now, key)
            if not left:
                state[key] = [now, now + LOST, mine]
            return left

        while (wait := self._shared.change(self._name, attempt)) > 0:
            self._clock.sleep(wait)
        with self._lock:
            self._mine[key] = mine

    def note(self, url: str) -> None:
        """Its answer has just come."""
        key = _short(url)
        with self._lock:
            mine = self._mine.pop(key, "")

        def answer(state: _State, now: float) -> None:
            state[key] = [now, 0.0, mine]

        self._shared.note(self._name, answer)

    def _left(self, state: _State, now: float, key: str) -> float:
        for old in [url for url, take in state.items() if max(take[0] + self._seconds, take[1]) <= now]:
            del state[old]
        if key not in state:
            return 0.0
        at, until, _whose = _as_of(now, state[key])
        return _patient((now if until else at) + self._seconds - now, bool(until))


def _as_of(now: float, take: _Take) -> _Take:
    """A call that nobody answered in time is over, as made when it went out. A database's clock that was set
    back leaves nothing in the future."""
    at, until, whose = take
    return [min(at, now), min(until, now + LOST) if until > now else 0.0, whose]


def _patient(wait: float, under_way: bool) -> float:
    """Seconds to sleep before asking again, at least 0."""
    return max(0.0, min(wait, _LOOK) if under_way else wait)


def _short(url: str) -> str:
    return sha256(url.encode()).hexdigest()[:24]


def _own() -> str:
    return os.urandom(8).hex()
