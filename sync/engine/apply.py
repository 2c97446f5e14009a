"""Carrying out a phase of a plan so that a crash at any instant loses nothing and doubles nothing.

Each call is written down (with its key) before it is sent, and settled in one transaction after. What nobody
knows the outcome of is looked up at the target before anything is repeated.
"""

from __future__ import annotations

import contextvars
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from datetime import timedelta
from itertools import groupby
from typing import Protocol

from sync.clock import check_cancelled
from sync.errors import CounterpartError, OutcomeUnknown
from sync.model.call import Call, Change, Found, Outcome, Written
from sync.model.ports import Clock

# How many changes are taken up at a time: enough for every call in flight.
_WINDOW = {"stock": 2000, "adjust": 2000, "publish": 1000, "variants": 500, "mark": 200, "activate": 500}
_DEFAULT_WINDOW = 32
_LARGEST_CALL = 250
_LOOK_UPS = 6
_REPEATS = 3
_LOOK = 0.25  # seconds between two looks at whether the run has been cancelled, while calls are under way
# A call may take so long; its key has to be good for that time.
_SEND_TIME = timedelta(minutes=5)


class Target(Protocol):
    """The part of a connector that applying needs; see `connectors.contract.Connector`."""

    def batch(self, changes: Sequence[Change]) -> list[Call]: ...

    def send(self, call: Call) -> list[Outcome]: ...

    def find_written(self, call: Call) -> Written: ...


class Book(Protocol):
    """Where a run's changes and calls are written down. Every method is one transaction."""

    def due(self, phase: str, limit: int) -> list[tuple[Change, int]]:
        """The next changes that may be sent, with how often each was refused without being named."""

    def commit(self, call: Call) -> bool | None:
        """Before sending. False: some of it is not due any more; nothing was stored, the call is not sent,
        and what is due is asked for again."""

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
    """Applies the phases of one run. At most `in_flight` calls are under way at once (at any moment no
    more than `useful()`, if that is given), and as one is settled the next goes out; `tick` is told after
    each settled call. `urgent` calls overtake the others of their connection."""

    target: Target
    book: Book
    clock: Clock
    in_flight: int
    tick: Callable[[int], None]
    urgent: bool = False
    useful: Callable[[], int] | None = None

    def phase(self, name: str) -> None:
        """Sends everything due in a phase. Raises Transient or NotAuthorised (what was not sent stays due),
        Cancelled. Calls under way are always finished first: nothing is abandoned half-way."""
        self.recover(repeat=True)
        with ThreadPoolExecutor(self.in_flight, thread_name_prefix="apply") as pool:
            _Pipeline(self, pool, name).run()

    def recover(self, *, repeat: bool, ended: bool = False) -> None:
        """Looks up the calls that a crash or a lost answer left open. With `repeat` one whose key alone knows
        what became of it goes again as it was; without, nothing is sent, and it stays unknown. `ended`: their
        run is over, so that what never happened is let go: the next plan decides it anew."""
        for call in self.book.unanswered():
            self.look_up(call, _REPEATS if repeat else 0, ended=ended)

    def calls(self, due: Iterable[tuple[Change, int]]) -> list[Call]:
        """Changes joined into calls; what was refused without being named goes in ever smaller ones."""
        calls: list[Call] = []
        for tries, group in groupby(due, key=lambda pair: pair[1]):
            changes = [change for change, _ in group]
            size = max(1, _LARGEST_CALL >> tries) if tries else len(changes)
            for start in range(0, len(changes), size):
                calls += self.target.batch(changes[start : start + size])
        return [replace(call, urgent=True) for call in calls] if self.urgent else calls

    def send(self, call: Call, repeats: int = _REPEATS, *, again: bool = False) -> None:
        """Sends a committed call and settles what came of it. `again`: it was sent before, and nobody knows
        what came of that."""
        try:
            outcomes = self.target.send(call)
        except OutcomeUnknown:
            self.book.unknown(call)
            self.look_up(call, repeats)
            return
        except CounterpartError:  # every other error of the contract says: by this sending nothing happened
            (self.book.unknown if again else self.book.release)(call)
            raise
        self.book.settle(call, outcomes)
        self.tick(len(call.change_ids))

    def look_up(self, call: Call, repeats: int, *, ended: bool = False) -> None:
        """Settles what the target says about a call; `repeats` is how often it may be sent again as it is."""
        for _ in range(_LOOK_UPS):
            written = self.target.find_written(call)
            if written.found is Found.YES:
                self.book.settle(call, written.outcomes)
                self.tick(len(call.change_ids))
                return
            if written.found is Found.NO and (ended or not self._key_holds(call)):
                self.book.release(call)
                return
            if written.found in (Found.NO, Found.KEY):
                self._again(call, repeats)
                return
            self.clock.sleep(max(1.0, written.ask_again_in))
        self.book.unknown(call)

    def _again(self, call: Call, repeats: int) -> None:
        """While its key is good the same call goes again; a new one in its place could meet the old one's
        effect, and what was sold of that since would be put on sale again."""
        if repeats and self._key_holds(call):
            self.send(call, repeats - 1, again=True)
        else:
            self.book.unknown(call)

    def _key_holds(self, call: Call) -> bool:
        return bool(
            call.key and call.expires_at is not None and self.clock.now() + _SEND_TIME < call.expires_at
        )


class _Pipeline:
    """One phase under way. A call is committed here, by one thread, before it is handed to the pool: what is
    asked for next is never what is about to be sent."""

    def __init__(self, apply: Apply, pool: ThreadPoolExecutor, phase: str) -> None:
        self.apply, self.pool, self.phase = apply, pool, phase
        self.ready: deque[Call] = deque()
        self.under_way: set[Future[None]] = set()
        self.error: BaseException | None = None

    def run(self) -> None:
        try:
            while self.error is None and self._fill():
                self._settle()
        except BaseException as error:  # noqa: BLE001 it goes on below, once nothing is under way any more
            self.error = self.error or error
        while self.under_way:
            self._settle()
        if self.error is not None:
            raise self.error

    def _fill(self) -> bool:
        """Sends as much as may be in flight; False once nothing is due and nothing under way."""
        while len(self.under_way) < self._wide() and self._more():
            check_cancelled()
            call = self.ready.popleft()
            if self.apply.book.commit(call) is False:
                continue
            self.under_way.add(self.pool.submit(contextvars.copy_context().run, self.apply.send, call))
        check_cancelled()
        return bool(self.under_way)

    def _wide(self) -> int:
        useful = self.apply.useful
        return self.apply.in_flight if useful is None else max(1, min(self.apply.in_flight, useful()))

    def _more(self) -> bool:
        if not self.ready:
            window = _WINDOW.get(self.phase, _DEFAULT_WINDOW)
            self.ready += self.apply.calls(self.apply.book.due(self.phase, window))
        return bool(self.ready)

    def _settle(self) -> None:
        """Waits for the first of the calls under way, or until it is time to look whether to go on."""
        done, self.under_way = wait(self.under_way, _LOOK, FIRST_COMPLETED)
        errors = [error for future in done if (error := future.exception()) is not None]
        self.error = self.error or next(iter(errors), None)
