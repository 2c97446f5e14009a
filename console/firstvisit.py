"""The first visit: one person, once, becomes the administrator of a fresh installation."""

from __future__ import annotations

from collections.abc import Mapping

from console.authenticators import Refused
from console.i18n import _, render
from console.state import Shell
from storage.errors import BadInput
from storage.users import User


def create_administrator(
    shell: Shell, given: Mapping[str, str], language: str, timezone: str
) -> User | Refused | None:
    """The administrator; why what was typed will not do; or None if there is somebody already (or a second
    was faster).
    """
    if shell.users.any():
        return None
    if given.get("password", "") != given.get("again", ""):
        return Refused(_("The two passwords are not the same."))
    try:
        user = shell.users.create_first(given.get("name", ""), given.get("password", ""))
    except BadInput as problem:
        return None if shell.users.any() else Refused(render(problem.message))
    shell.users.set_preferences(user.id, language=language, timezone=timezone)
    return user
