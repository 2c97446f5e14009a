"""What the work of this context holds: a partition under a fence, where several workers can be.

A workspace's database asks `check(tx)` at the start of every write transaction, whoever opens it and whatever
it stores: an own row, a plan, a parked record, how far a stage is. What must be told even then (a log row) is
stored under `holding(None)`. `check_alive()` is asked just before a request that writes. On SQLite nothing is
held (the lock of the operating system suffices) and both do nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Protocol

from sqlalchemy import Connection

from sync.errors import Fenced
from sync.model.text import Message, say


class Hold(Protocol):
    """A partition that this process runs."""

    partition: str
    fence: int

    @property
    def lost(self) -> bool:
        """Is the lease over, by this machine's own clock or because someone took over?"""

    def guard(self, tx: Connection) -> None:
        """Raises Fenced when the partition has moved on; else it does not before `tx` ends."""


_hold: ContextVar[Hold | None] = ContextVar("fence", default=None)


@contextmanager
def holding(hold: Hold | None) -> Iterator[None]:
    """Within this block (and contexts copied from it) results are stored under this hold."""
    token = _hold.set(hold)
    try:
        yield
    finally:
        _hold.reset(token)


def check(tx: Connection) -> None:
    """Raises Fenced, and the transaction rolls back, when another worker has taken this work over."""
    hold = _hold.get()
    if hold is not None:
        hold.guard(tx)


def lost() -> bool:
    """Should the work of this context end because another worker may have it by now?"""
    hold = _hold.get()
    return hold is not None and hold.lost


def check_alive() -> None:
    """Raises Fenced when the lease is over by this machine's clock; asks no database."""
    if lost():
        raise Fenced(taken())


def taken() -> Message:
    """What is said where work turns out to be another worker's."""
    return say("Another worker has taken this work over; what this one had begun was not stored.")
