"""`demo --kind stores`: a main store and its outlets in fresh sandboxes, stock followed through baseline,
validation and delta, and a verdict off the stores themselves."""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import requests

from sync.application import Application
from sync.cli.demo import Tell, balanced, counts, peak_mb, run_to_end, temporary_workspace
from sync.managers.stock.validating import DEMO
from sync.managers.trial import TrialPlan, box_of
from sync.managers.trial_plan import SOURCE_STORE
from sync.model.flow import Flow
from sync.model.run import Mode, Run
from sync.model.stock import Match
from sync.model.values import key_of

_MOVED = 20  # every so many-th item moves at the source between the runs


@dataclass(frozen=True, slots=True)
class StoresDemo:
    """What came of it: `row` is the JSON object, `lost` and `doubled` name SKUs."""

    row: Mapping[str, Any]
    lost: tuple[str, ...]
    doubled: tuple[str, ...]
    balanced: bool

    @property
    def good(self) -> bool:
        """Everything balances, nothing is lost or doubled, a run without news wrote nothing."""
        return self.balanced and not (self.lost or self.doubled or self.row["second_run"]["writes"])


def demo_stores(plan: TrialPlan, tell: Tell = lambda _: None) -> StoresDemo:
    """Baseline, validation (marked as the demo's), a sweep that finds nothing, then a delta after some moves.
    Raises NeedsOperator if a run stops at a brake."""
    started = time.monotonic()
    with temporary_workspace() as ws:
        tell(f"{plan.outlets + 1} stores with {plan.skus} items each …")
        ws.trial.start(plan)
        flows = ws.links.flows()
        baseline = _each(ws, flows, Mode.FULL, "baseline", tell)
        for flow in flows:
            if not ws.stock_verbs.stage(flow.id).live:
                ws.stock_verbs.validate(flow.id, DEMO)
        before = _written(ws, flows)
        sweep = _each(ws, flows, Mode.SWEEP, "second run", tell)
        quiet = _written(ws, flows)
        moved = _move(ws, plan)
        delta = _each(ws, flows, Mode.DELTA, f"delta after {moved} moves", tell)
        lost, doubled = _verdict(ws, flows)
        row = {
            "baseline": _sum(baseline),
            "second_run": {"writes": sum(quiet.values()) - sum(before.values())},
            "delta": {**_sum(delta), "moved": moved},
            "ledger": {"lost": len(lost), "doubled": len(doubled)},
            **_throttles(ws),
            "seconds": round(time.monotonic() - started, 1),
            "peak_mb": peak_mb(),
        }
        whole = all(balanced(run) for run in (*baseline, *sweep, *delta))
        return StoresDemo(row, tuple(lost), tuple(doubled), whole)


def _each(ws: Application, flows: Iterable[Flow], mode: Mode, name: str, tell: Tell) -> list[Run]:
    runs = []
    for flow in flows:
        tell(f"{name.capitalize()}: {ws.links.get(flow.link_id).name} …")
        runs.append(run_to_end(ws, flow, mode))
    return runs


def _sum(runs: Iterable[Run]) -> dict[str, int]:
    total: Counter[str] = Counter()
    for run in runs:
        total.update(counts(run))
    return dict(total)


# -- read off the stores ------------------------------------------------------------------------------------


def _ask(ws: Application, connection_id: str, method: str, path: str, body: object = None) -> Any:
    return ws.trial.processes[box_of(ws.connections.get(connection_id))].ask(method, path, body)


def _target(ws: Application, flow: Flow) -> str:
    return ws.links.get(flow.link_id).b


def _written(ws: Application, flows: Iterable[Flow]) -> dict[str, int]:
    """Effects that the API had on each outlet's stock."""
    return {flow.id: int(_ask(ws, _target(ws, flow), "GET", "/stock/judge")["effects"]) for flow in flows}


def _move(ws: Application, plan: TrialPlan) -> int:
    count = max(1, plan.skus // _MOVED)
    wanted = {"count": count, "seed": plan.seed, "how": "edit"}
    ws.trial.processes[SOURCE_STORE].ask("POST", "/stock/move", wanted)
    return count


def _verdict(ws: Application, flows: Iterable[Flow]) -> tuple[list[str], list[str]]:
    """SKUs that stand once in both stores, are counted and do not show the same stock; and how many places
    were written again with nothing in between though the source had not moved."""
    lost, doubled = [], []
    for flow in flows:
        link = ws.links.get(flow.link_id)
        source, target = _levels(ws, link.a), _levels(ws, link.b, place=0)
        paired = {key_of(m.sku) for m in _matched(ws, flow) if m.tracked}
        for sku in source.keys() & target.keys() & paired:
            if target[sku] != source[sku]:
                lost.append(f"{sku}: {source[sku]} at the source, {target[sku]} at {link.name}")
        judged = _ask(ws, link.b, "GET", "/stock/judge")
        effects = int(judged["effects"])
        applied = sum(
            row.state == "applied" and row.phase == "stock"
            for run in ws.runs.list(flow_id=flow.id, limit=100)
            for row in ws.stock_changes.each(run.id)
        )
        if effects > applied:
            doubled.append(f"{effects - applied} writes at {link.name} that no run accounts for")
    return sorted(lost), doubled


def _matched(ws: Application, flow: Flow) -> Iterable[Any]:
    link, after = ws.links.get(flow.link_id), ""
    while rows := ws.stock_match.listed(flow, link, Match.MATCHED, "", after, 1000):
        yield from rows
        after = str(rows[-1].cursor)


def _levels(ws: Application, connection_id: str, place: int | None = None) -> dict[str, int]:
    """SKU (as it is compared) → pieces at a location, or at all of them; items that are stocked nowhere are
    left out."""
    control = ws.trial.processes[box_of(ws.connections.get(connection_id))].control
    asked = {} if place is None else {"place": str(place)}
    answer = requests.get(f"{control}/stock/levels.tsv", params=asked, timeout=120)
    answer.encoding = "utf-8"
    found: Counter[str] = Counter()
    for line in filter(None, answer.text.split("\n")):
        _, sku, _, active, available, _ = line.split("\t")
        if sku and active == "1":
            found[key_of(sku)] += int(available)
    return dict(found)


def _throttles(ws: Application) -> dict[str, Any]:
    raw = {name: process.ask("GET", "/ledger", summary=1) for name, process in ws.trial.processes.items()}
    return {
        name: {"calls": r["calls"], "points": round(r["points"], 1), "throttled": r["throttled"]}
        for name, r in raw.items()
    }
