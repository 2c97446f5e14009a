"""No secret leaves the vault, and no key is lost on the way to the next one."""

from __future__ import annotations

import copy
import logging
import pickle
import stat
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from cryptography.fernet import Fernet
from sqlalchemy import insert, select

from storage import vault as module
from storage.database import Database
from storage.redact import MASK, REDACTOR, Redactor, clean_record, redact
from storage.tables.connections import connections, keeps
from storage.vault import KEY_VARIABLE, Secrets, Vault
from sync.errors import NeedsOperator

TOKEN = "tok-9f8e7d6c5b4a"


def _keep_sealed(db: Database, vault: Vault, clock: Any, name: str = "shop", token: str = TOKEN) -> None:
    with db.write() as connection:
        connection.execute(
            insert(connections).values(
                id=name,
                platform="shopify",
                name=name,
                settings={},
                sandbox=True,
                speed=1.0,
                status="pending",
                facts={},
                identity="",
                created_at=clock(),
                secrets=vault.seal({"token": token}),
            )
        )
        connection.execute(
            insert(keeps).values(connection_id=name, name="token", value=vault.seal({"value": token}))
        )


def _opened(db: Database, vault: Vault) -> list[str]:
    with db.read() as connection:
        return [
            vault.open_secrets(sealed)["token"]
            for sealed in connection.execute(select(connections.c.secrets)).scalars()
        ]


def test_the_first_key_is_made_for_its_owner_alone(tmp_path: Path) -> None:
    sealed = Vault.open(tmp_path, {}).seal({"token": TOKEN})
    file = tmp_path / "secret.key"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert TOKEN not in sealed and dict(Vault.open(tmp_path, {}).open_secrets(sealed)) == {"token": TOKEN}
    assert [path.name for path in tmp_path.iterdir()] == ["secret.key"], "no draft of the key is left"


def test_many_first_starts_at_once_agree_on_one_key(tmp_path: Path) -> None:
    sealed: list[str] = []
    threads = [
        threading.Thread(target=lambda: sealed.append(Vault.open(tmp_path, {}).seal({"a": "b" * 9})))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    vault = Vault.open(tmp_path, {})
    assert [vault.open_secrets(text)["a"] for text in sealed] == ["b" * 9] * 8


def test_a_key_that_others_could_read_is_closed_with_a_warning(tmp_path: Path, caplog) -> None:
    Vault.open(tmp_path, {})
    (tmp_path / "secret.key").chmod(0o644)
    Vault.open(tmp_path, {})
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    assert "rotating" in caplog.text


def test_keys_come_from_the_environment_newest_first(tmp_path: Path) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    sealed = Vault.open(tmp_path, {KEY_VARIABLE: old}).seal({"token": TOKEN})
    both = Vault.open(tmp_path, {KEY_VARIABLE: f"{new}, {old}"})
    assert both.open_secrets(sealed)["token"] == TOKEN
    assert Vault.open(tmp_path, {KEY_VARIABLE: new}).open_secrets(both.seal({"a": "bbbb"}))["a"] == "bbbb"
    assert list(tmp_path.iterdir()) == [], "no key file beside the environment's key"


def test_a_malformed_key_is_named_but_not_shown(tmp_path: Path) -> None:
    with pytest.raises(NeedsOperator, match="malformed") as refused:
        Vault.open(tmp_path, {KEY_VARIABLE: "not-a-key-at-all"})
    assert "not-a-key-at-all" not in str(refused.value)


def test_no_new_key_where_secrets_wait_for_the_old_one(tmp_path: Path, db: Database, clock) -> None:
    _keep_sealed(db, Vault.open(tmp_path, {}), clock)
    (tmp_path / "secret.key").unlink()
    with pytest.raises(NeedsOperator, match="another key"):
        Vault.open(tmp_path, {}, db)
    assert not (tmp_path / "secret.key").exists()


def test_a_wrong_key_is_noticed_at_the_start(tmp_path: Path, db: Database, clock) -> None:
    _keep_sealed(db, Vault.open(tmp_path, {}), clock)
    with pytest.raises(NeedsOperator, match="another key"):
        Vault.open(tmp_path, {KEY_VARIABLE: Fernet.generate_key().decode()}, db)
    Vault.open(tmp_path, {}, db)


def test_an_empty_database_may_get_its_first_key(tmp_path: Path, db: Database) -> None:
    assert Vault.open(tmp_path, {}, db).open_secrets("") == {}


@pytest.mark.parametrize("sealed", ["garbage", "gAAAAA", "ş"])
def test_damaged_text_is_an_operators_matter(tmp_path: Path, sealed: str) -> None:
    with pytest.raises(NeedsOperator):
        Vault.open(tmp_path, {}).open_secrets(sealed)


def test_only_text_is_sealed(tmp_path: Path) -> None:
    with pytest.raises(TypeError, match="port must be text"):
        Vault.open(tmp_path, {}).seal({"port": 80})  # type: ignore[dict-item]


def test_rotation_seals_everything_again_and_drops_the_old_key(tmp_path: Path, db: Database, clock) -> None:
    vault, file = Vault.open(tmp_path, {}), tmp_path / "secret.key"
    old = file.read_text()
    for name in ("a", "b", "c"):
        _keep_sealed(db, vault, clock, name)
    result = vault.rotate(db)
    assert (result.sealed_again, result.keys_to_drop) == (3, 0)
    assert len(file.read_text().split()) == 1 and file.read_text() != old
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert _opened(db, vault) == _opened(db, Vault.open(tmp_path, {}, db)) == [TOKEN] * 3
    with db.read() as connection:
        kept = connection.execute(select(keeps.c.value)).scalars().all()
    assert [vault.open_secrets(value)["value"] for value in kept] == [TOKEN] * 3


def test_a_running_process_follows_a_rotation_elsewhere(tmp_path: Path, db: Database, clock) -> None:
    running = Vault.open(tmp_path, {})
    _keep_sealed(db, running, clock, "before")
    Vault.open(tmp_path, {}).rotate(db)
    assert _opened(db, running) == [TOKEN]
    _keep_sealed(db, running, clock, "after")
    assert _opened(db, Vault.open(tmp_path, {}, db)) == [TOKEN, TOKEN]


@pytest.mark.parametrize("step", ["_seal_again", "_rotate_keeps", "_drop_old"])
def test_a_rotation_that_dies_leaves_everything_readable(
    tmp_path: Path, db: Database, clock, monkeypatch, step: str
) -> None:
    vault = Vault.open(tmp_path, {})
    _keep_sealed(db, vault, clock)

    def die(*_: Any) -> None:
        raise SystemExit("killed")

    with monkeypatch.context() as patched, pytest.raises(SystemExit):
        patched.setattr(module if step == "_rotate_keeps" else Vault, step, die)
        vault.rotate(db)
    assert _opened(db, Vault.open(tmp_path, {}, db)) == [TOKEN]
    Vault.open(tmp_path, {}, db).rotate(db)
    assert len((tmp_path / "secret.key").read_text().split()) == 1
    assert _opened(db, Vault.open(tmp_path, {}, db)) == [TOKEN]


def test_rotation_with_keys_from_the_environment(tmp_path: Path, db: Database, clock) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    alone = Vault.open(tmp_path, {KEY_VARIABLE: old})
    _keep_sealed(db, alone, clock)
    with pytest.raises(NeedsOperator, match="comma"):
        alone.rotate(db)
    result = Vault.open(tmp_path, {KEY_VARIABLE: f"{new},{old}"}, db).rotate(db)
    assert (result.sealed_again, result.keys_to_drop) == (1, 1)
    assert _opened(db, Vault.open(tmp_path, {KEY_VARIABLE: new}, db)) == [TOKEN]


def test_a_kept_value_nobody_can_open_goes_with_the_rotation(tmp_path: Path, db: Database, clock) -> None:
    vault = Vault.open(tmp_path, {})
    _keep_sealed(db, vault, clock)
    with db.write() as connection:
        connection.execute(keeps.update().values(value="garbage"))
    vault.rotate(db)
    with db.read() as connection:
        assert connection.execute(select(keeps)).all() == []


def test_secrets_show_their_names_only() -> None:
    secrets = Secrets({"token": TOKEN, "name": "value-value"})
    shown = [
        repr(secrets),
        str(secrets),
        f"{secrets}",
        f"{secrets!r:>5}",
        f"{ {'x': secrets} }",
        repr(secrets.values()),
        repr(secrets.items()),
        repr(copy.deepcopy(secrets)),
        repr(copy.copy(secrets)),
    ]
    assert all(TOKEN not in text and "value-value" not in text for text in shown)
    assert "token" in shown[0] and MASK in shown[0]
    assert (secrets["token"], secrets.get("token"), secrets.get("none")) == (TOKEN, TOKEN, "")
    with pytest.raises(TypeError, match="pickled"):
        pickle.dumps(secrets)


def test_the_vault_shows_no_key(tmp_path: Path) -> None:
    vault = Vault.open(tmp_path, {})
    key = (tmp_path / "secret.key").read_text().strip()
    assert key not in repr(vault)
    assert REDACTOR(f"the key is {key}.") == f"the key is {MASK}."


@pytest.mark.parametrize(
    "text",
    [
        "token p@ss/wörd&1 here",
        "https://h/?t=p%40ss%2Fw%C3%B6rd%261",
        '{"t": "p@ss/w\\u00f6rd&1"}',
        "Authorization: x cEBzcy93w7ZyZCYx",
    ],
)
def test_a_known_value_is_hidden_in_every_dress(text: str) -> None:
    redactor = Redactor()
    assert redactor(text) == text
    redactor.learn(["p@ss/wörd&1"])
    assert MASK in redactor(text) and "rd&1" not in redactor(text) and "cEBz" not in redactor(text)
    assert redact(text, ["p@ss/wörd&1"]) == redactor(text)


@pytest.mark.parametrize(
    ("text", "clean"),
    [
        ("X-Shopify-Access-Token: shpat_0123456789abcdef0123", f"X-Shopify-Access-Token: {MASK}"),
        ("secret shpss_0123456789abcdef0123!", f"secret {MASK}!"),
        ("Authorization: Bearer abc.def-ghi_jkl==", f"Authorization: Bearer {MASK}"),
        ("Authorization: Basic YWRhOnBhc3N3b3Jk", f"Authorization: Basic {MASK}"),
        ("postgresql://ada:geheim@db/x", f"postgresql://{MASK}@db/x"),
        ("https://h/?access_token=abcd1234&x=1", f"https://h/?access_token={MASK}&x=1"),
        ("Basic Sweatshirt, Basic Tshirt", "Basic Sweatshirt, Basic Tshirt"),
        ("a bearer of news", "a bearer of news"),
        ("https://example.com/a@b", "https://example.com/a@b"),
    ],
)
def test_shapes_of_credentials_are_hidden_and_products_are_not(text: str, clean: str) -> None:
    assert Redactor()(text) == clean


def test_a_longer_secret_is_not_left_half_visible() -> None:
    redactor = Redactor()
    redactor.learn(["abcd", "abcdefgh"])
    assert redactor("abcdefgh abcd") == f"{MASK} {MASK}"


def _record(message: str, *args: Any) -> logging.LogRecord:
    return logging.LogRecord("x", logging.INFO, "f.py", 1, message, args, None)


def test_log_records_are_cleaned_and_keep_their_arguments() -> None:
    REDACTOR.learn([TOKEN])
    record = _record("%s asked %s in %.1f s (%d)", "ada", f"https://h/?t={TOKEN}", 1.25, 200)
    clean_record(record)
    assert record.getMessage() == f"ada asked https://h/?t={MASK} in 1.2 s (200)"
    assert isinstance(record.args, tuple) and record.args[2:] == (1.25, 200)
    innocent = _record("%s is %d", "all", 7)
    clean_record(innocent)
    assert (innocent.msg, innocent.args) == ("%s is %d", ("all", 7))


@pytest.mark.parametrize(
    "record",
    [
        _record("the token is " + TOKEN),
        _record("%(a)s", {"a": TOKEN}),
        _record("%s", Exception(TOKEN)),
        _record("%d rows", TOKEN),
        _record("one %s", TOKEN, "too many"),
    ],
)
def test_whatever_its_shape_a_record_shows_no_secret(record: logging.LogRecord) -> None:
    REDACTOR.learn([TOKEN])
    clean_record(record)
    assert TOKEN not in record.getMessage()


SCRIPT = f"""
import logging, sys, threading
sys.path.insert(0, {str(Path(__file__).parents[3])!r})
from storage.redact import install_redaction
from storage.vault import Secrets
logging.basicConfig(stream=sys.stderr)
install_redaction(); install_redaction()
secrets = Secrets({{"token": "{TOKEN}"}})

def call(token):
    raise ValueError("refused: " + token)

try:
    call(secrets["token"])
except ValueError:
    logging.getLogger("other.library").exception("could not call with %s", secrets["token"])
thread = threading.Thread(target=call, args=(secrets["token"],), name="worker")
thread.start(); thread.join()
class Dying:
    def __del__(self): call(secrets["token"])
Dying()
call(secrets["token"])
"""


def test_nothing_a_process_prints_shows_a_secret() -> None:
    done = subprocess.run(
        [sys.executable, "-c", SCRIPT], capture_output=True, text=True, timeout=60, check=False
    )
    printed = done.stdout + done.stderr
    assert done.returncode == 1 and TOKEN not in printed
    assert printed.count(f"ValueError: refused: {MASK}") == 4, printed
    assert "could not call with" in printed and "Exception in thread worker" in printed
