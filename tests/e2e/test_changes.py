"""What changes at the source travels alone; what was changed in the shop stays; stock never oversells."""

from __future__ import annotations

import threading
import time
from dataclasses import replace

import pytest

from sync.model.flow import FieldMap
from sync.model.run import Status
from tests.e2e.world import World, sizes


@pytest.fixture
def synced(world: World) -> World:
    """Everything in the shop, the ledger marked."""
    world.settle_flow(
        mappings=(FieldMap("extra.shelf_number", "tag"), FieldMap("extra.season", "metafield:custom.season"))
    )
    world.run()
    world.shop.mark()
    return world


def test_a_price_travels_alone(synced: World) -> None:
    before = synced.product(4102)
    old = float(before["variants"][0]["price"])
    synced.edit(4102, price=f"{old + 10:.2f}")
    assert synced.run().counts.updated == 1
    assert synced.shop.kinds() == {"variants.updated": 1}
    assert [float(v["price"]) for v in synced.product(4102)["variants"]] == [old + 10] * len(
        before["variants"]
    )
    synced.quiet()


def test_a_title_travels_alone(synced: World) -> None:
    synced.edit(4102, title="Yalnız Başlık")
    assert synced.run().counts.updated == 1
    assert synced.shop.kinds() == {"product.updated": 1}
    [effect] = synced.shop.effects()
    assert effect["after"] is None or "title" in str(effect)
    assert synced.product(4102)["title"] == "Yalnız Başlık"
    synced.quiet()


def test_stock_travels_alone_and_only_the_rows_that_moved(synced: World) -> None:
    sku, other = [v["sku"] for v in synced.product(4102)["variants"]][:2]
    synced.restock(sku, 61)
    synced.restock(other, 62, warehouse=2)
    run = synced.run()
    assert run.counts.updated == 1 and synced.shop.kinds() == {"inventory.set": 2}
    assert synced.available() == synced.summed()
    assert len(synced.shop.calls("inventorySetQuantities")) == 1
    synced.quiet()


def test_tags_travel_alone_and_one_taken_off_by_hand_stays_off(synced: World) -> None:
    synced.edit(4102, shelf_number="A1")
    synced.run()
    assert synced.shop.kinds() == {"tags.changed": 1}
    synced.hand(synced.product(4102)["handle"], add_tags=["el"])
    synced.edit(4102, shelf_number="B2")
    synced.run()
    assert synced.product(4102)["tags"] == ["B2", "el"]
    synced.hand(synced.product(4102)["handle"], remove_tags=["B2"])
    synced.quiet()
    assert synced.product(4102)["tags"] == ["el"]


def test_a_new_picture_travels_alone(synced: World) -> None:
    known = [{"id": i["id"], "url": f"/urunres/o_{i['id']}.jpg"} for i in synced.raw(4102)["images"]]
    synced.edit(4102, images=[*known, {"id": 77, "url": "/urunres/o_41031.jpg"}])
    assert synced.run().counts.updated == 1
    assert set(synced.shop.kinds()) == {"file.created", "product.updated"} or synced.shop.kinds() == {
        "file.created": 1
    }
    assert [m["source"].rpartition("/")[2] for m in synced.product(4102)["media"]] == [
        "o_41020.jpg",
        "o_41021.jpg",
        "o_41031.jpg",
    ]
    synced.quiet()


def test_a_metafield_of_ours_travels_alone(synced: World) -> None:
    synced.edit(4102, season="Yaz 2027")
    synced.run()
    assert synced.shop.kinds() == {"metafield.set": 1}
    assert synced.product(4102)["metafields"]["custom.season"] == "Yaz 2027"
    synced.quiet()


def test_a_new_variant_arrives_with_price_stock_and_options(synced: World) -> None:
    variants = synced.raw(4102)["variants"]
    new = {
        **variants[0],
        "id": 999,
        "sku": "YENI-V",
        "barcode": "",
        "model": {"name": "Beden", "value": "5XL"},
        "stocks": [{"warehouse": 1, "stock": 4}, {"warehouse": 2, "stock": 5}],
    }
    synced.edit(4102, variants=[*variants, new])
    assert synced.run().counts.updated == 1
    made = synced.variants()["YENI-V"]
    assert made["options"]["Beden"] == "5XL" and made["price"] == synced.product(4102)["variants"][0]["price"]
    assert synced.available() == synced.summed()
    assert set(synced.shop.kinds()) <= {"variants.created", "metafield.set"}
    synced.quiet()


def test_a_changed_sku_keeps_its_variant(synced: World) -> None:
    variants = synced.raw(4102)["variants"]
    before = synced.product(4102)["variants"]
    synced.edit(4102, variants=[{**variants[0], "sku": "BASKA-SKU"}, *variants[1:]])
    synced.run()
    after = synced.product(4102)["variants"]
    assert [v["id"] for v in after] == [v["id"] for v in before] and after[0]["sku"] == "BASKA-SKU"
    assert "BASKA-SKU" in synced.product(4102)["metafields"]["sync.variants"]
    synced.quiet()


def test_what_the_shop_changed_stays_until_the_source_moves(synced: World) -> None:
    synced.quiet()
    handle = synced.product(4102)["handle"]
    synced.hand(handle, set={"title": "Dükkânın adı"})
    run = synced.run()
    assert run.counts.unchanged == 8 and "title" in str(synced.item(run, 4102).message)
    assert synced.product(4102)["title"] == "Dükkânın adı"
    synced.edit(4102, title="Kaynağın adı")
    synced.run()
    assert synced.product(4102)["title"] == "Kaynağın adı"
    synced.settle_flow(drift="restore")
    synced.quiet()
    synced.hand(handle, set={"title": "Dükkânın adı"})
    synced.run()
    assert synced.product(4102)["title"] == "Kaynağın adı"


def test_html_that_the_shop_writes_its_own_way_is_not_written_for_ever(synced: World) -> None:
    synced.edit(4102, description_detail="<p>Bir<br/>iki &nbsp; <b>üç</b></p>\r\n<script>x()</script>")
    synced.run()
    synced.hand(synced.product(4102)["handle"], set={"descriptionHtml": "<p>Bir<br>iki</p>"})
    synced.quiet()


# -- stock --


def test_an_item_that_is_not_stocked_is_activated_first(synced: World) -> None:
    """The mapped location moves to the second one, where nothing is stocked yet."""
    state = synced.shop.state()
    first, second = (place["id"] for place in state["locations"])
    link = synced.ws.links.get(synced.flow.link_id)
    synced.ws.links.set_locations(link.id, {second: link.locations[first]})
    run = synced.run()
    assert run.counts.updated == 8
    kinds = synced.shop.kinds()
    stocked = [v["levels"][second] for v in synced.variants().values()]
    assert all(level["active"] for level in stocked) and len(stocked) == kinds["inventory.activated"]
    sums = synced.summed()
    assert {s: v["levels"][second]["available"] for s, v in synced.variants().items()} == sums
    assert {s: v["levels"][first]["available"] for s, v in synced.variants().items()} == sums, (
        "what is not mapped any more is left alone"
    )
    synced.quiet()


@pytest.mark.parametrize("answer", ["all_named", "first_named"])
@pytest.mark.parametrize("sold", [1, 3])
def test_a_sale_between_read_and_write_is_never_oversold(synced: World, sold: int, answer: str) -> None:
    """The shop sells while the run stands between reading and writing: what was sold is taken off."""
    synced.shop.post("/settings", {"stale_answer": answer})
    skus = [v["sku"] for v in synced.product(4101)["variants"]]
    before = synced.available()
    for sku in skus:
        synced.restock(sku, before[sku] + 10, warehouse=1)
        synced.restock(sku, 0, warehouse=2)
    synced.shop.fault("throttle", 1, match={"operation": "inventorySetQuantities"})
    # The run reads, then waits at the brake until the sale is through.
    synced.settle_flow(brakes=replace(synced.settings.brakes, zeroed_count=0, zeroed_percent=0, floor=0))
    zero = synced.product(4102)["variants"][0]["sku"]
    synced.restock(zero, 0)
    synced.restock(zero, 0, warehouse=2)
    braked = synced.run(expect=Status.BRAKED)
    assert synced.shop.effects() == []
    for sku in skus[:4]:
        synced.shop.post("/stock", {"sku": sku, "delta": -sold})
    run = synced.confirm(braked)
    assert run.status is Status.DONE, synced.why(run)
    shown = synced.available()
    assert {s: shown[s] for s in skus} == {s: before[s] + 10 - (sold if s in skus[:4] else 0) for s in skus}
    assert shown[zero] == 0
    assert len(synced.shop.calls("inventorySetQuantities")) <= 8, "one row a call"


def test_a_sale_before_the_run_is_not_given_back(synced: World) -> None:
    sku = synced.product(4102)["variants"][0]["sku"]
    before = synced.available()[sku]
    synced.shop.post("/stock", {"sku": sku, "available": before - 1})
    run = synced.run()
    assert synced.available()[sku] == before - 1 and run.counts.unchanged == 8
    synced.restock(sku, before - 1, warehouse=1)
    synced.restock(sku, 0, warehouse=2)
    synced.shop.mark()
    synced.run()
    assert synced.available()[sku] == before - 1 and synced.shop.effects() == []


def test_hundreds_of_stock_rows_take_few_calls(synced: World) -> None:
    numbers = [synced.erp.post("/products", {"like": 4101, "variants": 90})["id"] for _ in range(7)]
    synced.run()
    skus = [v["sku"] for n in numbers for v in synced.product(n)["variants"]]
    assert len(skus) == 630
    synced.shop.mark()
    before = len(synced.shop.calls("inventorySetQuantities"))
    synced.erp.post("/stock", {"changes": [{"sku": s, "stock": 9} for s in skus]})
    assert synced.run().counts.updated == 7
    assert len(synced.shop.calls("inventorySetQuantities")) - before == 3
    assert synced.shop.kinds() == {"inventory.set": 630}
    assert synced.available() == synced.summed()


def test_one_refused_row_never_costs_the_others(synced: World) -> None:
    skus = [v["sku"] for v in synced.product(4101)["variants"]]
    for n, sku in enumerate(skus):
        synced.restock(sku, 70 + n)
    synced.restock(skus[3], 2_000_000_000)
    run = synced.run(expect=Status.RED)
    assert (run.counts.failed, run.counts.unchanged) == (1, 7)
    want, shown = synced.summed(), synced.available()
    assert {s for s in want if want[s] != shown[s]} == {skus[3]}
    [parked] = synced.parked()
    assert parked.label == skus[3] and parked.entity == "stock" and parked.message.english()
    synced.restock(skus[3], 5)
    synced.run()
    assert synced.available() == synced.summed()
    assert synced.parked() == [], "what was mended is still open"


def test_rows_that_are_refused_without_a_name_cost_only_the_bad_one(synced: World) -> None:
    """A call of many rows is refused by the fault that names one row: the others go again without it."""
    skus = [v["sku"] for v in synced.product(4101)["variants"]]
    for sku in skus:
        synced.restock(sku, 70)
    synced.shop.fault("partial_user_errors", 1, match={"operation": "inventorySetQuantities"})
    synced.run(expect=Status.RED)
    want, shown = synced.summed(), synced.available()
    assert len({s for s in want if want[s] != shown[s]}) == 1
    synced.run()
    assert synced.available() == synced.summed() and synced.parked() == []


def test_one_refused_price_never_costs_the_others(synced: World) -> None:
    numbers = synced.raw(4101)["variants"]
    synced.edit(
        4101, variants=[{**v, "barcode": "x" * 300 if n == 2 else f"YB-{n}"} for n, v in enumerate(numbers)]
    )
    synced.run(expect=None)
    codes = [v["barcode"] for v in synced.product(4101)["variants"]]
    assert [c for n, c in enumerate(codes) if n != 2] == [f"YB-{n}" for n in range(len(codes)) if n != 2]


def test_two_locations_take_their_own_warehouses(world: World) -> None:
    first, second = (place["id"] for place in world.shop.state()["locations"])
    world.ws.links.set_locations(world.flow.link_id, {first: ("1",), second: ("2",)})
    world.run()
    stock = world.erp.state()["stock"]
    for sku, v in world.variants().items():
        assert (v["levels"][first]["available"], v["levels"][second]["available"]) == (
            stock[sku]["1"],
            stock[sku]["2"],
        )
    world.quiet()


def test_stock_that_moves_while_a_run_writes_arrives_with_the_next(synced: World) -> None:
    skus = [v["sku"] for v in synced.product(4101)["variants"]]
    for sku in skus:
        synced.restock(sku, 44)
    run_id = synced.start()
    thread = threading.Thread(target=lambda: [synced.restock(s, 45) for s in skus])
    thread.start()
    synced.ended(run_id)
    thread.join()
    time.sleep(0.05)
    synced.run()
    assert synced.available() == synced.summed()


def test_a_variant_with_pictures_of_its_own_shows_them(world: World) -> None:
    pictures = [{"id": n, "url": f"/urunres/o_{n}.jpg"} for n in (41010, 41020)]
    variants = sizes("RES-1", "RES-2")
    for variant, picture in zip(variants, pictures, strict=True):
        variant["images"] = [picture]
    number = world.add("RES", stocks=[], images=pictures[:1], variants=variants)
    world.run()
    product = world.product(number)
    by_id = {m["id"]: m["source"].rpartition("/")[2] for m in product["media"]}
    assert sorted(by_id.values()) == ["o_41010.jpg", "o_41020.jpg"]
    assert [[by_id[m] for m in v["media"]] for v in product["variants"]] == [["o_41010.jpg"], ["o_41020.jpg"]]
    world.quiet()
