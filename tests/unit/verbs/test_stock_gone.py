"""Products of the target whose items are gone at the source: hidden once for each going, through the brake,
and shown again by an undo."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from storage.tables.stock import stock_hidden
from sync.application import open_application
from sync.errors import Braked
from sync.managers.views import undo as views
from sync.model.entity import Entity
from sync.model.flow import Brakes
from sync.model.run import Mode, Run, Scope
from tests.unit.verbs.test_undo_stock import HERE, PLACE, Stores, product, validated

ALL = Brakes(zeroed_percent=100, zeroed_count=10**6)
MAY = {"draft": "draft", "archive": "archived"}


class Shops(Stores):
    """Twenty products on either side, all active at the target."""

    def wish(self, gone: str, brakes: Brakes = ALL) -> None:
        flow = self.flow
        self.ws.links.save(replace(flow, stock=replace(flow.stock, gone=gone, brakes=brakes)))

    def status(self, n: int, status: str | None = None) -> str | None:
        """What the target shows; or sets it, by hand."""
        if status is not None:
            self.target.products[f"p{n}"] = replace(self.target.products[f"p{n}"], status=status)
        return self.target.products[f"p{n}"].status

    def lose(self, *numbers: int) -> None:
        for n in numbers:
            del self.source.products[f"p{n}"]

    def bring_back(self, n: int) -> None:
        self.source.products[f"p{n}"] = product(n, HERE, 5)

    def sweeps(self, count: int) -> Run:
        for _ in range(count):
            run = self.run(Mode.SWEEP)
        return run

    def statuses(self) -> list[tuple[str, object, object]]:
        """What was written to products: (product, what was there before, what it became)."""
        done = [change for change, _ in self.target.done if change.entity is Entity.PRODUCT]
        return [(c.target_id, c.before("status"), c.after("status")) for c in done]


@pytest.fixture
def shops(tmp_path: Path, database_url: str) -> Iterator[Shops]:
    ws = open_application({"COUNTERPART_HOME": str(tmp_path), "COUNTERPART_DATABASE_URL": database_url})
    try:
        made = Shops(ws, 20)
        for n in range(20):
            made.status(n, "active")
        made.run()
        validated(made)
        yield made
    finally:
        ws.close()


@pytest.mark.parametrize("gone", ["draft", "archive"])
def test_a_product_is_hidden_once_and_never_again(shops: Shops, gone: str) -> None:
    shops.wish(gone)
    shops.lose(3)
    assert not shops.sweeps(1).counts.updated and shops.status(3) == "active"
    shops.sweeps(4)
    assert shops.statuses() == [("p3", "active", MAY[gone])]


def test_who_shows_it_again_is_respected_until_it_comes_back_and_goes_again(shops: Shops) -> None:
    shops.wish("archive")
    shops.lose(3)
    shops.sweeps(2)
    shops.status(3, "active")
    shops.sweeps(3)
    assert shops.status(3) == "active" and len(shops.statuses()) == 1
    shops.bring_back(3)
    shops.run(Mode.DELTA)
    shops.lose(3)
    for _ in range(2):
        shops.run(Mode.DELTA)  # a delta reads the whole source, and leaves what is gone to the next sweep
    assert shops.status(3) == "active"
    shops.sweeps(3)
    assert shops.statuses() == [("p3", "active", "archived")] * 2


@pytest.mark.parametrize(
    ("gone", "status", "becomes"),
    [
        ("draft", "archived", "archived"),
        ("draft", "draft", "draft"),
        ("archive", "archived", "archived"),
        ("archive", "draft", "archived"),
        ("draft", "unlisted", "draft"),
    ],
)
def test_what_is_hidden_well_enough_stays_as_it_is(
    shops: Shops, gone: str, status: str, becomes: str
) -> None:
    shops.wish(gone)
    shops.status(3, status)
    shops.lose(3)
    shops.sweeps(3)
    assert shops.statuses() == ([] if status == becomes else [("p3", status, becomes)])
    shops.status(3, "active")  # by hand, after the flow had seen that it need not be hidden
    shops.sweeps(2)
    assert shops.status(3) == "active"


def test_a_refused_product_is_tried_again(shops: Shops) -> None:
    shops.wish("archive")
    shops.lose(3)
    shops.sweeps(1)
    shops.target.refuse["SKU-3"] = "no"
    refused = shops.go(shops.begin(Mode.SWEEP))
    assert refused.counts.failed
    shops.target.refuse.clear()
    shops.sweeps(2)
    assert shops.statuses() == [("p3", "active", "archived")]


def test_a_preview_remembers_nothing(shops: Shops) -> None:
    shops.wish("archive")
    shops.status(4, "archived")
    shops.lose(3, 4)
    shops.sweeps(1)
    shops.go(shops.begin(Mode.PREVIEW))
    with shops.ws.db.read() as tx:
        assert not tx.execute(stock_hidden.select()).all()


def test_of_a_plan_only_what_was_ticked_and_is_still_the_same_is_hidden(shops: Shops) -> None:
    shops.wish("archive")
    shops.lose(3, 4, 5)
    shops.sweeps(1)
    plan = shops.go(shops.begin(Mode.PREVIEW))
    rows = {r.item_id: r for r in shops.ws.stock_changes.each(plan.id) if not r.place}
    assert {r.message and r.message.english() for r in rows.values()} == {"The product: active → archived"}
    shops.ws.run_verbs.choose(plan.id, [rows["p3"].id], False)
    shops.status(4, "draft")  # another status than the one that was approved
    run = shops.go(shops.begin(Mode.FULL, Scope(plan_of=plan.id)))
    assert shops.statuses() == [("p5", "active", "archived")] and run.counts.balanced
    skipped = run.figures["skipped"]
    assert isinstance(skipped, dict) and skipped["unticked"] == skipped["plan.moved"] == 1
    assert run.figures["hidden"] == 1


# -- the brake ---------------------------------------------------------------------------------------------


def braked(shops: Shops, scope: Scope = Scope()) -> list[tuple[str, object, object]]:
    with pytest.raises(Braked) as stop:
        shops.go(shops.begin(Mode.SWEEP, scope))
    return [(hit.code, hit.count, hit.limit) for hit in stop.value.hits]


def test_too_many_products_stop_the_run(shops: Shops) -> None:
    """Items that are at 0 already would pass: nothing goes to 0."""
    for n in range(12):
        for store, place in ((shops.source, HERE), (shops.target, PLACE)):
            store.products[f"p{n}"] = replace(product(n, place, 0), status="active")
    shops.sweeps(1)
    shops.wish("archive", Brakes(source_drop_percent=100))
    shops.lose(*range(12))
    assert not shops.sweeps(1).counts.updated and not shops.statuses()
    assert braked(shops) == [("stock.hidden", 12, 10)] and not shops.statuses()


def test_the_count_is_a_brake_of_its_own(shops: Shops) -> None:
    shops.wish("draft", replace(ALL, zeroed_count=2, floor=0))
    shops.lose(1, 2, 3)
    shops.sweeps(1)
    assert ("stock.hidden", 3, 2) in braked(shops) and not shops.statuses()


# -- undo --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("was", ["active", "draft", "unlisted"])
def test_an_undo_shows_it_again_as_it_was(shops: Shops, was: str) -> None:
    shops.wish("archive")
    shops.status(3, was)
    shops.lose(3)
    run = shops.sweeps(2)
    assert shops.status(3) == "archived" and shops.shown()[3] == 0
    plan = shops.plan(run)
    assert (views.summary(shops.ws, plan).restored, views.summary(shops.ws, plan).listed) == (2, 0)
    undone = shops.apply(plan)
    assert shops.status(3) == was and shops.shown()[3] == 5
    shops.sweeps(2)
    assert shops.status(3) == was, "what was put back rests"
    shops.apply(shops.plan(undone))
    assert shops.status(3) == "archived"


def test_an_undo_leaves_what_a_person_chose_since(shops: Shops) -> None:
    shops.wish("archive")
    shops.lose(3)
    run = shops.sweeps(2)
    shops.status(3, "draft")
    plan = shops.plan(run)
    [row] = views.moved(shops.ws, plan).rows
    assert (row.before, row.wrote, row.now, row.chosen) == ("active", "archived", "draft", False)
    shops.apply(plan)
    assert shops.status(3) == "draft"


def test_an_undo_of_what_is_deleted_or_shown_already_writes_nothing(shops: Shops) -> None:
    shops.wish("archive")
    shops.lose(3, 4)
    run = shops.sweeps(2)
    del shops.target.products["p3"]
    shops.status(4, "active")
    written = len(shops.statuses())
    plan = shops.plan(run)
    assert views.summary(shops.ws, plan).back == 1
    shops.apply(plan)
    assert len(shops.statuses()) == written
