"""A sample of every proof of `make proof`, and of its broken variant: a proof that cannot fail proves
nothing."""

from __future__ import annotations

import pytest

from bench.proof.__main__ import PROOFS

SAMPLES = {
    "kill": 2,
    "kill-postgres": 2,
    "faults": 2,
    "lost-answers": 20,
    "frozen": 1,
    "second-worker": 1,
    "poison": 500,
    "undo": 300,
}
SLOW = {"kill", "kill-postgres", "frozen"}
"""Their broken variants wait for chance; they are run by hand with --broken."""
OPEN = {"restarts"}
"""Do not hold yet: see docs/reliability.md."""


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_holds(name: str) -> None:
    verdict = PROOFS[name].prove(SAMPLES[name], "")
    assert verdict.good and verdict.n, verdict


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize("name", [name for name in SAMPLES if name not in SLOW])
def test_would_notice(name: str) -> None:
    """The guard is taken away, and the proof says so."""
    proof = PROOFS[name]
    verdict = proof.prove(max(SAMPLES[name], 10), proof.guard)
    assert not verdict.good, verdict


def test_every_proof_has_a_sample() -> None:
    assert set(SAMPLES) | OPEN == set(PROOFS)
