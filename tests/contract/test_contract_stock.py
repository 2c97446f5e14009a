"""What `sync.connectors.contract` says of stock, for every connector against its platform."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from sync.connectors.contract import Connector
from sync.errors import NotAuthorised, OutcomeUnknown
from sync.model.call import Call, Change, Diff, Found, Outcome, State, Verb
from sync.model.entity import Entity
from sync.model.page import Page, ReadFilter
from sync.model.product import Product
from sync.model.stock import StockItem
from tests.contract.harness import Harness, StockHarness
from tests.contract.test_contract import until_known


def items_of(pages: list[Page]) -> list[StockItem]:
    return [record for page in pages for record in page.records if isinstance(record, StockItem)]


def sweep(connector: Connector, since: str = "", which: ReadFilter = ReadFilter()) -> list[Page]:
    return list(connector.read(Entity.STOCK, which, since))


def some(connector: Connector, which: ReadFilter) -> list[StockItem]:
    return items_of(sweep(connector, which=which))


def stocked(connector: Connector) -> StockItem:
    """An item that is counted and lies somewhere."""
    return next(item for item in items_of(sweep(connector)) if item.levels and item.tracked is not False)


def change(
    item: StockItem, verb: Verb, before: int | None = None, after: int | None = None, n: int = 1
) -> Change:
    diffs = () if after is None else (Diff("available", before, after),)
    place = item.levels[0].location_id if item.levels else ""
    return Change(
        f"c{n}", Entity.STOCK, verb, item.id, item.item_id, item.item_id, place, item.sku or "", diffs
    )


def one_call(connector: Connector, *changes: Change) -> Call:
    [call] = connector.batch(changes)
    return call


def shown(connector: Connector, item: StockItem) -> int:
    [found] = some(connector, ReadFilter(ids=(item.id,)))
    return next(lv.available for lv in found.levels if lv.location_id == item.levels[0].location_id)


@pytest.fixture
def writer(connector: Connector, harness: Harness) -> Connector:
    if not isinstance(harness, StockHarness):
        pytest.skip(f"stock is not written at {harness.name}")
    return connector


class TestSweep:
    def test_yields_every_sellable_item(self, connector: Connector) -> None:
        products: list[Any] = [r for page in connector.read(Entity.PRODUCT) for r in page.records]
        variants = {v.id: (p.id, v.sku) for p in products if isinstance(p, Product) for v in p.variants}
        items = items_of(sweep(connector))
        assert {item.id: (item.product_id, item.sku) for item in items} == variants
        assert all(item.item_id and item.label for item in items)

    def test_levels_are_those_of_the_products(self, connector: Connector) -> None:
        products: list[Any] = [r for page in connector.read(Entity.PRODUCT) for r in page.records]
        wanted = {
            (v.id, lv.location_id): lv.available
            for p in products
            for v in p.variants
            for lv in v.levels
            if lv.active
        }
        items = items_of(sweep(connector))
        assert {(i.id, lv.location_id): lv.available for i in items for lv in i.levels if lv.active} == wanted

    def test_only_the_named_locations(self, connector: Connector) -> None:
        everywhere = {lv.location_id for item in items_of(sweep(connector)) for lv in item.levels}
        place = sorted(everywhere)[0]
        items = some(connector, ReadFilter(locations=(place,)))
        assert {lv.location_id for item in items for lv in item.levels} == {place}

    def test_only_the_last_page_is_complete_and_has_a_cursor(self, connector: Connector) -> None:
        pages = sweep(connector)
        assert [bool(page.cursor) for page in pages] == [page.complete for page in pages]
        assert pages[-1].complete and not any(page.complete for page in pages[:-1])

    def test_the_same_content_is_one_page_without_records(
        self, connector: Connector, harness: Harness
    ) -> None:
        cursor = sweep(connector)[-1].cursor
        for same in (connector, harness.connect()):
            harness.clock.sleep(60)
            [page] = sweep(same, cursor)
            assert (page.records, page.cursor) == ((), cursor)
            assert page.unchanged and page.complete

    def test_one_piece_more_is_another_content(self, connector: Connector, harness: Harness) -> None:
        cursor = sweep(connector)[-1].cursor
        item = stocked(connector)
        harness.move_stock(item, item.levels[0].location_id, item.levels[0].available + 1)
        harness.clock.sleep(60)
        pages = sweep(connector, cursor)
        assert pages[-1].complete and pages[-1].cursor not in ("", cursor)
        assert not any(page.unchanged for page in pages)
        assert (
            next(i for i in items_of(pages) if i.id == item.id).levels[0].available
            == item.levels[0].available + 1
        )

    def test_other_locations_are_another_content(self, connector: Connector) -> None:
        pages = sweep(connector)
        place = next(lv.location_id for item in items_of(pages) for lv in item.levels)
        assert not any(
            p.unchanged for p in sweep(connector, pages[-1].cursor, ReadFilter(locations=(place,)))
        )

    def test_a_read_of_some_is_never_complete(self, connector: Connector) -> None:
        item = stocked(connector)
        for which in (
            ReadFilter(ids=(item.id,)),
            ReadFilter(skus=(item.sku or "",)),
            ReadFilter(limit=10**6),
        ):
            assert not any(page.complete or page.cursor for page in sweep(connector, which=which))


class TestSome:
    def test_by_variant(self, connector: Connector) -> None:
        wanted = items_of(sweep(connector))[:3]
        assert some(connector, ReadFilter(ids=tuple(item.id for item in wanted))) == wanted

    def test_by_what_stock_is_written_by(self, connector: Connector) -> None:
        wanted = items_of(sweep(connector))[:3]
        assert some(connector, ReadFilter(ids=tuple(item.item_id for item in wanted), urgent=True)) == wanted

    def test_by_sku_exactly(self, connector: Connector) -> None:
        item = stocked(connector)
        assert item.sku
        assert {found.sku for found in some(connector, ReadFilter(skus=(item.sku,)))} == {item.sku}
        assert some(connector, ReadFilter(skus=(item.sku[:-1],))) == []

    def test_what_does_not_exist_is_simply_not_there(self, connector: Connector) -> None:
        for which in (
            ReadFilter(ids=("999999999",)),
            ReadFilter(skus=("NO-SUCH-SKU",)),
            ReadFilter(tags=("no",)),
        ):
            assert some(connector, which) == []

    def test_by_tag(self, connector: Connector) -> None:
        items = items_of(sweep(connector))
        tag = next((tag for item in items for tag in item.tags or ()), None)
        if tag is None:
            pytest.skip("nothing is tagged there")
        assert {i.id for i in some(connector, ReadFilter(tags=(tag,)))} == {
            i.id for i in items if tag in (i.tags or ())
        }

    def test_limit_stops_after_that_many(self, connector: Connector) -> None:
        assert len(some(connector, ReadFilter(limit=3))) == 3

    def test_a_refused_key_is_not_authorised(self, connector: Connector, harness: Harness) -> None:
        harness.lock_out()
        with pytest.raises(NotAuthorised):
            sweep(connector)


class TestWriting:
    def test_sets_what_was_seen(self, writer: Connector, harness: Harness) -> None:
        item = stocked(writer)
        have = item.levels[0].available
        [outcome] = writer.send(one_call(writer, change(item, Verb.SET, have, have + 5)))
        assert (outcome.state, outcome.target_id) == (State.APPLIED, item.item_id)
        assert shown(writer, item) == have + 5 and harness.effects() == 1

    def test_adjusts_by_the_difference(self, writer: Connector, harness: Harness) -> None:
        item = stocked(writer)
        have = item.levels[0].available
        [outcome] = writer.send(one_call(writer, change(item, Verb.ADJUST, have, have + 3)))
        assert outcome.state is State.APPLIED and shown(writer, item) == have + 3

    @pytest.mark.parametrize("verb", [Verb.SET, Verb.ADJUST])
    def test_what_moved_since_is_stale_and_stays(
        self, writer: Connector, harness: Harness, verb: Verb
    ) -> None:
        item = stocked(writer)
        have, place = item.levels[0].available, item.levels[0].location_id
        call = one_call(writer, change(item, verb, have, have + 5))
        harness.move_stock(item, place, have + 1)
        before = harness.effects()
        [outcome] = writer.send(call)
        assert outcome.state is State.STALE and outcome.named
        assert shown(writer, item) == have + 1 and harness.effects() == before

    def test_a_stale_row_is_named_among_others(self, writer: Connector, harness: Harness) -> None:
        items = [i for i in items_of(sweep(writer)) if i.levels and i.tracked is not False][:3]
        rows = [
            change(i, Verb.SET, i.levels[0].available, i.levels[0].available + 5, n)
            for n, i in enumerate(items)
        ]
        harness.move_stock(items[1], items[1].levels[0].location_id, items[1].levels[0].available + 1)
        outcomes = [outcome for call in writer.batch(rows) for outcome in writer.send(call)]
        assert outcomes[1].state is State.STALE and outcomes[1].named
        for n in (0, 2):
            went = outcomes[n].state is State.APPLIED
            assert went or not outcomes[n].named
            assert shown(writer, items[n]) == items[n].levels[0].available + (5 if went else 0)

    def test_the_same_call_twice_is_one_effect(self, writer: Connector, harness: Harness) -> None:
        item = stocked(writer)
        have = item.levels[0].available
        call = one_call(writer, change(item, Verb.ADJUST, have, have + 3))
        assert writer.send(call)[0].state is writer.send(call)[0].state is State.APPLIED
        assert shown(writer, item) == have + 3 and harness.effects() == 1

    @pytest.mark.parametrize("verb", [Verb.SET, Verb.ADJUST])
    def test_a_lost_answer_is_found_and_done_once(
        self, writer: Connector, harness: StockHarness, verb: Verb
    ) -> None:
        item = stocked(writer)
        have = item.levels[0].available
        call = one_call(writer, change(item, verb, have, have + 2))
        harness.fail_stock_write("after")
        with pytest.raises(OutcomeUnknown):
            writer.send(call)
        written = until_known(writer, harness, call)
        assert written.found is Found.YES and [o.state for o in written.outcomes] == [State.APPLIED]
        assert harness.effects() == 1

    def test_a_call_that_never_went_out_is_not_found(self, writer: Connector, harness: Harness) -> None:
        item = stocked(writer)
        have = item.levels[0].available
        call = one_call(writer, change(item, Verb.ADJUST, have, have + 2))
        assert until_known(writer, harness, call).found in (Found.NO, Found.KEY)
        assert harness.effects() == 0

    def test_a_call_whose_effect_moved_on_is_never_said_not_to_have_happened(
        self, writer: Connector, harness: StockHarness
    ) -> None:
        """Where others move the figure, what is not seen any more may have been sold: the same call, sent
        again, tells, and changes nothing."""
        item = stocked(writer)
        have = item.levels[0].available
        call = one_call(writer, change(item, Verb.SET, have, have + 9))
        assert [o.state for o in writer.send(call)] == [State.APPLIED]
        harness.move_stock(item, item.levels[0].location_id, have + 4)
        before = harness.effects()
        assert until_known(writer, harness, call).found in (Found.YES, Found.KEY)
        assert [o.state for o in writer.send(call)] == [State.APPLIED] and harness.effects() == before

    def test_counts_from_now_on(self, writer: Connector, harness: StockHarness) -> None:
        item = stocked(writer)
        harness.stop_counting(item)
        [before] = some(writer, ReadFilter(ids=(item.id,)))
        call = one_call(writer, change(item, Verb.TRACK))
        assert until_known(writer, harness, call).found is Found.NO
        [outcome] = writer.send(call)
        [after] = some(writer, ReadFilter(ids=(item.id,)))
        assert (before.tracked, outcome.state, after.tracked) == (False, State.APPLIED, True)
        assert until_known(writer, harness, call).found is Found.YES

    def test_stocks_an_item_at_a_place(self, writer: Connector, harness: StockHarness) -> None:
        # Where an item lies at one place only, the platform keeps it there: one with two is taken.
        items = [i for i in items_of(sweep(writer)) if i.levels and i.tracked is not False]
        item = max(items, key=lambda i: len(i.levels))
        harness.unstock(item, place := item.levels[0].location_id)
        assert place not in {lv.location_id for lv in self._active(writer, item)}
        call = one_call(writer, change(item, Verb.ACTIVATE))
        assert [o.state for o in writer.send(call)] == [State.APPLIED]
        assert place in {lv.location_id for lv in self._active(writer, item)}
        assert until_known(writer, harness, call).found is Found.YES

    @staticmethod
    def _active(connector: Connector, item: StockItem) -> list[Any]:
        [found] = some(connector, ReadFilter(ids=(item.id,)))
        return [lv for lv in found.levels if lv.active]

    def test_an_urgent_call_is_a_call_like_others(self, writer: Connector) -> None:
        item = stocked(writer)
        have = item.levels[0].available
        call = replace(one_call(writer, change(item, Verb.SET, have, have + 1)), urgent=True)
        assert [type(o) for o in writer.send(call)] == [Outcome]
        assert shown(writer, item) == have + 1

    def test_a_quantity_that_is_none_is_refused_at_once(self, writer: Connector, harness: Harness) -> None:
        item = stocked(writer)
        if harness.name == "memory":
            pytest.skip("memory refuses it when it is sent")
        with pytest.raises(ValueError):
            writer.batch([change(item, Verb.ADJUST, None, 3)])


class TestInFlight:
    def test_is_between_one_and_what_is_declared(self, connector: Connector) -> None:
        for entity in Entity:
            most = connector.support(entity).calls_in_flight
            assert 1 <= connector.useful_in_flight(entity) <= most
        stocked(connector)
        assert (
            1 <= connector.useful_in_flight(Entity.STOCK) <= connector.support(Entity.STOCK).calls_in_flight
        )
