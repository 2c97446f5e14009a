"""An answer that never comes: looked up, never blindly repeated. The ledger shows each effect once."""

from __future__ import annotations

from collections import Counter

import pytest

from sync.model.flow import FieldMap
from sync.model.run import Status
from tests.e2e.world import World

# The effect was applied or not, and the client cannot tell which.
LOSSES = [
    pytest.param("timeout_after", {"hold": 30}, id="after"),
    pytest.param("timeout_before", {"hold": 30}, id="before"),
    pytest.param("reset", {}, id="reset"),
    pytest.param("truncated_json", {}, id="torn"),
    pytest.param("html_body", {"effect": True}, id="html-after"),
    pytest.param("server_error", {"effect": True, "status": 502}, id="502-after"),
    pytest.param("server_error", {"status": 500}, id="500-before"),
]


def once(world: World, kind: str) -> None:
    """No target has had an effect of this kind twice."""
    twice = {
        target: n for target, n in Counter(e["target"] for e in world.shop.effects(kind)).items() if n > 1
    }
    assert not twice, (kind, twice)


def whole(world: World) -> None:
    """Everything is in the shop, once."""
    products = world.products()
    assert set(products) == {str(p["id"]) for p in world.sources()}
    assert (
        set(world.variants()) == {s for p in world.sources() for s in p["skus"]}
        and world.available() == world.summed()
    )
    for product in products.values():
        sources = [m["source"] for m in product["media"]]
        assert len(sources) == len(set(sources)), "a picture was uploaded twice"
        assert product["publications"] == ["Online Store"]


@pytest.mark.parametrize(("fault", "params"), LOSSES)
def test_creates_and_publications(world: World, fault: str, params: dict[str, object]) -> None:
    for operation in ("productSet", "publicationUpdate"):
        world.shop.fault(
            fault, 2 if operation == "productSet" else 1, match={"operation": operation}, params=params
        )
    assert world.run().counts.created == 8
    assert world.shop.hits() == 3
    for kind in ("product.created", "product.published"):
        once(world, kind)
    assert len(world.shop.effects("product.created")) == 8 and len(world.shop.effects("file.created")) == 16
    assert not world.shop.effects("product.updated")
    whole(world)
    world.quiet()


@pytest.mark.parametrize(("fault", "params"), LOSSES)
def test_prices_stock_marks_pictures_and_variants(
    world: World, fault: str, params: dict[str, object]
) -> None:
    world.settle_flow(mappings=(FieldMap("extra.season", "metafield:custom.season"),))
    world.run()
    world.shop.mark()
    old = float(world.product(4102)["variants"][0]["price"])
    known = [{"id": i["id"], "url": f"/urunres/o_{i['id']}.jpg"} for i in world.raw(4102)["images"]]
    variants = world.raw(4102)["variants"]
    new = {
        **variants[0],
        "id": 999,
        "sku": "YENI-V",
        "barcode": "",
        "model": {"name": "Beden", "value": "5XL"},
    }
    world.edit(
        4102,
        price=f"{old + 5:.2f}",
        title="Yeni",
        season="Yaz",
        variants=[*variants, new],
        images=[*known, {"id": 77, "url": "/urunres/o_41031.jpg"}, {"id": 78, "url": "/urunres/o_41041.jpg"}],
    )
    for sku in world.sources()[0]["skus"]:
        world.restock(sku, 55)
    operations = (
        "productVariantsBulkUpdate",
        "productVariantsBulkCreate",
        "inventorySetQuantities",
        "metafieldsSet",
        "productUpdate",
    )
    for operation in operations:
        world.shop.fault(fault, 1, match={"operation": operation}, params=params)
    run = world.run()
    struck = {f["match"]["operation"]: f["hits"] for f in world.shop.get("/faults")["faults"]}
    assert struck == dict.fromkeys(operations, 1)
    assert run.counts.updated == 2, world.why(run)
    whole(world)
    product = world.product(4102)
    assert product["title"] == "Yeni" and product["metafields"]["custom.season"] == "Yaz"
    assert {v["price"] for v in product["variants"]} == {f"{old + 5:.2f}"} and len(product["media"]) == 4
    for kind in ("inventory.set", "variants.created"):
        once(world, kind)
    assert len(world.shop.effects("file.created")) == 2 and len(world.shop.effects("variants.created")) == 1
    assert all(e["before"] != e["after"] for e in world.shop.effects("inventory.set"))
    world.shop.calm()
    world.quiet()


@pytest.mark.parametrize("fault", ["timeout_after", "timeout_before"])
def test_a_picture_alone(world: World, fault: str) -> None:
    """Nothing is more easily doubled: the platform uploads the same address again."""
    world.run()
    world.shop.mark()
    known = [{"id": i["id"], "url": f"/urunres/o_{i['id']}.jpg"} for i in world.raw(4102)["images"]]
    world.edit(4102, images=[*known, {"id": 77, "url": "/urunres/o_41031.jpg"}])
    world.shop.fault(fault, 1, match={"operation": "*productUpdate*"}, params={"hold": 30})
    assert world.run().counts.updated == 1 and world.shop.hits() == 1
    assert len(world.shop.effects("file.created")) == 1 and len(world.product(4102)["media"]) == 3
    world.shop.calm()
    world.quiet()


def test_an_answer_that_stays_lost_is_reported_and_found_by_the_next_run(world: World) -> None:
    """The look-ups fail as well: the run ends, says so, and the next one finds what was written."""
    world.shop.fault("timeout_after", 1, match={"operation": "productSet"}, params={"hold": 10})
    world.shop.fault("server_error", None, match={"operation": "productByIdentifier"})
    run = world.run(expect=None)
    assert run.status in (Status.FAILED, Status.RED), run
    world.shop.calm()
    world.run()
    whole(world)
    once(world, "product.created")
    assert len(world.shop.effects("product.created")) == 8
    assert not world.shop.effects("product.updated"), "it was written over instead of found"
    world.quiet()


def test_a_picture_whose_answer_stays_lost_is_not_added_twice(world: World) -> None:
    world.run()
    world.shop.mark()
    known = [{"id": i["id"], "url": f"/urunres/o_{i['id']}.jpg"} for i in world.raw(4102)["images"]]
    world.edit(4102, images=[*known, {"id": 77, "url": "/urunres/o_41031.jpg"}])
    world.shop.fault("timeout_after", 1, match={"operation": "productUpdate"}, params={"hold": 10})
    world.shop.fault("server_error", None, match={"operation": "product"}, after=1)
    run = world.run(expect=None)
    assert run.status in (Status.FAILED, Status.RED), run
    world.shop.calm()
    world.run()
    assert len(world.shop.effects("file.created")) == 1
    assert [m["source"].rpartition("/")[2] for m in world.product(4102)["media"]] == [
        "o_41020.jpg",
        "o_41021.jpg",
        "o_41031.jpg",
    ]
    world.quiet()
