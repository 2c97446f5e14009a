"""`demo`: sandboxes on free ports, a temporary database, products and orders twice, and a verdict read off the ledgers."""

from __future__ import annotations

import resource
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sync.managers.trial import Trial, TrialPlan
from sync.model.entity import Entity
from sync.model.flow import Flow
from sync.model.run import LIVE, OUTCOMES, Mode, Run, Scope, Status
from sync.workspace import Workspace, open_workspace

_POLL = 0.1


@dataclass(frozen=True, slots=True)
class Wire:
    """What a sandbox's ledger counts."""

    calls: int = 0
    writes: int = 0
    effects: int = 0
    points: float = 0.0
    throttled: int = 0
    refused: int = 0

    @staticmethod
    def of(trial: Trial, platform: str) -> Wire:
        raw: Mapping[str, Any] = trial.processes[platform].ask("GET", "/ledger", summary=1)
        return Wire(raw["calls"], raw["writes"], sum(raw["effects"].values()), raw["points"], raw["throttled"], raw["refused"])


@contextmanager
def temporary_workspace() -> Iterator[Workspace]:
    """A workspace in a folder that goes when it is closed, working in this process."""
    with tempfile.TemporaryDirectory(prefix="counterpart-") as folder:
        ws = open_workspace({"COUNTERPART_HOME": folder})
        try:
            ws.start()
            yield ws
        finally:
            ws.close()


def demo(plan: TrialPlan) -> dict[str, Any]:
    """Runs everything twice; the answer is the JSON object of the README."""
    started = time.monotonic()
    with temporary_workspace() as ws:
        link = ws.trial.start(plan)
        flows = {f.entity: f for f in ws.links.flows(link.id)}
        first = {e: run_to_end(ws, flows[e]) for e in (Entity.PRODUCT, Entity.ORDER)}
        before = {p: Wire.of(ws.trial, p) for p in ("shopify", "sentos")}
        second = {e: run_to_end(ws, flows[e]) for e in (Entity.PRODUCT, Entity.ORDER)}
        after = {p: Wire.of(ws.trial, p) for p in ("shopify", "sentos")}
        ledger = compare(ws, first)
        return {
            "products": counts(first[Entity.PRODUCT]), "orders": counts(first[Entity.ORDER]),
            "second_run": {"writes": sum(after[p].effects - before[p].effects for p in after)},
            "ledger": ledger,
            "shopify": {"calls": after["shopify"].calls, "points": round(after["shopify"].points, 1), "throttled": after["shopify"].throttled},
            "sentos": {"calls": after["sentos"].calls, "refused": after["sentos"].refused},
            "seconds": round(time.monotonic() - started, 1), "peak_mb": peak_mb(),
            "balanced": all(balanced(r) for r in (*first.values(), *second.values())),
        }


def good(verdict: Mapping[str, Any]) -> bool:
    """Everything balances, nothing is lost or doubled, the second run wrote nothing."""
    return bool(verdict["balanced"] and not verdict["ledger"]["lost"] and not verdict["ledger"]["doubled"] and not verdict["second_run"]["writes"])


def run_to_end(ws: Workspace, flow: Flow, mode: Mode = Mode.FULL, scope: Scope = Scope()) -> Run:
    """Starts a run and waits until it has ended or stands at a brake."""
    run_id = ws.run_verbs.start(flow.id, mode, scope, by="demo")
    while (run := ws.runs.get(run_id)).status in LIVE and run.status is not Status.BRAKED:
        time.sleep(_POLL)
    return run


def counts(run: Run) -> dict[str, int]:
    return {"read": run.counts.read, **{name: getattr(run.counts, name) for name in OUTCOMES}}


def balanced(run: Run) -> bool:
    return run.counts.balanced and run.status is Status.DONE


def peak_mb() -> float:
    """Peak resident memory of this process, in MB."""
    return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, 1)


# -- the verdict ----------------------------------------------------------------------------------------------


def compare(ws: Workspace, runs: Mapping[Entity, Run]) -> dict[str, int]:
    """Holds what the sandboxes hold against each other: every product and order exactly once, or reported."""
    sentos, shopify = (ws.trial.processes[p].ask("GET", "/state") for p in ("sentos", "shopify"))
    lost_products, doubled_products = _products(ws, runs[Entity.PRODUCT], sentos["products"], shopify["products"])
    lost_orders, doubled_orders = _orders(ws, runs[Entity.ORDER], sentos["orders"], shopify["orders"])
    return {"lost": lost_products + lost_orders, "doubled": doubled_products + doubled_orders}


def _products(ws: Workspace, run: Run, ours: list[Any], theirs: list[Any]) -> tuple[int, int]:
    """Lost: a source product that is neither in the shop nor reported with a reason that its dirt allows. Doubled: source
    records that stand in the shop more than once."""
    records = Counter(p["metafields"].get("sync.record", "").rpartition("/")[2] for p in theirs)
    fates = {source_id: outcome for source_id, outcome in _fates(ws, run)}
    lost = 0
    for p in ours:
        there = records[str(p["id"])] > 0
        lost += not (there and "synced" in p["accept"] or not there and fates.get(str(p["id"])) in p["accept"])
    return lost, sum(n - 1 for record, n in records.items() if record and n > 1) + _shared_skus(theirs)


def _shared_skus(theirs: list[Any]) -> int:
    skus = Counter(v["sku"] for p in theirs for v in p["variants"] if v["sku"])
    return sum(n - 1 for n in skus.values() if n > 1)


def _orders(ws: Workspace, run: Run, erp: list[Any], shop: list[Any]) -> tuple[int, int]:
    """Lost: a shop order that is neither in the ERP nor reported. Doubled: an order reference that the ERP holds twice."""
    references = Counter(str(o["order_id"]) for o in erp)
    names = Counter(str(o["order_code"]) for o in erp)
    fates = dict(_fates(ws, run))
    lost = sum(not names[o["name"]] and fates.get(_number(o["id"]), fates.get(o["id"], "")) not in ("parked", "skipped") for o in shop)
    return lost, sum(n - 1 for n in references.values() if n > 1)


def _number(gid: str) -> str:
    return gid.rpartition("/")[2]


def _fates(ws: Workspace, run: Run) -> Iterator[tuple[str, str]]:
    after = 0
    while rows := ws.plans.items(run.id, after=after):
        yield from ((item.source_id, item.outcome) for _, item in rows)
        after = rows[-1][0]


