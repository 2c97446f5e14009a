"""A backup that somebody prepared writes nowhere but where it should, and fills neither memory nor disk."""

from __future__ import annotations

import json
import shutil
import stat
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest

from storage.backup import backup, restore
from storage.opening import open_database
from storage.paths import DataPaths, data_paths
from storage.vault import Vault
from sync.errors import NeedsOperator


@pytest.fixture
def home(tmp_path: Path) -> DataPaths:
    return data_paths({"COUNTERPART_HOME": str(tmp_path / "home")})


@pytest.fixture
def saved(home: DataPaths, tmp_path: Path) -> Path:
    """A backup with its key; nobody has the database open any more."""
    db = open_database(home.database_url)
    Vault.open(home.folder, {})
    made = backup(db, home.folder, tmp_path / "saved.zip", with_key=True)
    db.close()
    return made.path


def prepared(saved: Path, extra: dict[str, bytes], **changed: object) -> Path:
    """The backup with further members and a changed manifest."""
    target = saved.with_name("prepared.zip")
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        manifest = json.loads(old.read("manifest.json")) | changed
        for name in ("counterpart.db", "secret.key"):
            new.writestr(name, old.read(name))
        new.writestr("manifest.json", json.dumps({k: v for k, v in manifest.items() if v is not None}))
        for name, content in extra.items():
            new.writestr(name, content)
    return target


@pytest.mark.parametrize(
    "name", ["../evil.txt", "/tmp/counterpart-evil.txt", "..\\evil.txt", "secret.key/../../evil.txt"]
)
def test_no_member_leaves_the_folder(saved: Path, home: DataPaths, tmp_path: Path, name: str) -> None:
    before = set(tmp_path.rglob("*"))
    restore(prepared(saved, {name: b"evil"}), home, env={})
    new = {p.name for p in set(tmp_path.rglob("*")) - before}
    assert not [p for p in new if "evil" in p]
    assert not Path("/tmp/counterpart-evil.txt").exists()


def test_a_link_among_the_members_is_not_followed(saved: Path, home: DataPaths, tmp_path: Path) -> None:
    target = saved.with_name("linked.zip")
    victim = tmp_path / "victim"
    victim.write_text("untouched")
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(target, "w") as new:
        new.writestr("counterpart.db", old.read("counterpart.db"))
        new.writestr("manifest.json", old.read("manifest.json"))
        link = zipfile.ZipInfo("secret.key")
        link.external_attr = (stat.S_IFLNK | 0o777) << 16
        new.writestr(link, str(victim))
    restore(target, home, env={})
    assert victim.read_text() == "untouched"
    assert not home.key_file.is_symlink()
    assert stat.S_IMODE(home.key_file.stat().st_mode) == 0o600


@pytest.mark.parametrize("padding", [b" " * 1_000_000, b"[" * 60_000])
def test_a_manifest_that_is_a_bomb_is_refused(saved: Path, home: DataPaths, padding: bytes) -> None:
    target = saved.with_name("bomb.zip")
    with zipfile.ZipFile(saved) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        new.writestr("counterpart.db", old.read("counterpart.db"))
        new.writestr("manifest.json", padding + old.read("manifest.json"))
    with pytest.raises(NeedsOperator, match="Nothing was changed"):
        restore(target, home, env={})


def test_a_backup_larger_than_the_disk_is_refused_before_it_is_unpacked(
    saved: Path, home: DataPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(shutil, "disk_usage", lambda _place: SimpleNamespace(free=1000))
    with pytest.raises(NeedsOperator, match="too little room"):
        restore(saved, home, env={})
    assert not [p for p in home.folder.iterdir() if p.name.startswith(".restore")]


@pytest.mark.parametrize("missing", ["made_at", "schema", "sha256", "format"])
def test_an_incomplete_manifest_changes_nothing(saved: Path, home: DataPaths, missing: str) -> None:
    before = home.sqlite_file.stat().st_ino
    with pytest.raises(NeedsOperator, match="Nothing was changed"):
        restore(prepared(saved, {}, **{missing: None}), home, env={})
    assert home.sqlite_file.stat().st_ino == before
