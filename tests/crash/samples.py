"""How much of each proof of `make proof` the tests run."""

from __future__ import annotations

SAMPLES = {
    "kill": 2,
    "kill-postgres": 2,
    "faults": 2,
    "lost-answers": 20,
    "frozen": 1,
    "restarts": 2,
    "second-worker": 1,
    "poison": 500,
    "undo": 300,
}
WITHOUT_GUARD = {**SAMPLES, "faults": 10}
"""The first two calls only read, and no guard holds there."""
