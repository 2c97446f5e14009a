"""What holds for every test: its own data folder, no host but this one, and the same chance in CI as
everywhere.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

from storage.database import Database
from storage.opening import open_database
from storage.redact import REDACTOR
from tests import postgres

# Hypothesis judges by the clock in two places, and a machine that stands still for a moment is no finding.
_BY_CLOCK = [HealthCheck.too_slow]
settings.register_profile(
    "dev", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, *_BY_CLOCK]
)
settings.register_profile("ci", settings.get_profile("dev"), derandomize=True)
settings.load_profile("ci" if os.environ.get("CI") else "dev")

_connect = socket.socket.connect


def pytest_sessionstart(session: pytest.Session) -> None:
    """No test may touch the checkout's own data folder, not even by a forgotten default."""
    session.config.stash[_HOME] = tempfile.mkdtemp(prefix="counterpart-tests-")
    os.environ["COUNTERPART_HOME"] = session.config.stash[_HOME]
    for name in ("COUNTERPART_DATABASE_URL", "COUNTERPART_SECRET_KEY"):
        os.environ.pop(name, None)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Leave nothing behind."""
    postgres.close()
    shutil.rmtree(session.config.stash[_HOME], ignore_errors=True)


_HOME = pytest.StashKey[str]()
_LONGEST_FIRST = ("crash", "browser", "cli", "e2e", "queue", "contract", "security")
"""Folders whose files take longest: begun last, one of them would keep a single worker busy at the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Only when each file is begun; no test depends on it."""
    root = Path(__file__).parent
    rank = {name: place for place, name in enumerate(_LONGEST_FIRST)}
    items.sort(key=lambda item: rank.get(item.path.relative_to(root).parts[0], len(rank)))


def _only_this_machine(sock: socket.socket, address: Any) -> None:
    if sock.family in (socket.AF_INET, socket.AF_INET6) and not _is_local(address[0]):
        raise PermissionError(f"a test tried to reach {address[0]}: tests talk to this machine only")
    _connect(sock, address)


def _is_local(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


@pytest.fixture(autouse=True)
def _no_internet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket.socket, "connect", _only_this_machine)


@pytest.fixture(autouse=True)
def _own_secrets(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a test's connections gave the redactor to hide is forgotten after it: a thousand workspaces in one
    process would make every line of the log slower."""
    for name in ("_known", "_pattern"):
        monkeypatch.setattr(REDACTOR, name, getattr(REDACTOR, name))


DATABASES = ("sqlite", "postgresql")


@pytest.fixture(scope="session")
def migrated_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated, empty database to copy: migrating anew for every test would cost more than the tests."""
    path = tmp_path_factory.mktemp("migrated") / "counterpart.db"
    open_database(path).close()
    return path


@pytest.fixture
def new_home(migrated_file: Path, tmp_path: Path) -> Path:
    """A data folder whose empty database has this version's schema already."""
    home = tmp_path / "home"
    home.mkdir(mode=0o700)
    shutil.copy2(migrated_file, home / "counterpart.db")
    return home


@pytest.fixture(params=DATABASES)
def database_url(request: pytest.FixtureRequest, tmp_path: Path, migrated_file: Path) -> Iterator[str]:
    """The URL of a fresh database with this version's schema, on each of both kinds."""
    if request.param == "sqlite":
        shutil.copy2(migrated_file, tmp_path / "counterpart.db")
        yield f"sqlite:///{tmp_path / 'counterpart.db'}"
        return
    with postgres.server().emptied() as url:
        yield url


@pytest.fixture
def database(database_url: str) -> Iterator[Database]:
    """A fresh database, on each of both kinds."""
    db = open_database(database_url)
    yield db
    db.close()


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of an empty PostgreSQL database with this version's schema."""
    with postgres.server().emptied() as url:
        yield url


@pytest.fixture
def sqlite(migrated_file: Path, tmp_path: Path) -> Iterator[Database]:
    """A fresh SQLite database, for what only SQLite has."""
    shutil.copy2(migrated_file, tmp_path / "counterpart.db")
    db = open_database(tmp_path / "counterpart.db")
    yield db
    db.close()
