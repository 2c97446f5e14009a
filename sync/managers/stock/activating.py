"""Stocking items at a location and setting what they sell there, window by window: a location where an item
was stocked before shows its old quantity again from that moment on, and would sell it until the set."""

from __future__ import annotations

from sqlalchemy import ColumnElement, select

from storage.bulk import among
from storage.stock_changes import StockChangeRow
from storage.tables.stock import stock_changes
from sync.managers.context import Context
from sync.managers.stock.book import HALVED, Stale, StockBook, change_of
from sync.model.call import Change

WINDOW = 100
"""Rows that may be stocked and not set yet: at the slowest shops ten seconds of its budget."""

_OPEN = ("planned", "stale", "sent")
Place = tuple[str, str]
"""(item, location)"""


class ActivatingBook(StockBook):
    """In the phase "activate" the quantity of what has been stocked is due before more is. Every other phase
    is as it was."""

    def __init__(self, ctx: Context, stale: Stale) -> None:
        super().__init__(ctx, stale)
        self._handed: dict[int, tuple[Place, str]] = {}  # activations on their way, with the SKU
        self._stocked: dict[Place, str] | None = None  # stocked, not set yet

    def due(self, phase: str, limit: int) -> list[tuple[Change, int]]:
        if phase != "activate":
            return super().due(phase, limit)
        rows = self._sets()[:limit] or self._activations(limit)
        found = [(change_of(row), row.tries // HALVED) for row in rows]
        return sorted(found, key=lambda pair: pair[1])

    def _activations(self, limit: int) -> list[StockChangeRow]:
        """None while half a window waits for its quantities, so that what follows still joins."""
        room = WINDOW - len(self._handed) - len(self._stocked or ())
        if room < WINDOW // 2:
            return []
        rows = self.ws.stock_changes.due(self.run_id, "activate", min(limit, room))
        self._handed |= {row.id: (_place(row), row.sku) for row in rows}
        return rows

    def _sets(self) -> list[StockChangeRow]:
        """The quantities of what is stocked by now; those that were refused because the old quantity was
        there are decided anew by it."""
        stocked = self._stocked_now()
        rows = self._quantities(stocked)
        if not any(row.state == "planned" for row in rows) and any(row.state == "stale" for row in rows):
            self._look_again("stock")
            rows = self._quantities(stocked)
        for key in stocked.keys() - {_place(row) for row in rows}:
            del stocked[key]
        return [row for row in rows if row.state == "planned"]

    def _stocked_now(self) -> dict[Place, str]:
        stocked = self._stocked_before() if self._stocked is None else self._stocked
        states = {row.id: row.state for row in self.ws.stock_changes.by_ids(list(self._handed))}
        for change, (key, sku) in list(self._handed.items()):
            if states.get(change) == "applied":
                stocked[key] = sku
            if states.get(change) != "sent":
                del self._handed[change]
        self._stocked = stocked
        return stocked

    def _stocked_before(self) -> dict[Place, str]:
        """What an interrupted attempt at this phase stocked and did not set."""
        a, s = stock_changes.c, stock_changes.alias("s")
        waits = select(s.c.id).where(
            s.c.sku == a.sku,
            s.c.run_id == a.run_id,
            s.c.item_id == a.item_id,
            s.c.place == a.place,
            s.c.phase == "stock",
            s.c.state.in_(_OPEN),
        )
        query = select(a.item_id, a.place, a.sku).where(
            a.run_id == self.run_id, a.state == "applied", a.phase == "activate", waits.exists()
        )
        with self.ws.db.read() as tx:
            return {(row.item_id, row.place): row.sku for row in tx.execute(query)}

    def _quantities(self, stocked: dict[Place, str]) -> list[StockChangeRow]:
        """The rows of these that are not at their end yet."""
        c = stock_changes.c
        if not stocked:
            return []
        with self.ws.db.read() as tx:
            mine: list[ColumnElement[bool]] = [c.run_id == self.run_id, c.phase == "stock", c.chosen]
            query = select(c.id).where(among(tx, c.sku, sorted(set(stocked.values()))), *mine)
            ids = [int(row.id) for row in tx.execute(query.where(c.state.in_(_OPEN)))]
        return [row for row in self.ws.stock_changes.by_ids(ids) if _place(row) in stocked]


def _place(row: StockChangeRow) -> Place:
    return row.item_id, row.place
