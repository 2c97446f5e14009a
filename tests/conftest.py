"""What holds for every test: its own data folder, no host but this one, and the same chance in CI as
everywhere.
"""

from __future__ import annotations

import ipaddress
import os
import shutil
import socket
import tempfile
from typing import Any

import pytest
from hypothesis import HealthCheck, settings

settings.register_profile("dev", deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
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
    shutil.rmtree(session.config.stash[_HOME], ignore_errors=True)


_HOME = pytest.StashKey[str]()


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
