"""Brakes, the merge of one field, and what is tried again."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.engine.brake import Figures, count, hits
from sync.engine.merge import Verdict, half, merge
from sync.errors import (
    BrokenContract,
    CounterpartError,
    NeedsOperator,
    OutcomeUnknown,
    RecordRefused,
    SafetyStop,
    Transient,
)
from sync.model.call import Change, Diff, Verb
from sync.model.entity import Entity
from sync.model.flow import Brakes
from sync.model.text import say
from sync.queue.retry import TRIES, delay_before_retry

VALUES = st.one_of(st.text(max_size=200), st.integers(), st.booleans(), st.tuples(st.text(max_size=5)))


def stock(before: int, after: int) -> Change:
    return Change("1", Entity.STOCK, Verb.SET, "s", diffs=(Diff("available", before, after),))


def price(before: str, after: str) -> Change:
    return Change(
        "1", Entity.VARIANT, Verb.UPDATE, "s", diffs=(Diff("price", f"{before} TRY", f"{after} TRY"),)
    )


def codes(figures: Figures, changes: list[Change] = [], *, shares: bool = True) -> set[str]:
    count(figures, changes, Brakes())
    return {hit.code for hit in hits(figures, Brakes(), shares=shares)}


def test_an_empty_or_halved_source_stops() -> None:
    assert codes(Figures(source_count=0)) == {"source.empty"}
    assert codes(Figures(source_count=49, source_before=100)) == {"source.dropped"}
    assert codes(Figures(source_count=51, source_before=100)) == set()
    assert codes(Figures(source_count=0, source_before=100), shares=False) == set()


def test_zeroed_stock_stops_by_share_but_never_under_the_floor() -> None:
    assert codes(Figures(1, stock_rows=100), [stock(5, 0)] * 21) == {"stock.zeroed"}
    assert codes(Figures(1, stock_rows=100), [stock(5, 0)] * 20) == set()
    assert codes(Figures(1, stock_rows=5), [stock(5, 0)] * 5) == set()
    assert codes(Figures(1, stock_rows=100), [stock(0, 0)] * 50) == set()


def test_counts_hold_where_shares_do_not() -> None:
    assert codes(Figures(1, stock_rows=10), [stock(5, 0)] * 501, shares=False) == {"stock.zeroed"}


def test_large_price_moves_stop() -> None:
    assert codes(Figures(1, prices=50), [price("100", "131")] * 11) == {"price.moves"}
    assert codes(Figures(1, prices=50), [price("100", "130")] * 50) == set()


def test_currency_and_unmapped_locations_stop() -> None:
    assert codes(Figures(1, wrong_currency=1, unmapped=("Depo",))) == {"currency.wrong", "location.unmapped"}


@given(VALUES, VALUES)
def test_what_is_settled_is_quiet(a: object, b: object) -> None:
    base = (half(a), half(b))  # type: ignore[arg-type]
    assert merge(base, a, b) is Verdict.QUIET  # type: ignore[arg-type]


@given(VALUES, VALUES)
def test_equal_content_never_costs_a_write(a: object, old: object) -> None:
    assert merge((half(old), half(old)), a, a) in (Verdict.QUIET, Verdict.SETTLE)  # type: ignore[arg-type]


@given(VALUES, VALUES, VALUES)
def test_a_target_that_alone_moved_is_kept_or_restored(a: object, b: object, moved: object) -> None:
    verdict = merge((half(a), half(b)), a, moved)  # type: ignore[arg-type]
    assert verdict is not Verdict.CARRY
    if moved not in (a, b) and half(moved) != half(b):  # type: ignore[arg-type]
        assert merge((half(a), half(b)), a, moved, drift="restore") is Verdict.CARRY  # type: ignore[arg-type]


def test_the_source_wins_when_both_moved_and_without_an_owner_it_is_a_conflict() -> None:
    assert merge(("a", "a"), "b", "c") is Verdict.CARRY
    assert merge(("a", "a"), "b", "c", owner="none") is Verdict.CONFLICT
    assert merge(None, "b", "c", owner="none") is Verdict.CONFLICT


def test_a_source_that_does_not_say_changes_nothing() -> None:
    assert merge(None, None, "x") is Verdict.QUIET


@pytest.mark.parametrize("kind", CounterpartError.__subclasses__())
def test_every_class_of_error_has_a_decision(kind: type[CounterpartError]) -> None:
    again = delay_before_retry(kind(say("x")), 0, 0.5) is not None
    assert again == (kind in (Transient, OutcomeUnknown))


def test_backoff_grows_is_spread_and_ends() -> None:
    error = Transient(say("x"))
    waits = [delay_before_retry(error, n, 0.0) for n in range(TRIES)]
    assert waits == [2.5, 5.0, 10.0, 20.0, 40.0]
    assert delay_before_retry(error, 0, 0.999) == pytest.approx(5.0, abs=0.01)
    assert delay_before_retry(error, TRIES, 0.0) is None
    assert delay_before_retry(Transient(say("x"), retry_after=61), 0, 0.0) == 61


def test_what_a_person_must_mend_is_not_tried_again() -> None:
    for kind in (NeedsOperator, RecordRefused, SafetyStop, BrokenContract):
        assert delay_before_retry(kind(say("x")), 0, 0.0) is None
