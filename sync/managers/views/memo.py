"""Figures that cost a walk over many rows, kept for a moment: a page that draws itself anew every second asks
for them once."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Hashable
from typing import Any, TypeVar

from sync.workspace import Workspace

T = TypeVar("T")
_MOST = 200


class Memo:
    """What was worked out lately, by name. Thread-safe; two who ask at once may both work it out."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._kept: dict[Hashable, tuple[float, Any]] = {}

    def get(self, name: Hashable, seconds: float, make: Callable[[], T]) -> T:
        """The kept value if it is at most `seconds` old, else a new one."""
        with self._lock:
            known = self._kept.get(name)
        if known is not None and time.monotonic() - known[0] <= seconds:
            found: T = known[1]
            return found
        made = make()
        with self._lock:
            if len(self._kept) >= _MOST:
                self._kept.clear()
            self._kept[name] = (time.monotonic(), made)
        return made

    def forget(self) -> None:
        """Everything is worked out anew when next asked for."""
        with self._lock:
            self._kept.clear()


def memo_of(ws: Workspace) -> Memo:
    """The one memo of a workspace, made on first use."""
    return ws.one(Memo, Memo)
