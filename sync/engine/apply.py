"""Carrying out a phase of a plan so that a crash at any instant loses nothing and doubles nothing.

Each call is written down (with its key) before it is sent, and settled in one transaction after. What nobody
knows the outcome of is looked up at the target before anything is repeated.
"""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby
from typing import Protocol

from sync.clock import check_cancelled
from sync.errors import CounterpartError, OutcomeUnknown
from sync.model.call import Call, Change, Found, Outcome, Written
from sync.model.ports import Clock

# Enough work for every call in flight, little enough that a cancel is felt at once.
_WINDOW = {"stock": 1000, "publish": 1000, "variants": 500, "mark": 200, "activate": 500}
_DEFAULT_WINDOW = 32
_LARGEST_CALL = 250
_LOOK_UPS = 6


class Target(Protocol):
    """The part of a connector that applying needs; see `connectors.contract.Connector`."""

    def batch(self, changes: Sequence[Change]) -> list[Call]: ...

    def send(self, call: Call) -> list[Outcome]: ...

    def find_written(self, call: Call) -> Written: ...


class Book(Protocol):
    """Where a run's changes and calls are written down. Every method is one transaction."""

    def due(self, phase: str, limit: int) -> list[tuple[Change, int]]:
        """The next changes that may be sent, with how often each was refused without being named."""

    def commit(self, call: Call) -> None:
        """Before sending."""

    def settle(self, call: Call, outcomes: Sequence[Outcome]) -> None:
        """After the answer: outcomes, bindings, baselines and what depends on them."""

    def release(self, call: Call) -> None:
        """The call never happened: its changes may be sent again, as a new call."""

    def unknown(self, call: Call) -> None:
        """Nobody knows; it will be looked up."""

    def unanswered(self) -> list[Call]:
        """Calls of this run that were written down and have no outcome."""


@dataclass(frozen=True, slots=True)
class Apply:
    """Applies the phases of one run. `in_flight` calls are under way at once; `tick` is told after each
    settled call."""

    target: Target
    book: Book
    clock: Clock
    in_flight: int
    tick: Callable[[int], None]

    def phase(self, name: str) -> None:
        """Sends everything due in a phase. Raises Transient or NotAuthorised (what was not sent stays due),
        Cancelled."""
        self.recover()
        with ThreadPoolExecutor(self.in_flight, thread_name_prefix="apply") as pool:
            while due := self.book.due(name, _WINDOW.get(name, _DEFAULT_WINDOW)):
                check_cancelled()
                self._send_all(pool, self._calls(due))

    def recover(self) -> None:
        """Looks up the calls that a crash or a lost answer left open."""
        for call in self.book.unanswered():
            self._look_up(call)

    def _calls(self, due: Iterable[tuple[Change, int]]) -> list[Call]:
        calls: list[Call] = []
        for tries, group in groupby(due, key=lambda pair: pair[1]):
            changes = [change for change, _ in group]
            size = max(1, _LARGEST_CALL >> tries) if tries else len(changes)
            for start in range(0, len(changes), size):
                calls += self.target.batch(changes[start : start + size])
        return calls

    def _send_all(self, pool: ThreadPoolExecutor, calls: Sequence[Call]) -> None:
        """All calls are finished or left due before the first error goes on: nothing is abandoned
        half-way."""
        futures = [pool.submit(contextvars.copy_context().run, self._send, call) for call in calls]
        errors = [error for future in futures if (error := future.exception()) is not None]
        if errors:
            raise errors[0]

    def _send(self, call: Call) -> None:
        check_cancelled()
        self.book.commit(call)
        try:
            outcomes = self.target.send(call)
        except OutcomeUnknown:
            self.book.unknown(call)
            self._look_up(call)
            return
        except CounterpartError:  # every other error of the contract says: nothing happened
            self.book.release(call)
            raise
        self.book.settle(call, outcomes)
        self.tick(len(call.change_ids))

    def _look_up(self, call: Call) -> None:
        for _ in range(_LOOK_UPS):
            written = self.target.find_written(call)
            if written.found is Found.YES:
                self.book.settle(call, written.outcomes)
                self.tick(len(call.change_ids))
                return
            if written.found is Found.NO:
                self.book.release(call)
                return
            self.clock.sleep(max(1.0, written.ask_again_in))
        self.book.unknown(call)
