"""One SKU of which there is plenty at both ends of a stock flow: what a test does to it, and reads off."""

from __future__ import annotations

from sync.managers.verbs.undo import UndoVerbs
from sync.model.run import Mode, Status
from tests.e2e.stores import Store, Stores


class Shelf:
    """One SKU of which there is plenty, after the baseline."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        [self.flow] = stores.link()
        self.target: Store = stores.stores["target"]
        stores.run(self.flow)
        self.sku = max(self.target.levels(), key=lambda sku: self.target.levels()[sku])
        self.other = stores.source.levels(1)[self.sku]
        self.source(self.other + 40)
        stores.run(self.flow, Mode.DELTA)
        assert self.shown == self.other + 40

    @property
    def shown(self) -> int:
        return self.target.levels()[self.sku]

    def source(self, pieces: int) -> None:
        """Both places of the source together show so many."""
        self.stores.source.stock(self.sku, pieces - self.other)

    def moves(self, pieces: int, mode: Mode = Mode.DELTA) -> int:
        """The source shows so many, a run follows; what the destination shows then."""
        self.source(pieces)
        run = self.stores.run(self.flow, mode)
        assert run.counts.balanced, self.stores.why(run)
        return self.shown

    def untold(self) -> int:
        [pair] = self.pairs()
        return sum(pair.untold.values())

    def pairs(self) -> list:
        ws, link = self.stores.ws, self.stores.ws.links.get(self.flow.link_id)
        [item] = ws.stock_items.by_sku(self.stores.source.id, [self.sku])
        return ws.stock_match.pairs_of(link, self.flow.direction, [item.variant_id])

    def moved(self) -> int:
        """Pairs that the next delta has to decide."""
        ws = self.stores.ws
        return len(ws.stock_match.pairs_moved(ws.links.get(self.flow.link_id), self.flow.direction))


def undo(shelf: Shelf, run_id: str) -> str:
    plan = shelf.stores.ended(UndoVerbs(shelf.stores.ws).propose(run_id, by="test"))
    run = shelf.stores.ended(shelf.stores.ws.run_verbs.apply_plan(plan.id, by="test"))
    assert run.status is Status.DONE, shelf.stores.why(run)
    return run.id
