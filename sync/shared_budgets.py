"""The rate limits of one connection where all processes of the installation see them."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import Any, TypeVar

from sqlalchemy.exc import SQLAlchemyError

from storage.budgets import Budgets
from sync import fence
from sync.errors import CounterpartError
from sync.model.flow import Connection

T = TypeVar("T")
_log = logging.getLogger(__name__)


class SharedBudgets:
    """The `SharedState` of a connection in the database, on the database's clock."""

    def __init__(self, budgets: Budgets, connection: Connection) -> None:
        self._budgets, self._id, self._speed = budgets, connection.id, connection.speed

    def change(self, name: str, do: Callable[[dict[str, Any], float], T]) -> T:
        """See `SharedState`. A state belongs to one speed: its seconds mean nothing at another."""
        at = f"{name}@{self._speed:g}"
        return self._budgets.change(self._id, at, lambda state, now: do(state, now * self._speed))

    def note(self, name: str, do: Callable[[dict[str, Any], float], None]) -> None:
        """A call that was made was made, also by a worker that was overtaken. If the database is away, the
        call counts as under way until its time is over: nobody calls too early by that."""
        try:
            with fence.holding(None):
                self.change(name, do)
        except (SQLAlchemyError, CounterpartError) as error:
            _log.warning("the answer of a call could not be counted: %s", error)


def shared_budgets(budgets: Budgets, connection: Connection) -> SharedBudgets | None:
    """None on SQLite, where one process works: its memory is enough."""
    return SharedBudgets(budgets, connection) if budgets.db.dialect == "postgresql" else None
