"""From a pair of items to its rows: one decision for each location of the target that is mapped."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from storage.stock_moved import agree, moved
from storage.stock_pairs import PairRow
from sync.engine.stock import (
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
)
from sync.managers.context import Context
from sync.managers.stock.levels import shown_at
from sync.managers.stock.reading import tagged
from sync.managers.stock.scope import by_memory, places, trust_of
from sync.managers.stock.told import ToldOrders
from sync.model.entity import Entity

Rising = Mapping[tuple[int, str], int]
"""(binding, location) → the source's figure when a rise was first seen."""


@dataclass(frozen=True, slots=True)
class Row:
    """One pair at one location: what is known and what was decided."""

    pair: PairRow
    place: str
    case: Case
    decision: Decision


class Deciding:
    """Decides rows of one flow. `in_flight` are pieces by target variant in orders that the source does not
    know yet."""

    def __init__(self, ctx: Context, in_flight: Mapping[str, int] | None = None) -> None:
        self.ctx, self.settings = ctx, ctx.flow.stock
        self.trust = trust_of(ctx)
        self.places = places(ctx)
        most = ctx.target.support(Entity.STOCK).most
        self.rules: dict[str, Rules] = {
            place: rules_of(self.settings, place, self.trust, most) for place in self.places
        }
        self.in_flight = in_flight or {}
        self.fresh = not by_memory(ctx)
        self._orders = ToldOrders(ctx)
        self._told: Mapping[tuple[int, str], Told] = {}
        self.moved: dict[int, PairRow] = {}
        self._tags = (ctx.run.scope.tags, ctx.flow.stock.tags)

    def left_out(self, pair: PairRow) -> str:
        """Why nothing of a pair is written; "" if it is decided row by row."""
        source, target = pair.source, pair.target
        if any(self._tags) and not tagged(*self._tags, source.tags):
            return "tag"
        if source.missed:
            return "gone" if source.gone else "source.missing"
        if target.missed:
            return "target.missing"
        if not agree(self.settings, source.sku, target.sku) and self._moved(pair):
            return "sku.moved"
        return pair_skip(
            (source.kind, source.tracked), (target.kind, target.tracked), self.settings.untracked
        )

    def _moved(self, pair: PairRow) -> bool:
        """Did a SKU of a pair that disagrees move to another item? Such pairs are kept in `moved`."""
        if moved(self.ctx.ws.db, self.ctx.flow, self.ctx.link, pair.binding_id):
            self.moved[pair.binding_id] = pair
        return pair.binding_id in self.moved

    def look(self, pairs: Sequence[PairRow]) -> None:
        """Looks up what is needed of these pairs beside what they show."""
        self._told = self._orders.of(pairs, list(self.places))

    def rows(self, pair: PairRow, rising: Rising) -> Iterator[Row]:
        """The decisions of a pair, by location."""
        flying = self._flying(pair)
        for place, sources in self.places.items():
            case = Case(
                summed(pair.source.levels, sources),
                shown_at(pair.target, place),
                self.base(pair, place),
                flying.get(place, 0),
                rising.get((pair.binding_id, place)),
                pair.untold.get(place, 0),
                self._told.get((pair.binding_id, place), NOTHING),
            )
            yield Row(pair, place, case, self._decided(case, self.rules[place]))

    def _decided(self, case: Case, rules: Rules) -> Decision:
        """Where the target is only remembered, orders may have moved it since: then it settles nothing."""
        found = decide(case, rules)
        unsure = not self.fresh and (case.in_flight or case.told != NOTHING)
        return replace(found, do=Do.QUIET, cause="") if unsure and found.do is Do.SETTLE else found

    def again(self, row: Row, shown: int | None) -> Row:
        """The same row, decided by what the target shows now. What it lost since it was last seen is a sale
        that nobody told of, also for a run whose word holds; so is what it had lost when the row was stale
        before (`row.decision.untold`)."""
        case = replace(row.case, shown=shown, base=self.known(row))
        rules = self.rules[row.place]
        if rules.trust is Trust.WORD or row.case.base is None:
            case = replace(case, untold=row.decision.untold, told=NOTHING)
        if rules.trust is Trust.WORD:
            rules = replace(rules, trust=Trust.ALIGN)
        return Row(row.pair, row.place, case, decide(case, rules))

    def known(self, row: Row) -> tuple[int, int] | None:
        """What a row that turned out stale is compared with: its baseline, or without one (or where the
        source's word holds) what was last seen, as if the source had moved since."""
        if row.case.base is not None and self.trust is not Trust.WORD:
            return row.case.base
        return None if row.case.source is None else (row.case.source - 1, row.case.shown or 0)

    def base(self, pair: PairRow, place: str) -> tuple[int, int] | None:
        """(source, target) when last settled."""
        return pair.bases.get(place)

    def _flying(self, pair: PairRow) -> dict[str, int]:
        """Pieces in flight by location: where the target fell since the baseline, the rest at the first."""
        left = self.in_flight.get(pair.target.variant_id, 0)
        out: dict[str, int] = {}
        for place in self.places if left else ():
            base = self.base(pair, place)
            fell = max(0, base[1] - (shown_at(pair.target, place) or 0)) if base else 0
            if fell and left:
                out[place] = min(fell, left)
                left -= out[place]
        if left:
            first = next(iter(self.places))
            out[first] = out.get(first, 0) + left
        return out


__all__ = ["Deciding", "Do", "Rising", "Row"]
