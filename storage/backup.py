"""Backup and restore of a SQLite installation: one zip with the database, a manifest and, only if asked for,
the key.

A backup can be taken while everything runs. After a restore the sync part knows (preference
`backup.restored_at`) that things may have been sent which this database has never heard of, and looks before
it sends again.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import make_url

from storage import preferences
from storage.clock import Clock, utc_now
from storage.database import Database
from storage.migrations.runner import check_known, revision
from storage.opening import open_database
from storage.oslock import ProcessLock
from storage.paths import DataPaths
from storage.sqlite import sqlite_driver
from storage.vault import KEY_FILE, Vault
from sync.errors import NeedsOperator
from sync.model.text import say

DATABASE = "counterpart.db"
MANIFEST = "manifest.json"
FORMAT = 1
PIECE = 1 << 20
LONGEST_MANIFEST = 64 * 1024
_FACTS = ("made_at", "schema", "sha256")


@dataclass(frozen=True)
class Backup:
    """What was saved, and where."""

    path: Path
    bytes: int
    with_key: bool


@dataclass(frozen=True)
class Restored:
    """What was put back. `set_aside`: the former database, if there was one. `secrets_readable` False: the
    key at hand does not fit; bring the right one or enter the credentials again."""

    set_aside: Path | None
    made_at: str
    secrets_readable: bool


def backup(
    db: Database,
    folder: str | os.PathLike[str],
    target_path: str | os.PathLike[str],
    *,
    with_key: bool = False,
    clock: Clock = utc_now,
) -> Backup:
    """Saves a consistent copy to `target_path` (a new file, 0600); the key of `folder` only `with_key`.

    Raises NeedsOperator on PostgreSQL (use pg_dump), if the target exists, or if there is no key file to
    include.
    """
    target, key = Path(target_path).absolute(), Path(folder) / KEY_FILE
    if db.dialect != "sqlite":
        raise NeedsOperator(say("A PostgreSQL database is backed up with pg_dump, not with this command."))
    if target.exists():
        raise NeedsOperator(say("{path} exists already. Name a new file.", path=target))
    if with_key and not key.exists():
        raise NeedsOperator(say("There is no key file to include: the key comes from the environment."))
    target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=".backup-") as work:
        draft = Path(work) / "draft.zip"
        _pack(db, draft, key if with_key else None, clock)
        os.chmod(draft, 0o600)
        os.replace(draft, target)
    return Backup(target, target.stat().st_size, with_key)


def _pack(db: Database, draft: Path, key: Path | None, clock: Clock) -> None:
    copy = draft.parent / DATABASE
    _copy_database(db, copy)
    with db.read() as connection:
        schema = revision(connection)
    manifest = {"format": FORMAT, "made_at": clock().isoformat(), "schema": schema, "sha256": _sha256(copy)}
    with zipfile.ZipFile(draft, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive:
        archive.write(copy, DATABASE)
        archive.writestr(MANIFEST, json.dumps(manifest))
        if key:
            archive.write(key, KEY_FILE)


def _copy_database(db: Database, copy: Path) -> None:
    driver = sqlite_driver()
    target = driver.connect(str(copy))
    try:
        with db.read() as connection:
            raw = connection.connection.driver_connection
            assert raw is not None
            raw.backup(target)
        target.execute("PRAGMA journal_mode = DELETE")
    finally:
        target.close()


def restore(
    source: str | os.PathLike[str],
    paths: DataPaths,
    *,
    env: Mapping[str, str] | None = None,
    clock: Clock = utc_now,
) -> Restored:
    """Replaces the database of `paths` by a backup, after checking it; the former one is kept beside it.

    Raises NeedsOperator if Counterpart is running, the file is not a sound backup, or it is from a newer
    version.
    """
    if not paths.database_url.startswith("sqlite"):
        raise NeedsOperator(say("A PostgreSQL database is restored with pg_restore, not with this command."))
    with _nobody_working(paths), tempfile.TemporaryDirectory(dir=paths.folder, prefix=".restore-") as work:
        manifest = _unpack(Path(source), Path(work))
        fresh = Path(work) / DATABASE
        _prepare(fresh, manifest, clock)
        set_aside = _swap(fresh, Path(make_url(paths.database_url).database or paths.sqlite_file), clock)
        _bring_key(Path(work) / KEY_FILE, paths.key_file)
    return Restored(set_aside, str(manifest["made_at"]), _secrets_readable(paths, env))


@contextmanager
def _nobody_working(paths: DataPaths) -> Iterator[None]:
    lock = ProcessLock(paths.lock_file)
    if not lock.acquire():
        pid = (lock.holder() or {}).get("pid", "?")
        raise NeedsOperator(
            say("Counterpart is running (process {pid}). Stop it before restoring a backup.", pid=pid)
        )
    try:
        yield
    finally:
        lock.release()


def _unpack(source: Path, work: Path) -> dict[str, Any]:
    """Takes out the members we know, by name, and checks them against the manifest."""
    try:
        with zipfile.ZipFile(source) as archive:
            manifest = _manifest(archive)
            _refuse_bomb(archive, work)
            for name in {DATABASE, KEY_FILE} & set(archive.namelist()):
                _extract(archive, name, work / name)
        sound = manifest["format"] == FORMAT and _sha256(work / DATABASE) == manifest["sha256"]
    except FileNotFoundError as error:
        raise NeedsOperator(say("There is no file {path}.", path=source)) from error
    except _NO_BACKUP as error:
        raise _unsound(source) from error
    if not sound:
        raise _unsound(source)
    return manifest


# zlib.error: torn pieces; NotImplementedError, RuntimeError: packed or encrypted in a way we never do.
_NO_BACKUP = (zipfile.BadZipFile, KeyError, TypeError, ValueError, EOFError, RuntimeError, zlib.error)


def _manifest(archive: zipfile.ZipFile) -> dict[str, Any]:
    """The manifest; ValueError or the like if it is none of ours."""
    if archive.getinfo(MANIFEST).file_size > LONGEST_MANIFEST:
        raise ValueError("the manifest is endless")
    manifest: dict[str, Any] = json.loads(archive.read(MANIFEST))
    if not all(isinstance(manifest[name], str) for name in _FACTS):
        raise ValueError("the manifest is incomplete")
    return manifest


def _refuse_bomb(archive: zipfile.ZipFile, work: Path) -> None:
    """Raises NeedsOperator for what the disk cannot hold. zipfile gives out no more than is announced."""
    ours = {DATABASE, KEY_FILE} & set(archive.namelist())
    announced = sum(archive.getinfo(name).file_size for name in ours)
    if announced > shutil.disk_usage(work).free:
        raise NeedsOperator(
            say("The disk has too little room for this backup. Nothing was changed."),
            f"{announced} bytes announced",
        )


def _unsound(source: Path) -> NeedsOperator:
    return NeedsOperator(
        say("{path} is not a complete Counterpart backup. Nothing was changed.", path=source)
    )


def _extract(archive: zipfile.ZipFile, name: str, target: Path) -> None:
    file = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with archive.open(name) as packed, os.fdopen(file, "wb") as out:
        while piece := packed.read(PIECE):
            out.write(piece)
        out.flush()
        os.fsync(out.fileno())


def _prepare(fresh: Path, manifest: dict[str, Any], clock: Clock) -> None:
    """Checks the database itself, migrates it and notes that it was restored."""
    check_known(manifest["schema"])
    raw = sqlite_driver().connect(str(fresh))
    try:
        verdict = raw.execute("PRAGMA integrity_check").fetchone()[0]
    finally:
        raw.close()
    if verdict != "ok":
        raise NeedsOperator(say("The database in the backup is damaged. Nothing was changed."), str(verdict))
    database = open_database(fresh)
    try:
        preferences.Preferences(database, clock).set(preferences.RESTORED_AT, clock())
    finally:
        database.close()


def _swap(fresh: Path, place: Path, clock: Clock) -> Path | None:
    """Puts the restored file in place in one step; the former database stays beside it under another name."""
    aside = None
    if place.exists():
        _close_up(place)
        aside = place.with_name(f"{place.name}.before-restore-{clock():%Y%m%dT%H%M%S%f}")
        _second_name(place, aside)
    os.replace(fresh, place)
    return aside


def _close_up(place: Path) -> None:
    """Folds the WAL into the file, for which SQLite insists on being alone with it.

    Raises NeedsOperator while another program has the database open, even if it does nothing.
    """
    driver = sqlite_driver()
    raw = driver.connect(str(place))
    try:
        raw.execute("PRAGMA journal_mode = DELETE").fetchone()
    except driver.OperationalError as error:
        raise NeedsOperator(
            say("Another program is using the database. Stop it before restoring a backup."), str(error)
        ) from error
    finally:
        raw.close()


def _second_name(place: Path, aside: Path) -> None:
    try:
        os.link(place, aside)
    except OSError:  # a file system without hard links
        shutil.copy2(place, aside)


def _bring_key(packed: Path, place: Path) -> None:
    if packed.exists():
        if place.exists() and place.read_bytes() != packed.read_bytes():
            _free_name(place).write_bytes(place.read_bytes())
        os.replace(packed, place)


def _free_name(place: Path) -> Path:
    """A name for the key that is replaced, made for its owner alone."""
    number = 1
    while True:
        candidate = place.with_name(f"{place.name}.before-restore-{number}")
        try:
            os.close(os.open(candidate, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
            return candidate
        except FileExistsError:
            number += 1


def _secrets_readable(paths: DataPaths, env: Mapping[str, str] | None) -> bool:
    database = open_database(paths.database_url)
    try:
        Vault.open(paths.folder, env, database)
    except NeedsOperator:
        return False
    finally:
        database.close()
    return True


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while piece := file.read(PIECE):
            digest.update(piece)
    return digest.hexdigest()
