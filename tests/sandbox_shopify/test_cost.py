"""The cost formula against what real stores charged."""

from __future__ import annotations

import gzip
import json
from typing import Any

from graphql import parse

from sandbox.shopify import cost
from sandbox.shopify.plan import Operation
from sandbox.shopify.schema import admin_schema
from tests.sandbox_shopify.conftest import Desk
from tests.sandbox_shopify.replay import RECORDED


def _recorded() -> list[dict[str, Any]]:
    lines = gzip.decompress((RECORDED / "costs.jsonl.gz").read_bytes()).splitlines()
    return [json.loads(line) for line in lines]


def _priced(row: dict[str, Any]) -> int | None:
    """Our price; None for the documents that 2026-10 no longer accepts."""
    nodes = parse(row["document"]).definitions
    fragments = {node.name.value: node for node in nodes if node.kind == "fragment_definition"}
    operation = next(node for node in nodes if node.kind == "operation_definition")
    try:
        return cost.requested(
            Operation(admin_schema(), operation, fragments, row["variables"]), row["variables"]
        )
    except AssertionError:
        return None


def test_fits_what_real_stores_charged() -> None:
    rows = [(row["requested"], _priced(row)) for row in _recorded()]
    exact = sum(1 for charged, ours in rows if ours == charged)
    near = sum(1 for charged, ours in rows if ours is not None and abs(ours - charged) <= charged / 10)
    assert exact / len(rows) >= 0.90
    assert near / len(rows) >= 0.95


def test_pages_grow_with_the_logarithm() -> None:
    assert [cost.times(n) for n in (0, 1, 3, 5, 10, 20, 50, 100, 250)] == [0, 1, 2, 3, 4, 5, 7, 9, 11]


def test_productset_pays_per_item(desk: Desk) -> None:
    variants = [{"file": None, "metafields": [{}]} for _ in range(10)]
    given = {"input": {"variants": variants, "files": [{}, {}, {}], "metafields": [{}, {}]}}
    # 10 × 0.2 + 3 × 1.9 + 12 × 0.4 = 12.5, rounded up from the half.
    assert cost.items_cost("productSet", given) == 13


def test_an_answer_gives_back_what_it_did_not_use(desk: Desk) -> None:
    spent = desk("{products(first: 250) { nodes { id variants(first: 100) { nodes { id } } } } }")[
        "extensions"
    ]["cost"]
    assert spent["requestedQueryCost"] == 2 + 11 * (1 + 2 + 9)
    assert spent["actualQueryCost"] == 2
    assert spent["throttleStatus"] == {
        "maximumAvailable": 20000.0,
        "currentlyAvailable": 19998,
        "restoreRate": 1000.0,
    }


def test_too_dear_is_refused_without_running(desk: Desk) -> None:
    text = "{products(first:250){nodes{" + "".join(
        f"a{n}: variants(first: 250) {{ nodes {{ inventoryItem {{ id }} }} }} " for n in range(5)
    ) + "}}}"  # fmt: skip
    answer = desk(text)
    assert answer["errors"][0]["extensions"]["code"] == "MAX_COST_EXCEEDED"
    assert answer["errors"][0]["extensions"]["maxCost"] == 1000
    assert "data" not in answer


def test_an_empty_bucket_throttles_until_it_has_leaked_enough(make_desk: Any) -> None:
    desk = make_desk(plan="standard")
    assert desk.engine.bucket.take(1995)
    throttled = desk("{products(first: 250) { nodes { id } } }")
    assert throttled["errors"][0]["message"] == "Throttled"
    assert throttled["errors"][0]["extensions"]["code"] == "THROTTLED"
    spent = throttled["extensions"]["cost"]
    assert spent["actualQueryCost"] is None
    missing = spent["requestedQueryCost"] - spent["throttleStatus"]["currentlyAvailable"]
    desk.clock.advance(missing / spent["throttleStatus"]["restoreRate"])
    assert "errors" not in desk("{products(first: 250) { nodes { id } } }")
