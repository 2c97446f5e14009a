"""What the benchmarks and proofs judge by."""

from __future__ import annotations

import pytest

from bench.parts.bound import bound
from bench.parts.judge import Effect, judge


@pytest.mark.parametrize(
    ("rows", "plan", "seconds"),
    [
        (10_000, "standard", 0.0),
        (100_000, "standard", 20.0),
        (1_000_000, "standard", 380.0),
        (1_000_000, "plus", 43.75),
    ],
)
def test_bound_is_what_the_plan_allows(rows: int, plan: str, seconds: float) -> None:
    assert bound(rows, plan).seconds == pytest.approx(seconds)


def test_nothing_is_lost_or_doubled_when_each_row_is_written_once() -> None:
    effects = [Effect("A", 1, 5), Effect("B", 2, 7), Effect("A", 5, 4, hand=True)]
    found = judge({"A": 1, "B": 2, "C": 3}, {"A": 5, "B": 7, "C": 3}, effects)
    assert (found.lost, found.doubled) == (0, 0)


def test_a_row_that_never_arrived_is_lost() -> None:
    found = judge({"A": 1, "B": 2}, {"A": 5, "B": 7}, [Effect("A", 1, 5)])
    assert (found.lost, found.doubled) == (1, 0)


def test_a_sale_taken_back_is_doubled() -> None:
    effects = [Effect("A", 1, 5), Effect("A", 5, 4, hand=True), Effect("A", 4, 5)]
    assert judge({"A": 1}, {"A": 5}, effects).doubled == 1


def test_a_row_sold_before_it_was_written_may_be_written() -> None:
    effects = [Effect("A", 1, 0, hand=True), Effect("A", 0, 5)]
    found = judge({"A": 1}, {"A": 5}, effects)
    assert (found.lost, found.doubled) == (0, 0)
