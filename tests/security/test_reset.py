"""The password reset from the command line: sessions and waits end, a weak one gets a sentence."""

from __future__ import annotations

import io
from pathlib import Path

import pytest

from storage.signin import sign_in
from sync.application import open_application
from sync.cli.main import main

OLD, NEW = "correct horse battery", "a staple that is new"


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    monkeypatch.setenv("COUNTERPART_HOME", str(tmp_path))
    return {"COUNTERPART_HOME": str(tmp_path)}


def reset(monkeypatch: pytest.MonkeyPatch, password: str, name: str = "admin") -> int:
    monkeypatch.setattr("sys.stdin", io.StringIO(password + "\n"))
    return main(["reset-password", name])


def test_whoever_locked_themselves_out_gets_in_again(
    home: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    from storage.sessions import Sessions
    from storage.throttle import SignInThrottle
    from storage.users import Users

    ws = open_application(home)
    user = Users(ws.db).create_first("admin", OLD)
    token = Sessions(ws.db).start(user)
    for _ in range(25):
        SignInThrottle(ws.db).failed("admin", "127.0.0.1")
    assert sign_in(ws.db, "admin", OLD, "127.0.0.1").wait > 60
    assert reset(monkeypatch, NEW) == 0
    assert Sessions(ws.db).user_of(token) is None
    assert sign_in(ws.db, "admin", OLD, "127.0.0.1").user is None
    assert sign_in(ws.db, "admin", NEW, "127.0.0.1").user == user
    ws.close()


@pytest.mark.parametrize("password", ["", "short", "aaaaaaaaaaaa", "x" * 2000])
def test_a_weak_password_is_a_sentence_not_a_traceback(
    home: dict[str, str], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], password: str
) -> None:
    from storage.users import Users

    ws = open_application(home)
    Users(ws.db).create_first("admin", OLD)
    assert reset(monkeypatch, password) == 2
    said = capsys.readouterr().err
    assert "password" in said and "Traceback" not in said
    assert not password or password not in said
    assert Users(ws.db).verify("admin", OLD) is not None
    ws.close()
