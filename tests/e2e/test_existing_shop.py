"""First sync onto a shop that has products already, and onto one whose database was lost."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.e2e.world import Raw, World, handmade, sized, sizes


def untouched(before: Raw, after: Raw, *but: str) -> None:
    """The hand-made product as it was, apart from what may change."""
    names = set(before) - {"updatedAt", "metafields", *but}
    assert {n: after[n] for n in names} == {n: before[n] for n in names}


@pytest.mark.parametrize("sku", ["ELLE-1", "elle-1", " ELLE-1"])
def test_matched_by_sku(world: World, sku: str) -> None:
    made = world.shop.post("/products", handmade(sku))
    number = world.add("ELLE-1", name="Kaynaktaki ad")
    run = world.run()
    assert (run.counts.created, run.counts.updated) == (8, 1)
    product = world.product(number)
    assert product["id"] == made["id"] and product["title"] == "Kaynaktaki ad"
    assert product["metafields"]["sync.record"] == f"sandbox-sentos/{number}"
    assert product["publications"] == made["publications"], "a matched product's channels are the merchant's"
    world.quiet()


def test_matched_by_barcode(world: World) -> None:
    variant = {**handmade("x")["variants"][0], "sku": "BASKA", "barcode": "8690000000011"}
    made = world.shop.post("/products", handmade("x", title="Barkodlu", variants=[variant]))
    number = world.add("BRK-1", barcode="8690000000011")
    run = world.run()
    assert (run.counts.created, run.counts.updated) == (8, 1)
    assert world.product(number)["id"] == made["id"]
    world.quiet()


def test_matched_by_handle_only_where_the_source_has_one(world: World) -> None:
    """Sentos knows no handles: a derived one is taken, and nothing is created over it."""
    world.shop.post("/products", handmade("H-0", title="Başka", handle="urun-h-1"))
    number = world.add("H-1")
    assert world.run().counts.created == 9
    assert world.product(number)["handle"] != "urun-h-1"


def test_missing_variants_are_added_to_the_product_that_has_the_others(world: World) -> None:
    made = world.shop.post("/products", sized({"P-1": "S", "P-2": "M"}))
    number = world.add("P", stocks=[], variants=sizes("P-1", "P-2", "P-3", "P-4", stock=6))
    run = world.run()
    assert (run.counts.created, run.counts.updated) == (8, 1)
    product = world.product(number)
    assert product["id"] == made["id"]
    assert [(v["sku"], v["options"]["Beden"]) for v in product["variants"]] == [
        ("P-1", "S"),
        ("P-2", "M"),
        ("P-3", "L"),
        ("P-4", "XL"),
    ]
    assert [v["id"] for v in product["variants"][:2]] == [v["id"] for v in made["variants"]]
    assert {s: n for s, n in world.available().items() if s.startswith("P-")} == dict.fromkeys(
        ("P-1", "P-2", "P-3", "P-4"), 6
    )
    assert {v["price"] for v in product["variants"]} == {"199.90"}
    world.quiet()


def test_variants_on_two_products_park(world: World) -> None:
    one, two = (world.shop.post("/products", handmade(s)) for s in ("T-1", "T-2"))
    number = world.add("T", stocks=[], variants=sizes("T-1", "T-2", "T-3"))
    run = world.run()
    assert (run.counts.created, run.counts.parked) == (8, 1)
    [parked] = world.parked("match.ambiguous")
    assert set(parked.facts["candidates"]) == {one["id"], two["id"]} and parked.record_id == str(number)
    for made in (one, two):
        assert world.products()[made["id"]] == made
    world.decide.bind(parked.id, one["id"], "test")
    run = world.run(ids=(str(number),))
    assert run.counts.created == 0 and str(number) not in {
        k for k, p in world.products().items() if p["id"] == two["id"]
    }


@pytest.mark.parametrize("verb", ["bind", "create", "skip"])
def test_a_title_only_proposes(world: World, verb: str) -> None:
    made = world.shop.post("/products", handmade("BASKA-1", title="Aynı Ad"))
    number = world.add("AD-1", name="Aynı Ad")
    assert world.run().counts.parked == 1
    assert world.run().counts.parked == 1
    [parked] = world.parked("match.proposed")
    assert parked.facts["candidates"] == [made["id"]]
    assert world.products()[made["id"]] == made
    if verb == "bind":
        world.decide.bind(parked.id, made["id"], "test")
    else:
        getattr(world.decide, verb)([parked.id], "test")
    run = world.run()
    assert world.parked() == []
    if verb == "bind":
        assert run.counts.updated == 1 and world.product(number)["id"] == made["id"]
        assert [v["sku"] for v in world.product(number)["variants"]] == ["AD-1"], (
            "one single item on both sides is the same item"
        )
    elif verb == "create":
        assert run.counts.created == 1 and world.product(number)["id"] != made["id"]
        assert world.products()[made["id"]] == made
    else:
        assert run.counts.skipped == 1 and str(number) not in world.products()
    world.quiet()


def test_a_near_miss_is_never_created(world: World) -> None:
    made = world.shop.post("/products", handmade("NM 0042 A"))
    number = world.add("NM-42-A")
    near = world.add("NM-0042-A", name="öteki")
    run = world.run()
    assert run.counts.created == 8 or str(number) in world.products()
    [parked] = [p for p in world.parked("match.ambiguous") if p.record_id == str(near)]
    assert parked.facts["candidates"] == [made["id"]]


def test_one_record_alone_matches_as_carefully_as_a_full_run(world: World) -> None:
    """A look-up by SKU alone would miss barcode, title and nearly equal SKUs, and create a twin."""
    variant = {**handmade("x")["variants"][0], "sku": "BASKA", "barcode": "8690000000011"}
    coded = world.shop.post("/products", handmade("x", title="Barkodlu", variants=[variant]))
    titled = world.shop.post("/products", handmade("BASKA-1", title="Aynı Ad"))
    world.shop.post("/products", handmade("YK 7"))
    by_code, by_title, nearly = (
        world.add("BRK-1", barcode="8690000000011"),
        world.add("AD-1", name="Aynı Ad"),
        world.add("YK-7"),
    )
    for sku, outcome in (("BRK-1", "updated"), ("AD-1", "parked"), ("YK-7", "parked")):
        run = world.run(skus=(sku,))
        assert (run.counts.read, getattr(run.counts, outcome)) == (1, 1), world.why(run)
    assert world.product(by_code)["id"] == coded["id"]
    assert (
        world.products()[titled["id"]] == titled
        and str(nearly) not in world.products()
        and str(by_title) not in world.products()
    )


def test_a_merchants_own_pictures_tags_and_words_stay_when_matched(world: World) -> None:
    made = world.shop.post(
        "/products",
        handmade(
            "OWN-1",
            tags=["el"],
            files=[{"originalSource": "https://cdn.example/x.jpg", "contentType": "IMAGE"}],
            descriptionHtml="<p>benim</p>",
        ),
    )
    number = world.add("OWN-1", images=[{"id": 5, "url": "/urunres/o_41010.jpg"}])
    world.run()
    product = world.product(number)
    untouched(made, product, "title", "vendor", "productType", "variants", "media")
    assert [m["source"] for m in product["media"]] == ["https://cdn.example/x.jpg"]
    world.quiet()


def test_a_bound_product_that_was_deleted_in_the_shop_is_not_created_unasked(world: World) -> None:
    world.run()
    world.hand(world.product(4101)["id"].rpartition("/")[2], delete=True)
    assert world.run().counts.parked == 1
    [parked] = world.parked("target.gone")
    assert "4101" not in world.products()
    world.decide.create([parked.id], "test")
    assert world.run().counts.created == 1
    assert world.available() == world.summed() and world.parked() == []
    world.quiet()


def test_gone_at_the_source_is_reported_and_deletes_nothing(world: World) -> None:
    world.run()
    before = world.products()
    world.edit(4108, remove=True)
    [variant, *_] = world.raw(4101)["variants"]
    world.edit(4101, drop_variant=variant["sku"])
    world.shop.mark()
    world.run()
    assert {p.cause for p in world.parked()} == {"source.gone", "variant.gone_at_source"}
    assert set(world.shop.kinds()) <= {"metafield.set"}
    assert {n: len(p["variants"]) for n, p in world.products().items()} == {
        n: len(p["variants"]) for n, p in before.items()
    }
    world.quiet()


def test_a_lost_database_is_rebuilt_from_the_marks_and_creates_nothing(world: World, tmp_path: Path) -> None:
    variants = sizes("L-1", "L-2")
    number = world.add("L", stocks=[], variants=variants)
    world.run()
    before = world.products()
    # What a look-up by keys could no longer find: SKUs and titles changed at the source meanwhile.
    world.edit(
        number, sku="YENI", title="Yeni ad", variants=[{**v, "sku": f"N-{n}"} for n, v in enumerate(variants)]
    )
    world.lose_database(tmp_path / "second")
    world.shop.mark()
    run = world.run()
    assert (run.counts.created, run.counts.parked) == (0, 0), world.why(run)
    assert set(world.products()) == set(before) and not world.shop.effects("file.created")
    assert {n: p["id"] for n, p in world.products().items()} == {n: p["id"] for n, p in before.items()}
    assert [v["sku"] for v in world.product(number)["variants"]] == ["N-0", "N-1"], (
        "the variants are found by the mark too"
    )
    assert [v["id"] for v in world.product(number)["variants"]] == [
        v["id"] for v in before[str(number)]["variants"]
    ]
    world.quiet()


def test_a_lost_database_with_nothing_changed_writes_nothing(world: World, tmp_path: Path) -> None:
    world.run()
    world.lose_database(tmp_path / "second")
    world.quiet()
    world.edit(4101, title="Sonra")
    assert world.run().counts.updated == 1


def test_two_source_products_on_one_product_of_the_shop_park_both(world: World) -> None:
    made = world.shop.post("/products", sized({"B-1": "S", "B-2": "M"}))
    numbers = [world.add("B-1"), world.add("B-2")]
    run = world.run()
    assert (run.counts.created, run.counts.parked) == (8, 2)
    assert world.products()[made["id"]] == made
    one, other = sorted(world.parked("match.ambiguous"), key=lambda p: p.record_id)
    world.decide.bind(one.id, made["id"], "test")
    world.decide.skip([other.id], "test")
    run = world.run()
    assert (run.counts.updated, run.counts.skipped) == (1, 1) and world.parked() == []
    assert world.product(numbers[0])["id"] == made["id"]
    world.quiet()


def test_a_claim_by_sku_is_better_than_one_by_barcode(world: World) -> None:
    variant = {**handmade("x")["variants"][0], "sku": "CLM-2", "barcode": "8690000000011"}
    made = world.shop.post("/products", handmade("x", title="Barkodlu", variants=[variant]))
    by_barcode, by_sku = world.add("CLM-1", barcode="8690000000011"), world.add("CLM-2", barcode="")
    world.run()
    assert world.product(by_sku)["id"] == made["id"]
    assert [p.record_id for p in world.parked("match.ambiguous")] == [str(by_barcode)]
    assert str(by_barcode) not in world.products()


def test_a_hand_made_variant_with_the_options_of_a_missing_one_is_not_taken_over(world: World) -> None:
    world.shop.post("/products", sized({"Q-1": "S", "EL-2": "M"}))
    number = world.add("Q", stocks=[], variants=sizes("Q-1", "Q-2", "Q-3"))
    run = world.run()
    assert run.counts.updated == 1, world.why(run)
    assert [(v["sku"], v["options"]["Beden"]) for v in world.product(number)["variants"]] == [
        ("Q-1", "S"),
        ("EL-2", "M"),
        ("Q-3", "L"),
    ]
    [parked] = world.parked("options.taken")
    assert parked.sku == "Q-2" and "EL-2" in parked.message.english()
    world.quiet()


def test_products_that_the_operator_bound_pair_their_variants_by_options(world: World) -> None:
    made = world.shop.post("/products", sized({"ESKI-1": "S", "ESKI-2": "M"}, title="Aynı Ad"))
    number = world.add("R", name="Aynı Ad", stocks=[], variants=sizes("R-1", "R-2", "R-3"))
    world.run()
    [parked] = world.parked("match.proposed")
    world.decide.bind(parked.id, made["id"], "test")
    world.run()
    variants = world.product(number)["variants"]
    assert [(v["sku"], v["options"]["Beden"]) for v in variants] == [("R-1", "S"), ("R-2", "M"), ("R-3", "L")]
    assert [v["id"] for v in variants[:2]] == [v["id"] for v in made["variants"]]
    world.quiet()
