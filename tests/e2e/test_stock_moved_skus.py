"""SKUs that change places between items: what one item is called by now is what it sells."""

from __future__ import annotations

from typing import Any

import pytest

from sync.connectors.shopify.documents import _made
from sync.model.flow import Flow
from sync.model.run import Mode
from tests.e2e.stores import Stores

_RENAME = _made(
    "rename",
    "mutation R($id: ID!, $sku: String!) { inventoryItemUpdate(id: $id, input: {sku: $sku}) "
    "{ inventoryItem { id } userErrors { field message } } }",
)
_FIND = _made("find", "query F { productVariants(first: 50) { nodes { sku inventoryItem { id } } } }")


def client(own: Stores, name: str) -> Any:
    made: Any = own.ws.connector(own.stores[name].id)
    return getattr(made, "_client", None) or made._inner._client


def renamed(own: Stores, name: str, names: dict[str, str]) -> None:
    """The items of these SKUs carry the other SKUs from now on."""
    found = client(own, name).execute(_FIND, {}).data["productVariants"]["nodes"]
    items = {node["sku"]: node["inventoryItem"]["id"] for node in found}
    for sku, other in names.items():
        client(own, name).execute(_RENAME, {"id": items[sku], "sku": other})


def wanted(own: Stores) -> dict[str, int]:
    first, second = own.source.levels(), own.source.levels(1)
    return {sku: max(0, pieces + second.get(sku, 0)) for sku, pieces in first.items()}


def right(own: Stores, *skus: str) -> None:
    shown, expected = own.stores["target"].levels(), wanted(own)
    assert {sku: shown[sku] for sku in skus} == {sku: expected[sku] for sku in skus}


def baseline(own: Stores) -> tuple[Flow, str, str]:
    [flow] = own.link()
    own.run(flow)
    first, second = sorted(own.source.levels())[:2]
    return flow, first, second


@pytest.mark.parametrize("moved", [True, False])
def test_a_delta_follows_skus_that_change_places_at_the_source(own: Stores, moved: bool) -> None:
    flow, first, second = baseline(own)
    renamed(own, "source", {first: second, second: first})
    if moved:
        own.source.stock(first, 777)
    run = own.run(flow, Mode.DELTA)
    assert wanted(own)[first] != wanted(own)[second]
    right(own, first, second)
    assert not run.figures["skipped"], own.why(run)
    own.quiet(flow, own.stores["target"])


def test_a_push_of_one_of_them_writes_the_right_item(own: Stores) -> None:
    flow, first, second = baseline(own)
    renamed(own, "source", {first: second, second: first})
    own.source.stock(first, 777)
    asked = own.ws.stock_items.by_sku(own.source.id, [second])
    assert asked
    own.pushed(flow, [second])  # as last read: the item that is called `first` by now
    right(own, first)
    own.run(flow, Mode.DELTA)
    right(own, first, second)


def test_skus_that_change_places_at_the_target_are_followed_once_it_is_read(own: Stores) -> None:
    flow, first, second = baseline(own)
    renamed(own, "target", {first: second, second: first})
    own.source.stock(first, 777)
    own.run(flow, Mode.SWEEP)
    right(own, first, second)


def test_a_sku_that_is_only_renamed_keeps_its_partner(own: Stores) -> None:
    flow, first, second = baseline(own)
    renamed(own, "source", {first: "NEW-NAME"})
    own.source.stock("NEW-NAME", 55)
    run = own.run(flow, Mode.DELTA)
    assert own.stores["target"].levels()[first] == wanted(own)["NEW-NAME"], own.why(run)


def test_a_sku_that_moves_to_a_second_item_is_not_written_to_the_first(own: Stores) -> None:
    """The first item took another name; its old one is an item's of its own now."""
    flow, first, second = baseline(own)
    renamed(own, "source", {first: "NEW-NAME", second: first})
    own.source.stock(first, 66)
    own.source.stock("NEW-NAME", 77)
    own.run(flow, Mode.DELTA)
    right(own, first)
