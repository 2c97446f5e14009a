"""Further workers on one SQLite file, beside the console that does the work, and beside a worker: each is
refused, while `run` and `check` go on working."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path

from bench.parts.stores import Shape, Stores, two_stores
from bench.proof.console import Console
from bench.proof.verdict import Verdict
from bench.proof.worker import Worker

_ROOT = Path(__file__).resolve().parents[2]
_SHAPE = Shape(300, speed=50)
REFUSED = 2
_AT_WORK = b"Working until"  # what a worker says that has been let in
_PATIENCE = 300.0


def prove(n: int = 10, *, broken: str = "") -> Verdict:
    """`n` further workers beside a console, and as many beside a worker (a single one: beside the console
    only)."""
    wrong: list[str] = []
    refused: dict[str, int] = {}
    for first in (Console, Worker) if n > 1 else (Console,):
        with (
            tempfile.TemporaryDirectory(prefix="counterpart-proof-") as home,
            two_stores(_SHAPE, work=False, home=Path(home)) as stores,
        ):
            name = first.__name__.lower()
            refused[name], said = _beside(first(stores.env, log=Path(home) / "first.log"), stores, n, broken)
            wrong += [f"beside a {name}: {line}" for line in said]
    return Verdict("second worker", n * len(refused), wrong=tuple(wrong), figures={"refused": refused})


def _beside(first: Console | Worker, stores: Stores, n: int, broken: str) -> tuple[int, list[str]]:
    """How many were refused, and what was wrong."""
    home = Path(stores.env["COUNTERPART_HOME"])
    try:
        _until_working(stores)
        refused = sum(_is_refused(stores.env, broken, home / f"second-{k}.log") for k in range(n))
        if refused < n:
            return refused, [f"{n - refused} of {n} second workers were let in"]
        return refused, [*_typed(stores), *_answering(first)]
    finally:
        first.stop()


def _until_working(stores: Stores) -> None:
    end = time.monotonic() + _PATIENCE
    while stores.ws.lock.holder() is None:
        if time.monotonic() > end:
            raise TimeoutError("the first one does not begin")
        time.sleep(0.05)


def _is_refused(env: Mapping[str, str], broken: str, log: Path) -> bool:
    """It must end by itself, and say that it may not."""
    second, end = Worker(env, broken=broken, log=log), time.monotonic() + _PATIENCE
    while second.alive and _AT_WORK not in log.read_bytes() and time.monotonic() < end:
        time.sleep(0.05)
    if second.alive:
        second.kill()
        return False
    return second.wait(0) == REFUSED


def _typed(stores: Stores) -> list[str]:
    """What an operator types beside it; the run is done by whoever does the work."""
    asked = {"run": ("run", stores.flow_id, "--json"), "check": ("check", "--json")}
    wrong = []
    for name, words in asked.items():
        answer = subprocess.run(
            [sys.executable, "-m", "sync", *words],
            cwd=_ROOT,
            env={**os.environ, **stores.env},
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
        )
        if answer.returncode or not _is_json(answer.stdout):
            wrong.append(f"{name}: {answer.returncode} {answer.stderr[-200:]} {answer.stdout[-200:]}")
    return wrong


def _answering(first: Console | Worker) -> list[str]:
    """Does a console still serve its pages?"""
    return ["it does not answer"] if isinstance(first, Console) and not first.answers() else []


def _is_json(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except ValueError:
        return False
