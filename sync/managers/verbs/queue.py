"""What an operator can do with queue items: process now, retry, dismiss. Each writes a log row that names who
asked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from storage.queue import BY_HAND, URGENT, QueueFilter
from sync.errors import NeedsOperator
from sync.model.entity import Entity
from sync.model.flow import Flow
from sync.model.text import Message, say

if TYPE_CHECKING:
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

    def push(
        self,
        flow_id: str,
        record_ids: Sequence[str],
        *,
        cause: str = "manual",
        by: str = "",
        priority: int = URGENT,
        delay: float = 0.0,
    ) -> int:
        """Makes records of a stock flow due (`record_ids`: variant ids at the flow's source): by a person, by
        a webhook (`cause`), with `delay` seconds of debounce. Raises NeedsOperator for a flow that takes no
        single records or is switched off."""
        flow = self.ws.links.flow(flow_id)
        if flow.entity is not Entity.STOCK:
            raise NeedsOperator(
                say("Only stock flows take single records. Start a run limited to them instead.")
            )
        if not flow.enabled:
            raise NeedsOperator(say("This flow is switched off. Switch it on first."))
        with self.ws.db.write() as tx:
            pushed = self.ws.queue.push(
                tx,
                flow.id,
                flow.entity,
                flow.direction,
                record_ids,
                target_of(self.ws, flow),
                priority,
                cause,
                delay,
            )
        self.ws.executor.wake()
        if by:
            self._note(
                say("{who} asked for {count} records to be brought in step.", who=by, count=pushed), flow
            )
        return pushed

    def _ids(self, which: QueueFilter, status: str) -> Sequence[int]:
        return self.ws.queue.ids(replace(which, status=status), MOST)

    def _done(self, moved: int, message: Message) -> int:
        if not moved:
            raise NeedsOperator(
                say("None of these items is in a state for that any more. Look at the page again.")
            )
        self.ws.executor.wake()
        self.ws.journal.say("info", message)
        return moved

    def _note(self, message: Message, flow: Flow) -> None:
        self.ws.journal.say("info", message, flow_id=flow.id, link_id=flow.link_id, entity=flow.entity.value)


def target_of(ws: Workspace, flow: Flow) -> str:
    """The connection that a flow writes to: the partition of its record items."""
    link = ws.links.get(flow.link_id)
    return link.a if flow.direction[-1] == "a" else link.b


__all__ = ["BY_HAND", "MOST", "URGENT", "QueueFilter", "QueueVerbs", "target_of"]
