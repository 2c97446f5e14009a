"""A quantity that the target can never take is known before anything is sent: a person decides."""

from __future__ import annotations

import pytest

from sync.connectors.shopify.spec import SUPPORT
from sync.engine.stock import Case, Do, Rules, Trust, decide, rules_of
from sync.model.entity import Entity
from sync.model.flow import StockSettings

MOST = 1_000_000_000


@pytest.mark.parametrize("trust", Trust)
@pytest.mark.parametrize("shown", [7, None])
def test_more_than_the_target_takes_is_parked(trust: Trust, shown: int | None) -> None:
    found = decide(Case(MOST + 1, shown), Rules(trust, most=MOST))
    assert (found.do, found.value, found.cause) == (Do.PARK, shown or 0, "stock.beyond")
    assert not found.activate, "nothing is stocked for a quantity that cannot follow"


def test_the_bound_itself_is_written() -> None:
    found = decide(Case(MOST, 7), Rules(most=MOST))
    assert (found.do, found.value) == (Do.WRITE, MOST)


def test_what_is_written_counts_not_what_the_source_shows() -> None:
    """The buffer is taken off before."""
    assert decide(Case(MOST + 5, 7), Rules(most=MOST, buffer=5)).do is Do.WRITE


def test_far_below_zero_is_zero() -> None:
    found = decide(Case(-MOST - 1, 7), Rules(Trust.WORD, most=MOST))
    assert (found.do, found.value) == (Do.WRITE, 0)


def test_a_platform_that_names_no_bound_has_none() -> None:
    assert decide(Case(MOST + 1, 7), Rules()).do is Do.WRITE


def test_a_rise_that_was_seen_once_waits_only_if_it_can_be_written() -> None:
    rules = Rules(increase_twice=True, most=MOST)
    assert decide(Case(MOST + 1, 7, (7, 7)), rules).do is Do.HOLD
    assert decide(Case(MOST + 1, 7, (7, 7), rising=MOST + 1), rules).do is Do.PARK


def test_shopify_names_its_bound() -> None:
    """The quantity can't be higher than 1,000,000,000 (recorded; code INVALID_QUANTITY_TOO_HIGH)."""
    assert SUPPORT[Entity.STOCK].most == MOST
    assert rules_of(StockSettings(), "place", Trust.WORD, MOST).most == MOST
