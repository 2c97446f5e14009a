"""Every table of the product, gathered on one `metadata`."""

from storage.tables import budgets, connections, logs, people, preferences, stock, sync
from storage.tables.base import metadata

__all__ = ["budgets", "connections", "logs", "metadata", "people", "preferences", "stock", "sync"]
