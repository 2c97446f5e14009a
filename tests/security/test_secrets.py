"""A secret goes in and never comes out: not through a platform that echoes it, a log, a file, a backup, or a
process's arguments."""

from __future__ import annotations

import argparse
import base64
import json
import logging
import os
import pickle
import stat
import subprocess
import sys
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from typing import Any

import pytest

from storage.backup import backup
from storage.redact import clean_record, visible
from storage.vault import Secrets
from sync.application import Application, open_application
from sync.managers.sandboxes import SandboxProcess
from sync.managers.verbs.checks import checks_of
from sync.model.flow import Connection

ROOT = Path(__file__).resolve().parents[2]
KEY, SECRET, TOKEN = (
    "anahtar-9f8e7d6c5b4a",
    'gi"zli-%sifre\\1a2b3c4d',
    "shpat_0123456789abcdef0123456789abcdef",
)
#: Nothing longer than a harmless beginning may be seen of any of these.
NEVER = (
    KEY,
    SECRET,
    'gi\\"zli',
    "1a2b3c4d",
    TOKEN,
    TOKEN[6:],
    base64.b64encode(f"{KEY}:{SECRET}".encode()).decode(),
)
ECHOED: set[str] = set()


@pytest.fixture
def echo() -> Iterator[str]:
    """A platform that refuses everything and says all that it was told, in several ways of quoting."""

    class Echo(BaseHTTPRequestHandler):
        def _any(self) -> None:
            ECHOED.add(self.command)
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode(errors="replace")
            told = {
                "headers": dict(self.headers),
                "body": body,
                "path": self.path,
                "known": [KEY, SECRET, TOKEN],
            }
            raw = json.dumps(
                {"errors": json.dumps(told, ensure_ascii=False), "error_description": str(told)}
            ).encode()
            self.send_response(401)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(raw)))
            self.end_headers()
            self.wfile.write(raw)

        do_GET = do_POST = do_PUT = _any

        def log_message(self, *_: object) -> None:
            """Says nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Echo)
    Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


@pytest.fixture
def ws(tmp_path: Path) -> Iterator[Application]:
    opened = open_application({"COUNTERPART_HOME": str(tmp_path / "home")})
    yield opened
    opened.close()


def refused(ws: Application, echo: str) -> list[Connection]:
    """Both platforms' connections, after a test that the echoing host refused."""
    sentos = ws.connections.add(
        "sentos",
        "ERP",
        {"url": f"{echo}/api", "sandbox": "true"},
        {"key": KEY, "secret": SECRET},
        sandbox=True,
        speed=1000.0,
    )
    shop = {"shop": "moda.myshopify.com", "base_url": echo, "sandbox": "true"}
    shopify = ws.connections.add(
        "shopify",
        "Shop",
        shop,
        {"access_token": TOKEN, "client_id": "c-1", "client_secret": SECRET},
        sandbox=True,
        speed=1000.0,
    )
    return [checks_of(ws).test(c.id) for c in (sentos, shopify)]


def seen_in(text: str) -> list[str]:
    return [secret for secret in NEVER if secret in text]


def test_a_platform_that_echoes_secrets_spreads_none(
    ws: Application, echo: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.DEBUG):
        connections = refused(ws, echo)
    assert [c.status for c in connections] == ["failed", "failed"]
    assert {"GET", "POST"} == ECHOED, "both platforms were really asked"
    assert not seen_in(repr(connections) + "".join(c.reason.english() for c in connections if c.reason))
    assert not seen_in("\n".join(f"{r.message.english()} {r.detail}" for r in ws.logs.page(limit=1000).rows))
    assert not seen_in(caplog.text)
    made = backup(ws.db, ws.paths.folder, tmp_path / "saved.zip")
    ws.close()
    for file in [*ws.paths.folder.iterdir(), made.path]:
        if file.is_file() and file != ws.paths.key_file:
            raw = file.read_bytes()
            assert not [s for s in NEVER if s.encode() in raw], file.name
            assert ws.paths.key_file.read_bytes().strip() not in raw, file.name


def test_a_secret_that_no_header_can_carry_says_so(ws: Application, echo: str) -> None:
    made = ws.connections.add(
        "sentos",
        "ERP",
        {"url": f"{echo}/api", "sandbox": "true"},
        {"key": KEY, "secret": "şifre-1a2b3c4d"},
        sandbox=True,
        speed=1000.0,
    )
    reason = checks_of(ws).test(made.id).reason
    assert reason is not None and "cannot be sent" in reason.english()


def test_an_unforeseen_error_with_a_secret_in_it_is_kept_without(ws: Application) -> None:
    Secrets({"token": TOKEN, "secret": SECRET})
    try:
        raise RuntimeError(f"call with {TOKEN} and {SECRET!r} failed")
    except RuntimeError as error:
        import traceback

        ws.journal.trouble("run", error, traceback.format_exc())
    [row] = ws.logs.page().rows
    assert "call with" in str(row.detail) and not seen_in(str(row.detail))


@pytest.mark.parametrize(
    "show", [repr, str, "{}".format, lambda s: f"{s!r:>10}", lambda s: json.dumps([str(s)])]
)
def test_secrets_do_not_show_themselves(show: Any) -> None:
    assert not seen_in(show(Secrets({"token": TOKEN})))
    assert not seen_in(show({"account": Secrets({"secret": SECRET})}))


def test_secrets_are_not_pickled() -> None:
    with pytest.raises(TypeError):
        pickle.dumps(Secrets({"token": TOKEN}))


# -- files and processes ---------------------------------------------------------------------------


def test_every_file_of_an_installation_is_its_owners_alone(tmp_path: Path) -> None:
    """Also in a folder that others may enter, and whatever the umask."""
    home = tmp_path / "open"
    home.mkdir(mode=0o755)
    before = os.umask(0)
    try:
        ws = open_application({"COUNTERPART_HOME": str(home)})
        ws.lock.acquire()
        backup(ws.db, ws.paths.folder, ws.paths.backups / "one.zip", with_key=True)
        box = SandboxProcess("sentos", home / "sandbox-sentos.sqlite3", products=1)
        modes = {f.name: stat.S_IMODE(f.stat().st_mode) for f in home.rglob("*") if f.is_file()}
        folder = stat.S_IMODE(ws.paths.backups.stat().st_mode)
        box.stop()
        ws.lock.release()
        ws.close()
    finally:
        os.umask(before)
    assert {"counterpart.db", "secret.key", "worker.lock", "sandbox-sentos.sqlite3", "one.zip"} <= set(modes)
    assert {name: oct(mode) for name, mode in modes.items() if mode & 0o077} == {}
    assert folder == 0o700


def test_the_sandbox_learns_no_secret_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COUNTERPART_SECRET_KEY", KEY)
    monkeypatch.setenv("COUNTERPART_DATABASE_URL", f"postgresql://u:{SECRET}@localhost/x")
    box = SandboxProcess("sentos", None, settings={"auth": "basic"})
    try:
        about = Path(f"/proc/{box.process.pid}")
        if not about.exists():
            pytest.skip("this system shows no /proc")
        told = (about / "environ").read_bytes() + (about / "cmdline").read_bytes()
    finally:
        box.stop()
    assert not [s for s in (KEY, SECRET) if s.encode() in told]


def test_the_console_process_redacts_whatever_it_prints(tmp_path: Path) -> None:
    """The console is started by streamlit, not by our command line: it must install the redaction itself."""
    program = (
        "import app, logging\n"
        "from storage.vault import Secrets\n"
        f"token = Secrets({{'token': {TOKEN!r}}})['token']\n"
        "logging.basicConfig()\n"
        "try:\n"
        "    raise ValueError('refused: ' + token)\n"
        "except ValueError:\n"
        "    logging.getLogger('uvicorn.error').exception('could not call with %s', token)\n"
        "raise RuntimeError('gone: ' + token)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env={**os.environ, "COUNTERPART_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
    )
    printed = done.stdout + done.stderr
    assert "could not call with" in printed and "RuntimeError: gone" in printed
    assert not seen_in(printed)


def test_no_command_takes_a_secret_as_an_argument() -> None:
    """Arguments stand in every process list."""
    from sync.cli.parser import make_parser

    [verbs] = [a for a in make_parser()._actions if isinstance(a, argparse._SubParsersAction)]
    names = {a.dest for verb in verbs.choices.values() for a in verb._actions}
    assert "file" in names and not names & {"password", "secret", "token", "key", "access_token"}


# -- log lines -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "attack",
    [
        "x\n2026-11-20 ERROR root: all products deleted",
        "x\r2026 forged",
        "\x1b[2J\x1b[31mred",
        "\x9b31m",
        "a\u2028b",
        "\u202etxt.exe",
        "\x00",
    ],
)
def test_a_log_record_is_one_line_and_steers_no_terminal(attack: str) -> None:
    for record in (
        logging.LogRecord("x", logging.ERROR, "f", 1, "refused: %s", (attack,), None),
        logging.LogRecord("x", logging.ERROR, "f", 1, f"refused: {attack}", (), None),
        logging.LogRecord("x", logging.ERROR, "f", 1, "refused: %(why)s", ({"why": attack},), None),
    ):
        clean_record(record)
        message = record.getMessage()
        assert message.startswith("refused: ")
        assert message.isprintable(), repr(message)


def test_a_traceback_steers_no_terminal() -> None:
    try:
        raise ValueError("\x1b[2J\x1b[31m and \x9b")
    except ValueError:
        record = logging.LogRecord("x", logging.ERROR, "f", 1, "failed", (), sys.exc_info())
    clean_record(record)
    assert record.exc_text and visible(record.exc_text) == record.exc_text


def test_the_command_line_prints_no_control_sign(capsys: pytest.CaptureFixture[str]) -> None:
    from sync.cli.output import result, say_aside

    say_aside("\x1b[2Jcleared")
    result({"reason": "\x9b31m\x1b"}, "", as_json=True)
    result({}, "\x1b]0;title\x07", as_json=False)
    said = capsys.readouterr()
    assert not [c for c in said.out + said.err if not c.isprintable() and c != "\n"]
    assert json.loads(said.out.splitlines()[0]) == {"reason": "\x9b31m\x1b"}
