"""The eight single faults that broke the best existing script for this job, each over real HTTP."""

from __future__ import annotations

from sync.model.run import Status
from tests.e2e.world import World, sizes


def test_a_price_with_thousands_point_and_decimal_comma(world: World) -> None:
    """1.299,90 became 0.00."""
    world.edit(4101, price={"raw": "1.299,90"})
    number = world.add("TEK-1", sale_price={"raw": "2.050,00"}, prices={})
    world.run()
    assert {v["price"] for v in world.product(4101)["variants"]} == {"1299.90"}
    assert [v["price"] for v in world.product(number)["variants"]] == ["2050.00"]
    assert all(float(v["price"]) > 0 for v in world.variants().values())
    world.edit(4102, price={"raw": "11.299,90"})
    world.run()
    assert {v["price"] for v in world.product(4102)["variants"]} == {"11299.90"}


def test_new_products_have_the_stock_of_all_their_warehouses(world: World) -> None:
    """Stock of new products was never set."""
    minus = world.add("EKSI-1", stocks=[{"warehouse": 1, "stock": -4}, {"warehouse": 2, "stock": 1}])
    both = world.add("IKI-1", stocks=[{"warehouse": 1, "stock": 4}, {"warehouse": 2, "stock": "7"}])
    world.run()
    assert world.available() == world.summed()
    assert [world.available()[s] for s in ("EKSI-1", "IKI-1")] == [0, 11]
    assert all(v["item"]["tracked"] for n in (minus, both) for v in world.product(n)["variants"])


def test_nothing_changed_writes_nothing(world: World) -> None:
    """All was written again."""
    first = world.run()
    assert (first.counts.read, first.counts.created) == (8, 8)
    for _ in range(2):
        world.shop.mark()
        writes = len([c for c in world.shop.calls() if c["kind"] == "write"])
        run = world.run()
        assert (run.counts.read, run.counts.unchanged) == (8, 8)
        assert world.shop.effects() == []
        assert len([c for c in world.shop.calls() if c["kind"] == "write"]) == writes


def test_throttled_reading_of_variants_makes_no_variant_twice(world: World) -> None:
    """429 on the variants read created the variants twice."""
    big = world.erp.post("/products", {"like": 4101, "variants": 60})["id"]
    for operation in ("nodes", "product", "products", "productsCount"):
        world.shop.fault("throttle", 2, match={"operation": operation})
    assert world.run().counts.created == 9
    for operation in ("nodes", "product", "products", "productsCount"):
        world.shop.fault("throttle", 2, match={"operation": operation})
    world.edit(big, price="850.00")
    world.run()
    assert len(world.product(big)["variants"]) == 60 and len(world.variants()) == len(world.summed())
    assert {v["price"] for v in world.product(big)["variants"]} == {"850.00"}
    struck = [(f["match"]["operation"], f["hits"]) for f in world.shop.get("/faults")["faults"]]
    assert all(hits == 2 for operation, hits in struck[:4] if operation != "products"), struck
    assert all(hits == 2 for operation, hits in struck[4:] if operation != "nodes"), struck
    assert world.shop.effects("variants.created") == []


def test_a_failed_page_of_the_shop_fails_the_run_and_writes_nothing(world: World) -> None:
    """One failed page while reading the shop doubled half of the catalogue."""
    world.erp.post("/products", {"like": 4101, "variants": 60})
    world.run()
    before = world.products()
    world.add("YENI-1")
    for operation in ("products", "product"):
        world.shop.mark()
        world.shop.fault("server_error", None, match={"operation": operation}, params={"status": 502})
        run = world.run(expect=Status.FAILED)
        assert run.error is not None and world.shop.effects() == []
        assert world.shop.hits() > 1, "it was not tried again"
        world.shop.calm()
    assert world.products() == before
    run = world.run()
    assert (run.counts.created, run.counts.unchanged) == (1, 9)


def test_answers_without_pictures_delete_none(world: World) -> None:
    """All pictures were deleted when an answer had none."""
    world.run()
    shown = {n: p["media"] for n, p in world.products().items()}
    assert all(len(media) == 2 for media in shown.values())
    for side, fault in ((world.erp, "images_missing"), (world.shop, "without_media")):
        world.shop.mark()
        side.fault(fault, None)
        assert world.run().counts.unchanged == 8
        side.calm()
        assert world.shop.effects() == []
    assert {n: p["media"] for n, p in world.products().items()} == shown
    world.quiet()


def test_a_picture_that_cannot_be_fetched_is_reported_and_deletes_nothing(world: World) -> None:
    """A refused picture deleted the others."""
    pictures = world.raw(4101)["images"]
    world.edit(
        4101,
        images=[
            {"id": 1, "url": "/urunres/o_999999.jpg"},
            *({"id": i["id"], "url": f"/urunres/o_{i['id']}.jpg"} for i in pictures),
        ],
    )
    world.run()
    assert sorted(m["status"] for m in world.product(4101)["media"]) == ["FAILED", "READY", "READY"]
    world.shop.mark()
    run = world.run()
    assert run.counts.unchanged == 8 and world.shop.effects() == []
    [parked] = world.parked("image.failed")
    assert parked.record_id == "4101" and "1 " in parked.message.english()
    assert len(world.product(4101)["media"]) == 3


def test_a_refused_picture_of_an_existing_product_leaves_the_others(world: World) -> None:
    """An address that the shop does not take: named, the other new picture arrives, nothing goes."""
    world.run()
    known = [{"id": i["id"], "url": f"/urunres/o_{i['id']}.jpg"} for i in world.raw(4101)["images"]]
    world.edit(4101, images=[*known, {"id": 7, "url": "http:///x"}, {"id": 8, "url": "/urunres/o_41020.jpg"}])
    world.shop.mark()
    world.run(expect=None)
    sources = [m["source"].rpartition("/")[2] for m in world.product(4101)["media"]]
    assert sources == ["o_41010.jpg", "o_41011.jpg", "o_41020.jpg"]
    world.shop.mark()
    world.run(expect=None)
    assert world.shop.effects() == [], world.shop.kinds()


def test_a_parent_without_sku(world: World) -> None:
    """A null parent SKU stopped the whole run."""
    world.edit(4101, sku=None)
    number = world.add("X", sku=None, stocks=[], variants=sizes("NS-1", "NS-2"))
    assert world.run().counts.created == 9
    assert {v["sku"] for v in world.product(number)["variants"]} == {"NS-1", "NS-2"}
    world.quiet()


def test_a_renamed_product_stays_the_same_product(world: World) -> None:
    """A renamed product was created again."""
    world.run()
    before = world.product(4101)
    world.edit(4101, title="Yepyeni Bir İsim")
    world.shop.mark()
    run = world.run()
    assert (run.counts.created, run.counts.updated) == (0, 1)
    assert world.product(4101) | {"updatedAt": ""} == before | {"title": "Yepyeni Bir İsim", "updatedAt": ""}
    assert world.shop.kinds() == {"product.updated": 1}
    world.hand(before["id"].rpartition("/")[2], set={"handle": "baska-adres"})
    world.edit(4101, title="Bir Daha")
    assert world.run().counts.updated == 1
    assert world.product(4101)["handle"] == "baska-adres"
