"""A location where an item was stocked before shows its old quantity again once it is stocked anew: it is set
before many others are stocked, and never where stocking failed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sync.connectors.shopify.documents import _made
from sync.connectors.shopify.send import Sender
from sync.managers.stock import activating
from sync.model.call import Call, Outcome, State
from sync.model.flow import Flow
from sync.model.run import Status
from sync.model.text import say
from tests.e2e.stores import Stores, own_stores

_OLD = 400
_OFF = _made(
    "off", "mutation D($id: ID!) { inventoryDeactivate(inventoryLevelId: $id) { userErrors { field } } }"
)
_LEVEL = _made(
    "level",
    "query L($id: ID!, $loc: ID!) { inventoryItem(id: $id) "
    "{ inventoryLevel(locationId: $loc, includeInactive: true) { id } } }",
)
_FIND = _made("find", "query F { productVariants(first: 100) { nodes { sku inventoryItem { id } } } }")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Stores]:
    thirty = {"stock_skus": 30}
    with own_stores(tmp_path / "home", source=thirty, target=thirty) as made:
        yield made


def closed(own: Stores) -> tuple[Flow, list[str]]:
    """A flow to the target's second place; its SKUs that lay there with 400 pieces and are not stocked any
    more, of which the source has two."""
    target = own.stores["target"]
    place = target.places()[1]
    made: Any = own.ws.connector(target.id)
    shop = getattr(made, "_client", None) or made._inner._client
    off = []
    for node in shop.execute(_FIND, {}).data["productVariants"]["nodes"]:
        target.stock(node["sku"], _OLD, 1)
        given = {"id": node["inventoryItem"]["id"], "loc": place}
        level = shop.execute(_LEVEL, given).data["inventoryItem"]["inventoryLevel"]["id"]
        if not shop.execute(_OFF, {"id": level}).data["inventoryDeactivate"]["userErrors"]:
            off.append(node["sku"])
            own.source.stock(node["sku"], 2)
    [flow] = own.link("target", target={place: (own.source.places()[0],)})
    return flow, off


def test_what_is_stocked_anew_is_set_before_much_more_is(
    own: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow, off = closed(own)
    target, sent, selling = own.stores["target"], list[tuple[str, int]](), list[int]()
    assert len(off) > 15
    monkeypatch.setattr(activating, "WINDOW", 4)
    send = Sender.send

    def seen(sender: Sender, call: Call) -> list[Outcome]:
        outcomes = send(sender, call)
        sent.append((call.operation, len(call.change_ids)))
        shown = target.levels(1)
        selling.append(sum(shown.get(sku) == _OLD for sku in off))
        return outcomes

    monkeypatch.setattr(Sender, "send", seen)
    run = own.run(flow)
    assert max(selling) <= 4, (selling, sent)
    assert target.levels(1) == own.source.levels(0), own.why(run)
    own.quiet(flow, target)


def test_what_could_not_be_stocked_is_not_set(own: Stores, monkeypatch: pytest.MonkeyPatch) -> None:
    flow, off = closed(own)
    send, sets = Sender.send, list[str]()
    refused: dict[str, str] = {}

    def refusing(sender: Sender, call: Call) -> list[Outcome]:
        given: Any = call.arguments["variables"]
        if call.operation == "inventory_set":
            sets.extend(row["inventoryItemId"] for row in given["input"]["quantities"])
        if call.operation != "inventory_activate" or refused:
            return send(sender, call)
        refused.update({change: given[f"item{n}"] for n, change in enumerate(call.change_ids)})
        return [Outcome(change, State.REFUSED, message=say("No.")) for change in call.change_ids]

    monkeypatch.setattr(Sender, "send", refusing)
    run = own.run(flow, expect=Status.RED)
    assert refused and not set(refused.values()) & set(sets)
    assert run.counts.failed == len(refused), own.why(run)


def test_an_interrupted_attempt_sets_what_it_had_stocked(
    own: Stores, monkeypatch: pytest.MonkeyPatch
) -> None:
    flow, off = closed(own)
    due, target = activating.ActivatingBook._sets, own.stores["target"]

    def die(book: activating.ActivatingBook) -> Sequence[object]:
        if any(target.levels(1).get(sku) == _OLD for sku in off):
            raise RuntimeError("died")
        return due(book)

    with monkeypatch.context() as patched:
        patched.setattr(activating.ActivatingBook, "_sets", die)
        dead = own.run(flow, expect=Status.FAILED)
    manager = own.ws.manager(dead)
    assert any(target.levels(1).get(sku) == _OLD for sku in off)
    manager.apply(manager.context(dead), "activate")  # as the stage is repeated after a crash
    shown = target.levels(1)
    assert {sku: shown.get(sku) for sku in off} == dict.fromkeys(off, 2)
