"""Users, passwords, sessions, and patience with those who guess."""

from __future__ import annotations

import threading
from contextlib import suppress
from typing import Any

import pytest
from sqlalchemy import select, text

from storage import passwords
from storage.database import Database
from storage.errors import BadInput
from storage.opening import open_database
from storage.sessions import Sessions
from storage.signin import sign_in
from storage.throttle import SignInThrottle
from storage.users import User, Users

GOOD = "correct horse"


@pytest.fixture(autouse=True)
def cheap_hashes(monkeypatch: pytest.MonkeyPatch) -> None:
    """The real algorithm with little memory: a test run makes a hundred hashes."""
    monkeypatch.setattr(passwords, "MEMORY_KIB", 64)
    monkeypatch.setattr(passwords, "_ARGON2_PREFIX", "$argon2id$v=19$m=64,t=2,p=1$")


@pytest.fixture
def users(db: Database, clock) -> Users:
    return Users(db, clock)


@pytest.fixture
def ada(users: Users) -> User:
    return users.create("Ada", GOOD)


def test_nobody_at_first_then_the_administrator(users: Users) -> None:
    assert not users.any()
    ada = users.create_first(" Ada ", GOOD)
    assert users.any() and (ada.name, ada.role) == ("Ada", "admin")
    with pytest.raises(BadInput, match="exists already"):
        users.create_first("Eve", GOOD)


def test_only_one_of_two_first_visits_wins(users: Users) -> None:
    won: list[str] = []

    def visit(name: str) -> None:
        with suppress(BadInput):
            won.append(users.create_first(name, GOOD).name)

    threads = [threading.Thread(target=visit, args=(f"user {number}",)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 1 and [user.name for user in users.list()] == won


def test_verify_wants_name_and_password(users: Users, ada: User) -> None:
    assert users.verify("ADA", GOOD) == ada
    assert users.verify("Ada", GOOD + "x") is None
    assert users.verify("Bob", GOOD) is None
    assert users.verify("Ada", "x" * 5_000_000) is None
    assert users.verify("\ud800", "\ud800" * 12) is None


def test_unknown_names_cost_a_hash_as_known_ones_do(users: Users, ada: User, monkeypatch) -> None:
    tried: list[str] = []
    real = passwords._matches

    def counted(secret: bytes, stored: str) -> bool:
        tried.append(stored)
        return real(secret, stored)

    monkeypatch.setattr(passwords, "_matches", counted)
    users.verify("Ada", "wrong password")
    users.verify("nobody", "wrong password")
    known, unknown = tried
    assert known.rsplit("$", 2)[0] == unknown.rsplit("$", 2)[0], "both with the same parameters"


def test_the_password_is_stored_as_a_memory_hard_hash_only(db: Database, users: Users, ada: User) -> None:
    with db.read() as connection:
        stored = connection.execute(text("SELECT password_hash FROM users")).scalar()
    assert str(stored).startswith("$argon2id$v=19$m=") and GOOD not in str(stored)


def test_today_s_parameters_are_memory_hard(monkeypatch) -> None:
    monkeypatch.undo()
    assert passwords.hash_password(GOOD).startswith("$argon2id$v=19$m=65536,t=2,p=1$")
    assert passwords._nobodys().startswith("$argon2id$v=19$m=65536,t=2,p=1$")


def test_without_argon2_scrypt_serves(monkeypatch) -> None:
    def none(_salt: bytes) -> Any:
        raise passwords.UnsupportedAlgorithm("no Argon2 here")

    monkeypatch.setattr(passwords, "_argon2", none)
    monkeypatch.setattr(passwords, "SCRYPT_LOG_N", 10)
    stored = passwords.hash_password(GOOD)
    assert stored.startswith("$scrypt$")
    assert passwords.matches(GOOD, stored) and not passwords.matches("wrong password", stored)
    assert not passwords.matches(GOOD, None)


def test_a_hash_with_older_parameters_is_renewed_at_sign_in(
    db: Database, users: Users, ada: User, monkeypatch
) -> None:
    monkeypatch.setattr(passwords, "MEMORY_KIB", 128)
    monkeypatch.setattr(passwords, "_ARGON2_PREFIX", "$argon2id$v=19$m=128,t=2,p=1$")
    assert users.verify("Ada", GOOD) == ada
    with db.read() as connection:
        assert "m=128" in str(connection.execute(text("SELECT password_hash FROM users")).scalar())
    assert users.verify("Ada", GOOD) == ada


@pytest.mark.parametrize("password", ["", "short", "123456789", "x" * 2000, "aaaaaaaaaaaa"])
def test_weak_passwords_are_refused(users: Users, password: str) -> None:
    with pytest.raises(BadInput, match="password"):
        users.create("Ada", password)
    assert not users.any()


@pytest.mark.parametrize("name", ["", "   ", "x" * 101, "a\nb", "a\0b"])
def test_names_that_cannot_be_read_are_refused(users: Users, name: str) -> None:
    with pytest.raises(BadInput, match="printable"):
        users.create(name, GOOD)


def test_a_name_is_taken_whatever_its_case(users: Users, ada: User) -> None:
    with pytest.raises(BadInput, match="ADA is taken"):
        users.create("ADA", GOOD)


def test_a_password_typed_with_combining_marks_is_the_same(users: Users) -> None:
    users.create("Ada", "\u015fifre \u015fifre")
    assert users.verify("Ada", "s\u0327ifre s\u0327ifre")


def test_a_new_password_ends_every_session(db: Database, users: Users, ada: User, clock) -> None:
    sessions = Sessions(db, clock)
    token = sessions.start(ada)
    users.set_password(ada.id, "another password")
    assert users.verify("Ada", GOOD) is None and users.verify("Ada", "another password") == ada
    assert sessions.user_of(token) is None
    with pytest.raises(KeyError):
        users.set_password("nobody", "another password")


def test_preferences_change_what_is_given(users: Users, ada: User) -> None:
    users.set_preferences(ada.id, language="tr")
    users.set_preferences(ada.id, timezone="Europe/Istanbul")
    changed = users.by_id(ada.id)
    assert changed and (changed.language, changed.timezone) == ("tr", "Europe/Istanbul")
    users.set_preferences(ada.id, language="")
    assert users.by_name("ada") == User(ada.id, "Ada", "admin", None, "Europe/Istanbul")
    for wrong in ({"language": "xx"}, {"timezone": "Mars/Olympus"}):
        with pytest.raises(BadInput):
            users.set_preferences(ada.id, **wrong)


def test_roles_are_three(users: Users) -> None:
    assert users.create("Viewer", GOOD, role="viewer").role == "viewer"
    with pytest.raises(BadInput, match="role"):
        users.create("Root", GOOD, role="root")  # type: ignore[arg-type]


def test_a_token_is_found_but_never_stored(db: Database, ada: User, clock) -> None:
    sessions = Sessions(db, clock)
    token = sessions.start(ada)
    assert sessions.user_of(token) == ada
    for wrong in (None, "", token + "x", token[:-1], "\ud800"):
        assert sessions.user_of(wrong) is None
    with db.read() as connection:
        assert token not in str(connection.execute(text("SELECT * FROM sessions")).all())
    assert sessions.user_of(sessions.list(ada.id)[0].id) is None, "the stored hash is no token"


def test_a_session_ends_at_its_hour_even_in_use(db: Database, ada: User, clock) -> None:
    sessions = Sessions(db, clock)
    token = sessions.start(ada, hours=12, idle_hours=2)
    for _ in range(11):
        clock.forward(minutes=65)
        assert sessions.user_of(token) == ada
    clock.forward(minutes=5)
    assert sessions.user_of(token) is None and sessions.list(ada.id) == []


def test_a_session_ends_when_idle(db: Database, ada: User, clock) -> None:
    sessions = Sessions(db, clock)
    token = sessions.start(ada, hours=12, idle_hours=2)
    clock.forward(minutes=119)
    assert sessions.user_of(token) == ada
    clock.forward(minutes=119)
    assert sessions.user_of(token) == ada
    clock.forward(minutes=120)
    assert sessions.user_of(token) is None and sessions.list(ada.id) == []


def test_looking_twice_within_a_minute_writes_once(db: Database, ada: User, clock) -> None:
    sessions = Sessions(db, clock)
    token = sessions.start(ada)
    clock.forward(seconds=30)
    with db.write():  # a write by `user_of` would raise NestedWrite here
        assert sessions.user_of(token) == ada


def test_sessions_are_revoked_one_or_all(db: Database, ada: User, clock) -> None:
    sessions = Sessions(db, clock)
    tokens = [sessions.start(ada) for _ in range(3)]
    sessions.revoke(tokens[0])
    sessions.revoke(tokens[0])
    assert [sessions.user_of(token) is not None for token in tokens] == [False, True, True]
    assert sessions.revoke_all(ada.id) == 2
    assert [sessions.user_of(token) for token in tokens] == [None] * 3


def test_ended_sessions_are_swept(db: Database, ada: User, clock) -> None:
    sessions = Sessions(db, clock)
    sessions.start(ada)
    clock.forward(hours=13)
    sessions.start(ada)
    with db.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM sessions")).scalar() == 1


def test_waits_grow_and_end(db: Database, clock) -> None:
    throttle = SignInThrottle(db, clock)
    waits = []
    for _ in range(8):
        throttle.failed("Ada", "192.0.2.1")
        waits.append(throttle.allowed("ada ", "198.51.100.9"))
    assert waits == [0, 0, 0, 1, 2, 4, 8, 16]
    clock.forward(seconds=16)
    assert throttle.allowed("Ada", "198.51.100.9") == 0


def test_a_name_waits_a_minute_at_most_an_address_longer(db: Database, clock) -> None:
    throttle = SignInThrottle(db, clock)
    for _ in range(40):
        throttle.failed("Ada", "192.0.2.1")
    assert throttle.allowed("Ada", "198.51.100.9") == 60
    assert throttle.allowed("Bob", "192.0.2.1") == 3600


def test_failures_survive_a_restart(db: Database, clock) -> None:
    for _ in range(6):
        SignInThrottle(db, clock).failed("Ada", "192.0.2.1")
    again = open_database(str(db.url))
    assert SignInThrottle(again, clock).allowed("Ada", "203.0.113.7") == 4
    again.close()


def test_an_address_pays_for_all_its_names(db: Database, clock) -> None:
    throttle = SignInThrottle(db, clock)
    for number in range(12):
        throttle.failed(f"user {number}", "2001:db8:1:2::1")
    assert throttle.allowed("somebody", "2001:db8:1:2:ffff::9") == 2, "one /64 is one address"
    assert throttle.allowed("somebody", "2001:db8:1:3::1") == 0


def test_success_and_calm_are_forgotten(db: Database, clock) -> None:
    throttle = SignInThrottle(db, clock)
    for _ in range(6):
        throttle.failed("Ada", "192.0.2.1")
    throttle.succeeded("Ada", "192.0.2.1")
    assert throttle.allowed("Ada", "192.0.2.1") == 0
    for _ in range(6):
        throttle.failed("Bob", "192.0.2.2")
    clock.forward(hours=2)
    throttle.failed("Bob", "192.0.2.3")
    assert throttle.allowed("Bob", "192.0.2.3") == 0


def test_what_was_typed_as_a_name_is_not_kept(db: Database, clock) -> None:
    SignInThrottle(db, clock).failed("my-secret-password", "192.0.2.1")
    with db.read() as connection:
        kept = str(connection.execute(text("SELECT * FROM sign_in_failures")).all())
    assert "my-secret" not in kept and "192.0.2.1" not in kept


def test_old_failures_are_swept(db: Database, clock) -> None:
    throttle = SignInThrottle(db, clock)
    throttle.failed("Ada", "192.0.2.1")
    clock.forward(hours=25)
    throttle.failed("Bob", "192.0.2.2")
    with db.read() as connection:
        assert connection.execute(text("SELECT count(*) FROM sign_in_failures")).scalar() == 2


def test_sign_in_counts_before_it_looks(db: Database, users: Users, ada: User, clock) -> None:
    waits = [sign_in(db, "Ada", "wrong password", "192.0.2.1", clock).wait for _ in range(6)]
    assert waits == [0, 0, 0, 1, 1, 1]
    blocked = sign_in(db, "Ada", GOOD, "192.0.2.1", clock)
    assert blocked.user is None and blocked.wait == 1, "the right password must wait too"
    clock.forward(seconds=1)
    assert sign_in(db, "Ada", GOOD, "192.0.2.1", clock).user == ada
    assert SignInThrottle(db, clock).allowed("Ada", "192.0.2.1") == 0


def test_guessing_in_parallel_gains_nothing(db: Database, users: Users, ada: User, clock) -> None:
    heard: list[float] = []
    threads = [
        threading.Thread(target=lambda: heard.append(SignInThrottle(db, clock).reserve("Ada", "192.0.2.1")))
        for _ in range(20)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert heard.count(0.0) == 4, "three free attempts, and the one that starts the waiting"


def test_the_tables_are_ready_for_openid(db: Database) -> None:
    from storage.tables.people import users as table

    with db.read() as connection:
        assert connection.execute(select(table.c.issuer, table.c.subject)).all() == []
