"""The lock that marks the one process allowed to run turns: the kernel drops it when that process dies."""

from __future__ import annotations

import fcntl
import json
import os
import time
from pathlib import Path
from typing import Any

from storage.clock import Clock, utc_now

LOOKS = 10
LOOK_EVERY = 0.02
"""Seconds. Whoever asks `holder` touches the lock for microseconds; an `acquire` that meets it looks
again."""


class ProcessLock:
    """An exclusive flock on `path`, with a note of who holds it. Linux and macOS; not for network file
    systems."""

    def __init__(self, path: str | os.PathLike[str], clock: Clock = utc_now) -> None:
        self._path = Path(path)
        self._clock = clock
        self._file: int | None = None

    def acquire(self) -> bool:
        """Whether this process holds the lock now; True also if it held it already. Does not wait for
        others."""
        if self._file is not None:
            return True
        file = self._open()
        for look in range(LOOKS):
            if look:
                time.sleep(LOOK_EVERY)
            if _try_lock(file):
                self._file = file
                self._sign(file)
                return True
        os.close(file)
        return False

    def holder(self) -> dict[str, Any] | None:
        """Who holds it: {"pid": int, "since": ISO text}; None if nobody does."""
        if self._file is not None:
            return _note(self._file)
        if not self._path.exists():
            return None
        file = self._open()
        try:
            if _try_lock(file):
                return None
            return _note(file)
        finally:
            os.close(file)

    def release(self) -> None:
        """Gives it back; nothing happens if it was not held."""
        if self._file is not None:
            os.ftruncate(self._file, 0)
            os.close(self._file)
            self._file = None

    def _open(self) -> int:
        return os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

    def _sign(self, file: int) -> None:
        note = json.dumps({"pid": os.getpid(), "since": self._clock().isoformat()}).encode()
        os.ftruncate(file, 0)
        os.pwrite(file, note, 0)


def _try_lock(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _note(file: int) -> dict[str, Any]:
    """What the holder wrote; pid 0 in the instant between its lock and its note."""
    try:
        note: dict[str, Any] = json.loads(os.pread(file, 4096, 0))
    except ValueError:
        return {"pid": 0, "since": ""}
    return note
