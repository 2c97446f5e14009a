"""A PostgreSQL server of our own: started on a free port for a benchmark or a proof, restarted at will,
gone with it. The programs are found on PATH or where Debian puts them; as root the server runs as the
user postgres."""

from __future__ import annotations

import os
import random
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

_PORTS = range(20_000, 32_000)
_DEBIAN = Path("/usr/lib/postgresql")
_SETTINGS = ("max_connections=100", "listen_addresses=127.0.0.1", "shared_buffers=128MB")


@dataclass(frozen=True, slots=True)
class Server:
    """`url` of an empty database; `folder` holds everything."""

    url: str
    folder: Path
    port: int

    def restart(self) -> None:
        """As an administrator would: sessions are cut off, what is committed stays."""
        self._control("restart", "-m", "fast")

    def start(self) -> None:
        self._control("start")

    def stop(self) -> None:
        self._control("stop", "-m", "immediate")

    def _control(self, *words: str) -> None:
        options = " ".join(f"-c {s}" for s in (f"port={self.port}", f"unix_socket_directories={self.folder}"))
        options += " " + " ".join(f"-c {setting}" for setting in _SETTINGS)
        log = str(self.folder / "log")
        command = [_program("pg_ctl"), "-D", str(self.folder / "data"), "-w", "-t", "60", "-l", log]
        _run([*command, "-o", options, *words])


@contextmanager
def server() -> Iterator[Server]:
    """A server with a database named counterpart."""
    with tempfile.TemporaryDirectory(prefix="counterpart-postgres-") as name:
        folder, port = Path(name), free_port()
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        _run(
            [_program("initdb"), "-D", str(folder / "data"), "-U", "bench", "-A", "trust", "-E", "UTF8", "-N"]
        )
        made = Server(f"postgresql://bench@127.0.0.1:{port}/counterpart", folder, port)
        made.start()
        try:
            _run([_program("createdb"), "-h", "127.0.0.1", "-p", str(port), "-U", "bench", "counterpart"])
            yield made
        finally:
            made.stop()


@contextmanager
def postgres() -> Iterator[str]:
    """The address of an empty database."""
    with server() as made:
        yield made.url


def _program(name: str) -> str:
    found = shutil.which(name) or next((str(p) for p in sorted(_DEBIAN.glob(f"*/bin/{name}"))), None)
    if found is None:
        raise FileNotFoundError(f"{name} is not installed. On Debian: sudo apt-get install postgresql")
    return found


def _run(command: list[str]) -> None:
    """As the user postgres where we are root, whom PostgreSQL refuses."""
    if os.geteuid() == 0:
        command = ["runuser", "-u", "postgres", "--", *command]
    done = subprocess.run(
        command,
        cwd="/",
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    if done.returncode:
        raise RuntimeError(f"{command[-1]}: {done.stderr[-500:]}")


def free_port() -> int:
    """For a server of ours. Below those that the system gives to clients: while the server restarts, one of
    the many that try to reach it could be given the server's own port, meet itself there, and keep it from
    coming back."""
    ports = list(_PORTS)
    random.shuffle(ports)
    for port in ports:
        with socket.socket() as sock, suppress(OSError):
            sock.bind(("127.0.0.1", port))
            return port
    raise RuntimeError("no port is free")
