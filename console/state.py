"""What the shell of the console takes from the application: users, sessions, throttle, two figures to show.

The one object per process is `sync.application.shared()`, kept where a hot reload cannot make a second one;
this is only a view of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from storage.database import Database
from storage.sessions import Sessions
from storage.throttle import SignInThrottle
from storage.users import Users
from sync import application
from sync.managers.views.memo import memo_of
from sync.queue.dispatch import somebody_works
from sync.workspace import Workspace

_FRESH = 2.0  # seconds: strangers may ask for the health as often as they like, the database is asked seldom


@dataclass(frozen=True)
class Shell:
    """What the gate, the sign-in and the frame around the pages need."""

    database: Database
    users: Users
    sessions: Sessions
    throttle: SignInThrottle
    #: who does the work, for /healthz: "running" (this process), "elsewhere" (another), or "none" (nobody)
    workers: Callable[[], str]
    #: how many items wait in "Needs you", for the badge
    needs_you: Callable[[], int]


def of(ws: Workspace) -> Shell:
    """The shell of a workspace."""
    db = ws.db
    return Shell(
        db,
        Users(db),
        Sessions(db),
        SignInThrottle(db),
        lambda: _workers(ws),
        lambda: ws.attention.open_count(),
    )


def shared() -> Shell:
    """The shell of this process's workspace, which is opened on first use."""
    return of(application.shared())


def _workers(ws: Workspace) -> str:
    if ws.works:
        return "running"
    others = memo_of(ws).get("somebody works", _FRESH, lambda: somebody_works(ws))
    return "elsewhere" if others else "none"
