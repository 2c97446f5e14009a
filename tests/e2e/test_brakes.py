"""What stops a run before its first write, and how it goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from sync.errors import NeedsOperator
from sync.model.run import Mode, Run, Status
from tests.e2e.world import World


@pytest.fixture
def synced(world: World) -> World:
    world.run()
    world.shop.mark()
    return world


def held(world: World, code: str, **scope: object) -> Run:
    """The run stands at this brake, nothing is written, and what it says ends in a way on."""
    run = world.run(expect=Status.BRAKED, **scope)  # type: ignore[arg-type]
    assert [hit.code for hit in run.brakes] == [code], run.brakes
    assert world.shop.effects() == [] and run.first_write_at is None
    assert run.error is not None and run.error.english().rstrip().endswith((".", "!"))
    return run


def test_an_empty_source_stops_and_goes_on_only_when_confirmed(synced: World) -> None:
    before = synced.products()
    synced.erp.fault("empty_catalogue", None)
    run = held(synced, "source.empty")
    with pytest.raises(NeedsOperator):
        synced.start()
    with pytest.raises(NeedsOperator):
        synced.ws.run_verbs.confirm(run.id, ["stock.zeroed"], by="test")
    assert synced.confirm(run, "source.empty").status is Status.DONE
    assert {n: p["variants"] for n, p in synced.products().items()} == {
        n: p["variants"] for n, p in before.items()
    }
    assert {p.cause for p in synced.parked()} == {"source.gone"} and len(synced.parked()) == 8
    synced.erp.calm()
    assert synced.run().counts.unchanged == 8 and synced.parked() == []


@pytest.mark.parametrize("between", ["nothing", "one", "preview", "test", "cancelled"])
def test_half_a_catalogue_stops_whatever_ran_in_between(synced: World, between: str) -> None:
    """A run of one record read one record: that is no measure of the catalogue."""
    if between == "one":
        assert synced.run(skus=(synced.sources()[0]["skus"][0],)).counts.read == 1
    elif between in ("preview", "test"):
        synced.run(Mode(between), expect=None)
    for n in range(4101, 4106):
        synced.edit(n, remove=True)
    if between == "cancelled":
        run = held(synced, "source.dropped")
        synced.ws.run_verbs.cancel(run.id, by="test")
        assert synced.ws.runs.get(run.id).status is Status.CANCELLED
    run = held(synced, "source.dropped")
    assert (run.brakes[0].count, run.brakes[0].limit) == (3, 8)
    done = synced.confirm(run)
    assert (
        done.status is Status.DONE
        and len(synced.products()) == 8
        and synced.shop.effects("product.deleted") == []
    )
    assert len(synced.parked("source.gone")) == 5
    assert synced.run().counts.unchanged == 3, "what was confirmed is the new measure"


def test_zeroed_stock_stops(synced: World) -> None:
    for p in synced.sources()[:4]:
        for sku in p["skus"]:
            synced.restock(sku, 0)
            synced.restock(sku, 0, warehouse=2)
    zeroed = sum(n > 0 and synced.summed()[s] == 0 for s, n in synced.available().items())
    run = held(synced, "stock.zeroed")
    assert run.brakes[0].count == zeroed > run.brakes[0].limit
    assert synced.confirm(run).counts.updated == 4
    assert synced.available() == synced.summed()


def test_price_moves_stop_in_both_directions(synced: World) -> None:
    for number, factor in ((4101, 2.0), (4102, 0.5)):
        old = float(synced.product(number)["variants"][0]["price"])
        synced.edit(number, price=f"{old * factor:.2f}")
    run = held(synced, "price.moves")
    assert run.brakes[0].count == len(synced.product(4101)["variants"]) + len(
        synced.product(4102)["variants"]
    )
    assert synced.confirm(run).counts.updated == 2
    synced.quiet()


def test_an_unmapped_location_stops_before_stock_is_forgotten(synced: World) -> None:
    synced.ws.links.set_locations(synced.flow.link_id, {})
    sku = synced.sources()[0]["skus"][0]
    synced.restock(sku, 99)
    synced.edit(4102, title="Yine de")
    run = held(synced, "location.unmapped")
    before = synced.available()
    assert synced.confirm(run).counts.updated == 1
    assert synced.available() == before and synced.product(4102)["title"] == "Yine de"
    assert synced.run(expect=None, parts=("prices",)).status is Status.DONE, "prices do not need a location"


def test_a_wrong_currency_stops(synced: World) -> None:
    before = synced.product(4101)["variants"]
    synced.edit(4101, currency="EUR")
    run = held(synced, "currency.wrong")
    assert synced.confirm(run).status is Status.DONE
    assert [v["price"] for v in synced.product(4101)["variants"]] == [v["price"] for v in before]
    assert {p.cause for p in synced.parked()} == {"price.currency"}


def test_several_brakes_each_need_their_own_confirmation(synced: World) -> None:
    for p in synced.sources()[:4]:
        old = float(synced.product(p["id"])["variants"][0]["price"])
        synced.edit(p["id"], price=f"{old * 2:.2f}", stock=0)
        for sku in p["skus"]:
            synced.restock(sku, 0, warehouse=2)
    run = synced.run(expect=Status.BRAKED)
    assert {hit.code for hit in run.brakes} == {"stock.zeroed", "price.moves"}
    half = synced.confirm(run, "price.moves")
    assert half.status is Status.BRAKED and synced.shop.effects() == []
    assert synced.confirm(half, "stock.zeroed").counts.updated == 4


def test_a_preview_shows_its_brakes_and_writes_nothing(synced: World) -> None:
    for p in synced.sources():
        synced.edit(p["id"], stock=0)
        for sku in p["skus"]:
            synced.restock(sku, 0, warehouse=2)
    run = synced.run(Mode.PREVIEW, expect=Status.PLANNED)
    assert [hit.code for hit in run.brakes] == ["stock.zeroed"] and synced.shop.effects() == []
    applied = synced.ended(synced.ws.run_verbs.apply_plan(run.id, by="test"))
    assert applied.status is Status.BRAKED and synced.shop.effects() == [], "a plan is no way around a brake"


def test_one_product_may_change_as_much_as_it_likes(synced: World) -> None:
    """Small shops are not stopped by a single product."""
    synced.edit(4102, price="99.90", stock=0)
    assert synced.run().counts.updated == 1
    synced.settle_flow(brakes=replace(synced.settings.brakes, floor=0, price_moves_count=0))
    synced.edit(4102, price="9.90")
    synced.shop.mark()
    held(synced, "price.moves", skus=(synced.sources()[1]["skus"][0],))
