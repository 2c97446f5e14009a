"""Every write of Shopify's connector against its sandbox: applied, read back, looked up after a lost answer,
and what becomes of rows that are refused."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from sync.connectors.shopify import ShopifyConnector
from sync.errors import OutcomeUnknown
from sync.model.call import Call, Change, Diff, Found, State, Verb
from sync.model.entity import Entity
from sync.model.product import Level, Media, Product, Variant
from tests.contract.shopify.changes import change, products, send, stock
from tests.contract.shopify_factory import ShopifyHarness, lira


def every_write(product: Product, places: tuple[str, ...], channel: str) -> list[Change]:
    first, second = product.variants[:2]
    new = Variant(
        "",
        sku="X",
        options=(("Renk", "Mor"), ("Beden", "B9")),
        price=lira("5"),
        tracked=True,
        levels=(Level(places[0], 7),),
    )
    picture = Media("", "http://127.0.0.1:9/new.jpg", "yeni")
    price = (
        Diff("price", "199.90 TRY", "150.00 TRY"),
        Diff("compare_at", "", "160.00 TRY"),
        Diff("sku", "", "N"),
        Diff("weight", "0", "300"),
        Diff("cost", "", "10.00 TRY"),
        Diff("hs_code", "", "610910"),
        Diff("origin", "", "TR"),
        Diff("stock_policy", "deny", "continue"),
        Diff("barcode", "", "1"),
    )
    title = (
        Diff("title", "", "<b>Yeni</b> ﷽ 🌷"),
        Diff("seo_title", "", "s"),
        Diff("status", "active", "draft"),
    )
    tags = (Diff("tags", ("yaz", "yeni"), ("kış", "yeni")),)
    marks = (Diff("metafield:sync.link", None, "l"), Diff("metafield:custom.kumas", None, "pamuk"))
    of = product.id
    return [
        change(1, Entity.PRODUCT, Verb.UPDATE, target_id=of, diffs=title),
        change(2, Entity.PRODUCT, Verb.UPDATE, target_id=of, diffs=tags),
        change(3, Entity.PRODUCT, Verb.MARK, target_id=of, diffs=marks),
        change(4, Entity.VARIANT, Verb.UPDATE, parent_id=of, target_id=first.id, diffs=price),
        change(5, Entity.VARIANT, Verb.CREATE, parent_id=of, body=new),
        change(6, Entity.MEDIA, Verb.CREATE, parent_id=of, body=picture),
        change(7, Entity.STOCK, Verb.ACTIVATE, target_id=second.item_id, place=places[1]),
        replace(stock(product, places[0], 5, 41), id="c8"),
        change(9, Entity.PUBLICATION, Verb.PUBLISH, target_id=of, place=channel),
    ]


@pytest.fixture
def writes(connector: ShopifyConnector, product: Product, places: tuple[str, ...]) -> list[Change]:
    return every_write(product, places, connector.choices("channels")[0].id)


def lost(connector: ShopifyConnector, shop: ShopifyHarness, change: Change, fault: str) -> Call:
    """The call of one change, whose answer does not come."""
    [call] = connector.batch([change])
    shop.sandbox.fault(fault, 1, match={"kind": "write"})
    with pytest.raises(OutcomeUnknown):
        connector.send(call)
    return call


class TestWrites:
    def test_each_is_applied_found_again_and_read_back(
        self, connector: ShopifyConnector, product: Product, writes: list[Change]
    ) -> None:
        for call in connector.batch(writes):
            stored = replace(call, arguments=json.loads(json.dumps(call.arguments)))
            assert [o.state for o in connector.send(stored)] == [State.APPLIED], call.operation
            assert connector.find_written(stored).found is Found.YES, call.operation
        [now] = products(connector, ids=(product.id,))
        first, second = now.variants[:2]
        assert (now.title, now.seo_title, now.status, now.tags) == (
            "<b>Yeni</b> ﷽ 🌷",
            "s",
            "draft",
            ("kış", "yeni"),
        )
        assert now.metafields["sync.link"] == "l" and now.metafields["custom.kumas"] == "pamuk"
        assert (first.price, first.compare_at, first.cost, first.sku) == (
            lira("150"),
            lira("160"),
            lira("10"),
            "N",
        )
        assert (first.levels[0].available, second.levels[1].active, now.channels) == (
            41,
            True,
            (writes[-1].place,),
        )
        assert [v.sku for v in now.variants][-1] == "X" and now.variants[-1].levels[0].available == 7
        assert len(now.media or ()) == 3 and len(now.variants) == 5

    def test_the_costs_are_those_that_were_reckoned_with(
        self, connector: ShopifyConnector, shop: ShopifyHarness, writes: list[Change]
    ) -> None:
        for call in connector.batch(writes):
            before = len(shop.trace.requests)
            connector.send(call)
            assert shop.trace.requests[-1][1]["points"] <= call.cost, call.operation
            assert len(shop.trace.requests) - before <= 2
        list(connector.read(Entity.PRODUCT))
        list(connector.read(Entity.ORDER))
        assert set(connector._client.learnt._offsets.values()) == {0.0}

    def test_what_others_made_by_hand_stays(
        self, connector: ShopifyConnector, product: Product, writes: list[Change]
    ) -> None:
        number = product.id.rpartition("/")[2]
        send(
            connector,
            change(
                1, Entity.PRODUCT, Verb.UPDATE, target_id=product.id, diffs=(Diff("tags", (), ("elle",)),)
            ),
            change(
                2,
                Entity.PRODUCT,
                Verb.MARK,
                target_id=product.id,
                diffs=(Diff("metafield:elle.not", None, "x"),),
            ),
        )
        send(connector, *writes)
        [now] = products(connector, ids=(number,))
        assert (
            "elle" in (now.tags or ())
            and now.metafields["elle.not"] == "x"
            and now.metafields["sync.record"] == "key-1"
        )

    @pytest.mark.parametrize("number", range(9))
    def test_a_lost_answer_is_looked_up_and_done_once(
        self, connector: ShopifyConnector, shop: ShopifyHarness, writes: list[Change], number: int
    ) -> None:
        call = lost(connector, shop, writes[number], "timeout_after")
        done = len(shop.sandbox.effects())
        written = connector.find_written(call)
        assert written.found is Found.YES and [o.state for o in written.outcomes] == [State.APPLIED]
        assert len(shop.sandbox.effects()) == done

    @pytest.mark.parametrize("number", range(9))
    def test_a_call_that_never_arrived_is_not_there_after_the_settling_time(
        self, connector: ShopifyConnector, shop: ShopifyHarness, writes: list[Change], number: int
    ) -> None:
        call = lost(connector, shop, writes[number], "reset")
        first = connector.find_written(call)
        assert first.found is Found.NOT_SURE
        shop.clock.sleep(first.ask_again_in)
        stock = call.operation in ("inventory_set", "inventory_adjust")  # others move it, too
        assert connector.find_written(call).found is (Found.KEY if stock else Found.NO)
        assert connector.send(call)[0].state is State.APPLIED


class TestRefusedRows:
    def test_stale_rows_are_named_and_nothing_else_happened(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product, places: tuple[str, ...]
    ) -> None:
        rows = [stock(product, places[0], 5 + n if n != 2 else 99, 50, n) for n in range(4)]
        found = send(connector, *rows)
        assert [(o.state, o.named) for o in found] == [
            (State.REFUSED, False),
            (State.REFUSED, False),
            (State.STALE, True),
            (State.REFUSED, False),
        ]
        [now] = products(connector, ids=(product.id,))
        assert [v.levels[0].available for v in now.variants] == [5, 6, 7, 8]

    def test_a_bad_row_is_named_the_others_go_again(
        self, connector: ShopifyConnector, product: Product, places: tuple[str, ...]
    ) -> None:
        rows = [stock(product, places[0], 5, 50), stock(product, places[0], 6, 2_000_000_000, 1)]
        assert [(o.state, o.named) for o in send(connector, *rows)] == [
            (State.REFUSED, False),
            (State.REFUSED, True),
        ]

    def test_the_same_call_twice_moves_stock_once(
        self, connector: ShopifyConnector, product: Product, places: tuple[str, ...]
    ) -> None:
        [call] = connector.batch([stock(product, places[0], 5, 50)])
        assert [connector.send(call)[0].state for _ in range(2)] == [State.APPLIED] * 2

    def test_one_price_that_shopify_refuses_does_not_stop_the_others(
        self, connector: ShopifyConnector, product: Product
    ) -> None:
        rows = [
            change(
                n,
                Entity.VARIANT,
                Verb.UPDATE,
                parent_id=product.id,
                target_id=v.id,
                diffs=(Diff("price", "199.90 TRY", "-1.00 TRY" if n == 1 else "10.00 TRY"),),
            )
            for n, v in enumerate(product.variants)
        ]
        assert [o.state for o in send(connector, *rows)] == [
            State.APPLIED,
            State.REFUSED,
            State.APPLIED,
            State.APPLIED,
        ]
