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


def before_sending(do: Do) -> None:
    """A stock call is written down, the lease has been looked at, and no byte has left."""
    _around_stock(do, lambda: None)


def after_the_effect(do: Do) -> None:
    """The store has carried a stock call out and answered, and nothing of it is stored here."""
    _around_stock(lambda: None, do)


def _around_stock(before: Do, after: Do) -> None:
    from sync.connectors.shopify.client import Client

    original = Client.execute

    def execute(self: Client, doc: Any, variables: Any, **more: Any) -> Any:
        stock = "quantities" in (variables.get("input") or {})
        if stock:
            before()
        answer = original(self, doc, variables, **more)
        if stock:
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


INSTANTS: Mapping[str, tuple[Callable[[Do], None], Do]] = {
    "killed-before-sending": (before_sending, _kill),
    "killed-after-the-effect": (after_the_effect, _kill),
    "frozen-before-sending": (before_sending, _freeze),
    "database-gone-after-the-effect": (after_the_effect, _lose_database),
}


def arm(name: str, mark: Path) -> None:
    """Lets it happen to this process at the first such instant, unless `mark` is there already; makes it."""
    where, what = INSTANTS[name]

    def once() -> None:
        try:
            os.close(os.open(mark, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
        except FileExistsError:
            return
        print(f"now: {name}", file=sys.stderr, flush=True)
        what()

    where(once)
