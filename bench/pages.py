"""`pages`: how long each page of the console takes to draw over a whole synchronised catalogue (script time,
no browser)."""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

from streamlit.testing.v1 import AppTest

from bench.parts.goals import Goal, judged
from console import access, state
from sync import application
from sync.application import Application
from sync.cli.demo import run_to_end, temporary_workspace
from sync.managers.trial import TrialPlan
from sync.model.entity import Entity

_APP = Path(__file__).resolve().parent.parent / "app.py"
GOALS = (Goal("slowest_seconds", 1.0),)


def main(argv: list[str]) -> int:
    """Prints seconds per page, the first time and after; exit status 1 if one took longer than a second once
    warm."""
    args = _arguments(argv)
    plan = TrialPlan(
        products=args.products,
        orders=args.orders,
        speed=60.0,
        sentos=(("variants_total", str(args.variants)),),
    )
    with temporary_workspace() as ws:
        link = ws.trial.start(plan)
        runs = {flow.entity: run_to_end(ws, flow).id for flow in ws.links.flows(link.id)}
        figures = judged(_measure(ws, runs[Entity.PRODUCT]), GOALS)
    print(json.dumps(figures, indent=None if args.json else 2))
    return int(bool(figures["missed"]))


def _measure(ws: Application, run_id: str) -> dict[str, Any]:
    application.hand_in(ws)
    shell = state.shared()
    token = shell.sessions.start(shell.users.create("bench", "a long enough password"))
    visits: dict[str, Mapping[str, str]] = {
        "dashboard": {},
        "sync": {},
        "run": {"id": run_id},
        "needs_you": {},
        "logs": {},
        "settings": {},
    }
    with patch.object(access, "token", lambda: token):
        seen = {name: _visit(name, query) for name, query in visits.items()}
    return {"pages": seen, "slowest_seconds": max(seconds["warm"] for seconds in seen.values())}


def _visit(name: str, query: Mapping[str, str]) -> dict[str, float]:
    test = AppTest.from_file(str(_APP), default_timeout=60)
    test.run()
    test.switch_page(f"pages/{name}.py")
    for key, value in query.items():
        test.query_params[key] = value
    return {when: _timed(test) for when in ("first", "warm")}


def _timed(test: AppTest) -> float:
    start = time.perf_counter()
    test.run()
    if test.exception:
        raise RuntimeError(test.exception[0].value)
    return round(time.perf_counter() - start, 3)


def _arguments(argv: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench pages", description=__doc__)
    for name, default in (("products", 1624), ("variants", 10283), ("orders", 40)):
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(argv)
