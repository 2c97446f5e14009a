"""What an operator meets on PostgreSQL: wrong addresses are sentences, sandboxes stay with their machine."""

from __future__ import annotations

import logging
from pathlib import Path
from types import SimpleNamespace

import psycopg
import pytest
from sqlalchemy import make_url
from sqlalchemy.exc import OperationalError

from console import state
from storage.database import Database
from storage.errors import BadInput
from storage.opening import open_database
from storage.paths import DataPaths
from storage.redact import install_redaction
from storage.vault import Vault
from sync.application import Application
from sync.cli import checkup, main
from sync.errors import NeedsOperator
from sync.queue.dispatch import somebody_works
from sync.queue.distributed import _without_traceback
from sync.queue.engine_schema import SCHEMA, apply_schema
from sync.queue.lease import Leases


def _sentence(url: str) -> str:
    with pytest.raises(NeedsOperator) as raised:
        open_database(url)
    return raised.value.message.english()


def test_a_database_that_is_not_there_is_a_sentence(postgres_url: str) -> None:
    wrong = make_url(postgres_url).set(database="nosuch", password="hidden-word")
    told = _sentence(wrong.render_as_string(hide_password=False))
    assert "nosuch" in told and "does not exist" in told and "hidden-word" not in told


def test_a_server_that_does_not_answer_is_a_sentence(tmp_path: Path) -> None:
    told = _sentence(f"postgresql://somebody:hidden-word@/name?host={tmp_path}")
    assert "cannot be opened" in told and "hidden-word" not in told


@pytest.mark.parametrize(
    "url", ["mysql://a:hidden-word@b/c", "postgresql://a:hidden-word@b:abc/c", "x://y z"]
)
def test_what_is_no_address_is_refused_without_repeating_it(url: str) -> None:
    with pytest.raises(BadInput) as raised:
        Database(url)
    assert "postgresql://" in str(raised.value) and "hidden-word" not in str(raised.value)


def _workspace(folder: Path, url: str) -> Application:
    folder.mkdir(exist_ok=True)
    db = open_database(url)
    return Application(DataPaths(folder, url), db, Vault.open(folder, {}, db=db))


def test_another_machine_leaves_the_sandboxes_to_theirs(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ws = _workspace(tmp_path / "other", postgres_url)
    launched: list[str] = []
    monkeypatch.setattr(ws.trial, "_launch", lambda box, speed: launched.append(box.name))
    monkeypatch.setattr(ws.trial, "_readdress", lambda connection: None)
    try:
        ws.connections.add("shopify", "Shop", {"base_url": "http://127.0.0.1:1"}, {}, sandbox=True)
        ws.trial.resume()
        assert launched == []
        (tmp_path / "other" / "sandbox-shopify.sqlite3").touch()
        ws.trial.resume()
        assert launched == ["shopify"]
    finally:
        ws.close()


def test_the_next_worker_of_a_folder_takes_its_sandboxes_over(
    postgres_url: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first, second = (_workspace(tmp_path / "home", postgres_url) for _ in range(2))
    resumed: list[str] = []
    monkeypatch.setattr(first.trial, "resume", lambda: resumed.append("first"))
    monkeypatch.setattr(second.trial, "resume", lambda: resumed.append("second"))
    try:
        assert first.start(always=True) and second.start(always=True)
        second._at_leisure()
        assert resumed == ["first"]
        first.stop()
        second._at_leisure()
        assert resumed == ["first", "second"] and second.lock.holder() is not None
    finally:
        first.close()
        second.close()


def test_a_worker_elsewhere_counts_as_somebody_who_works(postgres_url: str, tmp_path: Path) -> None:
    here, there = _workspace(tmp_path / "here", postgres_url), _workspace(tmp_path / "there", postgres_url)
    try:
        assert not somebody_works(here)
        apply_schema(there.db.url)
        assert not somebody_works(here)
        with there.db.write() as tx:
            tx.exec_driver_sql(f"INSERT INTO {SCHEMA}.procrastinate_workers DEFAULT VALUES")
        assert somebody_works(here) and checkup.worker_of(here) == "elsewhere"
        assert state.of(here).workers() == "elsewhere"
        with there.db.write() as tx:
            tx.exec_driver_sql(
                f"UPDATE {SCHEMA}.procrastinate_workers SET last_heartbeat = now() - interval '1 minute'"
            )
        assert not somebody_works(here) and checkup.worker_of(here) is None
        assert state.of(there).workers() == "none"
    finally:
        with there.db.write() as tx:
            tx.exec_driver_sql(f"DELETE FROM {SCHEMA}.procrastinate_workers")
        here.close()
        there.close()


class _Away:
    """Partitions whose database is away for the first release."""

    def __init__(self) -> None:
        self.released: list[tuple[str, str, int]] = []
        self.away = True

    def take(self, *_: object) -> int:
        return 7

    def renew(self, *_: object) -> bool:
        return True

    def release(self, partition: str, owner: str, fence: int) -> None:
        if self.away:
            raise ConnectionError("the server restarts")
        self.released.append((partition, owner, fence))


def test_a_lease_that_could_not_be_given_back_is_given_back_by_the_next_beat() -> None:
    partitions = _Away()
    leases = Leases(partitions, "me")  # type: ignore[arg-type]
    lease = leases.take("p")
    assert lease is not None
    leases.release(lease)
    leases.beat()
    assert partitions.released == []
    partitions.away = False
    leases.beat()
    leases.beat()
    assert partitions.released == [("p", "me", 7)]


def test_a_database_that_goes_away_under_a_command_is_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def verb(_: object) -> int:
        raise OperationalError(
            "SELECT 1", {}, psycopg.OperationalError("refused"), connection_invalidated=True
        )

    monkeypatch.setattr(main, "make_parser", lambda: _Parser(verb))
    assert main.main([]) == 2
    told = capsys.readouterr().err
    assert "database" in told and "unforeseen" not in told and "sqlalche" not in told


class _Parser:
    def __init__(self, verb: object) -> None:
        self.verb = verb

    def parse_args(self, _: object) -> object:
        return SimpleNamespace(verb=self.verb)


def test_a_lost_database_is_logged_without_a_traceback(
    caplog: pytest.LogCaptureFixture,
) -> None:
    install_redaction()
    logger = logging.getLogger("a dispatcher")
    logger.addFilter(_without_traceback)
    with caplog.at_level(logging.ERROR):
        try:
            raise ConnectionError("gone")
        except ConnectionError:
            logger.exception("listener error")
    assert caplog.text.count("listener error") == 1 and "Traceback" not in caplog.text
