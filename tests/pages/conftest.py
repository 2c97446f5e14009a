"""A workspace of its own, and the console's ASGI parts around a page that answers "inside"."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.routing import Route

from console import assembly, state
from console.state import Shell
from storage.throttle import SignInThrottle
from storage.users import User
from sync import application

PASSWORD = "correct horse battery"


@pytest.fixture
def shell(new_home: Path) -> Iterator[Shell]:
    """An empty installation."""
    opened = application.open_application({"COUNTERPART_HOME": str(new_home)})
    application.hand_in(opened)
    yield state.of(opened)
    opened.close()
    application.hand_in(None)


@pytest.fixture
def admin(shell: Shell) -> User:
    """The administrator of that installation."""
    return shell.users.create_first("admin", PASSWORD)


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still for whoever guesses: on a busy machine a wait of a second would be over before the
    next guess comes."""
    now = datetime.now(UTC)
    clock = property(lambda throttle: lambda: now, lambda throttle, given: None)
    monkeypatch.setattr(SignInThrottle, "_clock", clock, raising=False)


async def inside(_request: Request) -> PlainTextResponse:
    """What the gate guards."""
    return PlainTextResponse("inside")


def guarded(shell: Shell) -> Any:
    """The console's routes and middleware as app.py mounts them, over one guarded page."""
    given = assembly.parts(lambda: shell)
    routes = [*given["routes"], Route("/{path:path}", inside, methods=["GET", "POST"])]
    return Starlette(routes=routes, middleware=given["middleware"])


@pytest.fixture
def app(shell: Shell) -> Any:
    """The guarded app."""
    return guarded(shell)
