"""One row of a stock flow: a pair of items at one location of the target. Pure.

The source is the master of stock, yet the target sells in between. What the target lost without telling stays
lost: it is kept while only the target moved, and taken off the source's figure when both moved. Those pieces
are remembered and taken off each later figure of it, too, until an order that holds them is taken over
(`Told`), the target gets them back, or somebody says that the source's figure is true. A row never ends above
what the source has to give; a rise is what may wait, a fall never does.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from sync.model.flow import StockSettings
from sync.model.stock import ALL_PLACES, ItemKind, StockLevel

_HELD = 2_000_000_000
"""No more pieces are told apart: a column holds no more, and so many are parked as `stock.beyond` anyway."""


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
    """What the flow's settings say about one location. `buffer` in pieces; `most`: the largest quantity that
    the target takes, None if it names none."""

    trust: Trust = Trust.MERGE
    buffer: int = 0
    drift: str = "keep"
    unreported: str = "subtract"
    increase_twice: bool = False
    activate: bool = True
    most: int | None = None


@dataclass(frozen=True, slots=True)
class Told:
    """Pieces in orders of the target that the source's side has taken over since the row was last settled.
    `older` were placed before that: their loss is in what is remembered, or was forgotten by somebody's word.
    `later`: all others, also those of which nobody can say on which side of that moment they were."""

    older: int = 0
    later: int = 0


NOTHING = Told()


@dataclass(frozen=True, slots=True)
class Case:
    """What is known of one row, in pieces. `source`: the sum over the mapped places, None if the source does
    not say; `shown`: what the target shows, None where the item is not stocked; `base`: (source, target) when
    last settled; `in_flight`: in orders that the source does not know yet; `rising`: the source's figure when
    a rise was first seen, None if none waits; `untold`: lost at the target up to `base`, and the source had
    not been told by then; `told`: of what it has been since."""

    source: int | None
    shown: int | None
    base: tuple[int, int] | None = None
    in_flight: int = 0
    rising: int | None = None
    untold: int = 0
    told: Told = NOTHING


@dataclass(frozen=True, slots=True)
class Decision:
    """`value` is what the target shows afterwards; `cause` says why, "" for the ordinary. `activate`: the
    item has to be stocked there first. `settles`: the source's figure that a write carries over, where it is
    not all of what the source shows: the rest is still to come. `untold`: the pieces to remember once this is
    settled; `released`: those that are forgotten by it and so on sale again."""

    do: Do
    value: int
    cause: str = ""
    activate: bool = False
    settles: int | None = None
    untold: int = 0
    released: int = 0


def rules_of(settings: StockSettings, place: str, trust: Trust, most: int | None = None) -> Rules:
    """The rules for one location of a target that takes `most` pieces."""
    buffer = settings.buffers.get(place, settings.buffers.get("", 0))
    return Rules(
        trust,
        max(0, buffer),
        settings.drift,
        settings.unreported,
        settings.increase_twice,
        settings.activate,
        most,
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
    return max(-_HELD, min(total, _HELD)) if said else None


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


def untold_now(case: Case) -> int:
    """Pieces lost at the target that the source was never told of: what is remembered, more by what the
    target lost since, less by what came back to it and by what it was told. Never fewer than those in orders
    on their way."""
    if case.base is None:
        return case.in_flight
    remembered = max(0, case.untold - case.told.older)
    if case.shown is None:  # taken off that location: not a sale
        return max(case.in_flight, remembered - case.told.later)
    return max(case.in_flight, remembered + case.base[1] - case.shown - case.told.later)


def decide(case: Case, rules: Rules) -> Decision:
    """What to do with one row. Never answers a value above what the source has to give, unless it leaves the
    row as it is, nor one to write that the target cannot take: a call would be refused for it."""
    found = _decided(case, rules)
    if found.do is Do.WRITE and rules.most is not None and found.value > rules.most:
        return Decision(Do.PARK, case.shown or 0, "stock.beyond")
    return found


def _decided(case: Case, rules: Rules) -> Decision:
    if case.source is None:
        return _silent(case)
    wanted = max(0, case.source - rules.buffer)
    if case.shown is None:
        return _unstocked(case, rules, wanted)
    if case.base == (case.source, case.shown) and wanted == max(0, case.shown) and not case.untold:
        return Decision(Do.QUIET, case.shown)  # most rows of most runs
    if case.base is None or rules.trust is Trust.WORD:
        return _word(case, rules, wanted, case.shown)
    if max(0, wanted - case.in_flight) == max(0, case.shown) and _heard(case, rules, case.base[1]):
        return _agreed(case, case.shown, untold=case.in_flight)
    return _patient(case, rules, _merged(case, rules, wanted, case.shown, case.base))


def _silent(case: Case) -> Decision:
    """The source does not say. Where it once did and the target still sells, somebody has to know."""
    if case.base is not None and case.base[0] > 0 and (case.shown or 0) > 0:
        return Decision(Do.PARK, case.shown or 0, "stock.silent")
    return Decision(Do.SKIP, case.shown or 0, "source.unstocked")


def _unstocked(case: Case, rules: Rules, wanted: int) -> Decision:
    taken_off = case.base is not None and case.base[1] != 0
    word = rules.trust is Trust.WORD or taken_off and rules.drift != "keep"
    untold = case.in_flight if word else untold_now(case)
    value = max(0, wanted - untold)
    if wanted and taken_off and not word:
        return Decision(Do.KEEP, 0, "unstocked.kept")  # somebody took it off that location
    if value == 0:
        return _agreed(case, 0, untold=untold)
    if not rules.activate:
        return Decision(Do.SKIP, 0, "not.stocked")
    released = _released(case) if word else 0
    return Decision(Do.WRITE, value, activate=True, untold=untold, released=released)


def _heard(case: Case, rules: Rules, before: int) -> bool:
    """Do equal figures say that the source knows of the sales? They may be equal by chance; where a person
    enters the sales they may not: only at 0 everything is equal. Where there is nothing else to tell, they
    do."""
    shown = case.shown or 0
    return untold_now(case) == case.in_flight or rules.unreported == "park" and (shown > 0 or shown != before)


def _word(case: Case, rules: Rules, wanted: int, shown: int, cause: str = "") -> Decision:
    """The source's figure is true: nothing is remembered against it but orders on their way."""
    value = max(0, wanted - case.in_flight)
    if value == max(0, shown):
        return _agreed(case, shown, untold=case.in_flight)
    return Decision(Do.WRITE, value, cause, untold=case.in_flight, released=_released(case))


def _released(case: Case) -> int:
    return max(0, untold_now(case) - case.in_flight)


def _agreed(case: Case, shown: int, cause: str = "", untold: int = 0) -> Decision:
    known = case.base == (case.source or 0, shown) and case.untold == untold
    if known:
        return Decision(Do.QUIET, shown, untold=untold)
    return Decision(Do.SETTLE, shown, cause, untold=untold)


def _merged(case: Case, rules: Rules, wanted: int, shown: int, base: tuple[int, int]) -> Decision:
    source_moved, target_moved = case.source != base[0], shown != base[1]
    if target_moved and not source_moved:
        return _drifted(case, rules, wanted, shown, base)
    lost, untold = max(0, base[1] - shown - case.in_flight - case.told.later), untold_now(case)
    value = max(0, wanted - untold)
    if lost and source_moved and rules.unreported == "park" and wanted >= shown:
        return Decision(Do.PARK, shown, "stock.unreported")
    cause = "unreported.subtracted" if untold > case.in_flight else ""
    if value == max(0, shown):
        return _agreed(case, shown, cause, untold)
    if not source_moved and rules.trust is Trust.MERGE and value > shown:
        return Decision(Do.QUIET, shown, "differs", untold=untold)  # what was taken off may be on its way
    above = "" if source_moved or value >= shown else "above.source"  # an undo, or a larger buffer
    return Decision(Do.WRITE, value, cause or above, untold=untold)


def _drifted(case: Case, rules: Rules, wanted: int, shown: int, base: tuple[int, int]) -> Decision:
    """Only the target moved. A sale is kept and stays to be seen, a return of untold pieces is settled; what
    would sell more than there is goes back."""
    if rules.drift != "keep":
        return _word(case, rules, wanted, shown, "drift.restored")
    untold = untold_now(case)
    value = max(0, wanted - untold)
    if shown > base[1] and shown == value:
        return _agreed(case, shown, untold=untold)
    if shown <= value:
        return Decision(Do.KEEP, shown, "drift.kept")
    return Decision(Do.WRITE, value, "drift.restored", untold=untold)


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
    return replace(found, value=value, settles=seen)
