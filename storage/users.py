"""The people who sign in: names, roles, passwords and preferences."""

from __future__ import annotations

import unicodedata
import uuid
from dataclasses import dataclass
from typing import Any, Literal
from zoneinfo import available_timezones

from sqlalchemy import ColumnElement, Connection, RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from storage import passwords
from storage.clock import Clock, utc_now
from storage.database import Database
from storage.errors import BadInput
from storage.tables.people import sessions, users

Role = Literal["admin", "operator", "viewer"]
ROLES: tuple[Role, ...] = ("admin", "operator", "viewer")
LANGUAGES = ("en", "tr")
LONGEST_NAME = 100


@dataclass(frozen=True)
class User:
    """One person."""

    id: str
    name: str
    role: Role
    #: "en", "tr", or None for the browser's
    language: str | None
    #: an IANA name ("Europe/Istanbul"), or None for the browser's
    timezone: str | None


class Users:
    """Users in the database. Names are unique whatever their case."""

    def __init__(self, db: Database, clock: Clock = utc_now) -> None:
        self._db = db
        self._clock = clock

    def any(self) -> bool:
        """Whether anybody has been created yet."""
        with self._db.read() as connection:
            return _any(connection)

    def create(self, name: str, password: str, role: Role = "admin") -> User:
        """A new user. Raises BadInput for a name that is taken, empty or too long, and for a weak
        password."""
        return self._create(name, password, role, only_first=False)

    def create_first(self, name: str, password: str) -> User:
        """The administrator of a new installation. Raises BadInput as soon as anybody exists: whoever is
        second to send the form of the first visit gets nothing."""
        return self._create(name, password, "admin", only_first=True)

    def _create(self, name: str, password: str, role: Role, *, only_first: bool) -> User:
        if role not in ROLES:
            raise BadInput("There is no role {role}.", role=role)
        user = User(uuid.uuid4().hex, _checked_name(name), role, None, None)
        row = {
            "id": user.id,
            "name": user.name,
            "name_key": name_key(name),
            "role": role,
            "password_hash": passwords.hash_password(password),
            "created_at": self._clock(),
        }
        with self._db.write(alone="users") as connection:
            if only_first and _any(connection):
                raise BadInput("The administrator exists already. Sign in instead.")
            _insert(connection, row)
        return user

    def verify(self, name: str, password: str) -> User | None:
        """The user, if the password is theirs. Takes the same time for names that do not exist."""
        row = self._find(users.c.name_key == name_key(name))
        stored = row["password_hash"] if row else None
        if not passwords.matches(password, stored) or row is None or stored is None:
            return None
        if passwords.outdated(stored):
            self._store_hash(row["id"], passwords.hash_password(password, check=False))
        return user_of_row(row)

    def _store_hash(self, user_id: str, password_hash: str) -> None:
        with self._db.write(alone="users") as connection:
            connection.execute(update(users).where(users.c.id == user_id).values(password_hash=password_hash))

    def set_password(self, user_id: str, password: str) -> None:
        """A new password; every session of the user ends. Raises BadInput for a weak one, KeyError for
        nobody."""
        hashed = passwords.hash_password(password)
        with self._db.write(alone="users") as connection:
            _change(connection, user_id, password_hash=hashed)
            connection.execute(delete(sessions).where(sessions.c.user_id == user_id))

    def set_preferences(
        self, user_id: str, *, language: str | None = None, timezone: str | None = None
    ) -> None:
        """Changes what is given; "" goes back to the browser's. Raises BadInput for unknown values."""
        if language and language not in LANGUAGES:
            raise BadInput("There is no language {language}.", language=language)
        if timezone and timezone not in available_timezones():
            raise BadInput("There is no time zone {timezone}.", timezone=timezone)
        given = {"language": language, "timezone": timezone}
        changes = {key: value or None for key, value in given.items() if value is not None}
        if changes:
            with self._db.write(alone="users") as connection:
                _change(connection, user_id, **changes)

    def by_id(self, user_id: str) -> User | None:
        """The user, or None."""
        row = self._find(users.c.id == user_id)
        return user_of_row(row) if row else None

    def by_name(self, name: str) -> User | None:
        """The user, or None; the case of the name does not matter."""
        row = self._find(users.c.name_key == name_key(name))
        return user_of_row(row) if row else None

    def list(self) -> list[User]:
        """Everybody, by name."""
        with self._db.read() as connection:
            found = connection.execute(select(users).order_by(users.c.name_key)).mappings()
            return [user_of_row(row) for row in found]

    def _find(self, condition: ColumnElement[bool]) -> RowMapping | None:
        with self._db.read() as connection:
            return connection.execute(select(users).where(condition)).mappings().first()


def name_key(name: str) -> str:
    """What makes two names the same: NFC, no outer blanks, no case. Never raises, whatever was typed."""
    return unicodedata.normalize("NFC", name.strip()).casefold().encode("utf-8", "replace").decode()


def _any(connection: Connection) -> bool:
    return connection.execute(select(users.c.id).limit(1)).first() is not None


def _checked_name(name: str) -> str:
    clean = unicodedata.normalize("NFC", name.strip())
    if not clean or len(clean) > LONGEST_NAME or not clean.isprintable():
        raise BadInput("A name has 1 to {longest} printable characters.", longest=LONGEST_NAME)
    return clean


def _insert(connection: Connection, row: dict[str, Any]) -> None:
    try:
        connection.execute(insert(users).values(row))
    except IntegrityError as error:
        raise BadInput("The name {name} is taken.", name=row["name"]) from error


def _change(connection: Connection, user_id: str, **values: Any) -> None:
    if connection.execute(update(users).where(users.c.id == user_id).values(**values)).rowcount != 1:
        raise KeyError(f"no user {user_id}")


def user_of_row(row: RowMapping) -> User:
    """A `users` row as a value."""
    return User(row["id"], row["name"], row["role"], row["language"], row["timezone"])
