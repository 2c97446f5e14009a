"""While another process works: writing verbs hand over through the database and follow, others just work."""

from __future__ import annotations

import json
import signal

import pytest

from storage.oslock import ProcessLock
from sync.model.run import Status
from tests.cli.conftest import PATIENCE, PRODUCTS, Home


def test_verbs_beside_a_working_process(home: Home) -> None:
    worker = home.worker()
    # reading
    assert home.sync("check", "--json").json["worker"] == worker.pid
    assert len(home.sync("flows", "--json").json["flows"]) == 2
    assert home.sync("connections", "test").code == 0
    saved = home.sync("backup", "--json").json["file"]
    # writing
    preview = home.sync("run", "product", "--mode", "preview")
    assert preview.code == 0 and f"Process {worker.pid} does the work" in preview.err
    plan = preview.err.rpartition("sync apply ")[2].strip()
    applied = home.sync("apply", plan, "--json")
    assert applied.code == 0 and applied.json["created"] == PRODUCTS, applied
    home.sync("apply", plan).refused("carried out by run")
    assert home.sync("rotate-key").code == 0
    again = home.sync("run", "product", "--json").json
    assert (again["status"], again["unchanged"], again["created"]) == ("done", PRODUCTS, 0)
    assert {b["platform"] for b in home.sync("sandbox", "up", "--json").json["sandboxes"]} == {
        "sentos",
        "shopify",
    }
    # what must not be
    home.sync("worker").refused(f"Process {worker.pid}")
    home.sync("restore", saved).refused(f"process {worker.pid}", "Stop it")
    assert worker.poll() is None


def test_the_working_process_sets_the_trial_up_when_asked(empty: Home) -> None:
    worker = empty.worker()
    asked = empty.sync("sandbox", "up", "--products", "3", "--orders", "0", "--json")
    assert asked.code == 0 and len(asked.json["sandboxes"]) == 2, asked
    assert f"Process {worker.pid} does the work" in asked.err
    done = empty.sync("run", "product", "--mode", "test", "--json")
    assert done.code == 0 and done.json["read"] == 3


def test_a_follower_takes_over_from_a_process_that_dies(home: Home) -> None:
    worker = home.worker()
    home.freeze(worker)  # it holds the lock and does nothing
    follower = home.spawn("run", "product", "--json")
    ws = home.opened()
    try:
        home.until(lambda: ws.runs.list(limit=1))
        assert ws.runs.list(limit=1)[0].status is Status.QUEUED
        worker.kill()
        out, err = follower.communicate(timeout=PATIENCE)
    finally:
        ws.close()
    assert follower.returncode == 0, err
    assert json.loads(out)["created"] == PRODUCTS and "going on here" in err


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_a_worker_that_is_told_to_end_gives_everything_back(home: Home, how: signal.Signals) -> None:
    worker = home.worker()
    worker.send_signal(how)
    out, err = worker.communicate(timeout=PATIENCE)
    assert (
        (worker.returncode, out) == (0, "") and "goes on at the next start" in err and "Traceback" not in err
    )
    assert ProcessLock(home.folder / "worker.lock").holder() is None


def test_an_interrupted_run_goes_on_later(home: Home) -> None:
    worker = home.worker()
    home.freeze(worker)
    follower, ws = home.spawn("run", "product"), home.opened()
    try:
        home.until(lambda: ws.runs.list(limit=1))
        home.until(lambda: "waiting" in follower.stderr.readline())  # type: ignore[union-attr]
        follower.send_signal(signal.SIGINT)
        _, err = follower.communicate(timeout=PATIENCE)
        run_id = ws.runs.list(limit=1)[0].id
        assert follower.returncode == 130 and f"sync cancel {run_id}" in err and "Traceback" not in err
        worker.send_signal(signal.SIGCONT)
        home.until(lambda: ws.runs.get(run_id).status is Status.DONE)
    finally:
        ws.close()


def test_a_worker_until_idle_finishes_what_was_queued(home: Home) -> None:
    worker = home.worker()
    home.freeze(worker)
    follower, ws = home.spawn("run", "product"), home.opened()
    try:
        home.until(lambda: ws.runs.list(limit=1))
        follower.kill()
        worker.kill()
        worker.wait()
        idle = home.spawn("worker", "--until-idle")
        _, err = idle.communicate(timeout=PATIENCE)
        assert idle.returncode == 0, err
        assert ws.runs.list(limit=1)[0].status is Status.DONE
    finally:
        ws.close()
