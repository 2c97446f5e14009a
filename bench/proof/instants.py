"""The worst instants, hit on purpose: a worker does to itself, once, what chance would do in one of a
thousand tries. The guard that holds there is not taken away by this; without it the damage shows at once."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy.exc import OperationalError

Do = Callable[[], object]
Once = Callable[[], bool]
"""Does it, the first time it is called; answers whether it did."""


def before_sending(do: Once, past: Do) -> None:
    """A stock call is written down, the lease has been looked at, and no byte has left. `past` is called when
    the call has been answered, or was not sent after all."""
    _around_stock(do, lambda: None, past)


def after_the_effect(do: Once, past: Do) -> None:
    """The store has carried a stock call out and answered, and nothing of it is stored here."""
    _around_stock(lambda: False, do, past)


def _around_stock(before: Once, after: Do, past: Do) -> None:
    from sync.connectors.shopify.client import Client

    original = Client.execute

    def execute(self: Client, doc: Any, variables: Any, **more: Any) -> Any:
        if "quantities" not in (variables.get("input") or {}):
            return original(self, doc, variables, **more)
        struck = before()
        try:
            answer = original(self, doc, variables, **more)
        finally:
            if struck:
                past()
        after()
        return answer

    Client.execute = execute  # type: ignore[method-assign]


def _kill() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def _freeze() -> None:
    os.kill(os.getpid(), signal.SIGSTOP)


def _lose_database() -> None:
    """What a session says that the server has cut off."""
    cut = psycopg.errors.AdminShutdown("terminating connection due to administrator command")
    raise OperationalError("COMMIT", {}, cut, connection_invalidated=True)


INSTANTS: Mapping[str, tuple[Callable[[Once, Do], None], Do]] = {
    "killed-before-sending": (before_sending, _kill),
    "killed-after-the-effect": (after_the_effect, _kill),
    "frozen-before-sending": (before_sending, _freeze),
    "database-gone-after-the-effect": (after_the_effect, _lose_database),
}


def arm(name: str, mark: Path) -> None:
    """Lets it happen to this process at the first such instant, unless `mark` is there already; makes it, and
    `past(mark)` when the call at hand is over."""
    where, what = INSTANTS[name]

    def once() -> bool:
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return False
        print(f"now: {name}", file=sys.stderr, flush=True)
        what()
        return True

    where(once, past(mark).touch)


def past(mark: Path) -> Path:
    """The file that is there once the call during which it happened is over."""
    return mark.with_name(f"{mark.name}-past")
