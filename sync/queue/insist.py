"""Storing how work ended although the database is locked or away for the moment."""

from __future__ import annotations

import logging
from collections.abc import Callable
from threading import Event

from sync import fence
from sync.errors import Fenced
from sync.queue.retry import storage_away

_log = logging.getLogger(__name__)


def insist(store: Callable[[], None], stopping: Event) -> None:
    """Calls `store` until it is through, waiting a second after each time the database was away. Ends without
    it when the process stops, or when another worker has the work: whoever has it next puts it right. Any
    other error of `store` is raised."""
    while not fence.lost():
        try:
            store()
            return
        except Fenced:
            break
        except Exception as trouble:
            if not storage_away(trouble):
                raise
            if stopping.wait(1.0):
                return
    _log.warning("how some work ended was not stored: it is another worker's by now")
