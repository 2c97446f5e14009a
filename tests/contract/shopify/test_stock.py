"""Shopify's stock against its sandbox: what it costs, what is stale and how Shopify says so, what cannot
be."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from sync.connectors.shopify import ShopifyConnector, read_stock
from sync.errors import OutcomeUnknown, Transient
from sync.model.call import Call, Change, Diff, Found, Outcome, State, Verb
from sync.model.entity import Entity
from sync.model.page import ReadFilter
from sync.model.stock import ItemKind, StockItem
from tests.contract.sandboxes import Sandbox
from tests.contract.shopify_factory import ShopifyHarness


@pytest.fixture
def shop(running: Sandbox) -> ShopifyHarness:
    return ShopifyHarness(running, products=60)


@pytest.fixture
def items(connector: ShopifyConnector) -> list[StockItem]:
    found = [r for page in connector.read(Entity.STOCK) for r in page.records if isinstance(r, StockItem)]
    return [item for item in found if item.levels and item.tracked and item.kind is ItemKind.PLAIN]


def setting(item: StockItem, by: int = 1, n: int = 0) -> Change:
    place, have = item.levels[0].location_id, item.levels[0].available
    return Change(
        f"c{n}",
        Entity.STOCK,
        Verb.SET,
        item.id,
        item.item_id,
        place=place,
        diffs=(Diff("available", have, have + by),),
    )


def settings(items: list[StockItem]) -> list[Change]:
    return [setting(item, n=n) for n, item in enumerate(items)]


def points(shop: ShopifyHarness, since: int = 0) -> float:
    return sum(figures["points"] for _, figures in shop.trace.requests[since:])


def states(outcomes: list[Outcome]) -> list[tuple[State, bool]]:
    return [(outcome.state, outcome.named) for outcome in outcomes]


class TestReading:
    def test_a_poll_that_finds_nothing_costs_fifteen_points_at_most(self, shop: ShopifyHarness) -> None:
        cursor = list(shop.connect().read(Entity.STOCK))[-1].cursor
        before = len(shop.trace.requests)
        [page] = shop.connect().read(Entity.STOCK, since=cursor)
        assert page.unchanged and points(shop, before) <= 15

    def test_250_items_are_read_again_in_one_cheap_call(
        self, shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
    ) -> None:
        wanted = items[:250]
        place = (items[0].levels[0].location_id,)
        for ids in ([i.id for i in wanted], [i.item_id for i in wanted]):
            before = len(shop.trace.requests)
            pages = list(
                connector.read(Entity.STOCK, ReadFilter(ids=tuple(ids), locations=place, urgent=True))
            )
            assert {r.id for page in pages for r in page.records} == {i.id for i in wanted}
            assert len(shop.trace.requests) - before == 1 and points(shop, before) <= 10

    def test_many_items_are_asked_for_together_and_keep_their_order(
        self,
        shop: ShopifyHarness,
        connector: ShopifyConnector,
        items: list[StockItem],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(read_stock, "_BY_ID", 20)
        monkeypatch.setattr(read_stock, "_FIND", 7)
        wanted = items[:130]
        for which in (
            ReadFilter(ids=tuple(i.id for i in wanted)),
            ReadFilter(ids=tuple(i.item_id for i in wanted)),
        ):
            assert [r for page in connector.read(Entity.STOCK, which) for r in page.records] == wanted
        skus = ReadFilter(skus=tuple(i.sku or "" for i in wanted))
        assert {r.id for page in connector.read(Entity.STOCK, skus) for r in page.records} >= {
            i.id for i in wanted
        }

    def test_an_error_in_one_question_ends_the_read(
        self,
        shop: ShopifyHarness,
        connector: ShopifyConnector,
        items: list[StockItem],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        monkeypatch.setattr(read_stock, "_BY_ID", 20)
        shop.sandbox.fault("server_error", None, match={"operation": "nodes"}, after=2)
        with pytest.raises(Transient):
            list(connector.read(Entity.STOCK, ReadFilter(ids=tuple(i.id for i in items[:130]))))

    def test_the_search_index_lags_and_is_not_believed(
        self, shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
    ) -> None:
        shop.sandbox.post("/settings", {"sku_search": "loose"})
        sku = items[0].sku or ""
        found = [r for p in connector.read(Entity.STOCK, ReadFilter(skus=(sku[:-1],))) for r in p.records]
        assert found == []

    def test_a_failed_operation_is_started_again(
        self, shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
    ) -> None:
        shop.sandbox.fault("failed_bulk", 1)
        pages = list(connector.read(Entity.STOCK))
        assert pages[-1].complete and sum(len(page.records) for page in pages) == pages[-1].expected

    @pytest.mark.parametrize("number", range(4))
    @pytest.mark.parametrize(
        "fault",
        [
            "timeout_before",
            "timeout_after",
            "reset",
            "throttle",
            "server_error",
            "html_body",
            "truncated_json",
        ],
    )
    def test_whichever_call_fails_the_sweep_is_whole(
        self, shop: ShopifyHarness, fault: str, number: int
    ) -> None:
        whole = list(shop.connect().read(Entity.STOCK))
        shop.sandbox.fault(fault, 1, after=number)
        pages = list(shop.connect().read(Entity.STOCK))
        assert pages[-1].complete and pages[-1].cursor == whole[-1].cursor
        assert sum(len(page.records) for page in pages) == pages[-1].expected

    def test_two_failed_operations_give_way_to_pages(
        self, shop: ShopifyHarness, connector: ShopifyConnector
    ) -> None:
        whole = list(connector.read(Entity.STOCK))
        shop.sandbox.fault("failed_bulk", 2, match={"operation": "bulkOperationRunQuery"})
        before = len(shop.trace.requests)
        pages = list(connector.read(Entity.STOCK))
        assert "StockPages" in [name for name, _ in shop.trace.requests[before:]]
        assert pages[-1].complete and pages[-1].cursor == whole[-1].cursor


class TestStale:
    """1 stale row of 4, under every reading of what Shopify answers."""

    @pytest.fixture
    def outcomes(
        self,
        shop: ShopifyHarness,
        connector: ShopifyConnector,
        items: list[StockItem],
        request: pytest.FixtureRequest,
    ) -> list[Outcome]:
        shop.sandbox.post("/settings", {"stale_answer": request.param})
        rows = settings(items[:4])
        for item in (items[1], items[3]):
            shop.move_stock(item, item.levels[0].location_id, item.levels[0].available + 9)
        [call] = connector.batch(rows)
        return connector.send(call)

    @pytest.mark.parametrize("outcomes", ["all_named"], indirect=True)
    def test_all_are_named_and_the_others_wait(self, shop: ShopifyHarness, outcomes: list[Outcome]) -> None:
        unnamed = (State.REFUSED, False)
        assert states(outcomes) == [unnamed, (State.STALE, True), unnamed, (State.STALE, True)]
        assert shop.effects() == 0

    @pytest.mark.parametrize("outcomes", ["first_named"], indirect=True)
    def test_only_the_first_is_named(self, shop: ShopifyHarness, outcomes: list[Outcome]) -> None:
        unnamed = (State.REFUSED, False)
        assert states(outcomes) == [unnamed, (State.STALE, True), unnamed, unnamed]
        assert shop.effects() == 0

    @pytest.mark.parametrize("outcomes", ["per_row"], indirect=True)
    def test_the_others_are_carried_out(self, shop: ShopifyHarness, outcomes: list[Outcome]) -> None:
        applied = (State.APPLIED, True)
        assert states(outcomes) == [applied, (State.STALE, True), applied, (State.STALE, True)]
        assert shop.effects() == 2


class TestWriting:
    def test_250_rows_are_one_call_of_ten_points(
        self, shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
    ) -> None:
        before = len(shop.trace.requests)
        [call] = connector.batch(settings(items[:250]))
        assert {o.state for o in connector.send(call)} == {State.APPLIED}
        assert points(shop, before) == 10 and len(shop.trace.requests) == before + 1

    def test_below_zero_is_refused_by_name(
        self, connector: ShopifyConnector, items: list[StockItem], shop: ShopifyHarness
    ) -> None:
        item = items[0]
        bad = replace(setting(item), diffs=(Diff("available", item.levels[0].available, 2_000_000_000),))
        [call] = connector.batch([bad, setting(items[1], n=1)])
        assert states(connector.send(call)) == [(State.REFUSED, True), (State.REFUSED, False)]
        assert shop.effects() == 0

    def test_an_expired_key_is_looked_up_and_never_sent_again(
        self, shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
    ) -> None:
        [call] = connector.batch(settings(items[:2]))
        connector.send(call)
        old = replace(call, expires_at=shop.clock.now() - timedelta(hours=1))
        before = shop.effects()
        with pytest.raises(OutcomeUnknown):
            connector.send(old)
        written = connector.find_written(old)
        assert written.found is Found.YES and {o.state for o in written.outcomes} == {State.APPLIED}
        assert shop.effects() == before

    def test_an_expired_call_is_judged_row_by_row(
        self, shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
    ) -> None:
        [call] = connector.batch([replace(row, verb=Verb.ADJUST) for row in settings(items[:2])])
        connector.send(call)
        shop.move_stock(items[1], items[1].levels[0].location_id, 77)
        old = replace(call, expires_at=shop.clock.now() - timedelta(hours=1))
        first, second = connector.find_written(old).outcomes
        assert first.state is State.APPLIED
        assert (second.state, second.actual) == (State.STALE, 77)

    @pytest.mark.parametrize("verb", [Verb.TRACK, Verb.ACTIVATE])
    def test_many_travel_in_one_request_each_judged_by_itself(
        self, shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem], verb: Verb
    ) -> None:
        places = [choice.id for choice in connector.choices("locations")]
        rows = [
            Change(f"c{n}", Entity.STOCK, verb, item.id, item.item_id, place=places[-1])
            for n, item in enumerate(items[:30])
        ]
        rows[3] = replace(rows[3], target_id="gid://shopify/InventoryItem/1")
        calls = connector.batch(rows)
        assert [len(call.change_ids) for call in calls] == [25, 5]
        outcomes = [outcome for call in calls for outcome in connector.send(call)]
        assert [n for n, o in enumerate(outcomes) if o.state is State.REFUSED] == [3]
        assert sum(o.state is State.APPLIED for o in outcomes) == 29

    def test_a_status_takes_a_product_out_of_sale(
        self, connector: ShopifyConnector, items: list[StockItem]
    ) -> None:
        for wanted in ("draft", "archived"):
            change = Change(
                "c",
                Entity.PRODUCT,
                Verb.UPDATE,
                "s",
                items[0].product_id,
                diffs=(Diff("status", "active", wanted),),
            )
            [call] = connector.batch([change])
            assert connector.send(call)[0].state is State.APPLIED
            [page] = connector.read(Entity.PRODUCT, ReadFilter(ids=(items[0].product_id,)))
            assert page.records[0].status == wanted  # type: ignore[union-attr]

    def test_what_may_be_in_flight_follows_the_budget(
        self, shop: ShopifyHarness, connector: ShopifyConnector, items: list[StockItem]
    ) -> None:
        shop.sandbox.post("/settings", {"latency": 0.35})
        try:
            for by in range(3):
                rows = [replace(setting(i), diffs=(Diff("available", None, by),)) for i in items[:5]]
                calls: list[Call] = connector.batch(rows)
                connector.send(calls[0])
            assert connector.useful_in_flight(Entity.STOCK) == 32  # the bucket is full
        finally:
            shop.sandbox.post("/settings", {"latency": 0})
