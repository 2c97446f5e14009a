"""Two doors, one writer at a time, in turn."""

from __future__ import annotations

import logging
import stat
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from storage import database as module
from storage import postgresql
from storage import sqlite as sqlite_engines
from storage.database import Database
from storage.errors import NestedWrite, StorageBusy
from storage.fairlock import FairLock
from storage.opening import open_database
from storage.tables.preferences import preferences


def wait_until(condition: Callable[[], bool]) -> None:
    """Looks until the condition holds; gives up after a minute."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "never happened"
        time.sleep(0.001)


def _names(db: Database) -> list[str]:
    with db.read() as connection:
        return list(connection.execute(select(preferences.c.key).order_by(preferences.c.key)).scalars())


def _add(connection, key: str, clock) -> None:
    connection.execute(insert(preferences).values(key=key, value=1, changed_at=clock()))


def test_new_database_belongs_to_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "counterpart.db"
    open_database(path).close()
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_the_wal_file_belongs_to_its_owner_alone(sqlite: Database, clock) -> None:
    with sqlite.write() as connection:
        _add(connection, "a", clock)
    assert sqlite.path is not None
    wal = sqlite.path.with_name(sqlite.path.name + "-wal")
    assert stat.S_IMODE(wal.stat().st_mode) == 0o600


def test_sqlite_is_set_up_for_many_threads(sqlite: Database) -> None:
    with sqlite.write() as connection:
        asked = {
            name: connection.execute(text(f"PRAGMA {name}")).scalar()
            for name in ("journal_mode", "foreign_keys", "synchronous", "busy_timeout")
        }
    assert asked == {"journal_mode": "wal", "foreign_keys": 1, "synchronous": 1, "busy_timeout": 10_000}


def test_a_new_file_that_another_process_writes_is_waited_for(tmp_path: Path) -> None:
    """SQLite's own timeout does not count while a file is changed to WAL mode."""
    path = tmp_path / "new.db"
    other = sqlite_engines.sqlite_driver().connect(str(path), isolation_level=None, check_same_thread=False)
    other.execute("BEGIN IMMEDIATE")
    ends = threading.Timer(0.3, other.execute, ["COMMIT"])
    ends.start()
    database = Database(f"sqlite:///{path}")
    with database.read() as connection:
        assert connection.execute(text("PRAGMA journal_mode")).scalar() == "wal"
    ends.join()
    database.close()
    other.close()


def test_a_new_file_that_stays_locked_is_said_to_be(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite_engines, "BUSY_MILLISECONDS", 50)
    path = tmp_path / "new.db"
    other = sqlite_engines.sqlite_driver().connect(str(path), isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    database = Database(f"sqlite:///{path}")
    with pytest.raises(StorageBusy, match="locked"), database.read():
        pass
    database.close()
    other.close()


def test_write_commits_and_an_error_rolls_back(db: Database, clock) -> None:
    with db.write() as connection:
        _add(connection, "kept", clock)
    with pytest.raises(ZeroDivisionError), db.write() as connection:
        _add(connection, "lost", clock)
        _ = 1 / 0
    assert _names(db) == ["kept"]


def test_an_interrupt_rolls_back_and_leaves_the_lock_free(db: Database, clock) -> None:
    with pytest.raises(KeyboardInterrupt), db.write() as connection:
        _add(connection, "lost", clock)
        raise KeyboardInterrupt
    with db.write() as connection:
        _add(connection, "next", clock)
    assert _names(db) == ["next"]


def test_a_reader_cannot_write(db: Database, clock) -> None:
    with pytest.raises(DBAPIError, match="read-?only"), db.read() as connection:
        _add(connection, "x", clock)
    assert _names(db) == []


def test_a_read_sees_one_unchanging_state(db: Database, clock) -> None:
    with db.read() as reader:
        assert reader.execute(select(preferences)).all() == []
        with db.write() as connection:
            _add(connection, "new", clock)
        assert reader.execute(select(preferences)).all() == []
    assert _names(db) == ["new"]


def test_a_write_inside_a_write_is_refused_with_a_reason(db: Database, clock) -> None:
    with db.write() as connection:
        with pytest.raises(NestedWrite, match="pass its connection on"), db.write():
            pass
        _add(connection, "outer", clock)
    assert _names(db) == ["outer"]


def test_a_write_waits_its_turn_and_both_survive(db: Database, clock) -> None:
    def count_up() -> None:
        for _ in range(25):
            with db.write(alone="counting") as connection:
                value = connection.execute(select(preferences.c.value)).scalar()
                connection.execute(preferences.update().values(value=value + 1))

    with db.write() as connection:
        connection.execute(insert(preferences).values(key="n", value=0, changed_at=clock()))
    threads = [threading.Thread(target=count_up) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with db.read() as connection:
        assert connection.execute(select(preferences.c.value)).scalar() == 100


def test_waiters_are_served_in_the_order_they_came() -> None:
    lock, served, threads = FairLock(), [], []

    def take(number: int) -> None:
        with lock:
            served.append(number)

    with lock:
        for number in range(8):
            thread = threading.Thread(target=take, args=(number,))
            thread.start()
            threads.append(thread)
            wait_until(lambda wanted=number + 1: lock.waiting == wanted)
    for thread in threads:
        thread.join()
    assert served == list(range(8))


def test_a_greedy_thread_cannot_overtake_a_waiter() -> None:
    lock, order = FairLock(), []
    waiter = threading.Thread(target=lambda: [lock.acquire(), order.append("waiter"), lock.release()])
    lock.acquire()
    waiter.start()
    wait_until(lambda: lock.waiting == 1)
    lock.release()
    with lock:
        order.append("greedy")
    waiter.join()
    assert order == ["waiter", "greedy"]


def test_the_lock_belongs_to_a_thread_not_to_the_process() -> None:
    lock = FairLock()
    with lock, pytest.raises(NestedWrite):
        lock.acquire()
    done = threading.Thread(target=lambda: [lock.acquire(), lock.release()])
    done.start()
    done.join()
    assert lock.waiting == 0


def test_another_process_in_the_way_is_busy_not_broken(sqlite: Database, monkeypatch, clock) -> None:
    monkeypatch.setattr(sqlite_engines, "BUSY_MILLISECONDS", 20)
    impatient = Database(str(sqlite.url))
    with sqlite.write(), pytest.raises(StorageBusy) as refused, impatient.write():
        pass
    assert "Try again" in refused.value.message.english()
    with impatient.write() as connection:
        _add(connection, "later", clock)
    impatient.close()
    assert _names(sqlite) == ["later"]


def test_foreign_keys_hold(db: Database) -> None:
    with pytest.raises(IntegrityError), db.write() as connection:
        connection.execute(text("INSERT INTO sessions VALUES ('t', 'nobody', 0, 0, 0, 0)"))


def test_an_old_sqlite_is_named_once(caplog: pytest.LogCaptureFixture, monkeypatch) -> None:
    monkeypatch.setattr(sqlite_engines, "_warned", False)
    with caplog.at_level(logging.WARNING):
        sqlite_engines._warn_if_old((3, 40, 1))
        sqlite_engines._warn_if_old((3, 40, 1))
        sqlite_engines._warn_if_old((3, 51, 3))
    assert [record.getMessage()[:30] for record in caplog.records] == ["SQLite 3.40.1 is older than 3."]


@pytest.mark.parametrize("url", ["mysql://x/y", "sqlite://", "sqlite:///:memory:"])
def test_databases_we_cannot_use_are_refused(url: str) -> None:
    with pytest.raises(ValueError, match=r"must (be|look)"):
        open_database(url)


def test_postgresql_urls_mean_psycopg() -> None:
    assert module._with_driver(module.make_url("postgresql://h/d")).drivername == "postgresql+psycopg"


def test_a_process_frozen_in_a_transaction_does_not_keep_others_waiting(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = open_database(postgres_url)
    monkeypatch.setattr(postgresql, "FROZEN_SECONDS", 1)
    frozen, done = Database(postgres_url), threading.Event()

    def carry_on() -> None:
        with other.write(alone="the work"):
            done.set()

    waiting = threading.Thread(target=carry_on)
    with pytest.raises(DBAPIError), frozen.write(alone="the work") as tx:
        waiting.start()
        assert done.wait(120), "its locks went with its session"
        tx.execute(text("SELECT 1"))
    waiting.join(120)
    frozen.close()
    other.close()
