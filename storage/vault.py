"""The vault: secrets are sealed with Fernet (AES-128-CBC + HMAC), several keys at a time so that keys can
change.

The key is never in the database: it is COUNTERPART_SECRET_KEY (one key, or several with commas, the newest
first) or the file `secret.key` (0600) in the data folder. Seal inside the write transaction that stores the
result: a rotation in another process then cannot fall between the two.
"""

from __future__ import annotations

import json
import os
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet
from sqlalchemy import Connection, delete, select, update

from storage.database import Database
from storage.keyfile import create_key, read_keys, stamp, write_keys
from storage.redact import MASK, REDACTOR
from storage.tables.connections import connections, keeps
from sync.errors import NeedsOperator
from sync.model.text import say

KEY_VARIABLE = "COUNTERPART_SECRET_KEY"
KEY_FILE = "secret.key"


class Secrets(Mapping[str, str]):
    """Names and secret values. Printing, formatting, pickling or copying it shows no value."""

    __slots__ = ("_values",)

    def __init__(self, values: Mapping[str, str]) -> None:
        self._values = dict(values)
        REDACTOR.learn(self._values.values())

    def __getitem__(self, name: str) -> str:
        return self._values[name]

    def get(self, name: str, default: str = "") -> str:  # type: ignore[override]
        """The value, or `default`."""
        return self._values.get(name, default)

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __repr__(self) -> str:
        return f"Secrets({', '.join(f'{name}={MASK}' for name in self._values)})"

    def __reduce__(self) -> str:
        raise TypeError("secrets are not pickled: they would leave the vault")

    def __copy__(self) -> Secrets:
        return self

    def __deepcopy__(self, memo: dict[int, object]) -> Secrets:
        return self


@dataclass(frozen=True)
class Rotation:
    """What a rotation did. `keys_to_drop` > 0: so many old keys are still in COUNTERPART_SECRET_KEY; remove
    them."""

    sealed_again: int
    keys_to_drop: int


class Vault:
    """Seals and opens secrets. Thread-safe; notices when another process has changed the key file."""

    def __init__(self, keys: list[str], file: Path | None) -> None:
        self._lock = threading.Lock()
        self._file = file
        self._use(keys)

    @classmethod
    def open(
        cls, folder: str | os.PathLike[str], env: Mapping[str, str] | None = None, db: Database | None = None
    ) -> Vault:
        """The vault of a data folder; a first key is made if there is none.

        With `db`: raises NeedsOperator when the database holds secrets that the key at hand cannot open, and
        never makes a new key then. Raises NeedsOperator for a malformed key.
        """
        env = os.environ if env is None else env
        given = [key.strip() for key in env.get(KEY_VARIABLE, "").split(",") if key.strip()]
        file = None if given else Path(folder) / KEY_FILE
        keys = given or read_keys(Path(folder) / KEY_FILE)
        if not keys:
            _refuse_new_key(db)
            keys = create_key(Path(folder) / KEY_FILE)
        vault = cls(keys, file)
        if db is not None:
            vault.check(db)
        return vault

    def _use(self, keys: list[str]) -> None:
        self._stamp = stamp(self._file) if self._file else None
        self._keys = keys
        self._fernets = [_fernet(key) for key in keys]
        REDACTOR.learn(keys)

    def _current(self) -> MultiFernet:
        """The keys as they are now: a rotation elsewhere shows in the file's stamp."""
        with self._lock:
            if self._file and stamp(self._file) != self._stamp:
                self._use(read_keys(self._file) or self._keys)
            return MultiFernet(self._fernets)

    def seal(self, values: Mapping[str, str]) -> str:
        """Text for the database, readable by this vault only. Raises TypeError for values that are not
        text."""
        for name, value in values.items():
            if not isinstance(value, str):
                raise TypeError(f"the secret {name} must be text")
        REDACTOR.learn(values.values())
        return self._current().encrypt(json.dumps(dict(values)).encode()).decode()

    def open_secrets(self, sealed: str | None) -> Secrets:
        """What was sealed; nothing for None or "". Raises NeedsOperator when the key does not fit."""
        if not sealed:
            return Secrets({})
        try:
            return Secrets(json.loads(self._current().decrypt(sealed.encode())))
        except InvalidToken:
            raise wrong_key() from None

    def check(self, db: Database) -> None:
        """Raises NeedsOperator when a stored secret cannot be opened with the key at hand."""
        with db.read() as connection:
            for sealed in _stored_secrets(connection):
                self.open_secrets(sealed)

    def rotate(self, db: Database) -> Rotation:
        """Seals everything with a new key; the old one goes only after all is sealed again and could be read
        back.

        Killed at any moment it leaves a vault that opens everything; run it again to finish. With
        COUNTERPART_SECRET_KEY the operator puts the new key first; raises NeedsOperator if only one is there.
        """
        if self._file is None and len(self._keys) < 2:
            raise NeedsOperator(
                say(
                    "The key comes from COUNTERPART_SECRET_KEY: set it to the new key, a comma and the old "
                    "key, start again and rotate then. A new key: {command}",
                    command=NEW_KEY_COMMAND,
                )
            )
        if self._file:
            write_keys(self._file, [Fernet.generate_key().decode(), *self._keys])
        count = self._seal_again(db)
        if self._file:
            self._drop_old(db, self._file)
        return Rotation(count, 0 if self._file else len(self._keys) - 1)

    def _seal_again(self, db: Database) -> int:
        with db.write(alone="vault") as connection:
            keys = self._current()
            rows = connection.execute(select(connections.c.id, connections.c.secrets)).all()
            for row_id, sealed in rows:
                here = connections.c.id == row_id
                connection.execute(update(connections).where(here).values(secrets=_rotated(keys, sealed)))
            _rotate_keeps(connection, keys)
        return len(rows)

    def _drop_old(self, db: Database, file: Path) -> None:
        """Under the write lock nobody can store a secret while the old keys go."""
        with db.write(alone="vault") as connection:
            newest = Vault(read_keys(file)[:1], None)
            for sealed in _stored_secrets(connection):
                newest.open_secrets(sealed)
            write_keys(file, newest._keys)

    def __repr__(self) -> str:
        return f"Vault({len(self._keys)} keys)"


NEW_KEY_COMMAND = 'python -c "from cryptography.fernet import Fernet; print(Fernet.generate_key().decode())"'


def wrong_key() -> NeedsOperator:
    """The error for secrets that the key at hand cannot open."""
    return NeedsOperator(
        say(
            "The stored credentials were sealed with another key. Put back the file {file} that belongs to "
            "this database (or its COUNTERPART_SECRET_KEY); if it is lost, enter the credentials of every "
            "connection again.",
            file=KEY_FILE,
        )
    )


def _refuse_new_key(db: Database | None) -> None:
    if db is not None:
        with db.read() as connection:
            if any(_stored_secrets(connection)):
                raise wrong_key()


def _fernet(key: str) -> Fernet:
    try:
        return Fernet(key)
    except ValueError:
        raise NeedsOperator(
            say(
                "The vault's key is malformed: it must be 32 bytes in URL-safe base64. A new one: {command}",
                command=NEW_KEY_COMMAND,
            )
        ) from None


def _rotated(keys: MultiFernet, sealed: str) -> str:
    if not sealed:
        return sealed
    try:
        return keys.rotate(sealed.encode()).decode()
    except InvalidToken:
        raise wrong_key() from None


def _stored_secrets(connection: Connection) -> list[str]:
    return [sealed for sealed in connection.execute(select(connections.c.secrets)).scalars() if sealed]


def _rotate_keeps(connection: Connection, keys: MultiFernet) -> None:
    """Cached tokens and the like: what cannot be opened any more is dropped, its owner fetches it anew."""
    for row in connection.execute(select(keeps)).mappings().all():
        here = (keeps.c.connection_id == row["connection_id"]) & (keeps.c.name == row["name"])
        try:
            again = _rotated(keys, row["value"])
        except NeedsOperator:
            connection.execute(delete(keeps).where(here))
            continue
        connection.execute(update(keeps).where(here).values(value=again))
