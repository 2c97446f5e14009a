"""A run is taken back: what the shop still shows as the run wrote it, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest

from sync.errors import NeedsOperator
from sync.managers.verbs.undo import UndoVerbs
from sync.managers.views import items as item_views
from sync.managers.views import undo as views
from sync.model.flow import FieldMap
from sync.model.run import Mode, Run, Status
from tests.e2e.world import World

Shown = Mapping[str, Any]


@pytest.fixture
def synced(world: World) -> World:
    """Everything in the shop as in the ERP, the ledger marked."""
    world.settle_flow(
        mappings=(FieldMap("extra.shelf_number", "tag"), FieldMap("extra.season", "metafield:custom.season"))
    )
    world.edit(4102, season="Yaz 2026", shelf_number="A1")
    world.run()
    world.shop.mark()
    return world


def propose(world: World, run: Run) -> Run:
    """The plan of a run's undo."""
    plan = world.ended(UndoVerbs(world.ws).propose(run.id, by="test"))
    assert plan.status is Status.PLANNED and plan.mode is Mode.PREVIEW, world.why(plan)
    return plan


def carry_out(world: World, plan: Run, expect: Status = Status.DONE) -> Run:
    run = world.ended(world.ws.run_verbs.apply_plan(plan.id, by="test"))
    assert run.status is expect and run.mode is Mode.UNDO, world.why(run)
    assert run.counts.balanced
    return run


def undo(world: World, run: Run) -> Run:
    return carry_out(world, propose(world, run))


def face(product: Shown) -> dict[str, Any]:
    """What a customer sees of a product, and what undo must bring back."""
    return {
        "title": product["title"],
        "tags": sorted(product["tags"]),
        "season": product["metafields"].get("custom.season"),
        "prices": [v["price"] for v in product["variants"]],
        "stock": [{p: level["available"] for p, level in v["levels"].items()} for v in product["variants"]],
    }


def change_all(world: World) -> Run:
    """The ERP changes title, price, tag, metafield and stock of one product; a run carries it over."""
    price = float(world.product(4102)["variants"][0]["price"])
    world.edit(4102, title="Yanlış Başlık", price=f"{price + 7:.2f}", shelf_number="B2", season="Kış 2027")
    for v in world.product(4102)["variants"]:
        world.restock(v["sku"], 61)
    run = world.run()
    assert run.counts.updated == 1
    return run


def test_prices_titles_tags_metafields_and_stock_go_back_and_rest(synced: World) -> None:
    before = face(synced.product(4102))
    run = change_all(synced)
    after = face(synced.product(4102))
    assert all(after[name] != before[name] for name in before)
    synced.shop.mark()
    plan = propose(synced, run)
    assert synced.shop.effects() == [], "a plan writes nothing"
    assert plan.counts.updated == plan.counts.read == 1
    undone = carry_out(synced, plan)
    assert face(synced.product(4102)) == before
    assert undone.scope.undo_of == run.id and undone.scope.plan_of == plan.id
    assert undone.counts.updated == 1
    synced.quiet()
    synced.edit(4102, title="Doğru Başlık")
    synced.restock(synced.product(4102)["variants"][0]["sku"], 62)
    synced.run()
    again = face(synced.product(4102))
    assert again["title"] == "Doğru Başlık" and again["prices"] == before["prices"]
    assert again["stock"][1:] == before["stock"][1:] and again["stock"][0] != before["stock"][0]


def test_an_undo_can_be_undone(synced: World) -> None:
    before = face(synced.product(4102))
    run = change_all(synced)
    after = face(synced.product(4102))
    undone = undo(synced, run)
    assert face(synced.product(4102)) == before
    again = undo(synced, undone)
    assert face(synced.product(4102)) == after
    assert views.undone_by(synced.ws, run) == undone and views.undone_by(synced.ws, undone) == again
    synced.quiet()


# -- another hand was there since ----------------------------------------------------------------------------


def tick(world: World, plan: Run, cause: str) -> int:
    return world.ws.run_verbs.choose_all(plan.id, item_views.RowFilter(cause=cause), True)


def test_what_moved_since_is_left_and_listed_with_both_values(synced: World) -> None:
    before = face(synced.product(4102))
    run = change_all(synced)
    variants = synced.product(4102)["variants"]
    synced.hand(synced.product(4102)["handle"], set={"title": "Elden Başlık"}, add_tags=["el"])
    synced.shop.post("/stock", {"sku": variants[0]["sku"], "available": 59})
    plan = propose(synced, run)
    figures = views.summary(synced.ws, plan)
    assert (figures.restored, figures.moved, figures.offered, figures.ticked) == (1, 1, 1, 1)
    title, stock = views.moved(synced.ws, plan).rows
    assert (title.before, title.wrote, title.now) == (before["title"], "Yanlış Başlık", "Elden Başlık")
    assert title.field.english() == "Title" and title.offered is None
    was = next(iter(before["stock"][0].values()))
    assert (stock.before, stock.wrote, stock.now, stock.offered) == (str(was), "61", "59", was - 61)
    assert stock.sku == variants[0]["sku"] and not stock.chosen
    synced.shop.mark()
    carry_out(synced, plan)
    shown = face(synced.product(4102))
    assert shown["title"] == "Elden Başlık" and shown["tags"] == sorted([*before["tags"], "el"])
    assert shown["prices"] == before["prices"] and shown["stock"][1:] == before["stock"][1:]
    assert list(shown["stock"][0].values())[0] == 59, "what moved since is not written unasked"
    synced.quiet()


def test_a_difference_that_was_ticked_is_taken_back_from_what_is_there_now(synced: World) -> None:
    sku = synced.product(4102)["variants"][0]["sku"]
    had = synced.available()[sku]
    synced.restock(sku, had + 20, warehouse=1)
    synced.restock(sku, 0, warehouse=2)
    run = synced.run()
    synced.shop.post("/stock", {"sku": sku, "delta": -3})
    plan = propose(synced, run)
    with pytest.raises(NeedsOperator, match="No row"):
        synced.ws.run_verbs.apply_plan(plan.id)
    assert tick(synced, plan, "undo.offered") == 1
    synced.shop.mark()
    done = carry_out(synced, plan)
    assert synced.available()[sku] == had - 3
    [effect] = synced.shop.effects("inventory")
    assert done.counts.updated == 1 and views.summary(synced.ws, done).offered == 1
    synced.quiet()


def test_a_difference_never_goes_below_zero(synced: World) -> None:
    sku = synced.product(4102)["variants"][0]["sku"]
    synced.restock(sku, 50)
    synced.restock(sku, 0, warehouse=2)
    run = synced.run()
    synced.shop.post("/stock", {"sku": sku, "available": 1})
    plan = propose(synced, run)
    tick(synced, plan, "undo.offered")
    carry_out(synced, plan)
    assert synced.available()[sku] == 0


def test_what_moves_between_plan_and_write_is_not_written(synced: World) -> None:
    """The title moves after the plan was looked at, the stock after the undo has read: by compare-and-set."""
    run = change_all(synced)
    plan = propose(synced, run)
    synced.hand(synced.product(4102)["handle"], set={"title": "Sonradan"})
    synced.settle_flow(brakes=replace(synced.settings.brakes, price_moves_count=0, price_move_percent=0))
    with pytest.raises(NeedsOperator, match="settings were changed"):
        synced.ws.run_verbs.apply_plan(plan.id)
    plan = propose(synced, run)
    assert [hit.code for hit in plan.brakes] == ["price.moves"]
    synced.hand(synced.product(4102)["handle"], set={"title": "Daha sonra"})
    braked = synced.ended(synced.ws.run_verbs.apply_plan(plan.id, by="test"))
    assert braked.status is Status.BRAKED
    sku = synced.product(4102)["variants"][0]["sku"]
    synced.shop.post("/stock", {"sku": sku, "available": 40})
    synced.shop.mark()
    synced.confirm(braked)
    assert synced.product(4102)["title"] == "Daha sonra" and synced.available()[sku] == 40
    done = synced.ws.runs.get(braked.id)
    rows = views.moved(synced.ws, done).rows
    assert [(row.field.english(), row.wrote, row.now) for row in rows] == [
        ("Title", "Yanlış Başlık", "Daha sonra"),
        ("Stock", "61", "40"),
    ]
    assert done.counts.balanced and done.status is Status.DONE


def test_a_newer_run_that_changed_the_same_is_not_overwritten(synced: World) -> None:
    first = change_all(synced)
    synced.edit(4102, title="Daha Yeni")
    synced.run()
    undo(synced, first)
    shown = face(synced.product(4102))
    assert shown["title"] == "Daha Yeni" and shown["season"] == "Yaz 2026"


def test_a_product_that_is_gone_there_is_listed(synced: World) -> None:
    run = change_all(synced)
    synced.edit(4101, title="Öteki")
    other = synced.run()
    synced.hand(synced.product(4102)["handle"], delete=True)
    plan = propose(synced, run)
    assert [i.cause for i in synced.items(plan)] == ["undo.gone"]
    undo(synced, other)
    assert synced.product(4101)["title"] != "Öteki"


# -- what a run created --------------------------------------------------------------------------------------


def test_created_products_become_drafts_only_once_ticked(world: World) -> None:
    world.settle_flow(new_status="active")
    run = world.run()
    assert run.counts.created == 8
    plan = propose(world, run)
    figures = views.summary(world.ws, plan)
    assert (figures.created, figures.ticked, figures.restored) == (8, 0, 0)
    one = next(
        n for n, i in world.ws.plans.items(plan.id) if i.cause == "undo.created" and i.source_id == "4102"
    )
    world.ws.run_verbs.choose(plan.id, [one], True)
    world.shop.mark()
    done = carry_out(world, plan)
    assert {n: p["status"] for n, p in world.products().items() if p["status"] != "ACTIVE"} == {
        "4102": "DRAFT"
    }
    assert done.counts.updated == 1 and world.shop.kinds() == {"product.updated": 1}
    world.quiet()
    undo(world, done)
    assert world.product(4102)["status"] == "ACTIVE"


def test_what_was_created_as_a_draft_is_left_as_it_is(world: World) -> None:
    world.settle_flow(new_status="draft")
    plan = propose(world, world.run())
    assert plan.counts.unchanged == 8 and views.summary(world.ws, plan).back == 8
    world.hand(world.product(4102)["handle"], set={"status": "ACTIVE"})
    assert views.summary(world.ws, propose(world, world.ws.runs.get(plan.scope.undo_of))).created == 1


def test_added_variants_pictures_and_publications_are_listed_with_what_to_do(synced: World) -> None:
    variants = synced.raw(4102)["variants"]
    new = {
        **variants[0],
        "id": 999,
        "sku": "YENI-V",
        "barcode": "",
        "model": {"name": "Beden", "value": "5XL"},
    }
    known = [{"id": i["id"], "url": f"/urunres/o_{i['id']}.jpg"} for i in synced.raw(4102)["images"]]
    synced.edit(4102, variants=[*variants, new], images=[*known, {"id": 77, "url": "/urunres/o_41031.jpg"}])
    run = synced.run()
    plan = propose(synced, run)
    rows = views.listed(synced.ws, plan).rows
    assert sorted(row.entity.value for row in rows) == ["media", "variant"]
    assert all("by hand" in row.why.english() for row in rows)
    assert "YENI-V" in synced.variants()


# -- refused -------------------------------------------------------------------------------------------------


def test_runs_that_cannot_be_undone_say_why(synced: World) -> None:
    verbs = UndoVerbs(synced.ws)
    preview = synced.run(Mode.PREVIEW, expect=Status.PLANNED)
    assert "preview" in str(views.refused(synced.ws, preview.id)).casefold()
    quiet = synced.run()
    assert "wrote nothing" in str(views.refused(synced.ws, quiet.id))
    for run in (preview, quiet):
        with pytest.raises(NeedsOperator):
            verbs.propose(run.id)
    with pytest.raises(NeedsOperator, match="no run"):
        verbs.propose("nothing")


def test_a_run_that_is_under_way_cannot_be_undone(synced: World) -> None:
    synced.settle_flow(brakes=replace(synced.settings.brakes, price_moves_count=0))
    synced.edit(4102, price="999.00")
    held = synced.run(expect=Status.BRAKED)
    assert "under way" in str(views.refused(synced.ws, held.id))
    synced.ws.run_verbs.abandon(held.id)
    assert "wrote nothing" in str(views.refused(synced.ws, held.id))


def test_a_flow_that_was_switched_off_for_what_it_did_can_still_be_undone(synced: World) -> None:
    before = face(synced.product(4102))
    run = change_all(synced)
    synced.ws.links.save(replace(synced.flow, enabled=False))
    with pytest.raises(NeedsOperator, match="switched off"):
        synced.start()
    undo(synced, run)
    assert face(synced.product(4102)) == before


def test_an_undo_survives_a_lost_answer_and_a_restart(synced: World) -> None:
    before = face(synced.product(4102))
    run = change_all(synced)
    plan = propose(synced, run)
    synced.shop.fault("timeout_after", 2, params={"hold": 10}, match={"operation": "productUpdate"})
    synced.shop.fault("timeout_after", 1, params={"hold": 10}, match={"operation": "inventorySetQuantities"})
    synced.restart()
    carry_out(synced, plan)
    assert synced.shop.hits() >= 2
    assert face(synced.product(4102)) == before
    synced.shop.calm()
    synced.quiet()
