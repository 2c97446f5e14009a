"""Locations closed by hand, keys whose call is under way or failed, stale rows that nobody names."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.shopify.idempotency import CONCURRENT, FAILED
from sandbox.shopify.location_hand import change_location
from tests.sandbox_shopify.conftest import Desk
from tests.sandbox_shopify.test_inventory import ACTIVATE, SET, _available, _rows, _set


def struck(desk: Desk, name: str, text: str, given: dict[str, Any], **params: Any) -> Any:
    """One mutation under a fault."""
    fault = desk.tools.faults.add({"name": name, "count": 1, "params": params})
    asked = desk.engine.understand(text, given)
    return next(iter(desk.engine.answer(asked, fault=fault).body["data"].values()))


def test_a_call_under_way_answers_so_and_writes_nothing(desk: Desk) -> None:
    product = desk.product()
    given = {"input": _rows(desk, product, (7, 3)), "key": "a"}
    payload = struck(desk, CONCURRENT, SET, given)
    assert payload["userErrors"][0]["code"] == "IDEMPOTENCY_CONCURRENT_REQUEST"
    assert _available(desk, product)[0] == 3
    assert _set(desk, given["input"], "a")["userErrors"] == [] and _available(desk, product)[0] == 7


def test_a_call_under_way_may_come_about_all_the_same(desk: Desk) -> None:
    product = desk.product()
    given = {"input": _rows(desk, product, (7, 3)), "key": "a"}
    assert struck(desk, CONCURRENT, SET, given, effect=True)["userErrors"]
    assert _available(desk, product)[0] == 7
    assert _set(desk, given["input"], "a")["userErrors"] == []  # answered from memory: nothing is stale


def test_a_key_whose_attempt_failed_is_of_no_use_any_more(desk: Desk) -> None:
    product = desk.product()
    given = {"input": _rows(desk, product, (7, 3)), "key": "a"}
    first = struck(desk, FAILED, SET, given)
    assert first["userErrors"][0]["code"] == "IDEMPOTENCY_PREVIOUS_ATTEMPT_FAILED"
    assert _set(desk, given["input"], "a") == first and _available(desk, product)[0] == 3
    assert _set(desk, given["input"], "b")["userErrors"] == []


def test_an_activation_has_no_code_to_say_it_with(desk: Desk) -> None:
    item = desk.product()["_variants"][0]["_item"]["id"]
    given = {"item": item, "at": desk.locations[1], "n": None, "key": "a"}
    [error] = struck(desk, CONCURRENT, ACTIVATE, given)["userErrors"]
    assert "currently in progress" in error["message"] and "code" not in error


def test_stale_rows_may_go_unnamed_while_the_others_are_written(make_desk: Any) -> None:
    desk = make_desk(stale_answer="per_row_unnamed")
    product = desk.product(sizes=("S", "M", "L"))
    [error] = _set(desk, _rows(desk, product, (9, 1), (9, 3), (9, 2)), "a")["userErrors"]
    assert error["field"] is None and error["code"] == "CHANGE_FROM_QUANTITY_STALE"
    assert _available(desk, product) == [3, 9, 3]


@pytest.mark.parametrize(
    ("how", "said"),
    [({"isActive": False}, "could not be found"), ({"isFulfillmentService": True}, "third-party")],
)
def test_nothing_is_written_at_a_closed_location(desk: Desk, how: dict[str, bool], said: str) -> None:
    product = desk.product()
    place = desk.locations[0]
    change_location(desk.store, {"location": place, **how})
    [error] = _set(desk, _rows(desk, product, (7, 3)), "a")["userErrors"]
    assert error["code"] == "INVALID_LOCATION"
    item = product["_variants"][0]["_item"]["id"]
    [error] = desk.data(ACTIVATE, item=item, at=place, n=None, key="b")["inventoryActivate"]["userErrors"]
    assert said in error["message"]


def test_a_deactivated_location_is_listed_on_demand_and_opens_again(desk: Desk) -> None:
    place = desk.locations[0]
    change_location(desk.store, {"location": place, "isActive": False})
    read = "query($all: Boolean) { locations(first: 9, includeInactive: $all) { nodes { id isActive } } }"
    assert place not in [one["id"] for one in desk.data(read, all=False)["locations"]["nodes"]]
    assert {"id": place, "isActive": False} in desk.data(read, all=True)["locations"]["nodes"]
    change_location(desk.store, {"location": place, "isActive": True})
    product = desk.product()
    assert _set(desk, _rows(desk, product, (7, 3)), "a")["userErrors"] == []
