"""Stock from one side of a link to the other, item by item, for ten SKUs or a million."""

from sync.managers.stock.manager import StockSyncManager

__all__ = ["StockSyncManager"]
