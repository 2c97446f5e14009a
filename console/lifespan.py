"""What starts with the process and stops with it: the workspace with its workers and schedules."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from anyio import to_thread

from sync import application

_log = logging.getLogger(__name__)


@asynccontextmanager
async def lifespan(_app: Any) -> AsyncIterator[None]:
    """Opens the workspace before the first request and closes it after the last.

    A workspace that cannot be opened (a database from a newer version, a key that does not fit) stops the
    start with its reason, rather than the first visitor.
    """
    await to_thread.run_sync(_start)
    try:
        yield
    finally:
        await to_thread.run_sync(_stop)


def _start() -> None:
    if not application.shared().start():
        _log.warning(
            "another process of this installation runs the work; this console reads and enqueues only"
        )


def _stop() -> None:
    application.shared().close()
    application.hand_in(None)
