"""What the shell of the console takes from the workspace: users, sessions, throttle, and two figures to show.

The one object per process is the workspace (`sync.workspace.shared`), kept where a hot reload cannot make a
second one; this is only a view of it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from storage.database import Database
from storage.sessions import Sessions
from storage.throttle import SignInThrottle
from storage.users import Users
from sync import workspace
from sync.workspace import Workspace


@dataclass(frozen=True)
class Shell:
    """What the gate, the sign-in and the frame around the pages need."""

    database: Database
    users: Users
    sessions: Sessions
    throttle: SignInThrottle
    #: how the workers of this process are, for /healthz: "running", or "elsewhere" when another process works
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
    return of(workspace.shared())


def _workers(ws: Workspace) -> str:
    return "running" if ws.works else "elsewhere"
