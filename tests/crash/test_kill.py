"""kill -9 in the middle of a full sync, again and again: nothing lost, nothing doubled, and it goes on by
itself."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import func, select

from storage.tables.sync import calls
from sync.application import Application, open_application
from sync.managers.trial import TrialPlan
from sync.model.entity import Entity
from sync.model.run import LIVE, Mode, Run, Scope, Status

ROOT = Path(__file__).resolve().parents[2]
KILLS = 12
PRODUCTS = 30


@pytest.fixture
def home(tmp_path: Path) -> Iterator[Path]:
    """A data folder with the trial set up, and nobody working in it."""
    ws = open_application({"COUNTERPART_HOME": str(tmp_path)})
    try:
        ws.start()
        ws.trial.start(TrialPlan(products=PRODUCTS, orders=0, speed=20, dirt=0.0))
    finally:
        ws.close()
    yield tmp_path


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


def sent(ws: Application) -> int:
    with ws.db.read() as tx:
        return tx.execute(select(func.count()).select_from(calls)).scalar_one()


def kill_after(ws: Application, home: Path, more: int, run_id: str) -> None:
    """Starts a worker and kills it -9 once it has written down `more` further calls (or the run has
    ended)."""
    before, process = sent(ws), worker(home)
    try:
        while sent(ws) < before + more and ws.runs.get(run_id).status in LIVE:
            assert process.poll() is None, process.stdout and process.stdout.read()
            time.sleep(0.002)
    finally:
        os.kill(process.pid, signal.SIGKILL)
        process.communicate()


def finished(ws: Application, home: Path, run_id: str) -> Run:
    process = worker(home, "--until-idle")
    out, _ = process.communicate(timeout=600)
    run = ws.runs.get(run_id)
    assert process.returncode == 0 and run.status is Status.DONE, (run, out)
    return run


@pytest.mark.crash
@pytest.mark.slow
def test_a_full_sync_survives_kill_after_kill(home: Path) -> None:
    ws = open_application({"COUNTERPART_HOME": str(home)})
    try:
        flow = next(f for f in ws.links.flows() if f.entity is Entity.PRODUCT)
        run_id = ws.run_verbs.start(flow.id, Mode.FULL, Scope(), by="test")
        for point in range(KILLS):
            kill_after(ws, home, 1 + point % 3, run_id)
        run = finished(ws, home, run_id)
        assert (run.counts.read, run.counts.created, run.counts.balanced) == (PRODUCTS, PRODUCTS, True)
        ws.start()
        state = ws.trial.processes["shopify"].ask("GET", "/state")
        ledger = ws.trial.processes["shopify"].ask("GET", "/ledger")
        truth = {str(p["id"]): p for p in ws.trial.processes["sentos"].ask("GET", "/state")["products"]}
    finally:
        ws.close()
    records = Counter(p["metafields"]["sync.record"].rpartition("/")[2] for p in state["products"])
    assert records == Counter(truth.keys()), "a product is lost or doubled"
    created = Counter(e["target"] for e in ledger["effects"] if e["kind"] == "product.created")
    assert set(created.values()) == {1} and len(created) == PRODUCTS
    published = Counter(e["target"] for e in ledger["effects"] if e["kind"] == "product.published")
    assert set(published.values()) == {1} and len(published) == PRODUCTS
    skus = Counter(v["sku"] for p in state["products"] for v in p["variants"])
    assert max(skus.values()) == 1 and set(skus) == {s for p in truth.values() for s in p["skus"]}
    for product in state["products"]:
        sources = [m["source"] for m in product["media"]]
        assert len(sources) == len(set(sources)), "a picture was uploaded twice"
