"""Decisions about parked records: checked before anything is done, kept under a name, carried out by the next
run.
"""

from __future__ import annotations

import pytest

from storage.attention import Parked
from sync.application import Application
from sync.errors import NeedsOperator
from sync.managers.verbs.attention import AttentionVerbs, BadDecisions, close_settled, complete_id
from sync.managers.views import attention, causes
from sync.managers.views.attention import Wanted
from sync.model.entity import Entity
from sync.model.plan import Park
from sync.model.run import Mode
from sync.model.text import say
from tests.pages import seed


@pytest.fixture
def verbs(ws: Application, shop: seed.Shop) -> AttentionVerbs:
    seed.waiting(ws, shop, 24)
    return AttentionVerbs(ws)


def first(ws: Application, cause: str) -> Parked:
    return ws.attention.list(cause=cause)[0]


def test_every_cause_that_the_code_names_has_words() -> None:
    for name in ("match.ambiguous", "price.something_new", "order.total", "stock.refused"):
        assert causes.label(name).id != name
    assert causes.label("never.heard.of").id == "never.heard.of"


def test_pages_by_key_cover_everything_once(ws: Application, verbs: AttentionVerbs) -> None:
    everything = [p.id for p in attention.each(ws, Wanted())]
    found, before = [], None
    while True:
        page = attention.page(ws, Wanted(), before, 4)
        found += [p.id for p in page.rows]
        if page.next_before is None:
            break
        before = page.next_before
    assert found == everything and len(found) == attention.open_count(ws) == sum(
        attention.by_cause(ws).values()
    )


def test_the_dossier_shows_both_sides(ws: Application, verbs: AttentionVerbs) -> None:
    found = attention.dossier(ws, first(ws, "match.ambiguous"))
    assert found.source.title and found.source.skus and found.source.facts["price"] == "349.90 TRY"
    known, bound = found.targets
    assert (
        known.title.isupper()
        and bound.bound_to == "100"
        and bound.title == seed.title(0)
        and bound.skus == ("MD-1000-M",)
    )
    assert found.verbs[0] == "bind" and "create" not in found.verbs


def test_only_a_near_miss_can_be_created_after_all() -> None:
    found = {"candidates": ["1"]}
    assert "create" in causes.verbs("match.ambiguous", {"key": "loose_sku", **found})
    assert causes.verbs("match.ambiguous", {"key": "sku", **found}) == ("bind", "skip", "retry", "dismiss")
    assert causes.verbs("match.ambiguous", {"key": "sku", "candidates": []}) == ("skip", "retry", "dismiss")


def test_the_record_of_a_variant_is_its_product(
    ws: Application, verbs: AttentionVerbs, shop: seed.Shop
) -> None:
    parked = first(ws, "price.zero")
    assert attention.record_of(ws, parked) == parked.record_id.partition(":")[0]
    run_id = seed.stock_run(ws, shop, 3, seed.NOW, 1.0)
    park = Park(Entity.STOCK, "101", "MD-1001-M", "stock.refused", say("Refused."))
    with ws.db.write() as tx:
        ws.attention.park(tx, shop.link.id, shop.products.id, run_id, [park])
    assert attention.record_of(ws, first(ws, "stock.refused")) == "101"


def test_a_target_that_belongs_to_another_is_refused(ws: Application, verbs: AttentionVerbs) -> None:
    parked = first(ws, "match.ambiguous")
    with pytest.raises(NeedsOperator, match="already bound to"):
        verbs.bind(parked.id, seed.target_id(0), "ayse")
    with pytest.raises(NeedsOperator, match="which record"):
        verbs.bind(parked.id, " ", "ayse")
    still = ws.attention.get(parked.id)
    assert still is not None and still.closed_at is None


def test_a_typed_number_is_completed() -> None:
    found = ("gid://shopify/Product/8000600",)
    assert complete_id("8000600", found) == found[0]
    assert complete_id("77", found) == "gid://shopify/Product/77"
    assert complete_id("77", ()) == "77" and complete_id(" x-1 ", found) == "x-1"


def test_a_product_that_is_gone_is_unbound_before_it_is_created_again(
    ws: Application, verbs: AttentionVerbs, shop: seed.Shop
) -> None:
    from sync.model.plan import Bind

    parked = first(ws, "target.gone")
    with ws.db.write() as tx:
        ws.bindings.bind(tx, shop.link.id, [Bind("product", parked.record_id, "gid://shopify/Product/1")])
    verbs.create([parked.id], "ayse")
    assert ws.bindings.by_a(shop.link.id, "product", [parked.record_id]) == {}
    assert ws.decisions.of(shop.link.id, "product")[parked.record_id] == ("create", "")


def test_skipping_closes_all_that_is_open_about_the_product(
    ws: Application, verbs: AttentionVerbs, shop: seed.Shop
) -> None:
    parked = first(ws, "target.gone")
    more = Park(
        Entity.PRODUCT,
        f"{parked.record_id}:{parked.sku}-S",
        parked.label,
        "price.zero",
        say("No price."),
        f"{parked.sku}-S",
    )
    with ws.db.write() as tx:
        ws.attention.park(tx, shop.link.id, shop.products.id, "", [more])
    before = attention.open_count(ws)
    verbs.skip([parked.id], "ayse")
    assert attention.open_count(ws) == before - 2


def test_retry_closes_nothing_by_itself(ws: Application, verbs: AttentionVerbs, shop: seed.Shop) -> None:
    parked = ws.attention.list(cause="price.zero")
    done = verbs.retry([p.id for p in parked], "ayse")
    [run_id] = done.run_ids
    run = ws.runs.get(run_id)
    assert (run.mode, set(run.scope.ids)) == (Mode.FULL, {attention.record_of(ws, p) for p in parked})
    assert done.closed == 0 and attention.by_cause(ws)["price.zero"] == len(parked)
    with pytest.raises(NeedsOperator, match="already under way"):
        verbs.retry([parked[0].id], "ayse")


def test_after_a_run_of_single_records_what_it_did_not_find_again_closes(
    ws: Application, verbs: AttentionVerbs, shop: seed.Shop
) -> None:
    mended, other = ws.attention.list(cause="target.gone")[:2]
    run_id = seed.run(ws, shop.products, Mode.FULL, seed.Status.DONE, seed.NOW, 3)
    rows = seed.Rows(run_id, seed.NOW)
    rows.item(int(mended.record_id) - 100, "updated")
    rows.write(ws)
    close_settled(ws, shop.link.id, run_id)
    closed, still = ws.attention.get(mended.id), ws.attention.get(other.id)
    assert closed is not None and closed.closed_by == "sync"
    assert still is not None and still.closed_at is None


def test_a_decision_during_a_run_waits_for_the_next(
    ws: Application, verbs: AttentionVerbs, shop: seed.Shop
) -> None:
    seed.braked(ws, shop, 3)
    parked = first(ws, "match.proposed")
    done = verbs.create([parked.id], "ayse", run=True)
    assert done.run_ids == () and done.waiting is not None and done.closed == 1


def test_an_order_is_decided_by_the_order_managers_rules(
    ws: Application, verbs: AttentionVerbs, shop: seed.Shop
) -> None:
    parked = first(ws, "order.line.sku")
    assert attention.verbs_for(parked) == ("retry", "skip", "dismiss")
    with pytest.raises(NeedsOperator, match="not possible here"):
        verbs.do("bind", [parked.id], "ayse", target_id="1")
    verbs.skip([parked.id], "ayse")
    assert ws.decisions.of(shop.link.id, "order") == {"6001": ("skip", "")}


def test_the_log_names_who_decided(ws: Application, verbs: AttentionVerbs) -> None:
    parked = first(ws, "match.proposed")
    verbs.bind(parked.id, parked.facts["candidates"][0], "ayse")
    row = ws.logs.page().rows[0]
    assert (
        row.message.params["who"] == "ayse" and row.record == parked.record_id and "bound" in str(row.message)
    )


# -- by CSV --------------------------------------------------------------------------------------------------


def test_a_file_of_decisions_is_taken(ws: Application, verbs: AttentionVerbs, shop: seed.Shop) -> None:
    bind, skip = ws.attention.list(cause="match.proposed")[:2]
    rows = [
        (2, {"id": str(bind.id), "verb": "Bind", "target_id": "8000999"}),
        (3, {"record_id": skip.record_id, "verb": "skip"}),
        (4, {"id": "1", "verb": ""}),
    ]
    assert verbs.decide(rows, "ayse").closed == 2
    decided = ws.decisions.of(shop.link.id, "product")
    assert decided[bind.record_id] == ("bind", "gid://shopify/Product/8000999") and decided[
        skip.record_id
    ] == ("skip", "")


def test_a_file_with_wrong_lines_does_nothing_and_names_them(
    ws: Application, verbs: AttentionVerbs, shop: seed.Shop
) -> None:
    good, twin = ws.attention.list(cause="match.proposed")[:2]
    price = first(ws, "price.zero")
    target = good.facts["candidates"][0]
    rows = [
        (2, {"id": str(good.id), "verb": "bind", "target_id": target}),
        (3, {"id": "999999", "verb": "skip"}),
        (4, {"id": "seven", "verb": "skip"}),
        (5, {"id": str(price.id), "verb": "bind", "target_id": "1"}),
        (6, {"verb": "skip"}),
        (7, {"record_id": "no such record", "verb": "skip"}),
        (8, {"id": str(good.id), "verb": "create"}),
        (9, {"id": str(twin.id), "verb": "bind", "target_id": target}),
    ]
    with pytest.raises(BadDecisions) as caught:
        verbs.decide(rows, "ayse")
    assert [line for line, _ in caught.value.problems] == [3, 4, 5, 6, 7, 8, 9]
    assert ws.decisions.of(shop.link.id, "product") == {} and ws.runs.list() == []
