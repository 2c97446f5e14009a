"""`first-sync`: a whole catalogue into an empty shop, then nothing changed, then 1,000 changed stock rows.

Seconds are the sandboxes' own (real seconds × speed), over real sockets, with the production workspace. The
bound is what Shopify's rate budget allows: (cost of all productSets + 10 points per 50 products and channel −
bucket) / restore rate.
"""

from __future__ import annotations

import argparse
import json
import os
from collections.abc import Sequence
from typing import Any

from bench.parts.bound import ROWS
from bench.parts.goals import NOTHING_WRONG, Goal, judged
from sync.application import Application
from sync.cli.demo import Wire, peak_mb, run_to_end, temporary_workspace
from sync.managers.trial import TrialPlan
from sync.model.entity import Entity
from sync.model.product import Product
from sync.model.run import Run, Scope

PROMISED = (1624, 10283)
"""Products and variants of the catalogue that the goals were set for."""
BUCKET, RESTORE = 2000.0, 100.0  # Standard plan; shopify.dev, "API limits"
MUTATION, PER_VARIANT, PER_FILE, PER_METAFIELD, PER_VARIANT_FILE = 10.0, 0.2, 1.9, 0.4, 0.6


def main(argv: Sequence[str]) -> int:
    """Prints the figures; exit status 1 if an effect was lost or doubled, the second run wrote anything, or
    what this size promises was missed."""
    args = _arguments(argv)
    plan = TrialPlan(
        products=args.products,
        orders=0,
        speed=args.speed,
        latency=args.latency,
        dirt=0.0,
        sentos=(("variants_total", str(args.variants)), ("images", str(args.images))),
        shopify=(("plan", "standard"),),
    )
    with temporary_workspace() as ws:
        figures = measure(ws, plan, args.stock_rows)
    figures = judged(figures, goals(args.products, args.variants, args.stock_rows))
    print(json.dumps(figures, indent=None if args.json else 2))
    return int(bool(figures["missed"]))


def goals(products: int, variants: int, stock_rows: int) -> list[Goal]:
    """Ratio and memory are promised of one size; the calls of any."""
    calls = -(-stock_rows // ROWS)
    found = [*NOTHING_WRONG, Goal("second_run.writes", 0), Goal("second_run.shopify_calls", 20)]
    found += [Goal("stock_run.write_calls", calls), Goal("sentos_refused", 0), Goal("throttled_share", 0.001)]
    if (products, variants) == PROMISED:
        found += [Goal("ratio", 1.15), Goal("peak_mb", 350)]
    return found


def measure(ws: Application, plan: TrialPlan, stock_rows: int) -> dict[str, Any]:
    link = ws.trial.start(plan)
    flow = next(f for f in ws.links.flows(link.id) if f.entity is Entity.PRODUCT)
    start = _cpu()
    first, wire = run_to_end(ws, flow), Wire.of(ws.trial, "shopify")
    bound, seconds = bound_seconds(ws, first), _write_seconds(first, plan.speed)
    before = wire
    run_to_end(ws, flow)
    second = Wire.of(ws.trial, "shopify")
    ws.trial.processes["sentos"].ask("POST", "/stock", {"random": stock_rows})
    run_to_end(ws, flow, scope=Scope(parts=("stock",)))
    third = Wire.of(ws.trial, "shopify")
    lost, doubled = _ledger(ws, plan.products)
    return {
        "seconds": round(seconds, 1),
        "bound_seconds": round(bound, 1),
        "ratio": round(seconds / bound, 3),
        "read_seconds": round(_read_seconds(first, plan.speed), 1),
        "calls": wire.calls,
        "points": round(wire.points),
        "throttled": third.throttled,
        "throttled_share": round(third.throttled / third.calls, 5) if third.calls else 0.0,
        "second_run": {
            "writes": second.effects - before.effects,
            "shopify_calls": second.calls - before.calls,
        },
        "stock_run": {
            "rows": stock_rows,
            "write_calls": third.writes - second.writes,
            "effects": third.effects - second.effects,
        },
        "sentos_refused": Wire.of(ws.trial, "sentos").refused,
        "lost": lost,
        "doubled": doubled,
        "peak_mb": peak_mb(),
        "cpu_seconds": round(_cpu() - start, 1),
        "speed": plan.speed,
    }


def bound_seconds(ws: Application, run: Run) -> float:
    """The least time in which a Standard shop takes this run's creates and publications."""
    points, publications = 0.0, 0
    for row in ws.plans.each_change(run.id):
        if isinstance(row.change.body, Product) and row.phase == "create":
            p = row.change.body
            points += (
                MUTATION
                + PER_VARIANT * len(p.variants)
                + PER_FILE * len(p.media or ())
                + PER_METAFIELD * len(p.metafields)
                + PER_VARIANT_FILE * sum(bool(v.media) for v in p.variants)
            )
        publications += row.phase == "publish"
    return max(0.001, (points + MUTATION * -(-publications // 50) - BUCKET) / RESTORE)


def _write_seconds(run: Run, speed: float) -> float:
    assert run.first_write_at and run.finished_at, run
    return (run.finished_at - run.first_write_at).total_seconds() * speed


def _read_seconds(run: Run, speed: float) -> float:
    assert run.first_write_at and run.started_at, run
    return (run.first_write_at - run.started_at).total_seconds() * speed


def _ledger(ws: Application, products: int) -> tuple[int, int]:
    """(lost, doubled) products by the shop's own ledger."""
    effects = ws.trial.processes["shopify"].ask("GET", "/ledger", summary=1)["effects"]
    created = int(effects.get("product.created", 0))
    return max(0, products - created), max(0, created - products)


def _cpu() -> float:
    times = os.times()
    return times.user + times.system


def _arguments(argv: Sequence[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m bench first-sync", description=__doc__)
    sizes = (("products", PROMISED[0]), ("variants", PROMISED[1]), ("images", 3), ("stock-rows", 1000))
    for name, default in sizes:
        parser.add_argument(f"--{name}", type=int, default=default)
    parser.add_argument(
        "--speed", type=float, default=6.0, help="how much faster than real time the sandboxes' clock runs"
    )
    parser.add_argument(
        "--latency", type=float, default=0.35, help="seconds of a round trip, in the sandboxes' time"
    )
    parser.add_argument("--json", action="store_true")
    return parser.parse_args(argv)
