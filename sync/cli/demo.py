"""`demo`: fresh sandboxes, a temporary database, products and orders twice, and a verdict off the ledgers."""

from __future__ import annotations

import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sync.application import Application, open_application
from sync.cli.follow import ended
from sync.cli.verdict import Ledger, compare
from sync.errors import NeedsOperator
from sync.managers.trial import PLATFORMS, Trial, TrialPlan
from sync.model.entity import Entity
from sync.model.flow import Flow
from sync.model.run import OUTCOMES, Mode, Run, Scope, Status
from sync.model.text import say

_POLL = 0.05
Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class Wire:
    """What a sandbox's ledger counts at one moment; `effects` without what hands did behind the platform."""

    calls: int
    writes: int
    effects: int
    points: float
    throttled: int
    refused: int

    @staticmethod
    def of(trial: Trial, platform: str) -> Wire:
        raw: Mapping[str, Any] = trial.processes[platform].ask("GET", "/ledger", summary=1)
        effects = sum(n for kind, n in raw["effects"].items() if not kind.startswith("hand."))
        return Wire(raw["calls"], raw["writes"], effects, raw["points"], raw["throttled"], raw["refused"])


@dataclass(frozen=True, slots=True)
class Demo:
    """What came of a demo: `row` is the JSON object; `ledger` names what is lost or doubled."""

    row: Mapping[str, Any]
    ledger: Ledger
    balanced: bool

    @property
    def good(self) -> bool:
        """Everything balances, nothing is lost or doubled, the second run wrote nothing."""
        return self.balanced and not (
            self.ledger.lost or self.ledger.doubled or self.row["second_run"]["writes"]
        )


@contextmanager
def temporary_workspace() -> Iterator[Application]:
    """A workspace in a folder that goes when it is closed, working in this process."""
    with tempfile.TemporaryDirectory(prefix="counterpart-") as folder:
        ws = open_application({"COUNTERPART_HOME": folder})
        try:
            ws.start()
            yield ws
        finally:
            ws.close()


def demo(plan: TrialPlan, tell: Tell = lambda _: None) -> Demo:
    """Runs everything twice. Raises NeedsOperator if a run stops at a brake, so that nothing can be said."""
    started = time.monotonic()
    with temporary_workspace() as ws:
        tell(f"Two sandboxes with {plan.products} products …")
        flows = {f.entity: f for f in ws.links.flows(ws.trial.start(plan).id)}
        first = _both(ws, flows, "first run", tell)
        before = {p: Wire.of(ws.trial, p) for p in PLATFORMS}
        second = _both(ws, flows, "second run", tell)
        after = {p: Wire.of(ws.trial, p) for p in PLATFORMS}
        writes = sum(_writes(ws.trial, p, before[p], after[p]) for p in PLATFORMS)
        ledger = _ledger(ws, first)
        row = {
            "products": counts(first[Entity.PRODUCT]),
            "orders": counts(first[Entity.ORDER]),
            "second_run": {"writes": writes},
            "ledger": ledger.counts(),
            **_spent(after),
            "seconds": round(time.monotonic() - started, 1),
            "peak_mb": peak_mb(),
        }
        return Demo(row, ledger, all(balanced(run) for run in (*first.values(), *second.values())))


def _both(ws: Application, flows: Mapping[Entity, Flow], name: str, tell: Tell) -> dict[Entity, Run]:
    runs = {}
    for entity in (Entity.PRODUCT, Entity.ORDER):
        tell(f"{name.capitalize()}: {entity.value}s …")
        runs[entity] = run_to_end(ws, flows[entity])
    return runs


def run_to_end(ws: Application, flow: Flow, mode: Mode = Mode.FULL, scope: Scope = Scope()) -> Run:
    """Starts a run and waits until all of it is over. Raises NeedsOperator at a brake."""
    run_id = ws.run_verbs.start(flow.id, mode, scope, by="demo")
    while not ended(ws, run := ws.runs.get(run_id)):
        time.sleep(_POLL)
    if run.status is Status.BRAKED:
        raise NeedsOperator(
            say("The safety check stopped a run of the demo: {reason}", reason=str(run.error or ""))
        )
    return run


def counts(run: Run) -> dict[str, int]:
    return {"read": run.counts.read, **{name: getattr(run.counts, name) for name in OUTCOMES}}


def balanced(run: Run) -> bool:
    return run.counts.balanced and run.status is Status.DONE


def peak_mb() -> float:
    """Peak resident memory of this program in MB: the kernel's own mark of it. What getrusage tells also
    holds the memory of the process that started it; only where there is no such mark that must do."""
    unit = 1024 * 1024 if sys.platform == "darwin" else 1024
    try:
        status = Path("/proc/self/status").read_text(encoding="ascii", errors="replace")
        return round(int(status.partition("VmHWM:")[2].split()[0]) / 1024, 1)
    except (OSError, IndexError, ValueError):
        return round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit, 1)


# -- read off the sandboxes -------------------------------------------------------------------------------


def _spent(after: Mapping[str, Wire]) -> dict[str, Any]:
    shop, erp = after["shopify"], after["sentos"]
    return {
        "shopify": {"calls": shop.calls, "points": round(shop.points, 1), "throttled": shop.throttled},
        "sentos": {"calls": erp.calls, "refused": erp.refused},
    }


def _writes(trial: Trial, platform: str, before: Wire, after: Wire) -> int:
    """Effects since then, or write calls if there were more: a write without an effect is one, too."""
    rows = trial.processes[platform].ask("GET", "/ledger", calls=1, since=before.calls)["calls"]
    sent = sum(row["kind"] == "write" and not row["operation"].startswith("bulkOperation") for row in rows)
    return max(sent, after.effects - before.effects)


def _ledger(ws: Application, runs: Mapping[Entity, Run]) -> Ledger:
    sentos, shopify = (ws.trial.processes[p].ask("GET", "/state") for p in PLATFORMS)
    fates = {entity: dict(_fates(ws, run)) for entity, run in runs.items()}
    return compare(sentos, shopify, fates[Entity.PRODUCT], fates[Entity.ORDER])


def _fates(ws: Application, run: Run) -> Iterator[tuple[str, str]]:
    after = 0
    while rows := ws.plans.items(run.id, after=after):
        yield from ((item.source_id, item.outcome) for _, item in rows)
        after = rows[-1][0]
