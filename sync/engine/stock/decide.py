"""One row of a stock flow: a pair of items at one location of the target. Pure.

The source is the master of stock, yet the target sells in between. What the target lost without telling stays
lost: it is kept while only the target moved, and taken off the source's figure when both moved. A row never
ends above what the source has to give; a rise is what may wait, a fall never does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass
from enum import StrEnum

from sync.model.flow import StockSettings
from sync.model.stock import ALL_PLACES, ItemKind, StockLevel


class Trust(StrEnum):
    """How far the source's word goes. merge: three ways against the baseline pair · align: differences are
    written, too, what only the target moved is treated by `drift` · word: whatever differs is written."""

    MERGE = "merge"
    ALIGN = "align"
    WORD = "word"


class Do(StrEnum):
    """quiet: nothing · settle: only our memory is behind · write: set the value · keep: only the target
    moved, it stays and is reported · hold: a rise seen for the first time · park: a person decides · skip:
    not written, with the reason."""

    QUIET = "quiet"
    SETTLE = "settle"
    WRITE = "write"
    KEEP = "keep"
    HOLD = "hold"
    PARK = "park"
    SKIP = "skip"


@dataclass(frozen=True, slots=True)
class Rules:
    """What the flow's settings say about one location. `buffer` in pieces."""

    trust: Trust = Trust.MERGE
    buffer: int = 0
    drift: str = "keep"
    unreported: str = "subtract"
    increase_twice: bool = False
    activate: bool = True


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one row, in pieces. `source`: the sum over the mapped places, None if the source does
    not say; `shown`: what the target shows, None where the item is not stocked; `base`: (source, target) when
    last settled; `in_flight`: in orders that the source does not know yet; `rising`: the source's figure when
    a rise was first seen, None if none waits."""

    source: int | None
    shown: int | None
    base: tuple[int, int] | None = None
    in_flight: int = 0
    rising: int | None = None


@dataclass(frozen=True, slots=True)
class Decision:
    """`value` is what the target shows afterwards; `cause` says why, "" for the ordinary. `activate`: the
    item has to be stocked there first. `settles`: the source's figure that a write carries over, where it is
    not all of what the source shows: the rest is still to come."""

    do: Do
    value: int
    cause: str = ""
    activate: bool = False
    settles: int | None = None


def rules_of(settings: StockSettings, place: str, trust: Trust) -> Rules:
    """The rules for one location of the target."""
    buffer = settings.buffers.get(place, settings.buffers.get("", 0))
    return Rules(
        trust,
        max(0, buffer),
        settings.drift,
        settings.unreported,
        settings.increase_twice,
        settings.activate,
    )


def summed(levels: Iterable[StockLevel], places: Collection[str]) -> int | None:
    """Pieces over the mapped places (all of them with ALL_PLACES); negative ones count. None if the source
    says nothing about any of them."""
    every = ALL_PLACES in places
    total, said = 0, False
    for level in levels:
        if every or level.location_id in places:
            said = True
            total += level.available if level.active else 0
    return total if said else None


def pair_skip(
    source: tuple[ItemKind, bool | None], target: tuple[ItemKind, bool | None], untracked: str
) -> str:
    """Why a pair of (kind, tracked) is not written at all; "" if it is. Bundles take their stock from their
    components, gift cards have none."""
    for kind, _ in (source, target):
        if kind is not ItemKind.PLAIN:
            return kind.value
    if source[1] is False:
        return "untracked.source"
    return "untracked" if target[1] is False and untracked != "track" else ""


def decide(case: Case, rules: Rules) -> Decision:
    """What to do with one row. Never answers a value above what the source has to give, unless it leaves the
    row as it is."""
    if case.source is None:
        return _silent(case)
    wanted = max(0, case.source - rules.buffer - case.in_flight)
    if case.shown is None:
        return _unstocked(case, rules, wanted)
    if wanted == max(0, case.shown):
        return _agreed(case, case.source, case.shown)
    if case.base is None or rules.trust is Trust.WORD:
        return Decision(Do.WRITE, wanted)
    return _patient(case, rules, _merged(case, rules, wanted, case.shown, case.base))


def _silent(case: Case) -> Decision:
    """The source does not say. Where it once did and the target still sells, somebody has to know."""
    if case.base is not None and case.base[0] > 0 and (case.shown or 0) > 0:
        return Decision(Do.PARK, case.shown or 0, "stock.silent")
    return Decision(Do.SKIP, case.shown or 0, "source.unstocked")


def _unstocked(case: Case, rules: Rules, wanted: int) -> Decision:
    if wanted == 0:
        return _agreed(case, case.source or 0, 0)
    kept = rules.trust is not Trust.WORD and rules.drift == "keep"
    if case.base is not None and case.base[1] != 0 and kept:
        return Decision(Do.KEEP, 0, "unstocked.kept")  # somebody took it off that location
    if not rules.activate:
        return Decision(Do.SKIP, 0, "not.stocked")
    return Decision(Do.WRITE, wanted, activate=True)


def _agreed(case: Case, source: int, shown: int) -> Decision:
    return Decision(Do.QUIET if case.base == (source, shown) else Do.SETTLE, shown)


def _merged(case: Case, rules: Rules, wanted: int, shown: int, base: tuple[int, int]) -> Decision:
    source_moved, target_moved = case.source != base[0], shown != base[1]
    if source_moved and target_moved:
        return _both(case, rules, wanted, shown, base)
    if target_moved:
        if rules.drift == "keep" and shown < wanted:
            return Decision(Do.KEEP, shown, "drift.kept")
        return Decision(Do.WRITE, wanted, "drift.restored")
    if not source_moved and rules.trust is Trust.MERGE and wanted > shown:
        return Decision(Do.QUIET, shown, "differs")  # what was taken off earlier may still be on its way
    return Decision(Do.WRITE, wanted)


def _both(case: Case, rules: Rules, wanted: int, shown: int, base: tuple[int, int]) -> Decision:
    """Both moved: what the target lost beyond the orders we know of is taken off."""
    lost = max(0, base[1] - shown - case.in_flight)
    value = max(0, wanted - lost)
    if lost and rules.unreported == "park" and wanted >= shown:
        return Decision(Do.PARK, shown, "stock.unreported")
    cause = "unreported.subtracted" if lost else ""
    if value == max(0, shown):
        return Decision(Do.SETTLE, shown, cause)
    return Decision(Do.WRITE, value, cause)


def _patient(case: Case, rules: Rules, found: Decision) -> Decision:
    """With increase-seen-twice a rise of the source is written once two reads showed it, and only as far as
    both did."""
    if not rules.increase_twice or found.do is not Do.WRITE or case.source is None or case.base is None:
        return found
    shown = case.shown or 0
    if found.value <= shown or case.source <= case.base[0]:
        return found
    if case.rising is None:
        return Decision(Do.HOLD, shown, "rise.first")
    value = max(0, found.value - max(0, case.source - case.rising))
    if value <= shown:
        return Decision(Do.HOLD, shown, "rise.first")
    seen = case.rising if case.rising < case.source else None
    return Decision(Do.WRITE, value, found.cause, settles=seen)
