"""What a sandbox holds, written through to one SQLite file, so that a restart does not look like an
emptied shop."""

from __future__ import annotations

import json
import os
import sqlite3
from typing import Any

# A sandbox that is just ending may still hold the file.
BUSY_SECONDS = 5.0
_DELETED = object()


class StateFileBusy(RuntimeError):
    """Another sandbox process holds the file."""


class StateFile:
    """JSON objects by (kind, id). ``put`` and ``delete`` gather; ``commit`` writes them in one transaction.

    ``path`` None keeps nothing. The server commits before every answer, so whatever was answered survives
    kill -9
    (write-ahead log; a power cut may lose the last answers, which is good enough for a sandbox).
    """

    def __init__(self, path: str | None) -> None:
        """Open or create the file; StateFileBusy when another process has it open."""
        self.path = path
        self._pending: dict[tuple[str, str], Any] = {}
        self._db: sqlite3.Connection | None = None
        if path is not None:
            self._db = _open(path)

    @property
    def keeps(self) -> bool:
        """Whether there is a file."""
        return self._db is not None

    def put(self, kind: str, id: str, obj: Any) -> None:
        """Keep ``obj`` as it stands at the next commit."""
        if self._db is not None:
            self._pending[(kind, id)] = obj

    def delete(self, kind: str, id: str) -> None:
        """Forget one object at the next commit."""
        if self._db is not None:
            self._pending[(kind, id)] = _DELETED

    def commit(self) -> None:
        """Write everything gathered since the last commit, or nothing of it."""
        if self._db is None or not self._pending:
            return
        gone = [key for key, obj in self._pending.items() if obj is _DELETED]
        kept = [(*key, _dump(obj)) for key, obj in self._pending.items() if obj is not _DELETED]
        with self._db:
            self._db.executemany("DELETE FROM object WHERE kind = ? AND id = ?", gone)
            self._db.executemany(
                "INSERT INTO object (kind, id, body) VALUES (?, ?, ?)"
                " ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                kept,
            )
        self._pending.clear()

    def load(self, kind: str) -> dict[str, Any]:
        """All committed objects of a kind by id, in the order in which they were first put."""
        if self._db is None:
            return {}
        rows = self._db.execute("SELECT id, body FROM object WHERE kind = ? ORDER BY seq", (kind,))
        return {id: json.loads(body) for id, body in rows}

    def clear(self) -> None:
        """Forget everything at once, gathered or written."""
        self._pending.clear()
        if self._db is not None:
            with self._db:
                self._db.execute("DELETE FROM object")

    def close(self) -> None:
        """Commit and let go of the file."""
        if self._db is not None:
            self.commit()
            self._db.close()
            self._db = None


def _open(path: str) -> sqlite3.Connection:
    # One process at a time: two sandboxes over one file would each believe their own memory. For its owner
    # alone: customers and credentials may be made up, but a merchant may well enter real ones.
    try:
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        db = sqlite3.connect(path, timeout=BUSY_SECONDS, check_same_thread=False)
        db.execute("PRAGMA locking_mode = EXCLUSIVE")
        db.execute("PRAGMA journal_mode = WAL")
        db.execute("PRAGMA synchronous = NORMAL")
        with db:
            db.execute(
                "CREATE TABLE IF NOT EXISTS object (seq INTEGER PRIMARY KEY, kind TEXT NOT NULL,"
                " id TEXT NOT NULL, body TEXT NOT NULL, UNIQUE (kind, id))"
            )
    except (sqlite3.OperationalError, OSError) as error:
        raise StateFileBusy(
            f"cannot open the state file {path}: {error}. "
            "Stop the sandbox that uses it, or name another file."
        ) from error
    return db


def _dump(obj: Any) -> str:
    return json.dumps(obj, ensure_ascii=False, separators=(",", ":"))
