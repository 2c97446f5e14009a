"""What an item as last read shows at a location."""

from __future__ import annotations

from storage.stock_items import ItemRow
from sync.model.stock import StockLevel


def level_at(item: ItemRow, place: str) -> StockLevel | None:
    """The level there; None if there is none."""
    for level in item.levels:  # no generator: this is asked several times a row
        if level.location_id == place:
            return level
    return None


def shown_at(item: ItemRow, place: str) -> int | None:
    """Pieces for sale there; None where it is not stocked."""
    level = level_at(item, place)
    return level.available if level is not None and level.active else None
