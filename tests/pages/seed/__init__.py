"""A believable installation in a temporary database: a Turkish fashion shop with runs, changes, items for a
person, logs. Nothing here goes through a network; rows are written as the recipes leave them behind.
"""

from sync.model.run import Status
from tests.pages.seed.logs import logs
from tests.pages.seed.rows import Rows, run
from tests.pages.seed.runs import (
    braked,
    failed_run,
    first_run,
    history,
    order_run,
    preview,
    running,
    stock_run,
)
from tests.pages.seed.shop import NOW, PASSWORD, Shop, connect, open_at, target_id, title
from tests.pages.seed.waiting import waiting
from tests.pages.seed.whole import everything

__all__ = [
    "NOW",
    "PASSWORD",
    "Rows",
    "Shop",
    "Status",
    "braked",
    "connect",
    "everything",
    "failed_run",
    "first_run",
    "history",
    "logs",
    "open_at",
    "order_run",
    "preview",
    "run",
    "running",
    "stock_run",
    "target_id",
    "title",
    "waiting",
]
