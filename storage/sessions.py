"""Signed-in browsers: a random token each, of which only the SHA-256 is stored."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import RowMapping, delete, insert, select, update

from storage.clock import Clock, utc_now
from storage.database import Database
from storage.tables.people import sessions, users
from storage.users import User, user_of_row

SEEN_EVERY = timedelta(seconds=60)
"""A session's last use is written at most this often, so that reading a page does not cost a write."""


@dataclass(frozen=True)
class Session:
    """One signed-in browser as its owner may see it; `id` is the token's hash and opens nothing."""

    id: str
    user_id: str
    started_at: datetime
    seen_at: datetime
    expires_at: datetime


class Sessions:
    """Sessions in the database: they end at a fixed time, after idleness, or when revoked."""

    def __init__(self, db: Database, clock: Clock = utc_now) -> None:
        self._db = db
        self._clock = clock

    def start(self, user: User, *, hours: float = 12, idle_hours: float = 2) -> str:
        """A new session's token (256 random bits): hand it to the browser, nobody can read it again."""
        token, now = secrets.token_urlsafe(32), self._clock()
        row = {
            "token_hash": _hash(token),
            "user_id": user.id,
            "started_at": now,
            "seen_at": now,
            "expires_at": now + timedelta(hours=hours),
            "idle_seconds": round(idle_hours * 3600),
        }
        with self._db.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.expires_at <= now))
            connection.execute(insert(sessions).values(row))
        return token

    def user_of(self, token: str | None, *, in_use: bool = True) -> User | None:
        """Whose session this is, or None if it never was, has ended, idled out or was revoked. Using it keeps
        it from idling out; a mere look (`in_use` False) does not."""
        if not token:
            return None
        now = self._clock()
        with self._db.read() as connection:
            joined = select(users, sessions.c.seen_at, sessions.c.expires_at, sessions.c.idle_seconds).join(
                sessions, sessions.c.user_id == users.c.id
            )
            row = connection.execute(joined.where(sessions.c.token_hash == _hash(token))).mappings().first()
        if row is None or now >= row["expires_at"] or now >= _idles_out(row):
            return None
        if in_use and now - row["seen_at"] >= SEEN_EVERY:
            self._touch(token, now)
        return user_of_row(row)

    def _touch(self, token: str, now: datetime) -> None:
        seen = update(sessions).where(sessions.c.token_hash == _hash(token)).values(seen_at=now)
        with self._db.write() as connection:
            connection.execute(seen)

    def revoke(self, token: str) -> None:
        """Ends one session; nothing happens if it has ended already."""
        self.revoke_id(_hash(token))

    def revoke_id(self, session_id: str) -> None:
        """Ends the session of that `Session.id`."""
        with self._db.write() as connection:
            connection.execute(delete(sessions).where(sessions.c.token_hash == session_id))

    def revoke_all(self, user_id: str) -> int:
        """Ends every session of a user; says how many."""
        with self._db.write() as connection:
            return connection.execute(delete(sessions).where(sessions.c.user_id == user_id)).rowcount

    def list(self, user_id: str) -> list[Session]:
        """The user's living sessions, the most recently used first."""
        now = self._clock()
        wanted = select(sessions).where(sessions.c.user_id == user_id, sessions.c.expires_at > now)
        with self._db.read() as connection:
            rows = connection.execute(wanted.order_by(sessions.c.seen_at.desc())).mappings().all()
        return [_session(row) for row in rows if now < _idles_out(row)]


def _session(row: RowMapping) -> Session:
    return Session(row["token_hash"], row["user_id"], row["started_at"], row["seen_at"], row["expires_at"])


def _idles_out(row: RowMapping) -> datetime:
    seen: datetime = row["seen_at"]
    return seen + timedelta(seconds=row["idle_seconds"])


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()
