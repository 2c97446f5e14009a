"""One row of a stock flow: what is written, and that nothing is ever oversold by it."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.engine.stock import (
    Case,
    Decision,
    Do,
    Rules,
    Told,
    Trust,
    decide,
    pair_skip,
    rules_of,
    summed,
    untold_now,
)
from sync.model.flow import StockSettings
from sync.model.stock import ItemKind, StockLevel

pieces = st.integers(-20, 200)
some = st.none() | pieces
rules = st.builds(
    Rules,
    st.sampled_from(Trust),
    st.integers(0, 10),
    st.sampled_from(["keep", "restore"]),
    st.sampled_from(["subtract", "park"]),
    st.booleans(),
    st.booleans(),
)
cases = st.builds(
    Case,
    some,
    some,
    st.none() | st.tuples(pieces, pieces),
    st.integers(0, 30),
    st.none() | pieces,
    st.integers(0, 30),
)


def wanted(case: Case, by: Rules) -> int:
    return max(0, (case.source or 0) - by.buffer - case.in_flight)


@given(cases, rules)
def test_no_write_is_negative_or_above_what_the_source_has_to_give(case: Case, by: Rules) -> None:
    found = decide(case, by)
    if found.do is Do.WRITE:
        assert 0 <= found.value <= wanted(case, by)
        assert found.value != case.shown


@given(cases, rules)
def test_whatever_stays_above_the_source_is_in_front_of_a_person(case: Case, by: Rules) -> None:
    """More than the source has is never left on sale quietly."""
    found = decide(case, by)
    if case.source is not None and case.shown is not None and found.do is not Do.WRITE:
        assert max(0, found.value) <= wanted(case, by) or found.do is Do.PARK


@given(cases, rules)
def test_a_row_that_was_written_and_settled_is_quiet_afterwards(case: Case, by: Rules) -> None:
    found = decide(case, by)
    if found.do in (Do.WRITE, Do.SETTLE) and case.source is not None:
        settled = case.source if found.settles is None else found.settles
        after = Case(settled, found.value, (settled, found.value), case.in_flight, untold=found.untold)
        again = decide(after, replace(by, trust=Trust.MERGE))
        assert again.do is Do.QUIET, (found, again)


@given(cases, rules)
def test_only_a_write_or_nothing_changes_the_target(case: Case, by: Rules) -> None:
    found = decide(case, by)
    if found.do is not Do.WRITE:
        assert found.value == (case.shown or 0)


@given(cases, rules)
def test_pieces_are_forgotten_only_by_somebodys_word_or_by_coming_back(case: Case, by: Rules) -> None:
    found = decide(case, by)
    if found.do not in (Do.WRITE, Do.SETTLE, Do.QUIET) or case.base is None:
        return
    if found.untold < untold_now(case):
        told = by.unreported == "park" and case.shown is not None and wanted(case, by) == max(0, case.shown)
        assert by.trust is Trust.WORD or by.drift == "restore" or told
        assert found.untold == case.in_flight


@given(pieces, pieces, pieces, rules)
def test_pieces_the_target_lost_untold_are_never_given_back_by_a_moving_source(
    source: int, before: int, lost: int, by: Rules
) -> None:
    """Both moved: what was sold at the target is taken off the source's figure."""
    shown = before - abs(lost) - 1
    case = Case(source, shown, (source + 7, before))
    if by.trust is Trust.WORD:
        return
    found = decide(case, by)
    if found.do is Do.WRITE and wanted(case, by) != max(0, shown):
        assert found.value <= max(0, wanted(case, by) - (before - shown))


ROWS = [
    ("nothing moved", Case(10, 10, (10, 10)), Do.QUIET, 10, ""),
    ("first sight, equal", Case(10, 10), Do.SETTLE, 10, ""),
    ("first sight, other", Case(10, 3), Do.WRITE, 10, ""),
    ("source fell", Case(7, 10, (10, 10)), Do.WRITE, 7, ""),
    ("source rose", Case(12, 10, (10, 10)), Do.WRITE, 12, ""),
    ("sold at the target", Case(10, 8, (10, 10)), Do.KEEP, 8, "drift.kept"),
    ("more at the target than there is", Case(10, 12, (10, 10)), Do.WRITE, 10, "drift.restored"),
    ("both fell", Case(9, 8, (10, 10)), Do.WRITE, 7, "unreported.subtracted"),
    ("equal, and nobody told it", Case(8, 8, (10, 10)), Do.WRITE, 6, "unreported.subtracted"),
    ("the order was taken over", Case(8, 8, (10, 10), told=Told(later=2)), Do.SETTLE, 8, ""),
    ("taken over later than seen", Case(6, 6, (9, 6), untold=3, told=Told(3)), Do.SETTLE, 6, ""),
    ("one was no order", Case(9, 7, (11, 10), told=Told(later=2)), Do.WRITE, 8, "unreported.subtracted"),
    ("what was taken off stays off", Case(9, 7, (9, 7)), Do.QUIET, 7, "differs"),
    ("oversold at the source", Case(-3, 4, (2, 4)), Do.WRITE, 0, ""),
    ("oversold at the target", Case(0, -2, (0, 0)), Do.KEEP, -2, "drift.kept"),
    ("the source says nothing", Case(None, 4), Do.SKIP, 4, "source.unstocked"),
    ("the source falls silent", Case(None, 4, (4, 4)), Do.PARK, 4, "stock.silent"),
    ("not stocked, nothing to sell", Case(0, None), Do.SETTLE, 0, ""),
]


@pytest.mark.parametrize(("case", "do", "value", "cause"), [r[1:] for r in ROWS], ids=[r[0] for r in ROWS])
def test_three_ways(case: Case, do: Do, value: int, cause: str) -> None:
    found = decide(case, Rules())
    assert (found.do, found.value, found.cause) == (do, value, cause)


def test_a_full_run_writes_what_differs_but_asks_drift_about_the_targets_own_moves() -> None:
    full = Rules(Trust.ALIGN)
    assert decide(Case(9, 7, (9, 7)), full) == Decision(Do.WRITE, 9)
    assert decide(Case(10, 8, (10, 10)), full).do is Do.KEEP
    assert decide(Case(10, 8, (10, 10)), Rules(Trust.ALIGN, drift="restore")).value == 10


def test_with_a_reason_the_sources_word_holds() -> None:
    assert decide(Case(10, 8, (10, 10)), Rules(Trust.WORD)) == Decision(Do.WRITE, 10, released=2)
    assert decide(Case(9, 8, (10, 10)), Rules(Trust.WORD)) == Decision(Do.WRITE, 9, released=2)


CARRIED = [
    ("sold at the target", Case(10, 7, (10, 10)), Decision(Do.KEEP, 7, "drift.kept")),
    ("both fell", Case(9, 7, (10, 10)), Decision(Do.WRITE, 6, "unreported.subtracted", untold=3)),
    ("both fell alike", Case(8, 8, (10, 10)), Decision(Do.WRITE, 6, "unreported.subtracted", untold=2)),
    ("the source moved later", Case(8, 6, (9, 6)), Decision(Do.WRITE, 5, "unreported.subtracted", untold=3)),
    ("in step", Case(9, 6, (9, 6)), Decision(Do.QUIET, 6, untold=3)),
    ("another sale", Case(9, 5, (9, 6)), Decision(Do.KEEP, 5, "drift.kept")),
    (
        "another sale, source moved",
        Case(12, 5, (9, 6)),
        Decision(Do.WRITE, 8, "unreported.subtracted", untold=4),
    ),
    ("two came back", Case(9, 8, (9, 6)), Decision(Do.SETTLE, 8, untold=1)),
    ("all came back", Case(9, 9, (9, 6)), Decision(Do.SETTLE, 9)),
    ("more than all came back", Case(9, 11, (9, 6)), Decision(Do.WRITE, 9, "drift.restored")),
    (
        "one came back, source moved",
        Case(12, 7, (9, 6)),
        Decision(Do.WRITE, 10, "unreported.subtracted", untold=2),
    ),
    ("less than was sold", Case(2, 6, (9, 6)), Decision(Do.WRITE, 0, "unreported.subtracted", untold=3)),
    ("still less", Case(1, 0, (2, 0)), Decision(Do.SETTLE, 0, "unreported.subtracted", untold=3)),
    ("back at less", Case(2, 1, (2, 0)), Decision(Do.WRITE, 0, "drift.restored", untold=2)),
    ("restocked", Case(10, 0, (2, 0)), Decision(Do.WRITE, 7, "unreported.subtracted", untold=3)),
    (
        "restored above by an undo",
        Case(9, 7, (9, 7)),
        Decision(Do.WRITE, 6, "unreported.subtracted", untold=3),
    ),
    ("restored below by an undo", Case(9, 4, (9, 4)), Decision(Do.QUIET, 4, "differs", untold=3)),
    ("never settled", Case(9, 6), Decision(Do.WRITE, 9)),
    ("stocked again", Case(9, None, (9, 0)), Decision(Do.WRITE, 6, activate=True, untold=3)),
    ("taken off the location", Case(9, None, (9, 6)), Decision(Do.KEEP, 0, "unstocked.kept")),
    ("sold below zero", Case(9, -2, (3, 0)), Decision(Do.WRITE, 4, "unreported.subtracted", untold=5)),
]
FIRST = {"sold at the target", "both fell", "both fell alike", "never settled"}


@pytest.mark.parametrize(("name", "case", "found"), CARRIED, ids=[r[0] for r in CARRIED])
def test_what_the_source_was_not_told_is_remembered(name: str, case: Case, found: Decision) -> None:
    """Three pieces from before, but for the first sales."""
    case = replace(case, untold=0 if name in FIRST else 3)
    assert decide(case, Rules()) == found


def test_a_word_forgets_and_says_what_is_on_sale_again() -> None:
    case = Case(9, 5, (9, 6), untold=3)
    assert decide(case, Rules(Trust.WORD)) == Decision(Do.WRITE, 9, released=4)
    restore = Rules(drift="restore")
    assert decide(case, restore) == Decision(Do.WRITE, 9, "drift.restored", released=4)
    assert decide(replace(case, shown=9), restore) == Decision(Do.SETTLE, 9)
    assert decide(replace(case, source=8), restore).value == 4, "both moved: as without it"
    assert decide(Case(9, 9, (9, 9), untold=3), Rules(Trust.WORD)) == Decision(Do.SETTLE, 9)
    assert decide(Case(9, 6, (9, 6), untold=3), Rules(Trust.ALIGN)).do is Do.QUIET


def test_whoever_lets_them_wait_tells_the_source_himself() -> None:
    """Parked: nothing is settled. Once the figures are equal the sale has been entered at the source."""
    park = Rules(unreported="park")
    assert decide(Case(12, 8, (10, 10)), park).do is Do.PARK
    assert decide(Case(8, 8, (10, 10)), park) == Decision(Do.SETTLE, 8)
    assert decide(Case(3, 8, (10, 10)), park) == Decision(Do.WRITE, 1, "unreported.subtracted", untold=2)
    assert decide(Case(5, 1, (3, 1), untold=2), park).value == 3, "a fall was written; it stays in mind"
    assert decide(Case(1, 1, (3, 1), untold=2), park) == Decision(Do.SETTLE, 1)
    assert decide(Case(0, 0, (2, 0), untold=3), park).untold == 3, "nothing left on either side says nothing"
    assert decide(Case(0, 0, (2, 2)), park) == Decision(Do.SETTLE, 0)


def test_a_rise_that_is_seen_in_part_remembers_all_of_them() -> None:
    twice = Rules(increase_twice=True)
    found = decide(Case(23, 7, (10, 7), rising=15, untold=3), twice)
    assert (found.value, found.settles, found.untold) == (12, 15, 3)


def test_buffer_and_orders_in_flight_are_taken_off_and_never_below_zero() -> None:
    assert decide(Case(10, 10, (9, 10), in_flight=3), Rules(buffer=2)).value == 5
    assert decide(Case(2, 10, (9, 10), in_flight=3), Rules(buffer=2)).value == 0
    assert rules_of(StockSettings(buffers={"": 1, "x": 4}), "x", Trust.MERGE).buffer == 4
    assert rules_of(StockSettings(buffers={"": 1}), "x", Trust.MERGE).buffer == 1


def test_a_sale_that_is_an_order_we_know_is_taken_off_once() -> None:
    """Ten at the source, two sold in the shop, the order is known: 8 is right, and stays right."""
    assert decide(Case(10, 8, (10, 10), in_flight=2), Rules()).do is Do.SETTLE
    assert decide(Case(9, 8, (10, 10), in_flight=2), Rules()) == Decision(Do.WRITE, 7, untold=2)


def test_unreported_pieces_may_wait_for_a_person_but_a_fall_never_does() -> None:
    park = Rules(unreported="park")
    assert decide(Case(12, 8, (10, 10)), park) == Decision(Do.PARK, 8, "stock.unreported")
    assert decide(Case(3, 8, (10, 10)), park) == Decision(Do.WRITE, 1, "unreported.subtracted", untold=2)


def test_a_rise_is_written_when_two_reads_showed_it_and_only_as_far_as_both_did() -> None:
    twice = Rules(increase_twice=True)
    assert decide(Case(15, 10, (10, 10)), twice) == Decision(Do.HOLD, 10, "rise.first")
    assert decide(Case(15, 10, (10, 10), rising=15), twice).value == 15
    assert decide(Case(20, 10, (10, 10), rising=12), twice).value == 12
    assert decide(Case(20, 10, (10, 10), rising=10), twice).do is Do.HOLD
    assert decide(Case(4, 10, (10, 10)), twice).value == 4
    assert decide(Case(15, 3), twice).value == 15, "the first alignment has nothing to compare with"


def test_an_item_that_is_not_stocked_is_activated_unless_somebody_took_it_off() -> None:
    assert decide(Case(4, None), Rules()) == Decision(Do.WRITE, 4, activate=True)
    assert decide(Case(4, None), Rules(activate=False)) == Decision(Do.SKIP, 0, "not.stocked")
    assert decide(Case(4, None, (4, 4)), Rules()) == Decision(Do.KEEP, 0, "unstocked.kept")
    assert decide(Case(4, None, (4, 4)), Rules(Trust.WORD)).activate


def test_many_locations_are_summed_and_silence_is_not_zero() -> None:
    levels = [StockLevel("a", 4), StockLevel("b", -1), StockLevel("c", 9, active=False)]
    assert summed(levels, ["a", "b"]) == 3 and summed(levels, ["*"]) == 3 and summed(levels, ["c"]) == 0
    assert summed(levels, ["x"]) is None and summed([], ["*"]) is None


@pytest.mark.parametrize(
    ("source", "target", "untracked", "reason"),
    [
        ((ItemKind.PLAIN, True), (ItemKind.PLAIN, True), "skip", ""),
        ((ItemKind.PLAIN, True), (ItemKind.BUNDLE, True), "skip", "bundle"),
        ((ItemKind.GIFT_CARD, True), (ItemKind.PLAIN, True), "track", "gift_card"),
        ((ItemKind.PLAIN, False), (ItemKind.PLAIN, True), "track", "untracked.source"),
        ((ItemKind.PLAIN, True), (ItemKind.PLAIN, False), "skip", "untracked"),
        ((ItemKind.PLAIN, True), (ItemKind.PLAIN, False), "track", ""),
    ],
)
def test_which_pairs_are_left_out(
    source: tuple[ItemKind, bool], target: tuple[ItemKind, bool], untracked: str, reason: str
) -> None:
    assert pair_skip(source, target, untracked) == reason


def test_what_was_seen_only_once_of_a_rise_is_still_to_come() -> None:
    """Five were seen twice, eight more once: the write settles the source's figure as it was then."""
    twice = Rules(increase_twice=True)
    found = decide(Case(23, 10, (10, 10), rising=15), twice)
    assert (found.value, found.settles) == (15, 15)
    assert decide(Case(23, 15, (15, 15)), twice).do is Do.HOLD
    assert decide(Case(23, 15, (15, 15), rising=23), twice).value == 23
