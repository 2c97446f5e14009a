"""`python -m sync worker` on a PostgreSQL that is away: it waits, and says so once."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from storage.opening import out_of_reach
from sync.application import Application
from sync.cli import patience
from sync.errors import NeedsOperator
from sync.model.text import say
from tests import postgres

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180.0


class Away(NamedTuple):
    """A database whose server is down, and how to bring it back."""

    url: str
    folder: Path
    server: postgres.Server

    def worker(self, url: str = "") -> subprocess.Popen[str]:
        env = {
            **os.environ,
            "COUNTERPART_HOME": str(self.folder),
            "COUNTERPART_DATABASE_URL": url or self.url,
            "PYTHONUNBUFFERED": "1",
        }
        return subprocess.Popen(
            [sys.executable, "-m", "sync", "worker"], cwd=ROOT, env=env, stderr=subprocess.PIPE, text=True
        )


@pytest.fixture
def away(tmp_path: Path) -> Iterator[Away]:
    server = postgres.server()
    with server.database() as url:
        server.stop()
        try:
            yield Away(url, tmp_path, server)
        finally:
            server.start()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stderr is not None
    return process.stderr.readline().strip()


def test_a_worker_waits_for_its_database_and_goes_to_work(away: Away) -> None:
    assert out_of_reach(away.url)
    worker = away.worker()
    try:
        told = _line(worker)
        assert "cannot be reached" in told and str(make_url(away.url).database) in told, told
        away.server.start()
        assert not out_of_reach(away.url)
        assert "is back" in _line(worker)
        assert "Working" in _line(worker)
        worker.send_signal(signal.SIGTERM)
        _, rest = worker.communicate(timeout=PATIENCE)
        assert worker.returncode == 0 and "goes on at the next start" in rest and "Traceback" not in rest
    finally:
        worker.kill()
        worker.communicate()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_worker_that_waits_ends_when_it_is_told_to(away: Away, how: signal.Signals) -> None:
    worker = away.worker()
    try:
        assert "cannot be reached" in _line(worker)
        worker.send_signal(how)
        _, rest = worker.communicate(timeout=PATIENCE)
        assert worker.returncode == 0 and not rest
    finally:
        worker.kill()
        worker.communicate()


def test_a_database_that_does_not_exist_is_not_waited_for(away: Away) -> None:
    away.server.start()
    wrong = make_url(away.url).set(database="nosuch").render_as_string(hide_password=False)
    worker = away.worker(wrong)
    _, told = worker.communicate(timeout=PATIENCE)
    assert worker.returncode == 2 and "nosuch" in told and "Waiting" not in told


def test_a_refused_password_is_raised_and_a_database_that_goes_away_again_is_not(
    monkeypatch: pytest.MonkeyPatch, postgres_url: str
) -> None:
    """In between, the server may go away once more: just after it was seen."""
    gone = OperationalError("SELECT 1", {}, psycopg.OperationalError("gone"), connection_invalidated=True)
    answers: list[Exception] = [gone, gone, NeedsOperator(say("password refused"))]
    told: list[str] = []
    monkeypatch.setenv("COUNTERPART_DATABASE_URL", postgres_url)
    monkeypatch.setattr(patience, "PAUSE", 0.0)

    def begin() -> Application:
        raise answers.pop(0)

    with pytest.raises(NeedsOperator, match="refused"):
        patience.patiently(begin, told.append)
    assert not answers and len(told) == 1


def test_where_the_password_is_wrong_the_server_is_there(postgres_url: str, tmp_path: Path) -> None:
    nobody = make_url(postgres_url).set(username="nobody-here", password="wrong")
    assert not out_of_reach(nobody.render_as_string(hide_password=False))
    assert not out_of_reach(f"sqlite:///{tmp_path / 'counterpart.db'}")
    assert out_of_reach(f"postgresql://a:b@/c?host={tmp_path}")
