"""Due records of one flow: handed to the manager in one piece, settled row by row. A record whose trouble
nobody names is found by halving; the others go through."""

from __future__ import annotations

import logging
import random
import traceback
from collections.abc import Mapping, Sequence
from typing import Protocol

from storage.logs import LogRow
from storage.queue import Item
from sync import fence
from sync.clock import cancellable
from sync.errors import (
    BrokenContract,
    Cancelled,
    CounterpartError,
    Fenced,
    NeedsOperator,
    OutcomeUnknown,
    SafetyStop,
    Transient,
)
from sync.model.flow import Flow
from sync.queue.insist import insist
from sync.queue.retry import delay_before_retry, storage_away
from sync.queue.stages import unforeseen
from sync.workspace import Workspace

Results = Mapping[int, CounterpartError | None]
_ALL_OF_THEM = (Transient, OutcomeUnknown, NeedsOperator, SafetyStop, OSError)
"""Errors that are about the whole batch: a smaller one would meet them as well."""
_log = logging.getLogger(__name__)


class RecordWorker(Protocol):
    """What the manager of an entity with record items offers."""

    def items(self, flow: Flow, batch: Sequence[Item], owner: str) -> Results:
        """Brings these records in step, from the truth as it is now. Answers for each item's id None (done,
        parked, or nothing to do) or the error that it met; raises what concerns the whole batch."""


class RecordTurn:
    """Does batches of record items."""

    def __init__(self, ws: Workspace, owner: str = "") -> None:
        self.ws, self.owner = ws, owner

    def run(self, batch: Sequence[Item]) -> None:
        """One batch, whatever happens in it: each row tells how it ended. Fenced: another worker has the
        rows."""
        try:
            with cancellable(lambda: self.ws.stopping.is_set() or fence.lost()):
                self._do(batch)
        except Fenced as error:
            _log.warning("%s records are another worker's by now: %s", len(batch), error.detail)
        except Exception as error:  # noqa: BLE001 how they ended could not be stored; they must not stay "processing"
            if not storage_away(error):
                _log.exception("how %s records ended could not be stored", len(batch))
            self._give_back(batch)

    def _do(self, batch: Sequence[Item]) -> None:
        try:
            results = self._work(batch)
        except Fenced:
            raise
        except Cancelled:
            fence.check_alive()
            self._give_back(batch)
        except Exception as error:
            if storage_away(error):
                raise
            self._troubled(batch, error)
        else:
            self._settle(batch, results)

    def _work(self, batch: Sequence[Item]) -> Results:
        flow = self.ws.links.flow(batch[0].flow_id)
        manager: object = self.ws.manager_of(batch[0].entity)
        if not hasattr(manager, "items"):
            raise NeedsOperator(unforeseen(), f"{type(manager).__name__} takes no single records")
        worker: RecordWorker = manager
        return worker.items(flow, batch, self.owner)

    def _troubled(self, batch: Sequence[Item], error: Exception) -> None:
        """The whole batch met one error: its own, or that of a record in it that is to be found."""
        if len(batch) > 1 and not isinstance(error, _ALL_OF_THEM):
            middle = len(batch) // 2
            for half in (batch[:middle], batch[middle:]):
                self._do(half)
            return
        self._settle(batch, dict.fromkeys((item.id for item in batch), self._named(batch, error)))

    def _named(self, batch: Sequence[Item], error: Exception) -> CounterpartError:
        if isinstance(error, CounterpartError):
            return error
        self.ws.journal.rows([_row(batch[0], unforeseen_row(error))])
        kind = Transient if isinstance(error, OSError) else BrokenContract
        return kind(unforeseen(), repr(error))

    def _settle(self, batch: Sequence[Item], results: Results) -> None:
        """Stores how each row ended: done, tried again later, or failed for good."""
        missing = BrokenContract(unforeseen(), "the manager did not say what became of the record")
        ended = [(item, results.get(item.id, missing)) for item in batch]
        troubles = _alike([(item, error) for item, error in ended if error is not None])
        speed = self.ws.connections.get(batch[0].partition).speed if troubles else 1.0
        failed: list[LogRow] = []
        with self.ws.db.write() as tx:
            self.ws.queue.complete(tx, [item for item, error in ended if error is None])
            for error, items in troubles:
                delay = delay_before_retry(error, items[0].retry_count, random.random())
                if delay is None:
                    self.ws.queue.fail(tx, items, error.message)
                    failed += [_row(item, error) for item in items]
                else:
                    self.ws.queue.retry_later(tx, items, delay / speed, error.message)
        self.ws.journal.rows(failed)

    def _give_back(self, batch: Sequence[Item]) -> None:
        """Pending again; waits for a database that is locked or away. What has ended meanwhile stays so."""
        insist(lambda: self._returned(batch), self.ws.stopping)

    def _returned(self, batch: Sequence[Item]) -> None:
        with self.ws.db.write() as tx:
            self.ws.queue.give_back(tx, batch)


def unforeseen_row(error: Exception) -> BrokenContract:
    """The error as the log keeps it, with its traceback."""
    return BrokenContract(unforeseen(), "".join(traceback.format_exception(error))[-8000:])


def _row(item: Item, error: CounterpartError) -> LogRow:
    return LogRow(
        "error",
        error.message,
        flow_id=item.flow_id,
        entity=item.entity,
        record=item.record_id,
        detail=error.detail,
    )


def _alike(
    troubles: Sequence[tuple[Item, CounterpartError]],
) -> list[tuple[CounterpartError, list[Item]]]:
    """Items of one trouble and number of tries together: they come back together and share calls."""
    found: dict[tuple[str, str, int], tuple[CounterpartError, list[Item]]] = {}
    for item, error in troubles:
        key = (type(error).__name__, error.message.english(), item.retry_count)
        found.setdefault(key, (error, []))[1].append(item)
    return list(found.values())
