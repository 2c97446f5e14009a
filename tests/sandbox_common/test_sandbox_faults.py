"""Faults strike what they match, as often as they were told, the same way for the same seed."""

from __future__ import annotations

from typing import Any

import pytest

from sandbox.faults import Faults, UnknownFault


def test_a_fault_strikes_its_operation_only_and_is_used_up() -> None:
    faults = Faults()
    faults.add({"name": "reset", "match": {"operation": "orders.*"}, "count": 2, "after": 1})
    struck = [faults.take(name) is not None for name in ("products.list", *["orders.create"] * 4)]
    assert struck == [False, False, True, True, False]
    assert faults.list()[0]["hits"] == 2


def test_other_facts_can_be_matched() -> None:
    faults = Faults()
    faults.add({"name": "server_error", "match": {"operation": "products.list", "page": ["3", "5"]}})
    assert faults.take("products.list", page="2") is None
    assert faults.take("products.list") is None
    assert faults.take("products.list", page="5") is not None


def test_only_the_names_that_are_asked_for_are_consumed() -> None:
    faults = Faults(extra=("errors_in_200",))
    faults.add({"name": "errors_in_200", "count": 1})
    assert faults.take("orders.create", only=("reset",)) is None
    assert faults.take("orders.create", only=("errors_in_200",)) is not None


def test_chance_is_the_same_for_the_same_seed() -> None:
    def draw(seed: int) -> list[bool]:
        faults = Faults()
        faults.add({"name": "throttle", "probability": 0.3, "seed": seed})
        return [faults.take("x") is not None for _ in range(200)]

    assert draw(7) == draw(7)
    assert draw(7) != draw(8)
    assert 30 <= sum(draw(7)) <= 90


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "no_such_fault"},
        {"name": "reset", "wrong": 1},
        {"name": "reset", "probability": 2},
        {"name": "reset", "count": "two"},
        {"name": "reset", "match": ["x"]},
    ],
)
def test_nonsense_is_refused_with_a_reason(settings: dict[str, Any]) -> None:
    with pytest.raises(UnknownFault):
        Faults().add(settings)
