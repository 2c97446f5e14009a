"""Merging one field of one binding: baseline, what A shows, what B shows → what to do. Pure.

A side has moved if it differs from its own half of the pair that was last settled. Equal content costs no
write.
"""

from __future__ import annotations

from enum import StrEnum

from sync.model.call import Value
from sync.model.plan import Half, Pair
from sync.model.values import fingerprint

_LONG = 80


class Verdict(StrEnum):
    """quiet: nothing moved · settle: equal, only our memory is behind · carry: write the source's value ·
    keep: only the target moved, it stays · conflict: both moved and nobody owns the field."""

    QUIET = "quiet"
    SETTLE = "settle"
    CARRY = "carry"
    KEEP = "keep"
    CONFLICT = "conflict"


def half(value: Value) -> Half:
    """A value as a baseline keeps it: short ones as they are, long ones and sets as their fingerprint."""
    if value is None or isinstance(value, (bool, int)):
        return value
    if isinstance(value, tuple):
        return "#" + fingerprint(value)
    return value if len(value) <= _LONG and not value.startswith("#") else "#" + fingerprint(value)


def merge(
    base: Pair | None, source: Value, target: Value, *, owner: str = "source", drift: str = "keep"
) -> Verdict:
    """One-way merge from source to target. `base` is (source half, target half); a target half of None is
    learnt from what the target shows now. `owner` "source" lets the source win when both moved; `drift`
    "restore" also when only the target did."""
    if source is None:
        return Verdict.QUIET  # the source does not say
    if source == target:
        return Verdict.QUIET if base == (half(source), half(target)) else Verdict.SETTLE
    if base is None:
        return Verdict.CARRY if owner == "source" else Verdict.CONFLICT
    source_moved = base[0] != half(source)
    target_moved = base[1] is not None and base[1] != half(target)
    return _moved(base, source_moved, target_moved, owner, drift)


def _moved(base: Pair, source_moved: bool, target_moved: bool, owner: str, drift: str) -> Verdict:
    if source_moved:
        return Verdict.CARRY if not target_moved or owner == "source" else Verdict.CONFLICT
    if target_moved:
        return Verdict.CARRY if drift == "restore" else Verdict.KEEP
    return Verdict.SETTLE if base[1] is None else Verdict.QUIET
