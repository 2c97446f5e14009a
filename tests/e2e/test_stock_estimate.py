"""What is said before stock is written, held against what the store then charged for it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sync.managers.views import estimate, stock
from sync.model.flow import StockSettings
from sync.model.run import Mode, Run, Status
from tests.e2e.stores import Stores, own_stores

ROWS = 400


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stores]:
    """Four hundred SKUs, of which the target does not stock half at its second place."""
    made_of = {"stock_skus": ROWS}
    with own_stores(tmp_path / "home", source=made_of, target={**made_of, "stock_unstocked": 0.5}) as made:
        yield made


def written(run: Run, read: Run) -> tuple[float, float]:
    """(calls, points) of a run beyond those of one that only read the same."""
    return (run.spent["calls"] - read.spent["calls"], run.spent["points"] - read.spent["points"])


def test_a_plan_that_stocks_half_its_rows_costs_what_its_estimate_says(own: Stores) -> None:
    """Rows to be stocked travel by 25 and cost 10 points each; a call of 250 quantities costs 10 in all."""
    second = own.stores["target"].places()[1]
    [flow] = own.link("target", target={second: (own.source.places()[0],)})
    own.run(flow, Mode.PREVIEW, expect=Status.PLANNED)  # the first reading of a store costs more than others
    preview = own.run(flow, Mode.PREVIEW, expect=Status.PLANNED)
    target = own.ws.connections.get(own.stores["target"].id)
    phases = [row.phase for row in own.rows(preview)]
    assert phases.count("activate") > 100 and phases.count("stock") > phases.count("activate")
    told = estimate.of_plan(own.ws, target, preview.id)
    card = estimate.before(own.ws, stock.card(own.ws, flow.id))
    most = estimate.at_most(own.ws, stock.card(own.ws, flow.id))
    run = own.ended(own.ws.run_verbs.apply_plan(preview.id, "test"))
    assert run.status is Status.DONE, own.why(run)
    calls, points = written(run, preview)
    assert told is not None and told.points == pytest.approx(points, rel=0.05), (told, calls, points)
    assert told.calls == pytest.approx(calls, rel=0.25), (told, calls, points)
    assert card is not None and (card.by, card.estimate.points) == ("plan", told.points)
    assert most is not None and most.by == "most" and most.rows == ROWS
    assert points * 0.95 <= most.estimate.points, "at most is not less than what it came to"
    left = estimate.of_run(own.ws, target, run.id)
    assert left is None, "nothing is left to be written"


def test_products_that_are_hidden_go_one_by_one(own: Stores) -> None:
    """`gone`: a product is hidden by a call of its own, not by a 250th of one."""
    [flow] = own.link("target", settings=StockSettings(gone="archive"))
    target = own.ws.connections.get(own.stores["target"].id)
    found = estimate.of_rows(own.ws, target, {"stock": 250, "hide": 7, "gone": 3})
    assert found is not None and (found.calls, found.points) == (9, 90)
