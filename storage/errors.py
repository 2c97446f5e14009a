"""What storage raises beyond `sync.errors`: a busy database, a form value that cannot be, a programmer's
mistake."""

from __future__ import annotations

from sync.errors import Transient
from sync.model.text import Message, say


class StorageBusy(Transient):
    """Another process holds the database: the same call can succeed later."""


class BadInput(ValueError):
    """A value that a person typed cannot be accepted; `message` says why and what would be."""

    def __init__(self, template: str, **params: object) -> None:
        self.message: Message = say(template, **params)
        super().__init__(self.message.english())


class NestedWrite(RuntimeError):
    """A thread that is already inside `Database.write()` opened a second one: pass the connection on
    instead."""
