"""A PostgreSQL server of the tests' own: started on first use from the installed binaries, reached through a
socket file in a temporary folder (no port, nobody else), gone with the process that started it.

`make test` installs Debian's package where it may; elsewhere any installed PostgreSQL 13 or newer does.
"""

from __future__ import annotations

import ctypes
import os
import pwd
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from urllib.parse import quote

import psycopg

USER = "counterpart"
_TEMPLATE = "counterpart_template"
_PATIENCE = 180.0
_LIBC = ctypes.CDLL(None)
"""Opened here: between fork and exec nothing may be loaded, a thread of ours could hold the loader."""


class NoPostgres(RuntimeError):
    """No server binaries were found; the message says what to install."""


def binaries() -> Path:
    """The folder of `initdb` and `postgres`. Raises NoPostgres."""
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin"), key=_version, reverse=True)
    if config := shutil.which("pg_config"):
        told = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False)
        folders.append(Path(told.stdout.strip() or "/nowhere"))
    if found := shutil.which("postgres"):
        folders.append(Path(found).parent)
    for folder in folders:
        if (folder / "initdb").exists() and (folder / "postgres").exists():
            return folder
    raise NoPostgres("The tests need PostgreSQL. On Debian: sudo apt-get install postgresql")


def _version(folder: Path) -> int:
    return int(folder.parent.name) if folder.parent.name.isdigit() else 0


class Server:
    """One cluster in a temporary folder. `fsync` is off: tests kill processes, not machines."""

    def __init__(self) -> None:
        self._bin = binaries()
        self._account = _account()
        self.folder = Path(tempfile.mkdtemp(prefix="cp-pg-"))
        self._own(self.folder)
        self._process: subprocess.Popen[bytes] | None = None
        self._names = 0
        self._reused: AbstractContextManager[str] | None = None
        self._reused_url = ""
        self._lock = threading.Lock()
        self._run(
            "initdb",
            "-D",
            str(self.folder / "data"),
            "-U",
            USER,
            "-A",
            "trust",
            "-E",
            "UTF8",
            "-N",
            *(sorting := _sorting(self._bin)),
        )
        self.speaks = "--locale-provider=icu" in sorting
        self.start()

    def start(self) -> None:
        """Starts the server and waits until it answers; one that runs stays."""
        if self._process is not None and self._process.poll() is None:
            return
        options = {
            "listen_addresses": "",
            "unix_socket_directories": str(self.folder),
            "fsync": "off",
            "full_page_writes": "off",
            "max_connections": "200",
            "shared_buffers": "64MB",
            "logging_collector": "off",
        }
        given = [part for name, value in options.items() for part in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._bin / "postgres"), "-D", str(self.folder / "data"), *given],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                preexec_fn=_die_with_parent,
                **self._account,  # type: ignore[call-overload]
            )
        self._wait()

    def stop(self, how: int = signal.SIGINT) -> None:
        """Ends it: SIGINT cuts every connection off, SIGQUIT is a crash."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(how)
            self._process.wait(_PATIENCE)
        self._process = None

    def restart(self, how: int = signal.SIGINT) -> None:
        """Every connection breaks; the data stay."""
        self.stop(how)
        self.start()

    def close(self) -> None:
        """Stops it and removes its folder."""
        if self._reused is not None:
            self._reused.__exit__(None, None, None)
            self._reused = None
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def url(self, database: str) -> str:
        """What COUNTERPART_DATABASE_URL takes."""
        return f"postgresql://{USER}@/{database}?host={quote(str(self.folder), safe='')}"

    @contextmanager
    def database(self, *, migrated: bool = True, language: str = "") -> Iterator[str]:
        """The URL of a database of one's own, with this version's schema or empty; dropped at the end.
        `language` ("tr-TR"; an empty database only): it sorts and folds as that one does, if ICU is there."""
        with self._lock:
            template = self._template() if migrated else "template0"
            self._names += 1
            name = f"counterpart_{os.getpid()}_{self._names}"
            icu = f" LOCALE_PROVIDER icu ICU_LOCALE '{language}'" if language and self.speaks else ""
            self._do(f'CREATE DATABASE "{name}" TEMPLATE "{template}"{icu}')
        try:
            yield self.url(name)
        finally:
            self._do(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')

    @contextmanager
    def emptied(self) -> Iterator[str]:
        """The URL of the one database that the tests of this process use in turn: all its tables are empty.
        Much cheaper than a database each."""
        if self._reused is None:
            self._reused = self.database()
            self._reused_url = self._reused.__enter__()
        yield self._reused_url
        self._empty(self._reused_url)

    def _empty(self, url: str) -> None:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
                "WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )
            names = (
                "SELECT tablename FROM pg_tables WHERE schemaname = 'public' "
                "AND tablename <> 'alembic_version'"
            )
            tables = [f'"{row[0]}"' for row in connection.execute(names)]
            asked = " UNION ALL ".join(
                f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in tables
            )
            full = [str(row[0]) for row in connection.execute(asked.encode())]
            if full:
                connection.execute(f"TRUNCATE {', '.join(full)} RESTART IDENTITY CASCADE".encode())

    def _template(self) -> str:
        found = self._do("SELECT 1 FROM pg_database WHERE datname = %s", _TEMPLATE)
        if not found:
            from storage.opening import open_database

            self._do(f'CREATE DATABASE "{_TEMPLATE}" TEMPLATE template0')
            open_database(self.url(_TEMPLATE)).close()
        return _TEMPLATE

    def _do(self, sql: str, *values: str) -> list[tuple[object, ...]]:
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            cursor = connection.execute(sql.encode(), values)
            return cursor.fetchall() if cursor.description else []

    def _wait(self) -> None:
        until = time.monotonic() + _PATIENCE
        while True:
            try:
                psycopg.connect(self.url("postgres"), connect_timeout=5).close()
                return
            except psycopg.OperationalError:
                ended = self._process is None or self._process.poll() is not None
                if ended or time.monotonic() > until:
                    raise NoPostgres((self.folder / "log").read_text(errors="replace")[-2000:]) from None
                time.sleep(0.05)

    def _own(self, folder: Path) -> None:
        if self._account:
            os.chown(folder, self._account["user"], self._account["group"])

    def _run(self, name: str, *arguments: str) -> None:
        done = subprocess.run(
            [str(self._bin / name), *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            **self._account,  # type: ignore[call-overload]
        )
        if done.returncode:
            raise NoPostgres(done.stderr[-2000:])


def _sorting(folder: Path) -> list[str]:
    """A server that sorts as people do (dashes come last of all), as most do: what compares texts byte by
    byte has to say so. C only where there is nothing else."""
    helped = subprocess.run([str(folder / "initdb"), "--help"], capture_output=True, text=True, check=False)
    if "--icu-locale" in helped.stdout:
        return ["--locale=C.UTF-8", "--locale-provider=icu", "--icu-locale=en-US-u-ka-shifted"]
    known = subprocess.run(["locale", "-a"], capture_output=True, text=True, check=False).stdout.lower()
    return ["--locale=" + ("en_US.UTF-8" if "en_us.utf8" in known else "C.UTF-8")]


def _account() -> dict[str, int]:
    """PostgreSQL refuses to run as root: it gets an account that owns nothing else."""
    if os.geteuid() != 0:
        return {}
    for name in ("postgres", "nobody"):
        try:
            found = pwd.getpwnam(name)
        except KeyError:
            continue
        return {"user": found.pw_uid, "group": found.pw_gid}
    raise NoPostgres("PostgreSQL does not run as root, and there is neither an account postgres nor nobody.")


def _die_with_parent() -> None:
    """A test process that is killed takes its server along (Linux)."""
    if sys.platform == "linux":
        _LIBC.prctl(1, signal.SIGINT)


_shared: Server | None = None


def server() -> Server:
    """The server of this test process, started on first use. Raises NoPostgres."""
    global _shared
    if _shared is None:
        _shared = Server()
    return _shared


def close() -> None:
    """Ends the server of this process, if it was ever started."""
    global _shared
    if _shared is not None:
        _shared.close()
        _shared = None
