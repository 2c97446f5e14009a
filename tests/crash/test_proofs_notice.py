"""Every proof with its guard taken away: a proof that cannot fail proves nothing. (A file of its own, so that
another process can run it beside those that hold.)"""

from __future__ import annotations

import pytest

from bench.proof.__main__ import PROOFS
from tests.crash.samples import WITHOUT_GUARD

NO_BOOKS = {"unlocked", "undone-blindly", "unfenced-alone"}
"""Guards whose absence is not told by rows that are lost or doubled."""


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize(("name", "guard"), [(name, PROOFS[name].guards[-1]) for name in WITHOUT_GUARD])
def test_would_notice(name: str, guard: str) -> None:
    """A guard is taken away (of several the finest), and the proof says so: by what
    it found in the stores' books, or where these show nothing, in words of its own."""
    verdict = PROOFS[name].prove(WITHOUT_GUARD[name], guard)
    assert not verdict.right, verdict
    assert verdict.lost or verdict.doubled or guard in NO_BOOKS, verdict
    assert guard != "unfenced-alone" or any("no fence stopped" in line for line in verdict.wrong), verdict
