"""The proofs' command line, and what counts as a worker's word that its fence stopped it."""

from __future__ import annotations

import pytest

from bench.proof import frozen
from bench.proof.__main__ import PROOFS, _arguments
from bench.proof.breaks import BREAKS


def test_json_is_an_option_as_the_help_says() -> None:
    args = _arguments(["faults", "--n", "2", "--json"])
    assert args.json and args.names == ["faults"] and args.n == 2
    assert not _arguments([]).json


def test_every_guard_can_be_taken_away() -> None:
    assert {guard for proof in PROOFS.values() for guard in proof.guards} <= set(BREAKS)


@pytest.mark.parametrize(
    ("line", "fenced"),
    [
        (b"a stage of run 7 is another worker's by now: partition c1, fence 3, worker w", True),
        (b"a stage of run 7 is another worker's by now: ", True),
        (b"how some work ended was not stored: it is another worker's by now", True),
        (b"a stage of run 7 is another worker's by now: stage apply:stock of run 7", False),
        (b"partition c1 was left before its work had ended", False),
    ],
)
def test_a_claim_that_fails_at_the_end_of_a_stage_is_no_fence(line: bytes, fenced: bool) -> None:
    assert bool(frozen._FENCED.search(b"before\n" + line + b"\nafter")) is fenced


@pytest.mark.parametrize(
    ("lost", "at_work", "said", "wrong"),
    [(True, True, False, 1), (True, True, True, 0), (True, False, False, 0), (False, True, False, 0)],
)
def test_whoever_lost_its_lease_with_work_in_hand_has_to_say_so(
    lost: bool, at_work: bool, said: bool, wrong: int
) -> None:
    assert len(frozen._unfenced(frozen._Frozen({}, at_work, lost), said, 1)) == wrong
