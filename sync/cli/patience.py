"""A worker that is started while PostgreSQL is away waits for it: after a power cut nobody says which machine
comes back first."""

from __future__ import annotations

import time
from collections.abc import Callable

from sqlalchemy import make_url

from storage.opening import out_of_reach
from storage.paths import data_paths
from sync.application import Application
from sync.queue.retry import storage_away

PAUSE = 1.0  # seconds between two looks


def patiently(begin: Callable[[], Application], tell: Callable[[str], None]) -> Application:
    """What `begin` answers, called again for as long as the database cannot be reached or goes away under it;
    says so once, and once when it is back. Every other error is raised, also a refused password and a
    database that does not exist. Ends with KeyboardInterrupt at once."""
    url, told = data_paths().database_url, False
    while True:
        if not out_of_reach(url):
            try:
                made = begin()
            except Exception as error:
                if not (storage_away(error) or out_of_reach(url)):
                    raise
            else:
                if told:
                    tell("The database is back.")
                return made
        if not told:
            told = True
            tell(f"{_place(url)} cannot be reached. Waiting until it is back; Ctrl+C ends it.")
        time.sleep(PAUSE)


def _place(url: str) -> str:
    """The database without user and password."""
    found = make_url(url)
    host = found.host or found.query.get("host") or "localhost"
    return f"The PostgreSQL database {found.database or ''} on {host}"
