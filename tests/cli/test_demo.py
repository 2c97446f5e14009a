"""The demo as the issue words it: one JSON object, and an exit status that means it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from sync.cli import demo as module
from sync.cli import trial
from sync.cli.demo import Demo
from sync.cli.verdict import Ledger
from tests.cli.conftest import Home

COUNTS = ["read", "created", "updated", "unchanged", "skipped", "failed", "parked"]
SHAPE: dict[str, Any] = {
    "products": COUNTS,
    "orders": COUNTS,
    "second_run": ["writes"],
    "ledger": ["lost", "doubled"],
    "shopify": ["calls", "points", "throttled"],
    "sentos": ["calls", "refused"],
    "seconds": None,
    "peak_mb": None,
}


def shape(row: dict[str, Any]) -> dict[str, Any]:
    return {key: list(value) if isinstance(value, dict) else None for key, value in row.items()}


@pytest.mark.slow
def test_products_and_orders_twice_through_fresh_sandboxes(empty: Home) -> None:
    process = empty.spawn("demo", "--products", "30", "--orders", "10", "--json")
    out, err = process.communicate(timeout=600)
    assert process.returncode == 0, (out, err)
    row = json.loads(out)
    assert out.count("\n") == 1 and shape(row) == SHAPE
    assert (row["products"]["read"], row["orders"]["read"]) == (30, 10)
    for counts in (row["products"], row["orders"]):
        assert counts["read"] == sum(counts[name] for name in COUNTS[1:])
    assert row["products"]["created"] >= 27 and row["orders"]["created"] == 10
    assert row["second_run"] == {"writes": 0} and row["ledger"] == {"lost": 0, "doubled": 0}
    assert row["shopify"]["calls"] > 30 and row["shopify"]["points"] > 100 and row["sentos"]["calls"] > 10
    assert row["sentos"]["refused"] == 0 and row["seconds"] > 0 and 20 < row["peak_mb"] < 350
    assert not empty.folder.exists(), "a demo leaves the data folder alone"


def made(ledger: Ledger = Ledger(), writes: int = 0, balanced: bool = True) -> Demo:
    counts = dict.fromkeys(COUNTS, 0)
    row = {
        "products": counts,
        "orders": counts,
        "second_run": {"writes": writes},
        "ledger": ledger.counts(),
        "shopify": {"calls": 1, "points": 1.0, "throttled": 0},
        "sentos": {"calls": 1, "refused": 0},
        "seconds": 1.0,
        "peak_mb": 1.0,
    }
    return Demo(row, ledger, balanced)


@pytest.mark.parametrize(
    ("result", "code", "told"),
    [
        (made(), 0, "Everything balances."),
        (made(Ledger(lost=("product 1 (P1): not in the shop, created",))), 1, "lost: product 1 (P1)"),
        (made(Ledger(doubled=("SKU A",))), 1, "doubled: SKU A"),
        (made(writes=3), 1, "second run: 3 writes"),
        (made(balanced=False), 1, "does NOT balance"),
    ],
)
def test_the_exit_status_means_it(
    empty: Home, monkeypatch: pytest.MonkeyPatch, result: Demo, code: int, told: str
) -> None:
    monkeypatch.setattr(trial, "demo", lambda *_, **__: result)
    said = empty.sync("demo")
    assert said.code == code and told in said.out + said.err
    as_json = empty.sync("demo", "--json")
    assert as_json.code == code and shape(as_json.json) == SHAPE


def test_write_calls_without_an_effect_count_as_writes(monkeypatch: pytest.MonkeyPatch) -> None:
    def sandbox(effects: int, *operations: tuple[str, str]) -> Any:
        summary = {
            "calls": 9,
            "writes": 0,
            "effects": {"x": effects, "hand.order.placed": 50},
            "points": 0.0,
            "throttled": 0,
            "refused": 0,
        }
        rows = [{"operation": name, "kind": kind} for name, kind in operations]

        class Process:
            def ask(self, method: str, path: str, **params: object) -> Any:
                return {"calls": rows} if params.get("calls") else summary

        class Trial:
            processes = {"shopify": Process()}

        return Trial()

    def writes(effects: int, *operations: tuple[str, str]) -> int:
        now = sandbox(effects, *operations)
        return module._writes(
            now, "shopify", module.Wire.of(sandbox(0), "shopify"), module.Wire.of(now, "shopify")
        )

    assert writes(0) == 0
    assert writes(0, ("products", "read"), ("bulkOperationRunQuery", "write")) == 0
    assert writes(0, ("productSet", "write")) == 1
    assert writes(5, ("productSet", "write")) == 5
