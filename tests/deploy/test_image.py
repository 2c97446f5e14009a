"""The image holds what the product needs and no secret. Console and worker start from it alone, as in their
containers: no home, no environment of the machine, files that they do not write to."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.browser.server import free_port
from tests.deploy.image import ROOT, build, copied, let_through

PATIENCE = 180.0

SECRETS = (
    "deploy/counterpart.env",
    "deploy/db-password.txt",
    "data/secret.key",
    "data/counterpart.db",
    "data/backups/counterpart.zip",
    ".env",
    ".git/config",
    ".venv/pyvenv.cfg",
    ".streamlit/secrets.toml",
    "secret.key",
)


@pytest.mark.parametrize("path", SECRETS)
def test_a_secret_in_the_checkout_stays_out(path: str) -> None:
    assert not let_through(path)
    for source, _ in copied():
        assert source != "." and path != source and not path.startswith(f"{source}/")


@pytest.mark.parametrize("path", [p for p in SECRETS if p not in ("secret.key", ".env", ".git/config")])
def test_git_leaves_it_alone_too(path: str) -> None:
    if not (ROOT / ".git").exists() or not shutil.which("git"):
        pytest.skip("no repository")
    asked = subprocess.run(["git", "check-ignore", "--quiet", "--no-index", path], cwd=ROOT)
    assert asked.returncode == 0


def test_what_is_copied_is_what_is_let_through() -> None:
    tops = {source for source, _ in copied()}
    assert all(let_through(source) for source in tops)
    lines = (ROOT / ".dockerignore").read_text().splitlines()
    assert {line[1:] for line in lines if line.startswith("!")} == tops
    assert not any(let_through(name) for name in ("tests/conftest.py", "bench/table.py", "docs/orders.md"))
    assert not let_through("sync/__pycache__/errors.cpython-311.pyc") and let_through("sync/errors.py")


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the image, which nobody may write to (root may: it is looked at afterwards)."""
    made = build(tmp_path_factory.mktemp("image") / "counterpart")
    for path in (made, *made.rglob("*")):
        path.chmod(path.stat().st_mode & ~0o222)
    return made


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    """A container's: nothing of this machine, and a home that does not exist."""
    (tmp_path / "data").mkdir(mode=0o700)
    path = os.pathsep.join((str(Path(sys.executable).parent), "/usr/bin", "/bin"))
    return {
        "PATH": path,
        "HOME": "/nonexistent",
        "PYTHONDONTWRITEBYTECODE": "1",
        "COUNTERPART_HOME": str(tmp_path / "data"),
    }


def _service(name: str) -> dict[str, Any]:
    services = yaml.safe_load((ROOT / "deploy" / "compose.yaml").read_text())["services"]
    found: dict[str, Any] = services[name]
    return found


@pytest.fixture
def console(image: Path, environment: dict[str, str], postgres_url: str) -> Iterator[tuple[Any, int]]:
    """The console as compose.yaml starts it, on PostgreSQL and on a free port."""
    service, port = _service("console"), free_port()
    command = [str(port) if word == "8501" else word for word in service["command"]]
    given = {k: v for k, v in service["environment"].items() if k != "COUNTERPART_HOME"}
    whole = {**environment, **given, "COUNTERPART_DATABASE_URL": postgres_url}
    process = subprocess.Popen([sys.executable, "-m", *command], cwd=image, env=whole)
    try:
        _wait_for(process, port)
        yield process, port
    finally:
        process.kill()
        process.wait()


def _wait_for(process: subprocess.Popen[bytes], port: int) -> None:
    pause = threading.Event()
    for _ in range(int(PATIENCE / 0.1)):
        assert process.poll() is None, "the console has ended"
        try:
            if _ask(port, "/healthz") == 200:
                return
        except OSError:
            pass
        pause.wait(0.1)
    raise AssertionError("the console does not answer")


def _ask(port: int, path: str, host: str = "") -> int:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    try:
        connection.request("GET", path, headers={"Host": host} if host else {})
        return connection.getresponse().status
    finally:
        connection.close()


def _files(folder: Path) -> set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*")}


def test_the_console_starts_answers_its_names_and_ends(image: Path, console: tuple[Any, int]) -> None:
    process, port = console
    before = _files(image)
    assert _ask(port, "/first-visit") == 200
    assert _ask(port, "/first-visit", f"localhost:{port}") == 200
    for strange in ("evil.test", f"evil.test:{port}", "192.0.2.7"):
        assert _ask(port, "/first-visit", strange) == 403
        assert _ask(port, "/healthz", strange) == 200
    process.send_signal(signal.SIGTERM)
    assert process.wait(PATIENCE) in (0, -signal.SIGTERM)
    assert _files(image) == before


def test_a_worker_starts_works_and_ends(image: Path, environment: dict[str, str], postgres_url: str) -> None:
    words = _service("worker")["command"]
    whole = {**environment, "COUNTERPART_DATABASE_URL": postgres_url}
    worker = subprocess.Popen(
        [sys.executable, *words[1:]], cwd=image, env=whole, stderr=subprocess.PIPE, text=True
    )
    try:
        assert worker.stderr is not None and "Working" in worker.stderr.readline()
        worker.send_signal(signal.SIGTERM)
        _, told = worker.communicate(timeout=PATIENCE)
        assert worker.returncode == 0 and "Traceback" not in told
    finally:
        worker.kill()
        worker.wait()


def test_a_service_that_is_told_to_end_gives_its_data_back(image: Path, environment: dict[str, str]) -> None:
    """As the unit of systemd does it, on SQLite: the lock is free and the database closed."""
    port, data = free_port(), Path(environment["COUNTERPART_HOME"])
    command = [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)]
    process = subprocess.Popen(command, cwd=image, env=environment)
    try:
        _wait_for(process, port)
        assert (data / "worker.lock").read_text()
        process.send_signal(signal.SIGTERM)
        assert process.wait(PATIENCE) in (0, -signal.SIGTERM)
    finally:
        process.kill()
        process.wait()
    assert (data / "worker.lock").read_text() == ""
    assert _files(data) == {"counterpart.db", "secret.key", "worker.lock"}
