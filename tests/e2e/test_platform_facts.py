"""What real platforms do with good data: they spell it in their own way, and find more than was asked for."""

from __future__ import annotations

import pytest

from sync.model.entity import Entity
from sync.model.page import ReadFilter
from tests.e2e.world import World, sizes

# Upper-case and unclosed tags, a void one with a slash, single quotes, CRLF, entities, a script.
DIRTY = "<P>Bir<BR/>iki &amp; &nbsp;üç</P>\r\n<img src='x.jpg' alt=q><script>x()</script><ul><li>a<li>b</ul>"


@pytest.mark.parametrize("drift", ["keep", "restore"])
def test_html_in_the_shops_own_spelling_is_learnt_and_not_written_for_ever(world: World, drift: str) -> None:
    """Also where the flow puts back what the shop changes: its spelling is no change."""
    world.settle_flow(drift=drift)
    number = world.add("HTML-1", description_detail=DIRTY)
    world.run()
    stored = world.product(number)["descriptionHtml"]
    assert stored != DIRTY and stored.startswith("<p>Bir<br>iki"), "the sandbox respells it"
    world.quiet()
    world.edit(number, description_detail=DIRTY + "<P>yeni</P>")
    world.shop.mark()
    assert world.run().counts.updated == 1
    assert world.shop.kinds() == {"product.updated": 1}
    assert world.product(number)["descriptionHtml"].endswith("<p>yeni</p>")
    world.quiet()
    world.quiet()


def test_a_merchants_words_stay_although_the_shop_respells_ours(world: World) -> None:
    number = world.add("HTML-1", description_detail=DIRTY)
    world.run()
    world.quiet()
    world.hand(world.product(number)["handle"], set={"descriptionHtml": "<P>Elle<BR/></P>"})
    world.quiet()
    world.edit(number, name="Yeni ad")
    world.run()
    assert world.product(number)["descriptionHtml"] == "<p>Elle<br></p>"


def test_colours_that_differ_only_in_case_are_one_value(world: World) -> None:
    """A shop refuses a product whose option has both Siyah and SIYAH."""
    variants = [
        {**raw, "color": colour}
        for raw, colour in zip(sizes("C-1", "C-2", "C-3"), ("Siyah", "SIYAH", "siyah"), strict=True)
    ]
    number = world.add("C", variants=variants)
    world.run()
    chosen = {v["sku"]: v["title"] for v in world.product(number)["variants"]}
    assert chosen == {"C-1": "Siyah / S", "C-2": "Siyah / M", "C-3": "Siyah / L"}
    world.quiet()


@pytest.mark.parametrize("sku", ["C6'\"\\ x:y (z) OR *", "AB", "-AB"])
def test_a_search_that_finds_more_matches_only_the_same_sku(world: World, sku: str) -> None:
    """The shop's search is loose and its syntax rich; what is matched is the SKU itself."""
    for one in ("AB-1", "AB-1-X", "X-AB", sku):
        world.add(one)
    world.run()
    shop = world.ws.connector(world.ws.links.get(world.flow.link_id).b)
    found = [p for page in shop.read(Entity.PRODUCT, ReadFilter(skus=(sku,))) for p in page.records]
    assert [[v.sku for v in p.variants] for p in found] == [[sku]]  # type: ignore[union-attr]
    world.lose_database(world.home.parent / "other")
    world.shop.mark()
    assert world.run(skus=(sku,)).counts.unchanged == 1 and not world.shop.effects()
