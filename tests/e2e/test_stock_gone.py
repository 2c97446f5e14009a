"""What becomes of a shop's products whose items are gone at the source, judged by the shop's own ledger."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.managers.verbs.undo import UndoVerbs
from sync.model.flow import StockSettings
from sync.model.run import Mode
from tests.e2e.stores import Raw, Store, Stores, own_stores


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stores]:
    """Two stores of forty SKUs, four of them a product."""
    forty = {"stock_skus": 40}
    with own_stores(tmp_path / "home", source=forty, target=forty) as made:
        yield made


def by_hand(target: Store, sku: str, status: str) -> None:
    target.post(f"/products/{sku}", {"set": {"status": status.upper()}})


def status(target: Store, sku: str) -> str:
    """What the shop shows; no edit at all answers with it."""
    shown: Raw = target.post(f"/products/{sku}", {})
    return str(shown["status"])


def hidden(target: Store) -> int:
    """How often clients of the API have written to a product since the last mark."""
    return len(target.effects("product.updated"))


def test_a_product_is_archived_once_and_a_person_who_shows_it_again_is_respected(own: Stores) -> None:
    [flow] = own.link(settings=StockSettings(gone="archive"))
    own.run(flow)
    target = own.stores["target"]
    skus = sorted(target.levels())
    by_hand(target, skus[4], "archived")  # a product of its own, archived long ago
    own.source.post("/products/remove", {"product_skus": [skus[0], skus[4]]})
    own.run(flow, Mode.SWEEP)
    target.mark()
    run = own.run(flow, Mode.SWEEP)
    assert hidden(target) == 1 and status(target, skus[0]) == "ARCHIVED", own.why(run)
    [row] = [r for r in own.rows(run) if not r.place]
    assert (row.status, row.reason, row.state) == ("active", "archive", "applied")
    for _ in range(2):
        own.quiet(flow, target)
    by_hand(target, skus[0], "active")
    for _ in range(2):
        own.quiet(flow, target)
    flow = own.settle(flow, gone="draft")
    own.quiet(flow, target)
    assert status(target, skus[0]) == "ACTIVE" and status(target, skus[4]) == "ARCHIVED"


def test_an_undo_gives_the_product_the_status_that_it_had(own: Stores) -> None:
    [flow] = own.link(settings=StockSettings(gone="archive"))
    own.run(flow)
    target = own.stores["target"]
    before, first = target.levels(), sorted(target.levels())[0]
    by_hand(target, first, "draft")
    own.source.post("/products/remove", {"product_skus": [first]})
    own.run(flow, Mode.SWEEP)
    run = own.run(flow, Mode.SWEEP)
    assert status(target, first) == "ARCHIVED"
    target.mark()
    plan = own.ended(UndoVerbs(own.ws).propose(run.id, by="test"))
    undone = own.ended(own.ws.run_verbs.apply_plan(plan.id, by="test"))
    assert hidden(target) == 1 and target.levels() == before, own.why(undone)
    assert status(target, first) == "DRAFT"
    assert undone.counts.balanced and not undone.counts.failed
