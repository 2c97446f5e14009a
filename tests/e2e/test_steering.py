"""What the console adds to a run, on both sandboxes: filters of one run, candidates as they were seen, single
retries.
"""

from __future__ import annotations

from sync.managers.views import attention
from sync.model.flow import ProductFilter
from sync.model.run import Mode
from tests.e2e.world import World, handmade


def test_a_filtered_run_writes_only_what_matches_and_closes_nothing_else(world: World) -> None:
    world.shop.post("/products", handmade("AD-1", title="Aynı Ad"))
    world.add("BASKA-1", name="Aynı Ad")
    wanted = world.add("KTN-1", name="Keten Elbise")
    world.run()
    assert len(world.parked("match.proposed")) == 1
    world.edit(wanted, name="Keten Elbise Uzun")
    other = world.sources()[0]["id"]
    world.edit(other, name="Bunu yazma")
    run = world.run(filters=ProductFilter(title_contains="keten"))
    assert (run.counts.updated, run.counts.skipped) == (1, run.counts.read - 1)
    assert world.item(run, other).cause == "filter" and world.product(wanted)["title"] == "Keten Elbise Uzun"
    assert len(world.parked("match.proposed")) == 1


def test_a_plan_made_with_a_filter_is_applied_with_it(world: World) -> None:
    wanted = world.add("KTN-1", name="Keten Elbise")
    plan = world.run(Mode.PREVIEW, expect=None, filters=ProductFilter(title_contains="keten"))
    run = world.ended(world.ws.run_verbs.apply_plan(plan.id, "test"))
    assert run.counts.created == 1 and list(world.products()) == [str(wanted)]


def test_both_sides_of_a_question_are_kept_with_it(world: World) -> None:
    made = world.shop.post("/products", handmade("AD-1", title="Aynı Ad"))
    number = world.add("BASKA-1", name="Aynı Ad")
    world.run()
    [parked] = world.parked("match.proposed")
    found = attention.dossier(world.ws, parked)
    assert (found.source.id, found.source.title, found.source.skus) == (str(number), "Aynı Ad", ("BASKA-1",))
    [target] = found.targets
    assert (target.id, target.title, target.skus, target.facts["price"]) == (
        made["id"],
        "Aynı Ad",
        ("AD-1",),
        "50.00 TRY",
    )


def test_trying_one_again_closes_it_once_it_is_mended(world: World) -> None:
    prices = {"sale_price": "0", "prices": {"shopify": {"list_price": "0", "sale_price": "0"}}}
    mended, still = world.add("SFR-1", **prices), world.add("SFR-2", **prices)
    world.run()
    world.edit(mended, sale_price="99.90", prices={"shopify": {"list_price": "99.90", "sale_price": "99.90"}})
    done = world.decide.retry([p.id for p in world.parked()], "ayse")
    world.ended(done.run_ids[0])
    assert {attention.record_of(world.ws, p) for p in world.parked()} == {str(still)}
    assert {p.closed_by for p in world.parked(closed=True)} == {"sync"}
    assert str(mended) in world.products()
