"""A sample of every proof of `make proof`: it holds. (How many seconds it took is judged by `make proof`, on
a machine that nobody else uses.)"""

from __future__ import annotations

import pytest

from bench.proof.__main__ import PROOFS
from tests.crash.samples import SAMPLES


@pytest.mark.crash
@pytest.mark.slow
@pytest.mark.parametrize("name", SAMPLES)
def test_holds(name: str) -> None:
    verdict = PROOFS[name].prove(SAMPLES[name], "")
    assert verdict.right and verdict.n, verdict


def test_every_proof_has_a_sample() -> None:
    assert set(SAMPLES) == set(PROOFS)
