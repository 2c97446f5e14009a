"""Items that are deleted and made anew, swapped, doubled, or not tracked for a while: what was sold stays
sold."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from storage.stock_carried import any_aside
from storage.stock_match import _Refresh
from sync.connectors.shopify.documents import _made
from sync.model.flow import Flow
from sync.model.run import Mode, Status
from tests.e2e.stores import Stores
from tests.e2e.test_stock_moved_skus import client, renamed

_NEW = _made(
    "new",
    "mutation N($input: ProductSetInput!) { productSet(input: $input, synchronous: true) "
    "{ product { id } userErrors { field message } } }",
)
_TRACK = _made(
    "track",
    "mutation T($id: ID!, $on: Boolean!) { inventoryItemUpdate(id: $id, input: {tracked: $on}) "
    "{ inventoryItem { id } userErrors { field message } } }",
)
_FIND = _made("find", "query F { productVariants(first: 50) { nodes { sku inventoryItem { id } } } }")
_ONE = {"optionName": "Title", "name": "Default Title"}


def begun(own: Stores) -> tuple[Flow, list[str]]:
    """The baseline; SKUs of which the target has plenty."""
    [flow] = own.link()
    own.run(flow)
    return flow, [sku for sku, pieces in sorted(own.stores["target"].levels().items()) if pieces > 30]


def made(own: Stores, name: str, sku: str, pieces: Sequence[int]) -> None:
    """A new product with this SKU, with so many pieces at each location."""
    places = own.stores[name].places()
    stock = [
        {"locationId": place, "name": "available", "quantity": n}
        for place, n in zip(places, pieces, strict=False)
    ]
    variant = {"optionValues": [_ONE], "sku": sku, "price": "1.00", "inventoryItem": {"tracked": True}}
    given = {
        "title": f"Again {sku}",
        "productOptions": [{"name": "Title", "values": [{"name": "Default Title"}]}],
        "variants": [{**variant, "inventoryQuantities": stock}],
    }
    answer = client(own, name).execute(_NEW, {"input": given}).data["productSet"]
    assert not answer["userErrors"], answer


def made_anew(own: Stores, name: str, sku: str) -> None:
    """Deleted and made again: as it was at the source, empty at the target."""
    store = own.stores[name]
    pieces = [store.levels(0)[sku], store.levels(1).get(sku, 0)] if name == "source" else [0, 0]
    store.post("/products/remove", {"skus": [sku]})
    made(own, name, sku, pieces)


def tracked(own: Stores, name: str, sku: str, on: bool) -> None:
    nodes = client(own, name).execute(_FIND, {}).data["productVariants"]["nodes"]
    item = next(node["inventoryItem"]["id"] for node in nodes if node["sku"] == sku)
    client(own, name).execute(_TRACK, {"id": item, "on": on})


def source_moves(own: Stores, *skus: str) -> None:
    """One piece less of each at the source."""
    for sku in skus:
        own.source.stock(sku, own.source.levels()[sku] - 1)


def test_what_was_sold_untold_goes_along_to_an_item_that_is_made_anew(own: Stores) -> None:
    """At either end; whether the sale had been settled or only seen."""
    flow, skus = begun(own)
    target, (one, two, three, four) = own.stores["target"], skus[:4]
    before = target.levels()
    for sku in (one, two, three, four):
        target.sell(sku, 3)
    own.run(flow, Mode.SWEEP)
    source_moves(own, one, three)
    own.run(flow, Mode.DELTA)
    right = {one: before[one] - 4, two: before[two] - 3, three: before[three] - 4, four: before[four] - 3}
    assert {sku: target.levels()[sku] for sku in right} == right
    for sku in (one, two):
        made_anew(own, "target", sku)
    for sku in (three, four):
        made_anew(own, "source", sku)
    for _ in range(3):
        run = own.run(flow, Mode.SWEEP, expect=None)
    assert {sku: target.levels()[sku] for sku in right} == right, own.why(run)
    own.quiet(flow, target)


def test_it_goes_along_although_the_process_dies_while_it_matches(
    own: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Right after the old pair was dropped, and again before the new one is made."""
    flow, (one, two, *_) = begun(own)
    target = own.stores["target"]
    right = {one: target.levels()[one] - 4, two: target.levels()[two] - 4}
    for sku in right:
        target.sell(sku, 3)
    source_moves(own, *right)
    own.run(flow, Mode.DELTA)
    made_anew(own, "target", one)
    made_anew(own, "source", two)

    def died(refresh: _Refresh, low: str) -> None:
        raise RuntimeError("died")

    with monkeypatch.context() as patched:
        patched.setattr(_Refresh, "_range", died)
        for _ in range(2):
            own.run(flow, Mode.SWEEP, expect=Status.FAILED)
    for _ in range(2):
        run = own.run(flow, Mode.SWEEP, expect=None)
    assert {sku: target.levels()[sku] for sku in right} == right, own.why(run)
    with own.ws.db.read() as tx:
        assert not any_aside(tx, flow.link_id)


def test_skus_that_are_swapped_at_both_ends_keep_what_was_sold(own: Stores) -> None:
    flow, (one, two, *_) = begun(own)
    target = own.stores["target"]
    before = target.levels()[one]
    target.sell(one, 3)
    source_moves(own, one)
    own.run(flow, Mode.DELTA)
    assert target.levels()[one] == before - 4
    for name in ("source", "target"):
        renamed(own, name, {one: two, two: one})
    run = own.run(flow, Mode.SWEEP)
    assert target.levels()[two] == before - 4, own.why(run)


def test_a_duplicate_that_appears_later_moves_nothing_else(own: Stores) -> None:
    flow, (one, two, *_) = begun(own)
    target = own.stores["target"]
    made(own, "target", one, [7, 0])
    made(own, "source", two, [7, 0])
    before = target.levels()
    for mode in (Mode.DELTA, Mode.SWEEP, Mode.DELTA):
        own.run(flow, mode)
    own.pushed(flow, [one, two])
    assert target.levels() == before


def test_an_item_that_is_not_tracked_for_a_while_keeps_what_was_sold(own: Stores) -> None:
    flow, (one, two, *_) = begun(own)
    target = own.stores["target"]
    before, ends = target.levels(), {one: "target", two: "source"}
    for sku, name in ends.items():
        tracked(own, name, sku, False)
    own.run(flow, Mode.SWEEP)
    for sku in ends:
        target.sell(sku, 2)
    source_moves(own, *ends)
    own.run(flow, Mode.DELTA)
    own.run(flow, Mode.SWEEP)
    assert {sku: target.levels()[sku] for sku in ends} == {sku: before[sku] - 2 for sku in ends}
    for sku, name in ends.items():
        tracked(own, name, sku, True)
    run = own.run(flow, Mode.SWEEP)
    assert {sku: target.levels()[sku] for sku in ends} == {sku: before[sku] - 3 for sku in ends}, own.why(run)
    own.quiet(flow, target)
