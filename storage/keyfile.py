"""The vault's key file: one key a line, the newest first; only its owner may read it."""

from __future__ import annotations

import logging
import os
import stat
import tempfile
from pathlib import Path

from cryptography.fernet import Fernet

_log = logging.getLogger(__name__)


def read_keys(path: Path) -> list[str]:
    """The keys, none if there is no file. A file that others may read is closed to them, with a warning."""
    try:
        with path.open(encoding="ascii") as file:
            mode = stat.S_IMODE(os.fstat(file.fileno()).st_mode)
            if mode & 0o077:
                os.fchmod(file.fileno(), 0o600)
                _log.warning(
                    "%s was readable by other users (mode %o); it is 600 now. Consider rotating the key.",
                    path.name,
                    mode,
                )
            return file.read().split()
    except FileNotFoundError:
        return []


def create_key(path: Path) -> list[str]:
    """Makes the first key; if another process was faster, its key counts. Returns the keys of the file."""
    draft = _draft(path, [Fernet.generate_key().decode()])
    try:
        os.link(draft, path)  # unlike rename, fails if the file exists
    except FileExistsError:
        return read_keys(path)
    finally:
        draft.unlink()
    _sync_folder(path.parent)
    return read_keys(path)


def write_keys(path: Path, keys: list[str]) -> None:
    """Replaces the file as a whole: after a crash it is the old one or the new one."""
    os.replace(_draft(path, keys), path)
    _sync_folder(path.parent)


def stamp(path: Path) -> tuple[int, int] | None:
    """Changes whenever the file is replaced."""
    try:
        found = path.stat()
    except FileNotFoundError:
        return None
    return found.st_ino, found.st_mtime_ns


def _draft(path: Path, keys: list[str]) -> Path:
    file, name = tempfile.mkstemp(dir=path.parent, prefix=path.name + ".")  # mode 0600
    with os.fdopen(file, "w", encoding="ascii") as out:
        out.write("".join(key + "\n" for key in keys))
        out.flush()
        os.fsync(out.fileno())
    return Path(name)


def _sync_folder(folder: Path) -> None:
    file = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(file)
    finally:
        os.close(file)
