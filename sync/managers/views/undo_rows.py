"""The rows of an undo, whichever table its flow keeps them in: report rows of products and orders, or the
narrow rows of stock."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, Select, exists, func, select

from storage.tables.stock import stock_changes
from storage.tables.sync import changes, run_items
from sync.engine.undo import words as said
from sync.managers.undo.past import WRITTEN
from sync.model.entity import Entity
from sync.model.run import Run
from sync.model.text import Message
from sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class UndoRow:
    """One row that is told about. `chosen`: is it ticked?"""

    id: int
    entity: Entity
    label: str
    sku: str
    message: Message
    chosen: bool


def is_stock(ws: Workspace, run: Run) -> bool:
    """Are the run's rows those of a stock flow? Raises NeedsOperator if its flow is gone."""
    return ws.links.flow(run.flow_id).entity is Entity.STOCK


def wrote(ws: Workspace, run: Run) -> bool:
    """May anything of the run be at the target?"""
    table = stock_changes if is_stock(ws, run) else changes
    query = select(table.c.id).where(table.c.run_id == run.id, table.c.state.in_(WRITTEN)).limit(1)
    with ws.db.read() as tx:
        return tx.execute(query).first() is not None


def counted(ws: Workspace, run: Run) -> tuple[dict[str, int], int, int]:
    """(rows by cause, rows that go back to what was there before, ticked rows)."""
    return _counted_stock(ws, run) if is_stock(ws, run) else _counted_items(ws, run)


def _counted_items(ws: Workspace, run: Run) -> tuple[dict[str, int], int, int]:
    i, c = run_items.c, changes.c
    by_cause = select(i.cause, i.planned, func.count()).where(i.run_id == run.id).group_by(i.cause, i.planned)
    chosen = select(func.count(c.item_id.distinct())).where(c.run_id == run.id, c.chosen.is_(True))
    with ws.db.read() as tx:
        rows = [(str(cause), str(planned), int(n)) for cause, planned, n in tx.execute(by_cause)]
        ticked = int(tx.execute(chosen).scalar_one())
    causes: dict[str, int] = {}
    for cause, _, n in rows:
        causes[cause] = causes.get(cause, 0) + n
    restored = sum(n for cause, planned, n in rows if planned == "updated" and cause not in said.UNTICKED)
    return causes, restored, ticked


def _counted_stock(ws: Workspace, run: Run) -> tuple[dict[str, int], int, int]:
    """Counted from the rows, and from the run's figures for those that were only counted."""
    c = stock_changes.c
    sent = c.phase.in_(("stock", "adjust", "gone"))
    query = select(c.phase, c.chosen, func.count()).where(c.run_id == run.id, sent, c.state != "dropped")
    with ws.db.read() as tx:
        rows = list(tx.execute(query.group_by(c.phase, c.chosen)))
        moved = select(func.count()).where(c.run_id == run.id, c.reason == said.MOVED)
        moved_rows = int(tx.execute(moved).scalar_one())
    skipped = run.figures.get("skipped")
    listed = skipped.get(said.LISTED, 0) if isinstance(skipped, dict) else 0
    back = run.figures.get("unchanged", 0)
    causes = {
        said.OFFERED: sum(int(n) for phase, _, n in rows if phase == "adjust"),
        said.MOVED: moved_rows,
        said.LISTED: int(listed),
        said.BACK: back if isinstance(back, int) else 0,
    }
    restored = sum(int(n) for phase, _, n in rows if phase != "adjust")
    return causes, restored, sum(int(n) for _, chosen, n in rows if chosen)


def rows(
    ws: Workspace, run: Run, causes: Sequence[str], after: int, limit: int
) -> tuple[tuple[UndoRow, ...], int | None]:
    """(rows of these causes in the order they were planned, the key of the next page)."""
    query, read = _stock_query(run, causes) if is_stock(ws, run) else _item_query(run, causes)
    key = query.selected_columns[0]
    with ws.db.read() as tx:
        found = list(tx.execute(query.where(key > after).order_by(key).limit(limit + 1)))
    return tuple(map(read, found[:limit])), found[limit - 1].id if len(found) > limit else None


Reader = Callable[[Row[Any]], UndoRow]


def _item_query(run: Run, causes: Sequence[str]) -> tuple[Select[Any], Reader]:
    i = run_items.c
    chosen: ColumnElement[bool] = exists().where(changes.c.item_id == i.id, changes.c.chosen.is_(True))
    query = select(i.id, i.entity, i.label, i.sku, i.message, chosen.label("chosen"))
    return query.where(i.run_id == run.id, i.cause.in_(causes)), lambda row: _row(row, row.entity, row.label)


def _stock_query(run: Run, causes: Sequence[str]) -> tuple[Select[Any], Reader]:
    c = stock_changes.c
    query = select(c.id, c.sku, c.message, c.chosen).where(c.run_id == run.id, c.reason.in_(causes))
    return query, lambda row: _row(row, Entity.STOCK.value, row.sku)


def _row(row: Row[Any], entity: str, label: str) -> UndoRow:
    message = Message.from_json(row.message) if row.message else Message("")
    return UndoRow(row.id, Entity(entity), label, row.sku, message, bool(row.chosen))
