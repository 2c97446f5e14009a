"""The recipe of orders: from the shop to the back office once, statuses and tracking both ways."""

from sync.managers.orders.manager import OrderSyncManager

__all__ = ["OrderSyncManager"]
