"""The vault's key and who is signed in."""

from __future__ import annotations

from storage.sessions import Session, Sessions
from storage.users import Users
from storage.vault import Rotation
from sync.model.text import say
from sync.workspace import Workspace


class SecurityVerbs:
    """What an administrator does for the safety of the installation."""

    def __init__(self, ws: Workspace) -> None:
        self.ws = ws
        self._users, self._sessions = Users(ws.db), Sessions(ws.db)

    def rotate_key(self) -> Rotation:
        """Seals all secrets with a new key; the old one goes once all can be read back. Safe to repeat after
        a crash.
        Raises NeedsOperator when the key comes from the environment and only one is there."""
        done = self.ws.vault.rotate(self.ws.db)
        self.ws.journal.say(
            "info",
            say(
                "The key of the vault was replaced; {count} connections were sealed again.",
                count=done.sealed_again,
            ),
        )
        return done

    def open_sessions(self) -> list[tuple[str, Session]]:
        """Every living session with its user's name, the most recently used first."""
        found = [(user.name, one) for user in self._users.list() for one in self._sessions.list(user.id)]
        return sorted(found, key=lambda pair: pair[1].seen_at, reverse=True)

    def sign_out(self, *session_ids: str) -> None:
        """Ends these sessions."""
        for session_id in session_ids:
            self._sessions.revoke_id(session_id)

    def sign_out_everybody(self) -> int:
        """Ends every session, also the one that asks; answers how many."""
        ended = sum(self._sessions.revoke_all(user.id) for user in self._users.list())
        self.ws.journal.say("warning", say("Everybody was signed out."))
        return ended
