"""The data folder: where it is, who works in it, how it is saved and put back; and the settings."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, text

from storage.backup import backup, restore
from storage.database import Database
from storage.errors import BadInput
from storage.opening import open_database
from storage.oslock import ProcessLock
from storage.paths import DataPaths, data_folder, data_paths, database_url
from storage.preferences import KNOWN, LANGUAGE, LOG_ROWS, LONG_AGO, PAUSED, RESTORED_AT, Preferences
from storage.sqlite import sqlite_driver
from storage.tables.connections import connections
from storage.tables.preferences import preferences
from storage.vault import Vault
from sync.errors import NeedsOperator

ROOT = Path(__file__).parents[3]
HOLD = """
import sys
sys.path.insert(0, sys.argv[1])
from storage.oslock import ProcessLock
lock = ProcessLock(sys.argv[2])
print(lock.acquire(), flush=True)
sys.stdin.read()
"""


@pytest.fixture
def home(tmp_path: Path) -> DataPaths:
    return data_paths({"COUNTERPART_HOME": str(tmp_path / "home")})


def _holding(path: Path) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(ROOT), str(path)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout and process.stdout.readline() == "True\n"
    return process


def test_the_folder_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    folder = data_folder({"COUNTERPART_HOME": str(tmp_path / "a" / "b")})
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_the_database_is_a_file_in_it_unless_named(tmp_path: Path) -> None:
    env = {"COUNTERPART_HOME": str(tmp_path)}
    assert database_url(env) == f"sqlite:///{tmp_path}/counterpart.db"
    named = data_paths({**env, "COUNTERPART_DATABASE_URL": "postgresql://u:secret@h/d"})
    assert named.database_url == "postgresql://u:secret@h/d" and "secret" not in repr(named)


def test_by_default_data_lies_beside_the_app() -> None:
    from storage import paths

    assert paths.BESIDE_APP == ROOT / "data"


def test_one_process_holds_the_lock_until_it_dies(tmp_path: Path) -> None:
    path = tmp_path / "worker.lock"
    mine = ProcessLock(path)
    assert mine.holder() is None
    process = _holding(path)
    try:
        holder = mine.holder()
        assert holder and holder["pid"] == process.pid and holder["since"].endswith("+00:00")
        assert not mine.acquire() and mine.holder() == holder
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    assert mine.holder() is None and mine.acquire()
    assert mine.holder() == json.loads(path.read_text())
    assert json.loads(path.read_text())["pid"] == os.getpid()
    mine.release()


def test_the_lock_is_given_back_and_taken_again(tmp_path: Path) -> None:
    one, two = ProcessLock(tmp_path / "lock"), ProcessLock(tmp_path / "lock")
    assert one.acquire() and one.acquire() and not two.acquire()
    one.release()
    one.release()
    assert two.acquire() and not one.acquire()
    two.release()


def test_settings_have_types_defaults_and_limits(db: Database, clock) -> None:
    settings = Preferences(db, clock)
    assert settings.get(LOG_ROWS) == 1_000_000
    settings.set(LOG_ROWS, 5_000)
    settings.set(LANGUAGE, "tr")
    settings.set(RESTORED_AT, clock())
    assert (settings.get(LOG_ROWS), settings.get(LANGUAGE)) == (5_000, "tr")
    assert settings.get(RESTORED_AT) == clock()
    settings.reset(LOG_ROWS)
    assert settings.get(LOG_ROWS) == 1_000_000
    assert set(settings.all()) == {known.key for known in KNOWN}


@pytest.mark.parametrize(
    ("setting", "value", "why"),
    [
        (LOG_ROWS, 10, "between 1000"),
        (LOG_ROWS, 10**9, "between"),
        (LOG_ROWS, "many", "whole number"),
        (LOG_ROWS, True, "whole number"),
        (LANGUAGE, "xx", "one of en, tr"),
        (PAUSED, 1, "on or off"),
    ],
)
def test_settings_outside_their_limits_are_refused(db: Database, setting: Any, value: Any, why: str) -> None:
    with pytest.raises(BadInput, match=why):
        Preferences(db).set(setting, value)
    assert Preferences(db).get(setting) == setting.default


def test_a_setting_an_older_version_stored_wrongly_is_the_default(db: Database, clock) -> None:
    with db.write() as connection:
        connection.execute(insert(preferences).values(key=LOG_ROWS.key, value="all", changed_at=clock()))
    assert Preferences(db).get(LOG_ROWS) == 1_000_000


def _add_connection(db: Database, vault: Vault, clock: Any, name: str) -> None:
    with db.write() as connection:
        connection.execute(
            insert(connections).values(
                id=name,
                platform="memory",
                name=name,
                settings={},
                sandbox=True,
                speed=1.0,
                status="pending",
                facts={},
                identity="",
                created_at=clock(),
                secrets=vault.seal({"token": "tok-11223344"}),
            )
        )


def _connections(paths: DataPaths) -> list[str]:
    db = open_database(paths.database_url)
    with db.read() as connection:
        names = list(connection.execute(text("SELECT name FROM connections ORDER BY name")).scalars())
    db.close()
    return names


@pytest.fixture
def saved(home: DataPaths, tmp_path: Path, clock) -> Path:
    """An installation with the connection "before", a backup of it, then a connection "after"."""
    db = open_database(home.database_url)
    vault = Vault.open(home.folder, {})
    _add_connection(db, vault, clock, "before")
    made = backup(db, home.folder, tmp_path / "saved.zip", clock=clock)
    _add_connection(db, vault, clock, "after")
    db.close()
    return made.path


def test_a_backup_holds_the_data_but_not_the_key(saved: Path, home: DataPaths) -> None:
    assert stat.S_IMODE(saved.stat().st_mode) == 0o600
    with zipfile.ZipFile(saved) as archive:
        assert sorted(archive.namelist()) == ["counterpart.db", "manifest.json"]
        content = b"".join(archive.read(name) for name in archive.namelist())
    assert b"tok-11223344" not in content and home.key_file.read_bytes().strip() not in content
    assert sorted(path.name for path in saved.parent.iterdir()) == ["home", "saved.zip"], "no draft is left"


def test_restoring_brings_the_data_back_and_says_so(saved: Path, home: DataPaths, clock) -> None:
    assert _connections(home) == ["after", "before"]
    done = restore(saved, home, env={}, clock=clock)
    assert _connections(home) == ["before"] and done.secrets_readable
    assert done.set_aside and done.set_aside.exists() and done.made_at == clock().isoformat()
    db = open_database(home.database_url)
    assert Preferences(db).get(RESTORED_AT) == clock() != LONG_AGO
    db.close()
    assert stat.S_IMODE(home.sqlite_file.stat().st_mode) == 0o600


def test_the_former_database_is_kept_whole(saved: Path, home: DataPaths, clock) -> None:
    aside = restore(saved, home, env={}, clock=clock).set_aside
    raw = sqlite_driver().connect(str(aside))
    assert raw.execute("SELECT count(*) FROM connections").fetchone() == (2,)
    raw.close()


def test_without_its_key_a_backup_is_restored_and_reported(saved: Path, tmp_path: Path, clock) -> None:
    elsewhere = data_paths({"COUNTERPART_HOME": str(tmp_path / "elsewhere")})
    done = restore(saved, elsewhere, env={}, clock=clock)
    assert not done.secrets_readable and done.set_aside is None
    assert _connections(elsewhere) == ["before"] and not elsewhere.key_file.exists()


def test_with_the_key_a_backup_is_complete(home: DataPaths, saved: Path, tmp_path: Path, clock) -> None:
    db = open_database(home.database_url)
    whole = backup(db, home.folder, tmp_path / "whole.zip", with_key=True, clock=clock)
    db.close()
    elsewhere = data_paths({"COUNTERPART_HOME": str(tmp_path / "elsewhere")})
    Vault.open(elsewhere.folder, {})
    former = elsewhere.key_file.read_text()
    assert restore(whole.path, elsewhere, env={}, clock=clock).secrets_readable
    assert elsewhere.key_file.read_text() == home.key_file.read_text()
    aside = elsewhere.folder / "secret.key.before-restore-1"
    assert aside.read_text() == former and stat.S_IMODE(aside.stat().st_mode) == 0o600
    assert stat.S_IMODE(elsewhere.key_file.stat().st_mode) == 0o600


def test_a_backup_of_a_busy_database_is_consistent(home: DataPaths, tmp_path: Path, clock) -> None:
    db = open_database(home.database_url)
    vault = Vault.open(home.folder, {})
    with db.write() as connection:
        connection.execute(insert(preferences).values(key="half", value=1, changed_at=clock()))
        made = backup(db, home.folder, tmp_path / "busy.zip")
    _add_connection(db, vault, clock, "x")
    db.close()
    restore(made.path, home, env={})
    assert _connections(home) == []
    raw = sqlite_driver().connect(str(home.sqlite_file))
    assert raw.execute("SELECT count(*) FROM preferences WHERE key = 'half'").fetchone() == (0,)
    raw.close()


def test_an_existing_file_is_not_overwritten(home: DataPaths, saved: Path) -> None:
    db = open_database(home.database_url)
    before = saved.read_bytes()
    with pytest.raises(NeedsOperator, match="exists already"):
        backup(db, home.folder, saved)
    db.close()
    assert saved.read_bytes() == before


def test_nothing_is_restored_while_a_worker_runs(saved: Path, home: DataPaths) -> None:
    process = _holding(home.lock_file)
    try:
        with pytest.raises(NeedsOperator, match=f"process {process.pid}"):
            restore(saved, home, env={})
    finally:
        process.communicate("")
    assert _connections(home) == ["after", "before"]


def test_nothing_is_restored_under_another_program(saved: Path, home: DataPaths) -> None:
    db = open_database(home.database_url)
    with db.read() as connection:
        connection.execute(text("SELECT 1"))
    with pytest.raises(NeedsOperator, match="Another program"):
        restore(saved, home, env={})
    db.close()
    assert _connections(home) == ["after", "before"]


def _repacked(saved: Path, **changes: bytes | None) -> Path:
    """The backup with members replaced, added or (None) left out."""
    target = saved.with_name("damaged.zip")
    names = {"database": "counterpart.db", "manifest": "manifest.json"}
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(target, "w") as new:
        for label, name in names.items():
            content = changes.get(label, old.read(name))
            if content is not None:
                new.writestr(name, content)
    return target


def test_damaged_or_foreign_files_change_nothing(saved: Path, home: DataPaths) -> None:
    with zipfile.ZipFile(saved) as archive:
        database = archive.read("counterpart.db")
    cases = [saved.with_name("missing.zip"), home.key_file, _repacked(saved, database=None)]
    cut = saved.with_name("cut.zip")
    cut.write_bytes(saved.read_bytes()[:-2000])
    for case in [*cases, cut]:
        with pytest.raises(NeedsOperator):
            restore(case, home, env={})
    for changes in (
        {"database": database[:-4096]},
        {"manifest": b"{}"},
        {"manifest": b"[1]"},
        {"manifest": None},
    ):
        with pytest.raises(NeedsOperator, match="Nothing was changed"):
            restore(_repacked(saved, **changes), home, env={})
    assert _connections(home) == ["after", "before"]
    assert not [path for path in home.folder.iterdir() if path.name.startswith(".restore")]


def test_a_backup_from_a_newer_version_is_refused(saved: Path, home: DataPaths) -> None:
    with zipfile.ZipFile(saved) as archive:
        manifest = json.loads(archive.read("manifest.json"))
    newer = _repacked(saved, manifest=json.dumps({**manifest, "schema": "9999"}).encode())
    with pytest.raises(NeedsOperator, match="newer Counterpart"):
        restore(newer, home, env={})
    assert _connections(home) == ["after", "before"]


def test_postgresql_is_saved_by_its_own_tools(home: DataPaths, tmp_path: Path) -> None:
    elsewhere = DataPaths(home.folder, "postgresql://h/d")
    with pytest.raises(NeedsOperator, match="pg_restore"):
        restore(tmp_path / "x.zip", elsewhere, env={})
