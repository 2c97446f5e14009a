"""Every proof with its guard taken away: a proof that cannot fail proves nothing. (A file of its own, so that
another process can run it beside those that hold.)"""

from __future__ import annotations

import pytest

from bench.proof.__main__ import PROOFS
from tests.crash.samples import WITHOUT_GUARD

NO_BOOKS = {"second-worker", "undo"}
"""What they find is not told by rows that are lost or doubled."""


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize("name", WITHOUT_GUARD)
def test_would_notice(name: str) -> None:
    """The guard is taken away, and the proof says so: by what it found in the stores' books."""
    proof = PROOFS[name]
    verdict = proof.prove(WITHOUT_GUARD[name], proof.guard)
    assert not verdict.right, verdict
    assert verdict.lost or verdict.doubled or name in NO_BOOKS, verdict
