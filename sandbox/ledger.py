"""What a sandbox really did: every applied effect, and every call that reached it."""

from __future__ import annotations

import copy
import hashlib
import json
from collections import Counter, deque
from typing import Any, Literal

from sandbox.clock import Clock
from sandbox.statefile import StateFile

CALLS_KEPT = 100_000
_KIND = "_ledger"


def argument_hash(args: object) -> str | None:
    """SHA-256 (32 hex digits) of the arguments as canonical JSON; None when there are none."""
    if args is None:
        return None
    text = json.dumps(args, sort_keys=True, separators=(",", ":"), ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:32]


class Ledger:
    """Effects are the truth that tests compare with: kept without bound, and in the state file when there
    is one.

    Calls are counted always and listed (the last ``CALLS_KEPT``) with scaled times, as proof of the rate
    limits.
    """

    def __init__(self, clock: Clock, state: StateFile | None = None) -> None:
        self._clock = clock
        self._state = state
        self._effects: list[dict[str, Any]] = []
        self._seq = 0
        self._reset_calls()
        if state is not None:
            self._effects = list(state.load(_KIND).values())
            self._seq = self._effects[-1]["seq"] if self._effects else 0

    def effect(
        self,
        kind: str,
        target: str,
        *,
        key: str | None = None,
        args: object = None,
        before: object = None,
        after: object = None,
        detail: dict[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Write down one effect that was applied, e.g. ``effect("order.created", "700123", args=body)``."""
        self._seq += 1
        entry = {
            "seq": self._seq,
            "at": self._clock.now().isoformat(),
            "t": round(self._clock.monotonic(), 3),
            "kind": kind,
            "target": target,
            "key": key,
            "args_hash": argument_hash(args),
            "before": copy.deepcopy(before),
            "after": copy.deepcopy(after),
            "detail": copy.deepcopy(detail) or {},
        }
        self._effects.append(entry)
        if self._state is not None:
            self._state.put(_KIND, str(self._seq), entry)
        return entry

    def call(
        self,
        operation: str,
        *,
        kind: Literal["read", "write"],
        status: int,
        points: float = 0,
        throttled: bool = False,
        refused: bool = False,
        path: str | None = None,
    ) -> None:
        """Count one request; ``path`` (with its query) is kept where a limit is keyed on it."""
        self._counts["calls"] += 1
        self._counts["reads" if kind == "read" else "writes"] += 1
        self._counts["throttled"] += throttled
        self._counts["refused"] += refused
        self._points += points
        self._by_operation[operation] += 1
        self._calls.append(
            {
                "n": self._counts["calls"],
                "t": round(self._clock.monotonic(), 3),
                "operation": operation,
                "kind": kind,
                "status": status,
                "points": points,
                "throttled": throttled,
                "refused": refused,
                "path": path,
            }
        )

    def to_dict(self, since: int = 0, limit: int | None = None) -> dict[str, Any]:
        """Effects with a sequence number above ``since``; ``next`` is the ``since`` of the following
        question."""
        effects = [entry for entry in self._effects if entry["seq"] > since][:limit]
        last = effects[-1]["seq"] if effects else since
        return {"effects": effects, "next": last, "more": last < self._seq, "summary": self.summary()}

    def calls(self, since: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """The request log after call number ``since``, oldest first, with scaled seconds in ``t``."""
        return [call for call in self._calls if call["n"] > since][:limit]

    def summary(self) -> dict[str, Any]:
        """Counts of calls since start or reset, and of all effects by kind."""
        counts = {name: self._counts[name] for name in ("calls", "reads", "writes", "throttled", "refused")}
        effects = dict(Counter(entry["kind"] for entry in self._effects))
        by_operation = dict(self._by_operation)
        return {**counts, "points": round(self._points, 2), "effects": effects, "by_operation": by_operation}

    def clear(self) -> None:
        """Forget everything, as after a reset of the sandbox."""
        if self._state is not None:
            for entry in self._effects:
                self._state.delete(_KIND, str(entry["seq"]))
        self._effects, self._seq = [], 0
        self._reset_calls()

    def _reset_calls(self) -> None:
        self._counts: Counter[str] = Counter()
        self._by_operation: Counter[str] = Counter()
        self._points = 0.0
        self._calls: deque[dict[str, Any]] = deque(maxlen=CALLS_KEPT)
