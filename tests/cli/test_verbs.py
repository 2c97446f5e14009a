"""Every verb, alone in its data folder."""

from __future__ import annotations

import stat
import zipfile
from datetime import UTC, datetime

import pytest

from storage.oslock import ProcessLock
from storage.preferences import PAUSED
from storage.sessions import Sessions
from storage.users import Users
from sync.application import Application
from sync.cli import parser, runs
from sync.cli.main import main
from sync.model.run import BrakeHit, Mode, Scope, Status
from sync.model.text import say
from tests.cli.conftest import ORDERS, PRODUCTS, Home

COUNTS = ("read", "created", "updated", "unchanged", "skipped", "failed", "parked")


def product_run(ws: Application, **values: object) -> str:
    """A run by hand, with these columns."""
    flow = next(f for f in ws.links.flows() if f.entity.value == "product")
    with ws.db.write() as tx:
        run_id = ws.runs.start(tx, flow.id, flow.version, Mode.FULL, Scope(), "test")
        ws.runs.set(tx, run_id, stage="", **values)
    return run_id


# -- runs ------------------------------------------------------------------------------------------------


def test_products_and_orders_run_and_report(home: Home) -> None:
    first = home.sync("run", "product", "--mode", "test", "--json")
    assert first.code == 0 and {k: first.json[k] for k in ("created", "skipped", "status", "mode")} == {
        "created": 5,
        "skipped": PRODUCTS - 5,
        "status": "done",
        "mode": "test",
    }
    assert set(COUNTS) <= first.json.keys()
    rest = home.sync("run", "products", "--json").json
    assert (rest["read"], rest["created"], rest["unchanged"], rest["balanced"]) == (PRODUCTS, 1, 5, True)
    orders = home.sync("run", "Sandbox/order")
    assert orders.code == 0 and f"read {ORDERS}   created {ORDERS}" in orders.out
    listed = home.sync("flows", "--json").json["flows"]
    assert [(f["name"], f["enabled"], f["last"]) for f in listed] == [
        ("Sandbox/product", True, "done"),
        ("Sandbox/order", True, "done"),
    ]
    assert [line.split()[0] for line in home.sync("flows").out.splitlines()] == [
        "FLOW",
        "Sandbox/product",
        "Sandbox/order",
    ]


@pytest.mark.parametrize(
    ("argv", "words"),
    [
        (("run", "nope"), ("no flow nope", "sync flows")),
        (("run", "product", "--part", "nope"), ("no part nope", "stock")),
        (("cancel", "nope"), ("no run nope",)),
        (("confirm", "nope", "prices"), ("no run nope",)),
        (("connections", "test", "nope"), ("no connection nope", "Sentos (sandbox)")),
        (("pause",), ("pause --all",)),
        (("restore", "/nowhere/b.zip"), ("no file",)),
    ],
)
def test_refusals_say_what_to_do(home: Home, argv: tuple[str, ...], words: tuple[str, ...]) -> None:
    home.sync(*argv).refused(*words)
    home.sync(*argv, "--json").refused(*words)


def test_nothing_is_set_up_yet(empty: Home) -> None:
    assert "no flow yet" in empty.sync("flows").out and empty.sync("flows", "--json").json == {"flows": []}
    empty.sync("run", "product").refused("sandbox up")
    empty.sync("connections", "test").refused("sandbox up")
    empty.sync("reset-password").refused("first visit")
    assert empty.sync("check").code == 0


def test_a_run_at_the_safety_check_is_confirmed_or_cancelled(home: Home) -> None:
    ws = home.opened()
    hit = BrakeHit("price.moves", say("{count} prices move.", count=9), 9, 5)
    run_id = product_run(ws, status=Status.BRAKED, brakes=(hit,), error=hit.message)
    ws.close()
    home.sync("run", "product").refused("already under way")
    home.sync("confirm", run_id, "another").refused("not stopped by another")
    found = home.sync("check", "--json")
    assert found.code == 1 and f"sync cancel {run_id}" in found.json["problems"][0]["do"]
    confirmed = home.sync("confirm", run_id, "price.moves", "--json")
    assert confirmed.code == 0 and confirmed.json["status"] == "done"
    ws = home.opened()
    run_id = product_run(ws, status=Status.BRAKED, brakes=(hit,), error=hit.message)
    ws.close()
    assert home.sync("cancel", run_id, "--json").json["status"] == "cancelled"
    home.sync("cancel", run_id).refused("already ended")


def test_a_braked_run_tells_its_reasons_and_the_way_on(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    hit = BrakeHit("price.moves", say("{count} prices move.", count=9), 9, 5)
    ws = home.opened()
    run_id = product_run(ws, status=Status.BRAKED, brakes=(hit,), error=hit.message)
    ws.close()
    monkeypatch.setattr("sync.managers.verbs.runs.RunVerbs.start", lambda *_, **__: run_id)
    told = home.sync("run", "product")
    assert told.code == 1 and "9 prices move. [price.moves]" in told.out
    assert f"sync confirm {run_id} price.moves" in told.err and f"sync cancel {run_id}" in told.err
    assert home.sync("run", "product", "--json").json["brakes"] == [
        {"code": "price.moves", "message": "9 prices move."}
    ]


# -- connections, pause, key, password -------------------------------------------------------------------


def test_connections_are_tested(home: Home) -> None:
    good = home.sync("connections", "test", "--json")
    assert (
        good.code == 0
        and good.json["ok"]
        and {c["status"] for c in good.json["connections"]} == {"connected"}
    )
    assert len(home.sync("connections", "test", "shopify", "--json").json["connections"]) == 1
    ws = home.opened()
    erp = next(c for c in ws.connections.all() if c.platform == "sentos")
    ws.connections.edit(erp.id, secrets={"secret": "wrong-secret"})
    ws.close()
    bad = home.sync("connections", "test")
    assert bad.code == 1 and "failed" in bad.out and "wrong-secret" not in bad.out + bad.err
    found = home.sync("check")
    assert found.code == 1 and "Sentos (sandbox) does not work" in found.out and "→" in found.out


def test_pausing_and_resuming(home: Home) -> None:
    assert home.sync("pause", "--all").code == 0
    ws = home.opened()
    assert ws.preferences.get(PAUSED) is True
    ws.close()
    assert home.sync("pause", "--all", "--resume", "--json").json == {
        "paused": False,
        "all": True,
        "flow": "",
    }
    assert home.sync("pause", "product").out == "The schedule of product rests.\n"
    ws = home.opened()
    assert ws.preferences.get(PAUSED) is False and [f.schedule.paused for f in ws.links.flows()] == [
        True,
        False,
    ]
    ws.close()


def test_the_key_is_rotated(home: Home) -> None:
    key = home.folder / "secret.key"
    before = key.read_text()
    assert home.sync("rotate-key", "--json").json["sealed_again"] == 2
    assert key.read_text() != before and stat.S_IMODE(key.stat().st_mode) == 0o600
    assert home.sync("connections", "test").code == 0


def test_a_key_from_the_environment_is_rotated_by_the_operator(
    empty: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COUNTERPART_SECRET_KEY", "NkwVWTgC0-0oqZSzh0yHZTSXPMmgtF0eb9DNcdpKbVg=")
    told = empty.sync("rotate-key").refused("COUNTERPART_SECRET_KEY")
    assert "NkwVWTgC0" not in told


def test_a_password_is_reset(empty: Home) -> None:
    ws = empty.opened()
    user = Users(ws.db).create_first("admin", "correct horse battery")
    session = Sessions(ws.db).start(user)
    done = empty.sync("reset-password", stdin="another long password\n")
    assert done.code == 0 and "admin" in done.out and "another long" not in done.out + done.err
    users = Users(ws.db)
    assert users.verify("admin", "another long password") and not users.verify(
        "admin", "correct horse battery"
    )
    assert not Sessions(ws.db).list(user.id), session
    empty.sync("reset-password", "admin", stdin="short\n").refused()
    assert users.verify("admin", "another long password")
    empty.sync("reset-password", "nobody", stdin="x\n").refused("nobody", "admin")
    ws.close()


# -- check -----------------------------------------------------------------------------------------------


def test_a_sound_installation_checks_well(home: Home) -> None:
    row = home.sync("check", "--json")
    assert row.code == 0 and row.json["ok"] and row.json["problems"] == []
    assert row.json["flows_on"] == 2 and row.json["worker"] is None and "✓" in home.sync("check").out


def test_a_waiting_run_without_a_worker_is_a_problem(home: Home) -> None:
    ws = home.opened()
    product_run(ws)
    ws.close()
    found = home.sync("check")
    assert found.code == 1 and "no process does the work" in found.out and "sync worker" in found.out


def test_single_items_that_wait_without_a_worker_are_a_problem(home: Home) -> None:
    ws = home.opened()
    flow = ws.links.flows()[0]
    place = ws.links.get(flow.link_id).b
    with ws.db.write() as tx:
        ws.queue.push(tx, flow.id, flow.entity, flow.direction, ["1"], place)
    ws.close()
    found = home.sync("check")
    assert found.code == 1 and "Single items are waiting, and no process" in found.out, found
    held = ProcessLock(home.folder / "worker.lock")
    assert held.acquire()
    assert home.sync("check").code == 0
    held.release()


def test_a_failed_last_run_is_a_problem(home: Home) -> None:
    ws = home.opened()
    product_run(ws, status=Status.FAILED, error=say("Grant the scope."), finished_at=datetime.now(UTC))
    ws.close()
    assert "product failed: Grant the scope." in home.sync("check").out


def test_a_key_that_does_not_fit_and_files_that_others_read_are_problems(home: Home) -> None:
    key, database = home.folder / "secret.key", home.folder / "counterpart.db"
    database.chmod(0o644)
    assert f"chmod 600 {database}" in home.sync("check").out
    key.write_text("NkwVWTgC0-0oqZSzh0yHZTSXPMmgtF0eb9DNcdpKbVg=")
    found = home.sync("check", "--json")
    assert found.code == 1 and "secret.key" in found.json["problems"][0]["do"]
    home.sync("run", "product").refused("another key")


# -- backup ----------------------------------------------------------------------------------------------


def test_backups_go_where_they_are_told_or_into_the_data_folder(home: Home) -> None:
    row = home.sync("backup", "--json").json
    assert row["file"].startswith(str(home.folder / "backups")) and row["with_key"] is False
    assert set(zipfile.ZipFile(row["file"]).namelist()) == {"counterpart.db", "manifest.json"}
    home.sync("backup", row["file"]).refused("exists already")
    named = home.folder / "mine.zip"
    assert (
        home.sync("backup", str(named), "--with-key").code == 0
        and "secret.key" in zipfile.ZipFile(named).namelist()
    )


def test_a_backup_of_an_older_key_says_what_is_missing(home: Home) -> None:
    saved = home.sync("backup", "--json").json["file"]
    home.sync("rotate-key")
    back = home.sync("restore", saved, "--json")
    assert back.code == 1 and back.json["secrets_readable"] is False and "secret.key" in back.err


def test_what_is_no_backup_is_refused(home: Home) -> None:
    (home.folder / "junk.zip").write_bytes(b"PK junk")
    home.sync("restore", str(home.folder / "junk.zip")).refused("not a complete Counterpart backup")


# -- the command line itself -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    "argv",
    [
        (),
        ("nope",),
        ("run",),
        ("run", "product", "--mode", "wild"),
        ("demo", "--products", "-1"),
        ("demo", "--speed", "0"),
        ("sandbox", "down"),
        ("confirm", "x"),
    ],
)
def test_what_cannot_be_typed_is_refused(argv: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(list(argv))
    out, err = capsys.readouterr()
    assert ended.value.code == 2 and out == "" and "usage:" in err


def test_a_bug_is_one_sentence_and_a_traceback_only_when_asked_for(
    home: Home, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("a bug with shpat_0123456789abcdef")

    monkeypatch.setattr(runs, "_flow_row", broken)
    told = home.sync("flows").refused("KeyError", "COUNTERPART_TRACEBACK=1")
    monkeypatch.setenv("COUNTERPART_TRACEBACK", "1")
    more = home.sync("flows")
    assert more.code == 2 and "Traceback" in more.err and "0123456789abcdef" not in told + more.err


def test_every_verb_has_help_and_all_with_a_result_take_json() -> None:
    made = parser.make_parser()
    verbs = made._subparsers._group_actions[0].choices  # type: ignore[union-attr]
    assert {
        "run",
        "apply",
        "flows",
        "connections",
        "sandbox",
        "demo",
        "backup",
        "restore",
        "pause",
        "rotate-key",
        "reset-password",
        "check",
        "worker",
    } <= set(verbs)  # type: ignore[arg-type]
    for name, sub in verbs.items():  # type: ignore[union-attr]
        assert sub.description and (("--json" in sub._option_string_actions) != (name == "worker"))
