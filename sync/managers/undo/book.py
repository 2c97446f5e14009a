"""The book of a product undo: a row that moves while it writes is left, and told with both values."""

from __future__ import annotations

from sqlalchemy import Connection, select

from storage.plans import ChangeRow, item_of
from storage.tables.sync import run_items
from storage.upsert import insert_new
from sync.engine.undo import words
from sync.managers.book import RunBook
from sync.model.call import Outcome
from sync.model.codec import dump
from sync.model.text import Message


class UndoBook(RunBook):
    """Stock is compared and set; whatever sold meanwhile is not decided anew, but left."""

    def _stale(self, tx: Connection, row: ChangeRow, outcome: Outcome) -> None:
        message = _said(row, outcome)
        self.ws.plans.set_change(tx, row.change.id, state="dropped", message=message)
        item = item_of(tx.execute(select(run_items).where(run_items.c.id == row.item_id)).one())
        change = row.change
        told = {
            "run_id": self.run_id,
            "entity": change.entity.value,
            "source_id": f"{change.source_id}@{change.place}:available",
            "target_id": item.target_id,
            "label": change.label or item.label,
            "sku": change.label,
            "planned": "skipped",
            "outcome": "",
            "cause": words.MOVED,
            "message": dump(message),
            "local": None,
        }
        insert_new(tx, run_items, [told])


def _said(row: ChangeRow, outcome: Outcome) -> Message:
    wrote, wanted, shown = row.change.before("available"), row.change.after("available"), outcome.actual
    if not (isinstance(wrote, int) and isinstance(wanted, int) and isinstance(shown, int)):
        return words.about(words.NOT_STOCKED, "available")
    return words.meanwhile(wrote, shown, wanted)
