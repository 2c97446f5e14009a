"""Trying out new credentials before they replace those that work."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from storage.connections import KeepStore
from storage.vault import Secrets
from sync.connectors import registry
from sync.connectors.contract import Services
from sync.managers.verbs.checks import checks_of
from sync.managers.verbs.forms import Filled
from sync.model.flow import Connection
from sync.model.ports import Account
from sync.model.support import Check
from sync.model.text import Message
from sync.shared_budgets import shared_budgets
from sync.workspace import Workspace


class _Aside:
    """A `Keep` that forgets everything unless it is taken over: a token fetched with refused credentials is
    not kept."""

    def __init__(self) -> None:
        self.values: dict[str, tuple[str, datetime | None]] = {}

    def get(self, name: str) -> str | None:
        return self.values.get(name, (None, None))[0]

    def put(self, name: str, value: str, expires_at: datetime | None = None) -> None:
        self.values[name] = (value, expires_at)

    def drop(self, name: str) -> None:
        self.values.pop(name, None)


class Candidate:
    """A connection as it would be after an edit."""

    def __init__(self, ws: Workspace, old: Connection, form: Filled, secrets: Mapping[str, str]) -> None:
        self.ws, self.connection = ws, replace(old, settings=form.settings)
        self._secrets, self._aside = secrets, _Aside()

    def test(self) -> tuple[Check | None, Message | None]:
        """As `Checks.outcome`, with the new credentials; stores nothing."""
        checks = checks_of(self.ws)
        allow = self.connection.sandbox or self.connection.settings.get("allow_private") == "true"
        account = Account(
            self.connection.id,
            self.connection.settings,
            Secrets(self._secrets),
            speed=self.connection.speed,
            allow_private=allow,
        )
        services = Services(
            self.ws.clock(self.connection),
            self._aside,
            self.ws.spending.trace(self.connection.id),
            shared_budgets(self.ws.budgets, self.connection),
        )
        connector = registry.spec(self.connection.platform).open(account, services)
        try:
            return checks.outcome(self.connection, checks.needed(self.connection.id), connector)
        finally:
            connector.close()

    def take_over(self) -> None:
        """What was found out on the way (token, sign-in method) need not be found out again."""
        store = KeepStore(self.ws.db, self.ws.vault, self.connection.id)
        for name, (value, expires_at) in self._aside.values.items():
            store.put(name, value, expires_at)
