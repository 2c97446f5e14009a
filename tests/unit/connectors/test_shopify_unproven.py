"""Refusals that do not say whom they mean: nothing counts as written that neither the answer nor the shop
itself shows."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from sync.connectors.shopify.batch import batch
from sync.errors import Transient
from sync.model.call import Call, Change, Outcome, State, Verb
from sync.model.entity import Entity
from tests.contract.doubles import StillClock
from tests.unit.connectors.test_shopify_lookup import PLACES, World, shown, stock_call

STALE = "CHANGE_FROM_QUANTITY_STALE"
IN_PROGRESS = {"field": None, "message": "This request is currently in progress, please try again."}
GONE = {"field": ["inventoryItemId"], "message": "The inventory item was not found."}


def unnamed(code: str = STALE, field: list[str] | None = None) -> dict[str, Any]:
    return {"code": code, "field": field, "message": "no"}


def named(row: int, code: str = STALE) -> dict[str, Any]:
    return unnamed(code, ["input", "quantities", str(row), "changeFromQuantity"])


def sent(*errors: dict[str, Any], group: object = None, **replies: Any) -> list[Outcome]:
    """A call of three rows from 1 to 5, 2 to 6 and 3 to 7."""
    payload = {"inventoryAdjustmentGroup": group, "userErrors": list(errors)}
    world = World(inventory_set=lambda v: {"inventorySetQuantities": payload}, **replies)
    return world.sender.send(stock_call((1, 5), (2, 6), (3, 7)))


def fates(outcomes: list[Outcome]) -> list[tuple[State, bool, object]]:
    return [(o.state, o.named, o.actual) for o in outcomes]


def unreadable(_: Mapping[str, Any]) -> dict[str, Any]:
    raise Transient("no answer")  # type: ignore[arg-type]


class TestStockCalls:
    @pytest.mark.parametrize("field", [None, [], ["input"], ["input", "quantities"]])
    @pytest.mark.parametrize("code", [STALE, "INVALID_REASON", ""])
    def test_beside_a_group_each_row_is_what_it_shows(self, field: list[str] | None, code: str) -> None:
        found = sent(unnamed(code, field), group={"id": "g"}, inventory_items=shown(5, 2, 9))
        assert fates(found) == [
            (State.APPLIED, True, None),
            (State.REFUSED, False, None),
            (State.STALE, True, 9),
        ]

    def test_rows_that_are_named_beside_it_keep_their_reason(self) -> None:
        errors = (unnamed(), named(0, "NON_MUTABLE_INVENTORY_ITEM"))
        found = sent(*errors, group={"id": "g"}, inventory_items=shown(5, 6, 7))
        assert [o.state for o in found] == [State.REFUSED, State.APPLIED, State.APPLIED]
        assert found[0].named

    def test_what_cannot_be_read_is_stale_and_never_applied(self) -> None:
        found = sent(unnamed(), group={"id": "g"}, inventory_items=unreadable)
        assert fates(found) == [(State.STALE, True, None)] * 3

    def test_an_item_that_shows_nothing_any_more_is_read_again(self) -> None:
        found = sent(unnamed(), group={"id": "g"}, inventory_items=shown(5, 6))
        assert found[2].state is State.STALE and found[2].actual is None

    def test_without_a_group_a_stale_row_is_looked_for_at_once(self) -> None:
        found = sent(unnamed(), inventory_items=shown(1, 9, 3))
        assert [o.state for o in found] == [State.REFUSED, State.STALE, State.REFUSED]
        assert not found[0].named and found[1].actual == 9

    def test_without_a_group_any_other_refusal_goes_in_smaller_calls(self) -> None:
        found = sent(unnamed("INVALID_REASON", ["input", "reason"]))
        assert {(o.state, o.named) for o in found} == {(State.REFUSED, False)}

    def test_rows_all_named_prove_the_others(self) -> None:
        found = sent(named(1), group={"id": "g"})
        assert [o.state for o in found] == [State.APPLIED, State.STALE, State.APPLIED]


def several(verb: Verb) -> Call:
    changes = [Change(f"c{n}", Entity.STOCK, verb, "s", f"I{n}", place=PLACES[0]) for n in range(3)]
    [call] = batch(changes, StillClock().now(), lambda url: True)
    return call


def counted(*tracked: bool) -> Any:
    return lambda v: {"nodes": [{"id": one, "tracked": tracked[int(one[1:])]} for one in v["ids"]]}


def active(*levels: bool) -> Any:
    def reply(variables: Mapping[str, Any]) -> dict[str, Any]:
        level = {True: {"isActive": True, "quantities": [{"quantity": 0}]}, False: None}
        return {"nodes": [{"id": one, "l0": level[levels[int(one[1:])]]} for one in variables["ids"]]}

    return reply


class TestSeveralWrites:
    @pytest.mark.parametrize(
        ("verb", "reply"),
        [
            (Verb.ACTIVATE, {"inventory_activate": 0, "inventory_items": active(False, True, False)}),
            (Verb.TRACK, {"inventory_track": 0, "inventory_tracked": counted(False, True, False)}),
        ],
    )
    def test_a_refusal_without_a_field_is_looked_at(self, verb: Verb, reply: dict[str, Any]) -> None:
        payloads = [{"userErrors": [GONE]}, {"userErrors": [IN_PROGRESS]}, {"userErrors": [IN_PROGRESS]}]
        [write, read] = reply
        answer = {f"a{n}": payload for n, payload in enumerate(payloads)}
        world = World(**{write: lambda v: answer, read: reply[read]})
        found = world.sender.send(several(verb))
        assert fates(found) == [
            (State.REFUSED, True, None),
            (State.APPLIED, True, None),
            (State.REFUSED, False, None),
        ]
        assert found[1].target_id == "I1" and "in progress" in str(found[2].message)

    def test_one_that_cannot_be_looked_at_goes_again(self) -> None:
        answer = {f"a{n}": {"userErrors": [IN_PROGRESS]} for n in range(3)}
        world = World(inventory_activate=lambda v: answer, inventory_items=unreadable)
        assert fates(world.sender.send(several(Verb.ACTIVATE))) == [(State.REFUSED, False, None)] * 3

    def test_nothing_is_read_where_every_refusal_is_clear(self) -> None:
        answer = {f"a{n}": {"userErrors": [GONE]} for n in range(3)}
        world = World(inventory_activate=lambda v: answer)
        assert {o.named for o in world.sender.send(several(Verb.ACTIVATE))} == {True}
        assert len(world.client.sent) == 1
