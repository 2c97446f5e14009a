"""Stock from one side to the other, row by row: what to write so that nothing is oversold. Pure."""

from sync.engine.stock.decide import (
    NOTHING,
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

__all__ = [
    "NOTHING",
    "Case",
    "Decision",
    "Do",
    "Rules",
    "Told",
    "Trust",
    "decide",
    "pair_skip",
    "rules_of",
    "summed",
    "untold_now",
]
