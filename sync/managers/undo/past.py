"""What a run has written, as it is kept: report rows with their changes, page by page."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlalchemy import Connection, exists, func, select

from storage.plans import ChangeRow, change_of, item_of
from storage.tables.sync import changes, run_items
from sync.engine.undo.products import Past
from sync.managers.context import Context
from sync.model.plan import Item

PAGE = 200
WRITTEN = ("applied", "sent", "unknown")
"""States in which a change may be at the target; what the target shows tells whether it is."""


def pasts(ctx: Context) -> Iterator[list[Past]]:
    """The undone run's records in pages of 200, in the order in which they were planned; only those of which
    something may have been written."""
    run_id, after = ctx.run.scope.undo_of, 0
    while True:
        with ctx.ws.db.read() as tx:
            items = _items(tx, run_id, after)
            made = _changes(tx, [key for key, _ in items])
        if not items:
            return
        after = items[-1][0]
        yield [
            Past(item, tuple((row.change, row.settle) for row in made[key]))
            for key, item in items
            if key in made
        ]


def _items(tx: Connection, run_id: str, after: int) -> list[tuple[int, Item]]:
    i, c = run_items.c, changes.c
    written = exists().where(c.item_id == i.id, c.state.in_(WRITTEN))
    query = select(run_items).where(i.run_id == run_id, i.id > after, written)
    return [(row.id, item_of(row)) for row in tx.execute(query.order_by(i.id).limit(PAGE))]


def _changes(tx: Connection, item_ids: Sequence[int]) -> dict[int, list[ChangeRow]]:
    c = changes.c
    query = select(changes).where(c.item_id.in_(item_ids), c.state.in_(WRITTEN)).order_by(c.seq)
    found: dict[int, list[ChangeRow]] = {}
    for row in tx.execute(query):
        found.setdefault(row.item_id, []).append(change_of(row))
    return found


def places(ctx: Context) -> tuple[str, ...]:
    """The locations whose stock has to be read: the link's, and those at which the run wrote."""
    c = changes.c
    query = select(c.place).where(c.run_id == ctx.run.scope.undo_of, c.entity == "stock").distinct()
    with ctx.ws.db.read() as tx:
        wrote = tx.execute(query).scalars().all()
    return tuple(dict.fromkeys([*ctx.link.locations, *sorted(wrote)]))


def count(ctx: Context) -> int:
    """How many records the undone run may have written to."""
    c = changes.c
    query = select(func.count(c.item_id.distinct())).where(
        c.run_id == ctx.run.scope.undo_of, c.state.in_(WRITTEN)
    )
    with ctx.ws.db.read() as tx:
        return int(tx.execute(query).scalar_one())
