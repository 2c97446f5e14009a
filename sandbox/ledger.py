"""What a sandbox really did: every applied effect, and every call that reached it."""

from __future__ import annotations

import copy
import hashlib
import json
from collections import Counter, deque
from collections.abc import Iterator
from heapq import merge
from itertools import islice
from typing import Any, Literal

from sandbox.clock import Clock
from sandbox.statefile import StateFile
from sandbox.stock_effects import StockEffect, StockEffects

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
        self._kinds: Counter[str] = Counter()
        self.stock = StockEffects()
        self._seq = 0
        self._reset_calls()
        for entry in state.load(_KIND).values() if state is not None else ():
            self._seq = entry["seq"]
            if not self.stock.restore(entry):
                self._effects.append(entry)
                self._kinds[entry["kind"]] += 1

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
        self._kinds[kind] += 1
        if self._state is not None:
            self._state.put(_KIND, str(self._seq), entry)
        return entry

    def moved(self, *effects: StockEffect) -> None:
        """Write down changes of quantities; kept in arrays, listed like any other effect."""
        at, t = self._clock.now().timestamp(), self._clock.monotonic()
        for effect in effects:
            self._seq += 1
            self.stock.add(self._seq, at, t, effect)
            if self._state is not None and self._state.keeps:
                entry = self.stock.entry(len(self.stock) - 1, argument_hash)
                self._state.put(_KIND, str(self._seq), entry)

    def stock_effects(self, first: int, end: int) -> Iterator[StockEffect]:
        """The stock effects from the ``first``-th up to the ``end``-th, counted since the ledger was
        empty."""
        return map(self.stock.effect, range(first, min(end, len(self.stock))))

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
        spent = self._points_by_operation
        spent[operation] = spent.get(operation, 0.0) + points
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
        effects = list(islice(self._listed(since), limit))
        last = effects[-1]["seq"] if effects else since
        return {"effects": effects, "next": last, "more": last < self._seq, "summary": self.summary()}

    def _listed(self, since: int) -> Iterator[dict[str, Any]]:
        stock = (self.stock.entry(n, argument_hash) for n in self.stock.after_seq(since))
        others = (entry for entry in self._effects if entry["seq"] > since)
        return merge(others, stock, key=lambda entry: entry["seq"])

    def calls(self, since: int = 0, limit: int | None = None) -> list[dict[str, Any]]:
        """The request log after call number ``since``, oldest first, with scaled seconds in ``t``."""
        return [call for call in self._calls if call["n"] > since][:limit]

    def summary(self) -> dict[str, Any]:
        """Counts of calls since start or reset, and of all effects by kind."""
        counts = {name: self._counts[name] for name in ("calls", "reads", "writes", "throttled", "refused")}
        effects = dict(self._kinds + self.stock.counts)
        points = {name: round(value, 2) for name, value in self._points_by_operation.items() if value}
        return {
            **counts,
            "points": round(self._points, 2),
            "effects": effects,
            "by_operation": dict(self._by_operation),
            "points_by_operation": points,
        }

    def forget_calls(self) -> None:
        """Begin counting calls anew; effects stay."""
        self._reset_calls()

    def clear(self) -> None:
        """Forget everything, as after a reset of the sandbox."""
        if self._state is not None:
            for seq in (*(entry["seq"] for entry in self._effects), *self.stock.seq):
                self._state.delete(_KIND, str(seq))
        self._effects, self._seq = [], 0
        self._kinds.clear()
        self.stock.clear()
        self._reset_calls()

    def _reset_calls(self) -> None:
        self._counts: Counter[str] = Counter()
        self._by_operation: Counter[str] = Counter()
        self._points_by_operation: dict[str, float] = {}
        self._points = 0.0
        self._calls: deque[dict[str, Any]] = deque(maxlen=CALLS_KEPT)
