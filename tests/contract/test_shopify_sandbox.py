"""Shopify's connector against its sandbox, over real HTTP: writes and their look-up, faults, costs, bulk."""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from sync.connectors.registry import spec as spec_of
from sync.connectors.shopify import ShopifyConnector, read, spec
from sync.errors import OutcomeUnknown
from sync.model.call import Change, Diff, Found, Outcome, State, Verb
from sync.model.entity import Entity
from sync.model.order import Fulfilment, Order, Tracking
from sync.model.page import ReadFilter
from sync.model.ports import Account
from sync.model.product import Level, Media, Product, Variant
from tests.contract.doubles import Secrets
from tests.contract.sandboxes import Sandbox
from tests.contract.shopify_factory import ShopifyHarness, a_product, lira, world


@pytest.fixture(scope="module")
def running() -> Iterator[Sandbox]:
    with world() as sandbox:
        yield sandbox


@pytest.fixture
def shop(running: Sandbox) -> ShopifyHarness:
    return ShopifyHarness(running, products=0)


@pytest.fixture
def connector(shop: ShopifyHarness) -> Iterator[ShopifyConnector]:
    made = shop.connect()
    yield made
    made.close()


@pytest.fixture
def places(connector: ShopifyConnector) -> tuple[str, ...]:
    return tuple(choice.id for choice in connector.choices("locations"))


def change(number: int, entity: Entity, verb: Verb, **other: Any) -> Change:
    return Change(f"c{number}", entity, verb, f"s{number}", **other)


def creation(number: int, places: tuple[str, ...] = (), **size: int) -> Change:
    body = a_product(number, places, **size)
    return change(number, Entity.PRODUCT, Verb.CREATE, body=body, key=f"key-{number}")


def send(connector: ShopifyConnector, *changes: Change) -> list[Outcome]:
    return [outcome for call in connector.batch(changes) for outcome in connector.send(call)]


def products(connector: ShopifyConnector, **which: Any) -> list[Product]:
    pages = connector.read(Entity.PRODUCT, ReadFilter(**which))
    return [record for page in pages for record in page.records if isinstance(record, Product)]


def orders(connector: ShopifyConnector, **which: Any) -> list[Order]:
    pages = connector.read(Entity.ORDER, ReadFilter(**which))
    return [record for page in pages for record in page.records if isinstance(record, Order)]


@pytest.fixture
def product(connector: ShopifyConnector, places: tuple[str, ...]) -> Product:
    [outcome] = send(connector, creation(1, places[:1], pictures=2))
    return products(connector, ids=(outcome.target_id,))[0]


def stock(product: Product, place: str, before: int | None, after: int, variant: int = 0) -> Change:
    item = product.variants[variant].item_id
    diffs = (Diff("available", before, after),)
    return change(variant, Entity.STOCK, Verb.SET, target_id=item, place=place, diffs=diffs)


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


class TestWrites:
    def test_each_is_applied_found_again_and_read_back(
        self, connector: ShopifyConnector, product: Product, places: tuple[str, ...]
    ) -> None:
        channel = connector.choices("channels")[0].id
        for call in connector.batch(every_write(product, places, channel)):
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
        assert (first.levels[0].available, second.levels[1].active, now.channels) == (41, True, (channel,))
        assert [v.sku for v in now.variants][-1] == "X" and now.variants[-1].levels[0].available == 7
        assert len(now.media or ()) == 3 and len(now.variants) == 5

    def test_the_costs_are_those_that_were_reckoned_with(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product, places: tuple[str, ...]
    ) -> None:
        for call in connector.batch(every_write(product, places, connector.choices("channels")[0].id)):
            before = len(shop.trace.requests)
            connector.send(call)
            assert shop.trace.requests[-1][1]["points"] <= call.cost, call.operation
            assert len(shop.trace.requests) - before <= 2
        list(connector.read(Entity.PRODUCT))
        list(connector.read(Entity.ORDER))
        assert set(connector._client.learnt._offsets.values()) == {0.0}

    def test_what_others_made_by_hand_stays(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product, places: tuple[str, ...]
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
        send(connector, *every_write(product, places, connector.choices("channels")[0].id))
        [now] = products(connector, ids=(number,))
        assert (
            "elle" in (now.tags or ())
            and now.metafields["elle.not"] == "x"
            and now.metafields["sync.record"] == "key-1"
        )

    @pytest.mark.parametrize("number", range(9))
    def test_a_lost_answer_is_looked_up_and_done_once(
        self,
        connector: ShopifyConnector,
        shop: ShopifyHarness,
        product: Product,
        places: tuple[str, ...],
        number: int,
    ) -> None:
        [call] = connector.batch([every_write(product, places, connector.choices("channels")[0].id)[number]])
        shop.sandbox.fault("timeout_after", 1, match={"kind": "write"})
        with pytest.raises(OutcomeUnknown):
            connector.send(call)
        done = len(shop.sandbox.effects())
        written = connector.find_written(call)
        assert written.found is Found.YES and [o.state for o in written.outcomes] == [State.APPLIED]
        assert len(shop.sandbox.effects()) == done

    @pytest.mark.parametrize("number", range(9))
    def test_a_call_that_never_arrived_is_not_there_after_the_settling_time(
        self,
        connector: ShopifyConnector,
        shop: ShopifyHarness,
        product: Product,
        places: tuple[str, ...],
        number: int,
    ) -> None:
        [call] = connector.batch([every_write(product, places, connector.choices("channels")[0].id)[number]])
        shop.sandbox.fault("reset", 1, match={"kind": "write"})
        with pytest.raises(OutcomeUnknown):
            connector.send(call)
        first = connector.find_written(call)
        assert first.found is Found.NOT_SURE
        shop.clock.sleep(first.ask_again_in)
        assert connector.find_written(call).found is Found.NO
        assert connector.send(call)[0].state is State.APPLIED


class TestCreates:
    def test_the_same_create_twice_is_one_product(
        self, connector: ShopifyConnector, shop: ShopifyHarness
    ) -> None:
        [call] = connector.batch([creation(1, pictures=1)])
        first, second = connector.send(call), connector.send(call)
        assert first[0].target_id == second[0].target_id and len(shop.product_ids()) == 1

    def test_first_stock_travels_along(self, connector: ShopifyConnector, places: tuple[str, ...]) -> None:
        [outcome] = send(connector, creation(1, places))
        [made] = products(connector, ids=(outcome.target_id,))
        assert [level.available for level in made.variants[2].levels] == [7, 7]

    def test_many_variants_go_asynchronously(self, connector: ShopifyConnector) -> None:
        [call] = connector.batch([creation(1, variants=300)])
        [outcome] = connector.send(call)
        [made] = products(connector, ids=(outcome.target_id,))
        assert call.operation == "product_set_async" and len(made.variants) == 300

    def test_more_variants_than_shopify_allows_is_said_of_that_product(
        self, connector: ShopifyConnector
    ) -> None:
        [outcome] = send(connector, creation(1, variants=2049))
        assert (
            outcome.state is State.REFUSED
            and "2049" in str(outcome.message)
            and "2048" in str(outcome.message)
        )

    def test_a_deleted_definition_is_made_again(self, running: Sandbox) -> None:
        running.post("/reset")
        shop = ShopifyHarness.__new__(ShopifyHarness)
        shop.__dict__.update(ShopifyHarness(running, products=0).__dict__)
        running.post("/reset")
        connector = shop.connect()
        assert send(connector, creation(1))[0].state is State.APPLIED
        connector.close()

    def test_the_whole_bucket_is_spent_and_nothing_throttled(
        self, connector: ShopifyConnector, shop: ShopifyHarness
    ) -> None:
        calls = connector.batch([creation(n, pictures=3) for n in range(250)])
        with ThreadPoolExecutor(spec.CALLS_IN_FLIGHT) as pool:
            outcomes = [o for found in pool.map(connector.send, calls) for o in found]
        assert {o.state for o in outcomes} == {State.APPLIED} and len(shop.product_ids()) == 250
        assert not any(figures["throttled"] for _, figures in shop.trace.requests)


class TestStock:
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


class TestReads:
    def test_bulk_and_pages_tell_the_same(
        self,
        connector: ShopifyConnector,
        shop: ShopifyHarness,
        places: tuple[str, ...],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        send(connector, *[creation(n, places[:1], pictures=2, variants=3 + n * 30) for n in range(5)])
        paged = {p.id: p for p in products(connector)}
        monkeypatch.setattr(read, "SMALL", 0)
        before = len(shop.trace.requests)
        pages = list(connector.read(Entity.PRODUCT))
        assert "BulkRun" in [operation for operation, _ in shop.trace.requests[before:]]
        assert {r.id: r for page in pages for r in page.records} == paged and pages[-1].complete
        assert len(shop.trace.requests) - before <= 10

    def test_a_failed_bulk_operation_gives_way_to_pages(
        self, connector: ShopifyConnector, shop: ShopifyHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        send(connector, *[creation(n) for n in range(3)])
        monkeypatch.setattr(read, "SMALL", 0)
        shop.sandbox.fault("failed_bulk", None)
        pages = list(connector.read(Entity.PRODUCT))
        assert sum(len(page.records) for page in pages) == 3 and pages[-1].complete

    def test_a_bulk_operation_that_failed_once_is_started_again(
        self, connector: ShopifyConnector, shop: ShopifyHarness, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        send(connector, *[creation(n) for n in range(3)])
        monkeypatch.setattr(read, "SMALL", 0)
        shop.sandbox.fault("failed_bulk", 1)
        assert sum(len(page.records) for page in connector.read(Entity.PRODUCT)) == 3
        assert "Products" not in [operation for operation, _ in shop.trace.requests]

    def test_an_empty_shop_is_read_whole(self, connector: ShopifyConnector) -> None:
        [page] = connector.read(Entity.PRODUCT)
        assert page.records == () and page.complete and page.expected == 0

    def test_a_lean_read_of_250_products_costs_about_30_points(
        self, connector: ShopifyConnector, shop: ShopifyHarness
    ) -> None:
        made = [o.target_id for o in send(connector, *[creation(n, pictures=1) for n in range(5)])]
        found = products(connector, ids=tuple(made), lean=True)
        assert shop.trace.requests[-1][0] == "ProductsLean" and shop.trace.requests[-1][1]["points"] <= 31
        assert all(v.item_id and v.sku and v.options for p in found for v in p.variants) and found[0].media

    def test_a_truncated_page_is_fetched_again(
        self, connector: ShopifyConnector, shop: ShopifyHarness
    ) -> None:
        send(connector, creation(1))
        for fault in ("truncated_json", "html_body", "server_error"):
            shop.sandbox.fault(fault, 1, match={"operation": "products"})
        assert len(products(connector)) == 1

    def test_a_product_without_sku_is_a_product(
        self, connector: ShopifyConnector, shop: ShopifyHarness
    ) -> None:
        shop.sandbox.post("/products", {"title": "Elle"})
        [found] = products(connector)
        assert found.variants[0].sku == "" and found.option_names == ()


class TestOrders:
    def test_an_order_is_read_as_it_stands(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        shop.place_orders(5)
        found = orders(connector)
        assert len(found) == 5 and not any(order.problems for order in found)
        for order in found:
            extras = sum((e.amount.amount for e in order.extras if e.kind != "gift_card"), lira("0").amount)
            lines = sum((line.total.amount for line in order.lines), lira("0").amount)
            shipping = order.shipping.amount if order.shipping else lira("0").amount
            assert lines + shipping + extras == order.total.amount, order.name

    def test_orders_by_name_with_or_without_the_sign(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        shop.place_orders(3)
        names = sorted(order.name for order in orders(connector))
        assert [o.name for o in orders(connector, names=(names[0], names[1].lstrip("#")))] == names[:2]

    def test_what_shopify_withholds_is_not_empty(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        shop.place_orders(2)
        granted = ",".join(sorted(connector.check().scopes - {"read_customers", "write_customers"}))
        shop.sandbox.post("/settings", {"scopes": granted})
        try:
            found = orders(connector)
            assert len(found) == 2 and all("customer" in order.withheld for order in found)
            assert all(order.buyer.name is None for order in found)
            check = connector.check([Entity.ORDER])
            assert [m.code for m in check.missing] == ["scope.read_customers"]
            assert "read_customers" in str(check.missing[0].message)
        finally:
            shop.sandbox.post("/settings", {"scopes": granted + ",write_customers"})

    def shipment(self, order: Order, number: str = "TR1") -> Change:
        body = Fulfilment("", order.id, Tracking("Yurtiçi Kargo", number, "https://x.example/1"))
        return change(1, Entity.FULFILMENT, Verb.CREATE, parent_id=order.id, body=body)

    def open_order(self, connector: ShopifyConnector, shop: ShopifyHarness) -> Order:
        shop.place_orders(6)
        return next(o for o in orders(connector) if o.fulfilment == "unfulfilled" and not o.cancelled_at)

    def test_a_shipment_is_made_once(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        order = self.open_order(connector, shop)
        [call] = connector.batch([self.shipment(order)])
        shop.sandbox.fault("timeout_after", 1, match={"operation": "fulfillmentCreate"})
        with pytest.raises(OutcomeUnknown):
            connector.send(call)
        assert connector.find_written(call).found is Found.YES
        assert connector.send(call)[0].state is State.APPLIED
        [now] = orders(connector, ids=(order.id,))
        assert [f.tracking.number for f in now.fulfilments] == ["TR1"] and now.fulfilment == "fulfilled"

    def test_a_second_shipment_has_nothing_left(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        order = self.open_order(connector, shop)
        send(connector, self.shipment(order))
        [outcome] = send(connector, self.shipment(order, "TR2"))
        assert outcome.state is State.REFUSED and order.name in str(outcome.message)

    def test_tracking_is_changed(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        order = self.open_order(connector, shop)
        [made] = send(connector, self.shipment(order))
        diffs = (Diff("tracking.number", "TR1", "TR9"),)
        [call] = connector.batch(
            [change(2, Entity.FULFILMENT, Verb.UPDATE, target_id=made.target_id, diffs=diffs)]
        )
        assert connector.send(call)[0].state is State.APPLIED
        assert connector.find_written(call).found is Found.YES
        [now] = orders(connector, ids=(order.id,))
        assert now.tracking == Tracking("Yurtiçi Kargo", "TR9"), "the carrier stays, the old link goes"

    def test_another_carrier_keeps_number_and_link(
        self, connector: ShopifyConnector, shop: ShopifyHarness, product: Product
    ) -> None:
        order = self.open_order(connector, shop)
        [made] = send(connector, self.shipment(order))
        diffs = (Diff("tracking.company", "Yurtiçi Kargo", "Aras Kargo"),)
        send(connector, change(2, Entity.FULFILMENT, Verb.UPDATE, target_id=made.target_id, diffs=diffs))
        [now] = orders(connector, ids=(order.id,))
        assert now.tracking == Tracking("Aras Kargo", "TR1", "https://x.example/1")

    def test_a_shipment_from_two_places_is_done_when_both_have_shipped(
        self, connector: ShopifyConnector, shop: ShopifyHarness, places: tuple[str, ...]
    ) -> None:
        """The second write of the call is refused: sent again, it ships what is left under the same
        number."""
        send(connector, creation(1, places[:1]), replace(creation(2, places[1:]), id="c2b"))
        lines = [{"sku": f"NEW-{n}-0", "quantity": 1, "location": places[n - 1]} for n in (1, 2)]
        shop.sandbox.post("/orders", {"lines": lines})
        [order] = orders(connector)
        assert len({o.location_id for o in order.fulfilment_orders}) == 2
        shop.sandbox.fault(
            "partial_user_errors", 1, match={"operation": "fulfillmentCreate*"}, params={"root": "f1"}
        )
        [call] = connector.batch([self.shipment(order)])
        assert connector.send(call)[0].state is State.REFUSED
        assert connector.find_written(call).found is not Found.YES
        [again] = connector.batch([self.shipment(order)])
        assert connector.send(again)[0].state is State.APPLIED
        [now] = orders(connector, ids=(order.id,))
        assert now.fulfilment == "fulfilled"
        assert [f.tracking.number for f in now.fulfilments] == ["TR1", "TR1"]
        assert connector.send(again)[0].state is State.APPLIED
        assert len(orders(connector, ids=(order.id,))[0].fulfilments) == 2, "nothing more is shipped"


class TestSignIn:
    def opened(self, shop: ShopifyHarness, **secrets: str) -> ShopifyConnector:
        settings = {
            "shop": "demo-store.myshopify.com",
            "base_url": shop.sandbox.url,
            "client_id": "sandbox-client",
        }
        account = Account("c", settings, Secrets(secrets), speed=shop.speed, allow_private=True)
        return spec_of("shopify").open(account, shop.services)  # type: ignore[return-value]

    def test_client_credentials_work_and_survive_revocation(self, shop: ShopifyHarness) -> None:
        connector = self.opened(shop, client_secret="shpss_sandbox_secret")
        assert connector.check().ok and connector.check().facts["sign_in"] == "client id and secret"
        shop.sandbox.post("/tokens/revoke")
        assert connector.check().ok

    def test_a_wrong_secret_is_a_sentence(self, shop: ShopifyHarness) -> None:
        check = self.opened(shop, client_secret="shpss_wrong").check()
        assert not check.ok and "client id or secret" in str(check.missing[0].message)

    def test_no_credentials_at_all_is_a_sentence(self, shop: ShopifyHarness) -> None:
        check = self.opened(shop).check()
        assert not check.ok and "access token" in str(check.missing[0].message)

    def test_another_shop_than_the_one_entered_is_noticed(self, shop: ShopifyHarness) -> None:
        settings = {"shop": "other.myshopify.com", "base_url": shop.sandbox.url}
        account = Account("c", settings, Secrets({"access_token": "shpat_sandbox_token"}), allow_private=True)
        check = spec_of("shopify").open(account, shop.services).check()
        assert [m.code for m in check.missing] == ["other_shop"]
