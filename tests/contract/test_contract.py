"""One test for each sentence of `sync.connectors.contract`, for every connector against its platform."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from sync.connectors.contract import Connector
from sync.errors import CounterpartError, NotAuthorised, OutcomeUnknown, Transient
from sync.model.call import Call, Found, Outcome, State
from sync.model.entity import Entity
from sync.model.page import Page, ReadFilter
from sync.model.support import Support
from tests.contract.harness import Harness


def ids(pages: list[Page]) -> list[str]:
    return [record.id for page in pages for record in page.records]


def call_of(connector: Connector, harness: Harness, number: int = 1) -> Call:
    [call] = connector.batch([harness.creation(number)])
    return call


def until_known(connector: Connector, harness: Harness, call: Call) -> Any:
    """Asks what became of a call until the answer is yes or no, waiting as told in between."""
    for _ in range(20):
        written = connector.find_written(call)
        if written.found is not Found.NOT_SURE:
            return written
        assert written.ask_again_in > 0
        harness.clock.sleep(written.ask_again_in)
    raise AssertionError("never sure")


class TestCheck:
    def test_good_credentials_are_ok_and_tell_the_account(self, connector: Connector) -> None:
        check = connector.check()
        assert check.ok and not check.missing and check.identity

    def test_writes_nothing(self, connector: Connector, harness: Harness) -> None:
        connector.check([harness.writes])
        assert harness.effects() == 0

    def test_wrong_credentials_are_a_sentence_not_an_exception(self, harness: Harness) -> None:
        check = harness.connect(good_key=False).check()
        assert not check.ok
        assert all(len(str(missing.message)) > 10 for missing in check.missing) and check.missing

    def test_a_platform_out_of_reach_is_transient(self, harness: Harness) -> None:
        with pytest.raises(Transient):
            harness.connect(reachable=False).check()


class TestSupport:
    def test_is_pure(self, connector: Connector) -> None:
        assert [connector.support(e) for e in Entity] == [connector.support(e) for e in Entity]

    def test_an_unknown_entity_gives_an_empty_one(self, connector: Connector) -> None:
        assert connector.support("nonsense") == Support()  # type: ignore[arg-type]

    def test_names_what_is_written(self, connector: Connector, harness: Harness) -> None:
        assert connector.support(harness.writes).creates


class TestRead:
    def test_yields_every_product(self, connector: Connector, harness: Harness) -> None:
        assert set(ids(list(connector.read(Entity.PRODUCT)))) == harness.product_ids()

    def test_products_come_with_variants_pictures_and_levels(self, connector: Connector) -> None:
        products: list[Any] = [r for page in connector.read(Entity.PRODUCT) for r in page.records]
        assert any(p.media for p in products)
        assert any(v.levels for p in products for v in p.variants)
        assert all(v.sku for p in products for v in p.variants)

    def test_yields_every_order(self, connector: Connector, harness: Harness) -> None:
        placed = harness.place_orders(5)
        orders: list[Any] = [r for page in connector.read(Entity.ORDER) for r in page.records]
        assert {order.id for order in orders} == placed
        assert all(order.lines and order.placed_at.tzinfo for order in orders)

    def test_resumes_after_every_cursor(self, connector: Connector, harness: Harness) -> None:
        pages = list(connector.read(Entity.PRODUCT))
        for index, page in enumerate(pages[:-1]):
            if page.cursor:
                rest = ids(list(connector.read(Entity.PRODUCT, since=page.cursor)))
                assert set(ids(pages[: index + 1])) | set(rest) == harness.product_ids()

    def test_resuming_reads_less(self, connector: Connector, harness: Harness) -> None:
        pages = list(connector.read(Entity.PRODUCT))
        cursor = next((page.cursor for page in pages[:-1] if page.cursor), "")
        if cursor:
            assert len(ids(list(connector.read(Entity.PRODUCT, since=cursor)))) < len(harness.product_ids())

    def test_the_last_page_alone_may_be_complete(self, connector: Connector) -> None:
        pages = list(connector.read(Entity.PRODUCT))
        assert [page.complete for page in pages] == [False] * (len(pages) - 1) + [True]

    def test_expected_is_the_platforms_own_total(self, connector: Connector, harness: Harness) -> None:
        pages = list(connector.read(Entity.PRODUCT))
        assert pages[-1].expected in (None, len(harness.product_ids()))

    def test_part_of_the_records_is_never_complete(self, connector: Connector, harness: Harness) -> None:
        some = ReadFilter(ids=tuple(sorted(harness.product_ids())[:2]))
        for which in (some, ReadFilter(limit=2)):
            assert not any(page.complete for page in connector.read(Entity.PRODUCT, which))

    def test_limit_stops_after_that_many(self, connector: Connector) -> None:
        assert len(ids(list(connector.read(Entity.PRODUCT, ReadFilter(limit=3))))) == 3

    def test_reads_by_id(self, connector: Connector, harness: Harness) -> None:
        wanted = tuple(sorted(harness.product_ids())[:2])
        assert set(ids(list(connector.read(Entity.PRODUCT, ReadFilter(ids=wanted))))) == set(wanted)

    def test_reads_by_sku_exactly(self, connector: Connector, harness: Harness) -> None:
        sku, owner = harness.a_sku()
        assert ids(list(connector.read(Entity.PRODUCT, ReadFilter(skus=(sku,))))) == [owner]

    def test_part_of_a_sku_finds_nothing(self, connector: Connector, harness: Harness) -> None:
        sku, _ = harness.a_sku()
        assert ids(list(connector.read(Entity.PRODUCT, ReadFilter(skus=(sku[:-1],))))) == []

    @pytest.mark.parametrize("which", [ReadFilter(ids=("999999999",)), ReadFilter(skus=("NO-SUCH-SKU",))])
    def test_what_does_not_exist_is_simply_not_there(self, connector: Connector, which: ReadFilter) -> None:
        assert ids(list(connector.read(Entity.PRODUCT, which))) == []

    def test_an_order_that_does_not_exist_is_not_there(self, connector: Connector) -> None:
        assert ids(list(connector.read(Entity.ORDER, ReadFilter(ids=("999999999",))))) == []

    def test_an_odd_record_has_problems_and_ends_nothing(
        self, connector: Connector, harness: Harness
    ) -> None:
        spoilt = harness.spoil_product()
        if spoilt is None:
            pytest.skip(f"{harness.name} cannot hold such a record")
        found: dict[str, Any] = {r.id: r for page in connector.read(Entity.PRODUCT) for r in page.records}
        assert set(found) == harness.product_ids()
        assert found[spoilt].problems

    def test_a_failing_page_ends_the_read_and_nothing_is_complete(
        self, connector: Connector, harness: Harness
    ) -> None:
        harness.fail_page(good_pages=1)
        pages: list[Page] = []
        with pytest.raises(Transient):
            for page in connector.read(Entity.PRODUCT):
                pages.append(page)
        assert pages and ids(pages) and not any(page.complete for page in pages)

    def test_a_refused_key_in_mid_run_is_not_authorised(self, connector: Connector, harness: Harness) -> None:
        reading = connector.read(Entity.PRODUCT)
        first = next(reading)
        harness.lock_out()
        with pytest.raises(NotAuthorised):
            list(reading)
        assert first.records

    def test_an_entity_that_is_not_read_alone_is_an_error(self, connector: Connector) -> None:
        with pytest.raises(ValueError, match="not read"):
            list(connector.read(Entity.REFUND))

    def test_several_threads_read_at_once(self, connector: Connector, harness: Harness) -> None:
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(lambda _: set(ids(list(connector.read(Entity.PRODUCT)))), range(3)))
        assert found == [harness.product_ids()] * 3


class TestBatch:
    def test_every_change_is_in_exactly_one_call_in_order(
        self, connector: Connector, harness: Harness
    ) -> None:
        changes = [harness.creation(number) for number in range(1, 6)]
        calls = connector.batch(changes)
        assert [change_id for call in calls for change_id in call.change_ids] == [c.id for c in changes]

    def test_is_deterministic_but_for_the_ids(self, connector: Connector, harness: Harness) -> None:
        changes = [harness.creation(number) for number in range(1, 4)]
        first, second = connector.batch(changes), connector.batch(changes)
        assert [(c.operation, c.arguments, c.change_ids) for c in first] == [
            (c.operation, c.arguments, c.change_ids) for c in second
        ]

    def test_arguments_survive_storage(self, connector: Connector, harness: Harness) -> None:
        call = call_of(connector, harness)
        stored = Call(
            call.id,
            call.operation,
            json.loads(json.dumps(call.arguments)),
            call.change_ids,
            call.key,
            call.expires_at,
        )
        assert [outcome.state for outcome in connector.send(stored)] == [State.APPLIED]

    def test_touches_nothing(self, connector: Connector, harness: Harness) -> None:
        connector.batch([harness.creation(1)])
        assert harness.effects() == 0

    def test_an_unsupported_change_is_a_value_error(self, connector: Connector, harness: Harness) -> None:
        with pytest.raises(ValueError):
            connector.batch([harness.unsupported()])


class TestSend:
    def test_one_outcome_per_member_with_the_new_id(self, connector: Connector, harness: Harness) -> None:
        call = call_of(connector, harness)
        outcomes = connector.send(call)
        assert [o.change_id for o in outcomes] == list(call.change_ids)
        assert all(o.state is State.APPLIED and o.target_id for o in outcomes)
        assert harness.effects() == 1

    def test_what_was_created_can_be_read(self, connector: Connector, harness: Harness) -> None:
        [outcome] = connector.send(call_of(connector, harness))
        assert ids(list(connector.read(harness.writes, ReadFilter(ids=(outcome.target_id,))))) == [
            outcome.target_id
        ]

    def test_a_refusal_is_an_outcome_with_a_reason(self, connector: Connector, harness: Harness) -> None:
        [call] = connector.batch([harness.refused(1)])
        [outcome] = connector.send(call)
        assert outcome.state is State.REFUSED and outcome.message is not None and str(outcome.message)
        assert harness.effects() == 0

    def test_throttling_is_retried_inside(self, connector: Connector, harness: Harness) -> None:
        harness.fail_write("throttled")
        assert connector.send(call_of(connector, harness))[0].state is State.APPLIED
        assert harness.effects() == 1

    def test_a_refused_key_is_not_authorised_and_nothing_happened(
        self, connector: Connector, harness: Harness
    ) -> None:
        call = call_of(connector, harness)
        harness.fail_write("unauthorised", times=None)
        with pytest.raises(NotAuthorised):
            connector.send(call)
        assert harness.effects() == 0

    def test_no_answer_after_the_effect_is_unknown(self, connector: Connector, harness: Harness) -> None:
        harness.fail_write("after")
        with pytest.raises(OutcomeUnknown):
            connector.send(call_of(connector, harness))
        assert harness.effects() == 1

    def test_no_answer_without_effect_is_said_so_or_unknown(
        self, connector: Connector, harness: Harness
    ) -> None:
        harness.fail_write("before", times=None)
        with pytest.raises((Transient, OutcomeUnknown)):
            connector.send(call_of(connector, harness))
        assert harness.effects() == 0

    def test_errors_are_of_the_tree_and_show_no_secret(self, connector: Connector, harness: Harness) -> None:
        harness.fail_write("after")
        with pytest.raises(CounterpartError) as caught:
            connector.send(call_of(connector, harness))
        assert "secret" not in repr(caught.value).lower() and "secret" not in repr(connector).lower()


class TestFindWritten:
    def test_a_lost_answer_is_found_and_done_once(self, connector: Connector, harness: Harness) -> None:
        harness.fail_write("after")
        call = call_of(connector, harness)
        with pytest.raises(OutcomeUnknown):
            connector.send(call)
        written = until_known(connector, harness, call)
        assert written.found is Found.YES
        [outcome] = written.outcomes
        assert (outcome.change_id, outcome.state) == (call.change_ids[0], State.APPLIED) and outcome.target_id
        assert harness.effects() == 1

    def test_another_process_finds_it_too(self, connector: Connector, harness: Harness) -> None:
        call = call_of(connector, harness)
        [sent] = connector.send(call)
        written = until_known(other := harness.connect(), harness, call)
        assert written.found is Found.YES and written.outcomes[0].target_id == sent.target_id
        other.close()

    def test_no_only_after_the_settling_time(self, connector: Connector, harness: Harness) -> None:
        harness.fail_write("before", times=None)
        call = call_of(connector, harness)
        with pytest.raises((Transient, OutcomeUnknown)):
            connector.send(call)
        first = connector.find_written(call)
        assert first.found is Found.NOT_SURE and first.ask_again_in > 0
        assert until_known(connector, harness, call).found is Found.NO

    def test_writes_nothing(self, connector: Connector, harness: Harness) -> None:
        until_known(connector, harness, call_of(connector, harness))
        assert harness.effects() == 0

    def test_knows_a_call_among_others(self, connector: Connector, harness: Harness) -> None:
        first, second = call_of(connector, harness, 1), call_of(connector, harness, 2)
        connector.send(first)
        assert until_known(connector, harness, second).found is Found.NO


class TestTheRest:
    def test_prepare_is_quiet_the_second_time(self, connector: Connector, harness: Harness) -> None:
        connector.prepare()
        before = harness.effects()
        connector.prepare()
        assert harness.effects() == before

    def test_choices_of_a_known_word(self, connector: Connector, harness: Harness) -> None:
        assert all(choice.id and choice.name for choice in connector.choices(harness.known_choice))
        assert connector.choices(harness.known_choice)

    def test_choices_of_an_unknown_word(self, connector: Connector) -> None:
        assert connector.choices("nonsense") == []

    def test_close_twice(self, harness: Harness) -> None:
        connector = harness.connect()
        connector.check()
        connector.close()
        connector.close()

    def test_outcomes_are_plain_values(self, connector: Connector, harness: Harness) -> None:
        assert all(isinstance(o, Outcome) for o in connector.send(call_of(connector, harness)))
