"""Sentos' rationing: the sandbox's own log is the proof that we stay below it, and that its moods are
survived."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from sync.errors import BrokenContract, NeedsOperator, NotAuthorised, OutcomeUnknown, Transient
from sync.model.call import Change, Diff, Found, State, Verb
from sync.model.entity import Entity
from sync.model.page import ReadFilter
from tests.contract import sentos_factory
from tests.contract.sandboxes import Sandbox
from tests.contract.sentos_factory import SentosHarness


@pytest.fixture(scope="module")
def world() -> Iterator[Sandbox]:
    with sentos_factory.world() as running:
        yield running


@pytest.fixture
def tenant(world: Sandbox) -> SentosHarness:
    return SentosHarness(world)


def products(connector: Any, which: ReadFilter = ReadFilter()) -> set[str]:
    return {record.id for page in connector.read(Entity.PRODUCT, which) for record in page.records}


def create(connector: Any, tenant: SentosHarness, number: int = 1) -> Any:
    return connector.batch([tenant.creation(number)])[0]


class TestSignIn:
    @pytest.mark.parametrize("method", ["basic", "headers", "bearer", "token"])
    def test_each_method_is_found_out_and_kept(self, tenant: SentosHarness, method: str) -> None:
        tenant.sandbox.post("/settings", {"auth": method})
        assert tenant.connect().check().ok
        assert tenant.keep.get(
            "sentos.signin",
        ).startswith(f"{method}:")  # type: ignore[union-attr]

    def test_every_attempt_goes_to_another_address(self, tenant: SentosHarness) -> None:
        tenant.sandbox.post("/settings", {"auth": "token"})
        tenant.connect().check()
        paths = [call["path"] for call in tenant.sandbox.calls()]
        assert len(paths) == len(set(paths)) == 4

    def test_a_kept_method_is_used_at_once(self, tenant: SentosHarness) -> None:
        tenant.sandbox.post("/settings", {"auth": "bearer"})
        tenant.connect().check()
        before = len(tenant.sandbox.calls())
        tenant.connect().choices("warehouses")
        assert [call["status"] for call in tenant.sandbox.calls()[before:]] == [200]

    def test_other_credentials_do_not_inherit_the_kept_method(self, tenant: SentosHarness) -> None:
        tenant.connect().check()
        assert not tenant.connect(good_key=False).check().ok

    def test_what_is_kept_shows_no_credentials(self, tenant: SentosHarness) -> None:
        tenant.connect().check()
        assert "sandbox" not in "".join(tenant.keep.values.values())

    def test_an_address_that_is_not_allowed_is_said_so(self, tenant: SentosHarness) -> None:
        tenant.sandbox.post("/settings", {"allowed_ips": "10.9.8.7"})
        [missing] = tenant.connect().check().missing
        assert "allowed addresses" in str(missing.message)

    def test_a_wrong_firm_is_said_so(self, tenant: SentosHarness) -> None:
        tenant.sandbox.fault("html_body", None)
        [missing] = tenant.connect().check().missing
        assert missing.code == "firm" and "firm name" in str(missing.message)

    def test_a_missing_right_is_named(self, tenant: SentosHarness) -> None:
        tenant.sandbox.post("/settings", {"forbidden": "channels.list"})
        check = tenant.connect().check([Entity.ORDER])
        assert [missing.code for missing in check.missing] == ["rights.order"]
        with pytest.raises(NeedsOperator):
            tenant.connect().choices("sales_channels")


class TestLimits:
    def test_writes_keep_their_distance(self, tenant: SentosHarness) -> None:
        connector = tenant.connect()
        for number in range(6):
            assert connector.send(create(connector, tenant, number))[0].state is State.APPLIED
        times = [call["t"] for call in tenant.sandbox.calls() if call["operation"] == "orders.create"]
        assert min(later - earlier for earlier, later in zip(times, times[1:], strict=False)) >= 5.0

    def test_equal_gets_keep_31_seconds_apart(self, tenant: SentosHarness) -> None:
        connector = tenant.connect()
        sku, owner = tenant.a_sku()
        for _ in range(3):
            assert products(connector, ReadFilter(skus=(sku,))) == {owner}
        products(connector)
        products(connector)
        self.assert_never_too_much(tenant)

    @staticmethod
    def assert_never_too_much(tenant: SentosHarness) -> None:
        times: dict[str, list[float]] = defaultdict(list)
        for call in tenant.sandbox.calls():
            assert call["status"] != 429, call
            times[call["path"]].append(call["t"])
        for path, moments in times.items():
            gaps = [later - earlier for earlier, later in zip(moments, moments[1:], strict=False)]
            assert not gaps or path == "/api/orders" or min(gaps) >= 30.9, path

    def test_an_answer_of_the_last_half_minute_is_given_again(self, tenant: SentosHarness) -> None:
        connector = tenant.connect()
        sku, _ = tenant.a_sku()
        for _ in range(2):
            products(connector, ReadFilter(skus=(sku,)))
        assert sum("sku=" in call["path"] for call in tenant.sandbox.calls()) == 1

    def test_the_pessimistic_reading_of_the_limit_is_kept_too(self, tenant: SentosHarness) -> None:
        tenant.sandbox.post("/settings", {"total_get_per_min": 2})
        assert products(tenant.connect(profile="strict")) == tenant.product_ids()
        assert all(call["status"] == 200 for call in tenant.sandbox.calls())

    def test_small_lists_are_kept_for_hours(self, tenant: SentosHarness) -> None:
        connector = tenant.connect()
        for _ in range(3):
            connector.choices("categories")
            tenant.clock.sleep(40)
        assert sum(call["path"] == "/api/categories" for call in tenant.sandbox.calls()) == 1

    def test_a_cancelled_run_leaves_a_wait_at_once(self, tenant: SentosHarness) -> None:
        connector: Any = tenant.connect()
        # Both are made first: what takes real time between two writes is part of their wait.
        first, second = create(connector, tenant, 1), create(connector, tenant, 2)
        connector.send(first)
        tenant.clock.cancelled = True  # type: ignore[attr-defined]
        with pytest.raises(Exception, match="cancelled"):
            connector.send(second)
        assert tenant.effects() == 1


class TestMoods:
    @pytest.mark.parametrize(
        "fault, settings",
        [
            ("throttle", {}),
            ("throttle", {"params": {"retry_after": 3}}),
            ("server_error", {}),
            ("server_error", {"params": {"status": 503}}),
            ("html_body", {}),
            ("html_body", {"params": {"status": 502}}),
            ("truncated_json", {}),
            ("timeout_before", {}),
            ("reset", {}),
        ],
    )
    def test_a_page_that_fails_once_is_read_in_the_end(
        self, tenant: SentosHarness, fault: str, settings: Any
    ) -> None:
        tenant.sandbox.fault(fault, 1, match={"operation": "products.list", "page": "2"}, **settings)
        pages = list(tenant.connect().read(Entity.PRODUCT))
        assert {r.id for page in pages for r in page.records} == tenant.product_ids() and pages[-1].complete

    @pytest.mark.parametrize("fault", ["server_error", "html_body", "truncated_json", "reset"])
    def test_a_page_in_the_middle_that_keeps_failing_is_never_complete(
        self, tenant: SentosHarness, fault: str
    ) -> None:
        tenant.sandbox.fault(fault, None, match={"operation": "products.list", "page": "2"})
        pages = []
        with pytest.raises(Transient):
            for page in tenant.connect().read(Entity.PRODUCT):
                pages.append(page)
        assert len(pages) == 1 and not pages[0].complete

    def test_a_short_page_is_read_again_and_nothing_is_missed(self, tenant: SentosHarness) -> None:
        tenant.sandbox.fault("short_page", 1, match={"operation": "products.list", "page": "2"})
        pages = list(tenant.connect().read(Entity.PRODUCT))
        assert {r.id for page in pages for r in page.records} == tenant.product_ids() and pages[-1].complete

    def test_a_page_that_stays_short_is_never_complete(self, tenant: SentosHarness) -> None:
        tenant.sandbox.fault("short_page", None, match={"operation": "products.list", "page": "2"})
        pages = list(tenant.connect().read(Entity.PRODUCT))
        assert not any(page.complete for page in pages) and pages[-1].expected == len(tenant.product_ids())

    def test_an_empty_catalogue_is_complete_and_says_so(self, tenant: SentosHarness) -> None:
        tenant.sandbox.fault("empty_catalogue", None)
        pages = list(tenant.connect().read(Entity.PRODUCT))
        assert pages[-1].complete and pages[-1].expected == 0 and not any(page.records for page in pages)

    def test_401_in_mid_run_stops_and_is_forgotten(self, tenant: SentosHarness) -> None:
        tenant.sandbox.fault("expired_token", 1, match={"operation": "products.list", "page": "2"})
        connector = tenant.connect()
        with pytest.raises(NotAuthorised):
            products(connector)
        assert products(connector) == tenant.product_ids()

    def test_a_list_that_is_none_is_a_broken_contract_with_its_payload(self, tenant: SentosHarness) -> None:
        from sync.connectors.sentos.sweep import envelope

        with pytest.raises(BrokenContract) as caught:
            envelope({"unexpected": True})
        assert "unexpected" in caught.value.payload


class TestWriteFaults:
    @pytest.mark.parametrize(
        "fault, settings",
        [
            ("timeout_after", {}),
            ("truncated_json", {}),
            ("html_body", {"params": {"effect": True}}),
            ("server_error", {"params": {"effect": True}}),
        ],
    )
    def test_an_effect_whose_answer_is_lost_is_found_exactly_once(
        self, tenant: SentosHarness, fault: str, settings: Any
    ) -> None:
        tenant.sandbox.fault(fault, 1, match={"operation": "orders.create"}, **settings)
        connector = tenant.connect()
        call = create(connector, tenant)
        with pytest.raises(OutcomeUnknown):
            connector.send(call)
        written = connector.find_written(call)
        assert written.found is Found.YES and tenant.effects() == 1
        assert written.outcomes[0].target_id == tenant.sandbox.effects()[0]["target"]

    def test_a_lagging_list_does_not_make_us_say_no_too_early(self, tenant: SentosHarness) -> None:
        tenant.sandbox.fault("timeout_after", 1, match={"operation": "orders.create"})
        tenant.sandbox.fault("stale_search", None, match={"operation": "orders.list"}, params={"lag": 200})
        connector = tenant.connect()
        call = create(connector, tenant)
        with pytest.raises(OutcomeUnknown):
            connector.send(call)
        assert connector.find_written(call).found is Found.NOT_SURE

    def test_200_with_errors_is_a_refusal(self, tenant: SentosHarness) -> None:
        tenant.sandbox.fault("errors_in_200", 1)
        connector = tenant.connect()
        [outcome] = connector.send(create(connector, tenant))
        assert outcome.state is State.REFUSED and "kaydedilemedi" in str(outcome.message)
        assert tenant.effects() == 0

    def test_422_names_the_field(self, tenant: SentosHarness) -> None:
        connector = tenant.connect()
        [call] = connector.batch([tenant.refused(1)])
        [outcome] = connector.send(call)
        assert "channel_id" in str(outcome.message)

    def test_another_shops_order_of_the_same_code_is_not_ours(self, tenant: SentosHarness) -> None:
        connector = tenant.connect()
        call = create(connector, tenant)
        tenant.sandbox.post("/orders", {"order_id": "other-shop-1", "order_code": "#1001"})
        assert connector.find_written(call).found is Found.NOT_SURE


class TestOrderLife:
    def advance(self, connector: Any, number: str, status: str, *extra: Diff) -> Any:
        change = Change(
            "a1",
            Entity.ORDER,
            Verb.ADVANCE,
            "s",
            target_id=number,
            diffs=(Diff("status", None, status), *extra),
        )
        return connector.send(connector.batch([change])[0])[0]

    def made(self, connector: Any, tenant: SentosHarness) -> str:
        return str(connector.send(create(connector, tenant))[0].target_id)

    def read(self, connector: Any, number: str) -> Any:
        [page] = connector.read(Entity.ORDER, ReadFilter(ids=(number,)))
        return page.records[0]

    def test_the_body_arrives_as_meant(self, tenant: SentosHarness) -> None:
        connector = tenant.connect()
        order = self.read(connector, self.made(connector, tenant))
        assert (order.reference, order.code, order.status) == ("shop-1", "#1001", "2")
        assert str(order.total) == "229.90 TRY" and order.lines[0].quantity == 2
        assert order.placed_at.isoformat() == "2026-11-20T09:30:00+00:00"
        assert order.delivery.phone == "905551112233" and order.delivery.district == "Selçuklu"

    def test_status_moves_forward_with_its_tracking(self, tenant: SentosHarness) -> None:
        connector = tenant.connect()
        number = self.made(connector, tenant)
        outcome = self.advance(
            connector,
            number,
            "5",
            Diff("tracking.company", None, "Aras Kargo"),
            Diff("tracking.number", None, "7000000000000001"),
        )
        assert outcome.state is State.APPLIED
        order = self.read(connector, number)
        assert order.status == "5" and order.tracking.number == "7000000000000001"

    def test_status_never_moves_back(self, tenant: SentosHarness) -> None:
        connector = tenant.connect()
        number = self.made(connector, tenant)
        tenant.sandbox.post(f"/orders/{number}/advance", {"status": 5})
        outcome = self.advance(connector, number, "2")
        assert outcome.state is State.STALE and outcome.actual == "5"
        assert tenant.effects() == 1

    def test_a_status_that_is_there_already_is_not_written(self, tenant: SentosHarness) -> None:
        connector = tenant.connect()
        number = self.made(connector, tenant)
        assert self.advance(connector, number, "2").state is State.APPLIED and tenant.effects() == 1

    def test_a_lost_status_write_is_found(self, tenant: SentosHarness) -> None:
        connector = tenant.connect()
        number = self.made(connector, tenant)
        change = Change(
            "a1", Entity.ORDER, Verb.ADVANCE, "s", target_id=number, diffs=(Diff("status", "2", "3"),)
        )
        [call] = connector.batch([change])
        tenant.sandbox.fault("timeout_after", 1, match={"operation": "orders.update"})
        with pytest.raises(OutcomeUnknown):
            connector.send(call)
        written = connector.find_written(call)
        while written.found is Found.NOT_SURE:
            tenant.clock.sleep(written.ask_again_in)
            written = connector.find_written(call)
        assert written.found is Found.YES

    def test_an_unknown_order_is_refused(self, tenant: SentosHarness) -> None:
        assert self.advance(tenant.connect(), "12345", "3").state is State.REFUSED

    def test_new_and_changed_orders_come_after_a_cursor(self, tenant: SentosHarness) -> None:
        tenant.place_orders(3)
        connector = tenant.connect()
        cursor = list(connector.read(Entity.ORDER))[-1].cursor
        tenant.clock.sleep(40)
        new = tenant.place_orders(1)
        pages = list(connector.read(Entity.ORDER, since=cursor))
        assert new <= {r.id for page in pages for r in page.records}
        assert not any(page.complete for page in pages) and pages[-1].cursor > cursor

    def test_orders_are_found_by_either_number_and_only_exactly(self, tenant: SentosHarness) -> None:
        [order] = tenant.sandbox.post("/orders", {"order_id": "X-77", "order_code": "#77"})["orders"]
        connector = tenant.connect()
        for name in ("X-77", "#77"):
            [page] = connector.read(Entity.ORDER, ReadFilter(names=(name,)))
            assert [r.id for r in page.records] == [str(order["id"])]
        [page] = connector.read(Entity.ORDER, ReadFilter(names=("X-7",)))
        assert not page.records

    def test_orders_taken_in_since_a_day_come_however_old_they_are(self, tenant: SentosHarness) -> None:
        long_ago = {"order_date": "2026-01-05 10:00:00", "source": "Shopify"}
        [old] = tenant.sandbox.post("/orders", long_ago)["orders"]
        hour_ago, tomorrow = (datetime.now(UTC) + timedelta(hours=h) for h in (-1, 24))
        connector = tenant.connect()
        since = ReadFilter(created_since=hour_ago.isoformat())
        found = [record for page in connector.read(Entity.ORDER, since) for record in page.records]
        assert [(order.id, order.source) for order in found] == [(str(old["id"]), "Shopify")]
        later = ReadFilter(created_since=tomorrow.isoformat())
        assert not [record for page in connector.read(Entity.ORDER, later) for record in page.records]


class TestLookingUp:
    """Whether Sentos has an order is asked by its numbers; how exactly it compares is not documented."""

    def lost(self, tenant: SentosHarness) -> tuple[Any, Any]:
        """A connector and a call of its that was carried out without an answer."""
        connector = tenant.connect()
        call = create(connector, tenant)
        tenant.fail_write("after")
        with pytest.raises(OutcomeUnknown):
            connector.send(call)
        return connector, call

    def test_a_number_that_is_part_of_others_is_found_behind_them(self, tenant: SentosHarness) -> None:
        connector, call = self.lost(tenant)
        for n in range(120):
            tenant.sandbox.post("/orders", {"order_id": f"shop-1{n}", "order_code": f"#1001{n}"})
        tenant.sandbox.post("/settings", {"order_filter": "loose"})
        assert connector.find_written(call).found is Found.YES
        names = ReadFilter(names=("shop-1",))
        assert len([o for page in connector.read(Entity.ORDER, names) for o in page.records]) == 1

    def test_numbers_that_are_not_looked_at_are_never_taken_for_no(self, tenant: SentosHarness) -> None:
        connector, call = self.lost(tenant)
        tenant.sandbox.post("/orders", {"count": 1050})
        tenant.sandbox.post("/settings", {"order_filter": "ignored"})
        with pytest.raises(NeedsOperator, match="looked up by order_id"):
            connector.find_written(call)
        names = ReadFilter(names=("shop-1",))
        with pytest.raises(NeedsOperator):
            list(connector.read(Entity.ORDER, names))


class TestStock:
    def test_items_that_cannot_be_shown_are_not_taken_for_gone(self, tenant: SentosHarness) -> None:
        item = next(r for page in tenant.connect().read(Entity.STOCK) for r in page.records)
        raw = tenant.sandbox.get(f"/products/{item.product_id}")
        first, *others = raw["variants"]
        tenant.sandbox.post(f"/products/{item.product_id}", {"variants": [{**first, "sku": ""}, *others]})
        pages = list(tenant.connect().read(Entity.STOCK))
        found = [r for page in pages for r in page.records if r.product_id == item.product_id]
        assert item.id not in {r.id for r in found} and pages[-1].complete
        [stand_in] = [r for r in found if r.problems]
        assert (stand_in.sku, stand_in.levels) == (None, ())
        assert [p.cause for p in stand_in.problems] == ["sku.empty"]

    def test_an_item_is_looked_up_by_its_product(self, tenant: SentosHarness) -> None:
        connector = tenant.connect()
        item = next(r for page in connector.read(Entity.STOCK) for r in page.records)
        before = len(tenant.sandbox.calls())
        [page] = connector.read(Entity.STOCK, ReadFilter(ids=(item.id,)))
        assert page.records == (item,)
        assert [call["operation"] for call in tenant.sandbox.calls()[before:]] == ["products.get"]

    def test_after_a_restart_it_is_found_by_a_sweep(self, tenant: SentosHarness) -> None:
        item = next(r for page in tenant.connect().read(Entity.STOCK) for r in page.records)
        found = [
            r
            for page in tenant.connect().read(Entity.STOCK, ReadFilter(ids=(item.id,)))
            for r in page.records
        ]
        assert found == [item]

    def test_a_stock_that_cannot_be_read_is_a_problem_and_no_zero(self, tenant: SentosHarness) -> None:
        item = next(r for page in tenant.connect().read(Entity.STOCK) for r in page.records)
        raw = tenant.sandbox.get(f"/products/{item.product_id}")
        variants = [{**v, "stocks": [{"warehouse": 1, "stock": "a few"}]} for v in raw["variants"]]
        tenant.sandbox.post(f"/products/{item.product_id}", {"variants": variants})
        [found] = [
            r for p in tenant.connect().read(Entity.STOCK, ReadFilter(skus=(item.sku,))) for r in p.records
        ]
        assert found.levels == () and [p.cause for p in found.problems] == ["stock.unreadable"]
