"""What both sides show for the matched items: totals and a sample to look at before the first delta, and what
differs now."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from storage.stock_differences import StockDifference
from sync.managers.stock.validating import figures_of
from sync.managers.views.flows import FlowInfo
from sync.managers.views.memo import memo_of
from sync.model.codec import load
from sync.model.stock import Difference, StockTotals
from sync.model.text import Message, say
from sync.workspace import Workspace

DIFFERENCES: Mapping[Difference, Message] = {
    Difference.DIFFERS: say("Differs"),
    Difference.MISSED: say("Missed update"),
    Difference.TWICE: say("Written twice"),
    Difference.STORE: say("Moved at the store"),
}
ADVICE: Mapping[Difference, Message] = {
    Difference.DIFFERS: say(
        "The source shows another quantity. The next run writes it; what an undo put back waits until the "
        "source moves."
    ),
    Difference.MISSED: say("The source moved a while ago and nothing was written. A full sweep mends it."),
    Difference.TWICE: say("One change of the source was written more than once."),
    Difference.STORE: say(
        "The quantity moved at the target: an edit by hand, or a sale that the source does not know. The "
        "settings say what happens."
    ),
}
_SECONDS = 60.0
_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class SampleRow:
    """One matched item at one location of the target: pieces on hand, reserved and available, of what the
    source's locations show together and of what the target shows."""

    sku: str
    label: str
    place: str
    source: Mapping[str, int]
    target: Mapping[str, int]

    @property
    def equal(self) -> bool:
        """Do both show the same available stock?"""
        return self.source["available"] == self.target["available"]


@dataclass(frozen=True, slots=True)
class Figures:
    """What a person confirms: totals of both sides over the matched items, and a sample. `whole` is what is
    kept with the confirmation."""

    source: StockTotals
    target: StockTotals
    sample: tuple[SampleRow, ...]
    whole: Mapping[str, object]


DifferenceRow = StockDifference
"""A pair that differs at a location, since when, and the run that saw it."""


@dataclass(frozen=True, slots=True)
class DifferencePage:
    """Rows, and the key of the next page (None: this is the last)."""

    rows: tuple[DifferenceRow, ...]
    next_after: str | None


def figures(ws: Workspace, found: FlowInfo) -> Figures:
    """Totals and sample. Kept for a minute, because they walk over all matched items; a finished run makes
    them anew."""
    newest = next(iter(ws.runs.list(flow_id=found.flow.id, limit=1)), None)
    mark = (newest.id, newest.status) if newest else None
    name = ("stock.figures", found.flow.id, found.flow.version, mark)
    whole = memo_of(ws).get(name, _SECONDS, lambda: figures_of(ws, found.flow, found.link))
    sample: Any = whole["sample"]
    return Figures(
        load(StockTotals, whole["source"]),
        load(StockTotals, whole["target"]),
        tuple(SampleRow(**row) for row in sample),
        whole,
    )


# -- differences ---------------------------------------------------------------------------------------------


def differing(
    ws: Workspace, flow_id: str, why: str = "", sku: str = "", after: str = "", limit: int = 50
) -> DifferencePage:
    """Pairs that differ, by binding and location; `sku` is a SKU or the beginning of one."""
    binding, _, place = after.partition(" ")
    rows = ws.stock_differences.list(flow_id, why, sku, (int(binding or 0), place), limit + 1)
    shown = tuple(rows[:limit])
    more = f"{shown[-1].binding_id} {shown[-1].place}" if len(rows) > limit else None
    return DifferencePage(shown, more)


def each_difference(ws: Workspace, flow_id: str, why: str = "", sku: str = "") -> Iterator[DifferenceRow]:
    """Every pair that differs, streamed."""
    after: str | None = ""
    while after is not None:
        found = differing(ws, flow_id, why, sku, after, _AT_ONCE)
        yield from found.rows
        after = found.next_after
