"""Preview, plan, test, parts, one record, cancel, and a second run at the same time."""

from __future__ import annotations

import pytest

from sync.errors import NeedsOperator
from sync.managers.views import items
from sync.model.run import Mode, Run, Status
from tests.e2e.world import World


@pytest.fixture
def synced(world: World) -> World:
    world.run()
    world.shop.mark()
    return world


def apply(world: World, preview: Run) -> Run:
    return world.ended(world.ws.run_verbs.apply_plan(preview.id, by="test"))


def number_of(world: World, preview: Run, source_id: int) -> int:
    """The key of a row of a plan."""
    return next(n for n, item in world.ws.plans.items(preview.id) if item.source_id == str(source_id))


def test_a_preview_writes_nothing_anywhere(world: World) -> None:
    run = world.run(Mode.PREVIEW, expect=Status.PLANNED)
    assert (run.counts.read, run.counts.created) == (8, 8)
    assert world.shop.effects() == [] and world.erp.effects() == []
    assert not [c for c in world.shop.calls() if c["kind"] == "write"]
    assert list(world.ws.bindings.all(world.flow.link_id, "product")) == [] and world.parked() == []
    assert world.run().counts.created == 8


def test_a_plan_carries_out_its_ticked_rows_only(synced: World) -> None:
    for number in (4101, 4102, 4103):
        synced.edit(number, title=f"Yeni {number}")
    preview = synced.run(Mode.PREVIEW, expect=Status.PLANNED)
    assert preview.counts.updated == 3
    synced.ws.run_verbs.choose(preview.id, [number_of(synced, preview, 4102)], False)
    run = apply(synced, preview)
    assert (run.status, run.counts.updated, run.counts.skipped, run.counts.unchanged) == (
        Status.DONE,
        2,
        1,
        5,
    )
    assert synced.item(run, 4102).cause == "unticked"
    assert [synced.product(n)["title"] == f"Yeni {n}" for n in (4101, 4102, 4103)] == [True, False, True]
    with pytest.raises(NeedsOperator, match="carried out"):
        synced.ws.run_verbs.apply_plan(preview.id, by="test")


def test_rows_that_moved_since_the_preview_are_listed_and_not_written(synced: World) -> None:
    sku = synced.product(4104)["variants"][0]["sku"]
    for number in (4101, 4102, 4103):
        synced.edit(number, title=f"Yeni {number}")
    synced.restock(sku, 88)
    preview = synced.run(Mode.PREVIEW, expect=Status.PLANNED)
    synced.edit(4101, title="Sonradan")  # the source moved
    synced.hand(synced.product(4102)["handle"], set={"title": "Elle"})  # the target moved
    synced.shop.post("/stock", {"sku": sku, "delta": -1})
    synced.edit(4105, title="Görülmemiş")  # nobody saw this one
    run = apply(synced, preview)
    assert run.status is Status.DONE, synced.why(run)
    assert [i.source_id for i in synced.items(run) if i.cause == "plan.moved"] == [
        "4101",
        "4102",
        "4104",
        "4105",
    ]
    assert synced.product(4102)["title"] == "Elle" and synced.product(4103)["title"] == "Yeni 4103"
    assert synced.product(4105)["title"] != "Görülmemiş" and synced.available()[sku] != 88
    assert synced.shop.kinds() == {"product.updated": 1}


def test_new_products_of_a_plan_are_created_as_they_were_seen(world: World) -> None:
    preview = world.run(Mode.PREVIEW, expect=Status.PLANNED)
    world.edit(4101, title="Sonradan")
    number = world.add("SONRA-1")
    run = apply(world, preview)
    assert (run.counts.created, run.counts.skipped) == (7, 2)
    assert not {"4101", str(number)} & set(world.products())
    assert all(p["publications"] == ["Online Store"] for p in world.products().values())
    assert world.run().counts.created == 2


def test_a_plan_is_void_when_the_settings_changed(synced: World) -> None:
    synced.edit(4101, title="Yeni")
    preview = synced.run(Mode.PREVIEW, expect=Status.PLANNED)
    synced.settle_flow(new_status="draft")
    with pytest.raises(NeedsOperator, match="settings were changed"):
        synced.ws.run_verbs.apply_plan(preview.id, by="test")
    assert synced.shop.effects() == []


def test_a_plan_whose_rows_are_all_unticked_is_refused(synced: World) -> None:
    synced.edit(4101, title="Yeni")
    preview = synced.run(Mode.PREVIEW, expect=Status.PLANNED)
    synced.ws.run_verbs.choose_all(preview.id, items.RowFilter(), False)
    with pytest.raises(NeedsOperator, match="ticked"):
        synced.ws.run_verbs.apply_plan(preview.id, by="test")


def test_a_plan_closes_no_open_cause_that_is_still_there(synced: World) -> None:
    synced.add("KOTU-1", sale_price="0.00", prices={})
    synced.edit(4102, title="Yeni", prices={}, sale_price="0.00")
    synced.edit(4103, title="Yeni")
    synced.run(skus=("KOTU-1",))
    synced.edit(4102, title="Daha yeni")
    preview = synced.run(Mode.PREVIEW, expect=Status.PLANNED)
    synced.ws.run_verbs.choose(preview.id, [number_of(synced, preview, 4102)], False)
    before = {(p.record_id, p.cause) for p in synced.parked()}
    apply(synced, preview)
    assert before <= {(p.record_id, p.cause) for p in synced.parked()}


def test_a_test_writes_five_with_all_that_belongs_to_them(world: World) -> None:
    run = world.run(Mode.TEST)
    assert (run.counts.read, run.counts.created, run.counts.skipped) == (8, 5, 3)
    assert len(world.products()) == 5
    assert all(
        p["publications"] == ["Online Store"] and len(p["media"]) == 2 for p in world.products().values()
    )
    skus = set(world.available())
    assert world.available() == {s: n for s, n in world.summed().items() if s in skus}
    assert {i.cause for i in world.items(run) if i.outcome == "skipped"} == {"test.limit"}
    again = world.run(Mode.TEST)
    assert (again.counts.created, again.counts.unchanged) == (3, 5)
    assert len(world.products()) == 8


def test_prices_alone(synced: World) -> None:
    old = float(synced.product(4102)["variants"][0]["price"])
    synced.edit(4102, price=f"{old + 5:.2f}", title="Yeni")
    synced.restock(synced.product(4102)["variants"][0]["sku"], 77)
    number = synced.add("YENI-1")
    run = synced.run(parts=("prices",))
    assert (run.counts.updated, run.counts.skipped, run.counts.unchanged) == (1, 1, 7)
    assert synced.shop.kinds() == {"variants.updated": 1} and str(number) not in synced.products()
    assert synced.run().counts.created == 1 and synced.product(4102)["title"] == "Yeni"
    assert synced.available() == synced.summed()


def test_stock_alone(synced: World) -> None:
    old = float(synced.product(4102)["variants"][0]["price"])
    synced.edit(4102, price=f"{old + 5:.2f}", title="Yeni")
    synced.restock(synced.product(4102)["variants"][0]["sku"], 77)
    assert synced.run(parts=("stock",)).counts.updated == 1
    assert synced.shop.kinds() == {"inventory.set": 1} and synced.available() == synced.summed()


def test_pictures_alone(synced: World) -> None:
    known = [{"id": i["id"], "url": f"/urunres/o_{i['id']}.jpg"} for i in synced.raw(4102)["images"]]
    synced.edit(4102, images=[*known, {"id": 77, "url": "/urunres/o_41031.jpg"}], title="Yeni")
    synced.restock(synced.product(4102)["variants"][0]["sku"], 77)
    assert synced.run(parts=("images",)).counts.updated == 1
    assert synced.shop.kinds()["file.created"] == 1 and not synced.shop.effects("inventory")
    assert len(synced.product(4102)["media"]) == 3 and synced.product(4102)["title"] != "Yeni"


def test_products_alone_bring_new_ones_complete(world: World) -> None:
    """A new product takes price, stock and pictures along whatever the parts."""
    run = world.run(parts=("products",))
    assert run.counts.created == 8
    assert world.available() == world.summed()
    assert all(
        len(p["media"]) == 2 and p["publications"] == ["Online Store"] for p in world.products().values()
    )
    assert all(float(v["price"]) > 0 for v in world.variants().values())
    world.quiet()
    world.shop.mark()
    world.restock(world.product(4102)["variants"][0]["sku"], 77)
    assert world.run(parts=("products",)).counts.unchanged == 8 and world.shop.effects() == []


def test_one_sku_alone(synced: World) -> None:
    for number in (4101, 4102):
        synced.edit(number, title=f"Yeni {number}")
    run = synced.run(skus=(synced.product(4102)["variants"][1]["sku"],))
    assert (run.counts.read, run.counts.updated) == (1, 1)
    assert synced.product(4102)["title"] == "Yeni 4102" and synced.product(4101)["title"] != "Yeni 4101"
    number = synced.add("TEK-1")
    assert synced.run(skus=("tek-1",)).counts.created == 1
    assert synced.product(number)["publications"] == ["Online Store"]
    assert synced.run(skus=("YOK-1",)).counts.read == 0
    assert synced.parked() == []


def test_a_cancelled_run_says_what_it_did_and_the_next_one_does_the_rest(world: World) -> None:
    world.shop.fault(
        "timeout_before", None, match={"operation": "productSet"}, after=3, params={"hold": 1500}
    )
    run_id = world.start()
    world.until(run_id, lambda run: run.stage == "apply:create" and len(world.products()) == 3)
    world.ws.run_verbs.cancel(run_id, by="test")
    world.shop.calm()
    run = world.ended(run_id)
    assert run.status is Status.CANCELLED and run.counts.balanced, world.why(run)
    there = len(world.products())
    assert run.counts.created >= 3 and run.counts.created + run.counts.skipped + run.counts.failed == 8
    done = world.run()
    assert done.counts.created == 8 - there and len(world.products()) == 8
    assert all(
        p["publications"] == ["Online Store"] and len(p["media"]) == 2 for p in world.products().values()
    )
    assert world.available() == world.summed()
    world.quiet()


def test_a_run_goes_on_after_a_restart_unasked(world: World) -> None:
    """The process ends while the run is writing; nobody starts it again."""
    world.shop.fault("throttle", 40, match={"operation": "productSet"}, after=2)
    run_id = world.start()
    world.until(run_id, lambda run: run.stage == "apply:create")
    world.restart()
    world.shop.calm()
    run = world.ended(run_id)
    assert run.status is Status.DONE and run.counts.created == 8, world.why(run)
    assert len(world.products()) == 8 and world.available() == world.summed()
    world.quiet()


def test_a_second_run_of_the_flow_is_refused_while_one_runs(world: World) -> None:
    world.shop.fault("throttle", 3, match={"operation": "productSet"})
    run_id = world.start()
    for mode in Mode.FULL, Mode.PREVIEW, Mode.TEST:
        with pytest.raises(NeedsOperator):
            world.start(mode)
    assert world.ended(run_id).status is Status.DONE
    assert world.run().counts.unchanged == 8
