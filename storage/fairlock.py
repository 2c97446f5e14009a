"""A lock that serves its waiters in the order they came."""

from __future__ import annotations

import threading
from collections import deque
from types import TracebackType

from storage.errors import NestedWrite


class FairLock:
    """First come, first served; not re-entrant: a second acquire by the holder raises NestedWrite.

    `threading.Lock` gives itself to whoever asks at the right moment, so a busy thread that releases and asks
    again can keep others out for seconds. Here the releasing thread hands over to the longest waiter.
    """

    def __init__(self) -> None:
        self._guard = threading.Lock()
        self._waiting: deque[threading.Lock] = deque()
        self._owner: int | None = None
        self._held = False

    def acquire(self) -> None:
        """Waits for its turn. Raises NestedWrite if this thread already holds the lock."""
        if self._owner == threading.get_ident():
            raise NestedWrite(
                "this thread is already inside a write transaction: "
                "pass its connection on instead of opening a second one"
            )
        ticket = self._take_ticket()
        if ticket is not None:
            self._wait(ticket)
        self._owner = threading.get_ident()

    def _take_ticket(self) -> threading.Lock | None:
        with self._guard:
            if not self._held:
                self._held = True
                return None
            ticket = threading.Lock()
            ticket.acquire()
            self._waiting.append(ticket)
            return ticket

    def _wait(self, ticket: threading.Lock) -> None:
        try:
            ticket.acquire()
        except BaseException:  # an interrupt while waiting: leave the line, or pass on the turn just received
            with self._guard:
                still_waiting = ticket in self._waiting
                if still_waiting:
                    self._waiting.remove(ticket)
            if not still_waiting:
                self._hand_over()
            raise

    def release(self) -> None:
        """Hands the lock to the longest waiter, if any."""
        self._owner = None
        self._hand_over()

    def _hand_over(self) -> None:
        with self._guard:
            if self._waiting:
                self._waiting.popleft().release()
            else:
                self._held = False

    def __enter__(self) -> FairLock:
        self.acquire()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()

    @property
    def waiting(self) -> int:
        """How many threads stand in line."""
        with self._guard:
            return len(self._waiting)
