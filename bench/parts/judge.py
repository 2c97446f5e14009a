"""Was anything lost or doubled? Answered by the target's own ledger, never by our tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Effect:
    """One stock row that moved at the target; `hand`: not through the API (a sale, somebody's edit);
    `blind`: written without a word about what was expected there; `at`: when, in epoch seconds."""

    pair: str
    before: int
    after: int
    hand: bool = False
    blind: bool = False
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Judgement:
    """Rows whose wanted quantity never arrived, and effects beyond the first of a row."""

    lost: int
    doubled: int
    examples: tuple[str, ...] = ()


def judge(start: Mapping[str, int], wanted: Mapping[str, int], effects: Iterable[Effect]) -> Judgement:
    """`start` and `wanted`: pieces by pair before and as the run was to make them. What hands did after a
    row was written stays; a row that was moved by hand before may be written all the same."""
    ours: dict[str, int] = {}
    last: dict[str, int] = {}
    for effect in effects:
        if not effect.hand:
            ours[effect.pair] = ours.get(effect.pair, 0) + 1
            last[effect.pair] = effect.after
    lost = [pair for pair, pieces in wanted.items() if last.get(pair, start.get(pair)) != pieces]
    twice = [pair for pair, count in ours.items() if count > 1]
    doubled = sum(ours[pair] - 1 for pair in twice)
    named = [f"lost {p}: wanted {wanted[p]}, last written {last.get(p)}" for p in lost[:3]]
    return Judgement(len(lost), doubled, (*named, *(f"doubled {pair}" for pair in twice[:3])))
