"""What an operator can do with queue items: process now, retry, dismiss. Each writes a log row that names who
asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from storage.queue import QueueFilter
from sync.errors import NeedsOperator
from sync.model.text import Message, say
from sync.workspace import Workspace

MOST = 10_000
"""Rows that one verb moves at most."""


class QueueVerbs:
    """Verbs of the queue page. Every one answers how many rows it moved."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws

    def now(self, ids: Sequence[int], by: str = "") -> int:
        """These waiting items are due at once; records overtake everything. Raises NeedsOperator if none of
        them waits (any more)."""
        moved = self.ws.queue.now(ids)
        return self._done(
            moved, say("{who} asked {count} queue items to be processed now.", who=by, count=moved)
        )

    def retry(self, ids: Sequence[int], by: str = "") -> int:
        """These failed records are tried again, from the truth as it is now. Raises NeedsOperator if none of
        them has failed; a failed stage belongs to a run, which is started again."""
        moved = self.ws.queue.retry(ids)
        return self._done(
            moved, say("{who} asked for {count} queue items to be tried again.", who=by, count=moved)
        )

    def dismiss(self, ids: Sequence[int], by: str = "") -> int:
        """Failed items, and records that wait, are put away. Raises NeedsOperator if there was none; a
        waiting stage belongs to a run, which is cancelled instead."""
        moved = self.ws.queue.dismiss(ids)
        return self._done(moved, say("{who} dismissed {count} queue items.", who=by, count=moved))

    def retry_all(self, which: QueueFilter, by: str = "") -> int:
        """All failed records that match, at most `MOST`."""
        return self.retry(self._ids(which, "failed"), by)

    def _ids(self, which: QueueFilter, status: str) -> Sequence[int]:
        return self.ws.queue.ids(replace(which, status=status), MOST)

    def _done(self, moved: int, message: Message) -> int:
        if not moved:
            raise NeedsOperator(
                say("None of these items is in a state for that any more. Look at the page again.")
            )
        self.ws.wake()
        self.ws.journal.say("info", message)
        return moved


__all__ = ["MOST", "QueueFilter", "QueueVerbs"]
