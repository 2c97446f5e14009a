"""Products from one side of a link to the other."""

from sync.managers.products.manager import ProductSyncManager

__all__ = ["ProductSyncManager"]
