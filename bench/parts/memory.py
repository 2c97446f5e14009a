"""Peak memory of a tree of processes without the emulators in it."""

from __future__ import annotations

import os
import threading
from collections.abc import Collection
from pathlib import Path

from sync.cli.demo import peak_mb

_EVERY = 0.25  # seconds between two looks
_PAGE = os.sysconf("SC_PAGE_SIZE")


class TreeMemory:
    """Watches the resident memory of this process and of all below it, but for `apart` (process ids) and
    what is below those. Linux only: it reads /proc.

    What two processes share is counted twice, so the figure is rather too high than too low."""

    def __init__(self, apart: Collection[int] = ()) -> None:
        self._apart, self._peak = set(apart), 0.0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="memory", daemon=True)

    def __enter__(self) -> TreeMemory:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def without(self, *apart: int) -> None:
        """These processes, too, are none of ours."""
        self._apart |= set(apart)

    @property
    def peak_mb(self) -> float:
        """The most so far, in MB: never less than this process's own mark."""
        self._look()
        return round(max(self._peak, peak_mb()), 1)

    def _watch(self) -> None:
        while not self._over.wait(_EVERY):
            self._look()

    def _look(self) -> None:
        total = sum(_resident(pid) for pid in tree(os.getpid(), self._apart))
        self._peak = max(self._peak, total / 1024 / 1024)


def tree(root: int, apart: Collection[int] = ()) -> list[int]:
    """The process and all its descendants without those in `apart` and below."""
    below: dict[int, list[int]] = {}
    for pid, parent in _parents():
        below.setdefault(parent, []).append(pid)
    found, waiting = [], [root]
    while waiting:
        pid = waiting.pop()
        if pid not in apart:
            found.append(pid)
            waiting += below.get(pid, [])
    return found


def _parents() -> list[tuple[int, int]]:
    rows = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and (stat := _read(folder / "stat")):
            rows.append((int(folder.name), int(stat.rpartition(")")[2].split()[1])))
    return rows


def _resident(pid: int) -> int:
    fields = _read(Path(f"/proc/{pid}/statm")).split()
    return int(fields[1]) * _PAGE if len(fields) > 1 else 0


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8", errors="replace")
    except OSError:  # it ended between two looks
        return ""
