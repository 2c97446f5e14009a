"""kill -9 in the middle of an order run, again and again: Sentos gets each order exactly once, by its own
ledger."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
from sqlalchemy import func, select

from storage.tables.sync import calls
from sync.application import Application, open_application
from sync.managers.trial import TrialPlan
from sync.model.entity import Entity
from sync.model.run import LIVE, Mode, Run, Scope, Status

ROOT = Path(__file__).resolve().parents[2]
ORDERS = 20
STRIKES = {"written": 4, "booked": 3, "settled": 3}
MOST_RUNS = 10
PATIENCE = 180.0
"""Seconds after which a worker that does not get anywhere fails the test."""


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A data folder with the trial set up, its products in the shop, orders placed, and nobody working in
    it."""
    ws = open_application({"COUNTERPART_HOME": str(tmp_path)})
    try:
        ws.start()
        ws.trial.start(TrialPlan(products=8, orders=0, speed=100, dirt=0.0))
        through(ws, Entity.PRODUCT)
        place(ws, 0)
    finally:
        ws.close()
    yield tmp_path


def place(ws: Application, number: int) -> None:
    """Somebody orders at the shop, ORDERS times."""
    ws.trial.processes["shopify"].ask("POST", "/orders", {"count": ORDERS, "seed": 5 + number, "dirt": 0.0})


def flow_of(ws: Application, entity: Entity) -> str:
    return next(f.id for f in ws.links.flows() if f.entity is entity)


def through(ws: Application, entity: Entity) -> Run:
    """A whole run in this process."""
    flow, manager = ws.links.flow(flow_of(ws, entity)), ws.manager_of(entity.value)
    with ws.db.write() as tx:
        run_id = ws.runs.start(tx, flow.id, flow.version, Mode.FULL, Scope(), "test")
    stage: str | None = manager.stages(ws.runs.get(run_id))[0]
    while stage is not None:
        stage = manager.turn(ws.runs.get(run_id), stage)
    return ws.runs.get(run_id)


def worker(home: Path, *more: str) -> subprocess.Popen[str]:
    env = {**os.environ, "COUNTERPART_HOME": str(home)}
    return subprocess.Popen(
        [sys.executable, "-m", "sync", "worker", *more],
        cwd=ROOT,
        env=env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
    )


def sentos_control(ws: Application) -> str:
    """Where the control plane of the present worker's Sentos is; each worker starts its own sandboxes."""
    flow = ws.links.flow(flow_of(ws, Entity.ORDER))
    settings = ws.connections.get(ws.links.get(flow.link_id).a).settings
    return f"{settings['url'].removesuffix('/api')}/_sandbox"


def reached(ws: Application, *states: str) -> int:
    """How many calls got as far as one of these states."""
    with ws.db.read() as tx:
        return tx.execute(select(func.count()).where(calls.c.state.in_(states))).scalar_one()


def kill_when(ws: Application, home: Path, run_id: str, due: Callable[[], bool]) -> bool:
    """Starts a worker and kills it -9 as soon as `due` or the run has ended; answers whether it was due."""
    process, end, struck = worker(home), time.monotonic() + PATIENCE, False
    try:
        while not (struck := due()) and ws.runs.get(run_id).status in LIVE:
            assert process.poll() is None, process.stdout and process.stdout.read()
            assert time.monotonic() < end, "the run stands still"
            time.sleep(0.002)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()
    return struck


def further(ws: Application, more: int, *states: str) -> Callable[[], bool]:
    """Due once so many more calls have reached one of the states."""
    before = reached(ws, *states)
    return lambda: reached(ws, *states) >= before + more


def unanswered(ws: Application, before: str) -> Callable[[], bool]:
    """Due once Sentos has booked one order whose answer it holds back."""
    fault = {
        "name": "timeout_after",
        "count": 1,
        "match": {"operation": "orders.create"},
        "params": {"hold": 3600},
    }
    placed: list[str] = []

    def due() -> bool:
        if not placed:
            if (control := sentos_control(ws)) != before:
                requests.post(f"{control}/faults", json=fault, timeout=60).raise_for_status()
                placed.append(control)
            return False
        faults = requests.get(f"{placed[0]}/faults", timeout=60).json()["faults"]
        return bool(faults[-1]["hits"])

    return due


def finished(ws: Application, home: Path, run_id: str) -> Run:
    process = worker(home, "--until-idle")
    out, _ = process.communicate(timeout=600)
    run = ws.runs.get(run_id)
    assert process.returncode == 0 and run.status is Status.DONE, (run, out)
    return run


def whole(run: Run, runs: int) -> None:
    """The last of so many runs has brought its own orders, and left those before as they are."""
    counts = run.counts
    assert (counts.read, counts.created, counts.unchanged) == (runs * ORDERS, ORDERS, (runs - 1) * ORDERS)
    assert counts.balanced


def followed(ws: Application, home: Path, run_id: str, runs: int) -> str:
    """The run after one that was over before it could be struck, with as many orders again."""
    assert runs < MOST_RUNS, "every run is over too early"
    whole(finished(ws, home, run_id), runs)
    shop = open_application({"COUNTERPART_HOME": str(home)})
    try:
        shop.start()
        place(shop, runs)
    finally:
        shop.close()
    return ws.run_verbs.start(flow_of(ws, Entity.ORDER), Mode.FULL, Scope(), by="test")


def created(ledger: Any) -> list[dict[str, Any]]:
    return [effect for effect in ledger["effects"] if effect["kind"] == "order.created"]


@pytest.mark.crash
@pytest.mark.slow
def test_an_order_run_survives_ten_kills(home: Path) -> None:
    """Killed by turns when a call is written down, when Sentos has booked an order and not yet said so, and
    when its answer is settled. A run that is over sooner than this process is quick enough to strike is
    followed by one of further orders."""
    ws = open_application({"COUNTERPART_HOME": str(home)})
    try:
        flow_id, struck = flow_of(ws, Entity.ORDER), Counter[str]()
        run_id = ws.run_verbs.start(flow_id, Mode.FULL, Scope(), by="test")
        runs, point = 1, 0
        while (kind := ("written", "booked", "settled")[point % 3]) and struck[kind] < STRIKES[kind]:
            due = {
                "written": lambda: further(ws, 1 + point % 2, "committed", "answered", "unknown", "void"),
                "booked": lambda: unanswered(ws, sentos_control(ws)),
                "settled": lambda: further(ws, 1 + point % 2, "answered"),
            }[kind]()
            if kill_when(ws, home, run_id, due):
                struck[kind], point = struck[kind] + 1, point + 1
            else:
                run_id, runs = followed(ws, home, run_id, runs), runs + 1
        assert struck == STRIKES
        whole(finished(ws, home, run_id), runs)
        ws.start()
        again = through(ws, Entity.ORDER)
        assert again.counts.read == again.counts.unchanged == runs * ORDERS
        ledger = ws.trial.processes["sentos"].ask("GET", "/ledger")
        shown = ws.trial.processes["sentos"].ask("GET", "/orders")["orders"]
        bound = list(ws.bindings.all(ws.links.flow(flow_id).link_id, "order"))
        assert not ws.attention.list()
    finally:
        ws.close()
    keys = Counter(effect["key"] for effect in created(ledger))
    assert len(keys) == runs * ORDERS and set(keys.values()) == {1}, "an order is lost or doubled"
    assert Counter(str(o["order_id"]) for o in shown) == keys
    assert Counter(str(o["id"]) for o in shown) == Counter(b.id_a for b in bound)
    assert len({b.id_b for b in bound}) == runs * ORDERS
