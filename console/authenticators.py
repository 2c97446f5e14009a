"""Who says who somebody is. Today the local password; an identity provider (OIDC) will be a second class of
the same shape.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from console.i18n import _, ngettext
from console.state import Shell
from storage.signin import sign_in
from storage.users import User

_MINUTE = 60


@dataclass(frozen=True)
class Refused:
    """Nobody is signed in; `reason` is for the visitor, `wait` the seconds until the next try is worth
    making.
    """

    reason: str
    wait: int = 0


class Authenticator(Protocol):
    """One way of signing in. `fields` are the form's fields it wants; one without any sends the browser to
    `start` instead.
    """

    fields: tuple[str, ...]
    start: str | None

    def authenticate(self, given: Mapping[str, str], address: str) -> User | Refused:
        """The user that these fields (a form, or a provider's answer) prove, or why nobody. Blocks: call it
        in a thread.
        """


class LocalPassword:
    """Name and password, throttled by name and address; the count of failures lives in the database."""

    fields: tuple[str, ...] = ("name", "password")
    start: str | None = None

    def __init__(self, shell: Shell) -> None:
        self.shell = shell

    def authenticate(self, given: Mapping[str, str], address: str) -> User | Refused:
        verdict = sign_in(self.shell.database, given.get("name", ""), given.get("password", ""), address)
        if verdict.user is not None:
            return verdict.user
        if verdict.wait > 0:
            return Refused(_too_often(verdict.wait), math.ceil(verdict.wait))
        return Refused(_("Name or password is wrong."))


def _too_often(wait: float) -> str:
    seconds = max(1, math.ceil(wait))
    if seconds < _MINUTE:
        return ngettext(
            "Name or password is wrong. Wait {count} second before the next try.",
            "Name or password is wrong. Wait {count} seconds before the next try.",
            seconds,
        )
    minutes = -(-seconds // _MINUTE)
    return ngettext(
        "Name or password is wrong. Wait {count} minute before the next try.",
        "Name or password is wrong. Wait {count} minutes before the next try.",
        minutes,
    )
