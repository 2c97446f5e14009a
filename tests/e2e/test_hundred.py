"""A hundred syncs with edits in between: what was made by hand is still there, nothing stands twice."""

from __future__ import annotations

import random

import pytest

from tests.e2e.world import World

SYNCS = 100


def by_hand(world: World, key: str) -> None:
    """A variant, a tag, a picture and a metafield that no source knows."""
    world.hand(
        key,
        add_variant={"options": {"Beden": "Elle"}, "sku": "ELLE-V", "price": "77.00"},
        add_tags=["elle"],
        add_image={"originalSource": "https://cdn.example/elle.jpg", "contentType": "IMAGE", "alt": "elle"},
        metafield={"namespace": "elle", "key": "not", "value": "benim"},
    )


@pytest.mark.slow
def test_what_was_made_by_hand_survives_a_hundred_syncs(world: World) -> None:
    for number in range(4104, 4109):
        world.edit(number, remove=True)
    world.run()
    place = world.shop.state()["locations"][0]["id"]
    product = world.product(4102)
    by_hand(world, product["handle"])
    world.shop.post("/stock", {"sku": "ELLE-V", "available": 9})
    mine = next(v for v in world.product(4102)["variants"] if v["sku"] == "ELLE-V")
    assert mine["levels"][place]["available"] == 9
    dice, pictures = random.Random(5), list(world.raw(4102)["images"])
    base = float(product["variants"][0]["price"])
    for n in range(SYNCS):
        _edit(world, n, dice, base, pictures)
        world.run()
        assert world.available() | world.summed() == world.available()
    now = world.product(4102)
    assert next(v for v in now["variants"] if v["sku"] == "ELLE-V") == mine, (
        "the variant made by hand has changed"
    )
    assert "elle" in now["tags"] and now["metafields"]["elle.not"] == "benim"
    sources = [m["source"] for m in now["media"]]
    assert (
        "https://cdn.example/elle.jpg" in sources and len(sources) == len(set(sources)) == len(pictures) + 1
    )
    assert all(m["status"] == "READY" for m in now["media"])
    assert not any(
        world.shop.effects(kind)
        for kind in (
            "product.deleted",
            "variant.deleted",
            "media.detached",
            "file.deleted",
            "metafield.deleted",
        )
    )
    world.variants()
    world.quiet()
    erp = world.erp.get("/ledger", summary=1)
    assert (erp["throttled"], erp["refused"], erp["writes"]) == (0, 0, 0), "over the source's limits"


def _edit(world: World, n: int, dice: random.Random, base: float, pictures: list[dict[str, object]]) -> None:
    """One thing or another moves at the source, sometimes nothing."""
    sku = dice.choice(world.raw(4102)["variants"])["sku"]
    if n % 5 == 0:
        world.edit(4102, title=f"Ad {n}")
    elif n % 5 == 1:
        world.edit(4102, price=f"{base + n / 10:.2f}")
    elif n % 5 == 2:
        world.restock(sku, dice.randint(1, 90), warehouse=dice.choice((1, 2)))
    elif n % 25 == 3:
        pictures.append(
            {
                "id": 70_000 + n,
                "url": f"/urunres/o_{41030 + len(pictures) % 2 + (len(pictures) - 2) // 2 * 10}.jpg",
            }
        )
        world.edit(
            4102,
            images=[
                {
                    "id": p["id"],
                    "url": "/" + str(p["url"]).split("/", 3)[-1] if "://" in str(p["url"]) else p["url"],
                }
                for p in pictures
            ],
        )
