"""What the product tells the operator in the log. A success is a change, not a log row: runs log their sums
and their troubles."""

from __future__ import annotations

import logging
from collections.abc import Iterable
from typing import Literal

from storage.logs import LogRow, Logs
from sync import fence
from sync.errors import CounterpartError
from sync.model.flow import Flow
from sync.model.run import BrakeHit, Run, Status
from sync.model.text import Message, say

_log = logging.getLogger(__name__)
Level = Literal["success", "error", "warning", "info"]

_ENDS: dict[Status, tuple[Level, str]] = {
    Status.DONE: (
        "success",
        "Run finished: {read} read, {created} created, {updated} updated, {unchanged} unchanged, {skipped} "
        "skipped, {parked} parked.",
    ),
    Status.PLANNED: (
        "info",
        "Preview ready: {read} read, {created} to create, {updated} to update, {unchanged} unchanged, "
        "{skipped} skipped, {parked} parked.",
    ),
    Status.RED: (
        "error",
        "Run finished with failures: {read} read, {created} created, {updated} updated, {failed} failed, "
        "{skipped} skipped, {parked} parked.",
    ),
    Status.CANCELLED: (
        "warning",
        "Run cancelled: {read} read, {created} created, {updated} updated before that.",
    ),
    Status.FAILED: ("error", "Run failed: {read} read, {created} created, {updated} updated before that."),
}


class Journal:
    """Writes log rows about connections, runs and records."""

    def __init__(self, logs: Logs) -> None:
        self.logs = logs

    def say(self, level: Level, message: Message, **about: str | None) -> None:
        """One row; `about`: connection_id, link_id, flow_id, entity, record, sku, run_id, detail."""
        self.rows([LogRow(level, message, **about)])  # type: ignore[arg-type]

    def rows(self, rows: Iterable[LogRow]) -> None:
        """Stored even by a worker that has lost its partition: what it saw is no result, and helps to
        understand it."""
        with fence.holding(None):
            self.logs.write(list(rows))

    def run_finished(self, run: Run, flow: Flow) -> None:
        level, template = _ENDS[run.status]
        c = run.counts
        self.say(
            level,
            say(
                template,
                read=c.read,
                created=c.created,
                updated=c.updated,
                unchanged=c.unchanged,
                skipped=c.skipped,
                failed=c.failed,
                parked=c.parked,
            ),
            run_id=run.id,
            flow_id=flow.id,
            link_id=flow.link_id,
            entity=flow.entity.value,
        )

    def braked(self, run: Run, hits: Iterable[BrakeHit]) -> None:
        for hit in hits:
            self.say("warning", hit.message, run_id=run.id, flow_id=run.flow_id)

    def failed(self, run: Run, error: CounterpartError) -> None:
        self.say("error", error.message, run_id=run.id, flow_id=run.flow_id, detail=error.detail)

    def trouble(self, run_id: str, error: BaseException, traceback_text: str) -> None:
        _log.error("stage of run %s failed: %s", run_id, type(error).__name__)
        self.say(
            "error",
            say(
                "Something unforeseen happened: {kind}. The detail helps us to mend it.",
                kind=type(error).__name__,
            ),
            run_id=run_id,
            detail=traceback_text[-8000:],
        )
