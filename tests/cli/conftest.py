"""A data folder with the trial, copied for every test, and the command line in this process or another."""

from __future__ import annotations

import io
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from storage.oslock import ProcessLock
from storage.sqlite import sqlite_driver
from sync.application import Application, open_application
from sync.cli.main import main
from sync.managers.trial import TrialPlan

ROOT = Path(__file__).resolve().parents[2]
PRODUCTS, ORDERS, SPEED = 6, 3, 500.0
PATIENCE = 300.0  # seconds until something that does not come fails its test


@dataclass
class Said:
    """What one command said."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> dict[str, Any]:
        """The one JSON object on standard output; nothing else may stand there."""
        assert self.out.count("\n") == 1, self.out
        row = json.loads(self.out)
        assert isinstance(row, dict)
        return row

    def refused(self, *words: str) -> str:
        """Asserts exit status 2 with one sentence, and nothing on standard output."""
        assert (self.code, self.out) == (2, ""), self
        assert self.err.count("\n") == 1 and "Traceback" not in self.err, self.err
        assert all(word in self.err for word in words), self.err
        return self.err


@dataclass
class Home:
    """One data folder."""

    folder: Path
    capsys: pytest.CaptureFixture[str]
    monkeypatch: pytest.MonkeyPatch
    processes: list[subprocess.Popen[str]] = field(default_factory=list)

    def sync(self, *argv: str, stdin: str = "") -> Said:
        """A command in this process."""
        self.monkeypatch.setenv("COUNTERPART_HOME", str(self.folder))
        self.monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        self.capsys.readouterr()
        code = main(list(argv))
        out, err = self.capsys.readouterr()
        return Said(code, out, err)

    def spawn(self, *argv: str) -> subprocess.Popen[str]:
        """A command in a process of its own, ended with the test."""
        env = {**os.environ, "COUNTERPART_HOME": str(self.folder)}
        process = subprocess.Popen(
            [sys.executable, "-m", "sync", *argv],
            cwd=ROOT,
            env=env,
            text=True,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        self.processes.append(process)
        return process

    def worker(self) -> subprocess.Popen[str]:
        """A process that does the work, as the console would."""
        process = self.spawn("worker")
        self.until(
            lambda: (ProcessLock(self.folder / "worker.lock").holder() or {}).get("pid") == process.pid
        )
        assert process.stderr is not None
        assert "Working" in process.stderr.readline()
        return process

    def freeze(self, process: subprocess.Popen[str]) -> None:
        """Stops it while it writes nothing: in the midst of a transaction it would keep the database locked
        for all others."""
        file = str(self.folder / "counterpart.db")
        with closing(sqlite_driver().connect(file, timeout=PATIENCE, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            process.send_signal(signal.SIGSTOP)
            os.waitid(os.P_PID, process.pid, os.WSTOPPED | os.WNOWAIT)
            database.execute("ROLLBACK")

    def until(self, there: Callable[[], object]) -> None:
        end = time.monotonic() + PATIENCE
        while not there():
            assert time.monotonic() < end, "it does not come"
            time.sleep(0.02)

    def opened(self) -> Application:
        """The workspace, to look or to tamper; the caller closes it."""
        return open_application({"COUNTERPART_HOME": str(self.folder)})

    def end(self) -> None:
        for process in self.processes:
            if process.poll() is None:
                process.send_signal(signal.SIGCONT)
                process.terminate()
            process.communicate(timeout=PATIENCE)


@pytest.fixture(scope="session")
def trial_home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The trial, set up once and left with nobody working."""
    folder = tmp_path_factory.mktemp("trial") / "home"
    ws = open_application({"COUNTERPART_HOME": str(folder)})
    try:
        ws.start()
        ws.trial.start(TrialPlan(products=PRODUCTS, orders=ORDERS, speed=SPEED, dirt=0.0))
    finally:
        ws.close()
    return folder


@pytest.fixture
def empty(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Home]:
    """A folder in which nothing has been set up."""
    made = Home(tmp_path / "home", capsys, monkeypatch)
    yield made
    made.end()


@pytest.fixture
def home(empty: Home, trial_home: Path) -> Home:
    """A folder with the trial."""
    shutil.copytree(trial_home, empty.folder, copy_function=shutil.copy2)
    empty.folder.chmod(0o700)
    return empty
