"""Undo of runs: the ordinary recipe, with another run's changes as what is to be done."""

from __future__ import annotations

from sync.managers.base import SyncManager
from sync.managers.undo.orders import OrderUndo
from sync.managers.undo.products import ProductUndo
from sync.managers.undo.stock import StockUndo
from sync.model.entity import Entity
from sync.workspace import Workspace


class Undo:
    """The recipes of undo by the entity of the flow."""

    def __init__(self, ws: Workspace) -> None:
        self._products = ProductUndo(ws)
        self._of: dict[Entity, SyncManager] = {Entity.ORDER: OrderUndo(ws), Entity.STOCK: StockUndo(ws)}

    def of(self, entity: Entity) -> SyncManager:
        """The recipe that undoes a run of such a flow."""
        return self._of.get(entity, self._products)
