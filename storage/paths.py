"""Where Counterpart keeps its files: COUNTERPART_HOME, or `data` beside app.py."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from storage.opening import as_url

HOME_VARIABLE = "COUNTERPART_HOME"
URL_VARIABLE = "COUNTERPART_DATABASE_URL"
SQLITE_NAME = "counterpart.db"
BESIDE_APP = Path(__file__).resolve().parent.parent / "data"


@dataclass(frozen=True)
class DataPaths:
    """The files of one installation."""

    folder: Path
    #: SQLAlchemy URL of the database; may hold a password: not for logs
    database_url: str

    def __repr__(self) -> str:
        return f"DataPaths({str(self.folder)!r})"

    @property
    def sqlite_file(self) -> Path:
        """The database where none is named."""
        return self.folder / SQLITE_NAME

    @property
    def key_file(self) -> Path:
        """The vault's key, unless COUNTERPART_SECRET_KEY gives it."""
        return self.folder / "secret.key"

    @property
    def lock_file(self) -> Path:
        """Held by the one process that runs turns."""
        return self.folder / "worker.lock"

    @property
    def backups(self) -> Path:
        """Where backups go if the operator names no place."""
        return self.folder / "backups"


def data_folder(env: Mapping[str, str] | None = None) -> Path:
    """The data folder by environment (default: the process's own), created for the owner alone (0700)."""
    env = os.environ if env is None else env
    folder = Path(env.get(HOME_VARIABLE) or BESIDE_APP).expanduser().absolute()
    if not folder.exists():
        folder.mkdir(parents=True, mode=0o700)
    return folder


def database_url(env: Mapping[str, str] | None = None) -> str:
    """COUNTERPART_DATABASE_URL, or the SQLite file in the data folder. May hold a password: not for logs."""
    env = os.environ if env is None else env
    return env.get(URL_VARIABLE) or as_url(data_folder(env) / SQLITE_NAME)


def data_paths(env: Mapping[str, str] | None = None) -> DataPaths:
    """Every path of the installation at once."""
    return DataPaths(data_folder(env), database_url(env))
