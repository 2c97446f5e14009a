"""The rows of a run's report: one a record, with what changed or why not. Pages by key, never by offset."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Row, exists, func, select

from storage.plans import ChangeRow, change_of, item_of
from storage.tables.sync import changes, run_items
from sync.model.call import Diff
from sync.model.plan import Item
from sync.model.run import LIVE, Run
from sync.model.text import Message
from sync.workspace import Workspace

SHOWN_DIFFS = 3
COUNT_CAP = 10_000
_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class RowFilter:
    """Which rows of a run. Empty means all. `text` is looked for in title and SKU (the variants' too) and
    equals an id.
    """

    outcome: str = ""
    cause: str = ""
    phase: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ItemRow:
    """One row. `outcome` is what became of the record, or what is planned while nothing has. `diffs` are its
    first field differences with the name of the record they belong to, `more` how many others there are.
    `chosen`: will be written (None: nothing to write).
    """

    id: int
    item: Item
    outcome: str
    diffs: tuple[tuple[str, Diff], ...]
    more: int
    chosen: bool | None


@dataclass(frozen=True, slots=True)
class ItemPage:
    """Rows in the order they were planned, and the key of the next page (None: this is the last)."""

    rows: tuple[ItemRow, ...]
    next_after: int | None


def effective(run: Run) -> ColumnElement[str]:
    """A row's outcome; while the run is under way, what is planned where there is none yet."""
    i = run_items.c
    return func.coalesce(func.nullif(i.outcome, ""), i.planned) if run.status in LIVE else i.outcome


def _where(run: Run, f: RowFilter) -> list[ColumnElement[bool]]:
    i, c = run_items.c, changes.c
    conditions: list[ColumnElement[bool]] = [i.run_id == run.id]
    if f.outcome:
        conditions.append(effective(run) == f.outcome)
    if f.cause:
        conditions.append(i.cause == f.cause)
    if f.phase:
        conditions.append(exists().where(c.item_id == i.id, c.phase == f.phase))
    if f.text:
        inside = exists().where(c.item_id == i.id, c.label.icontains(f.text, autoescape=True))
        conditions.append(
            i.label.icontains(f.text, autoescape=True)
            | i.sku.icontains(f.text, autoescape=True)
            | (i.source_id == f.text)
            | (i.target_id == f.text)
            | inside
        )
    return conditions


def page(ws: Workspace, run: Run, f: RowFilter, after: int = 0, limit: int = 100) -> ItemPage:
    """The rows that match, from the key `after` on."""
    query = (
        select(run_items)
        .where(*_where(run, f), run_items.c.id > after)
        .order_by(run_items.c.id)
        .limit(limit + 1)
    )
    with ws.db.read() as tx:
        rows = tx.execute(query).all()
        found = _changes(tx, [row.id for row in rows[:limit]])
    shown = tuple(_row(row, run, found.get(row.id, [])) for row in rows[:limit])
    return ItemPage(shown, rows[limit - 1].id if len(rows) > limit else None)


def _changes(tx: Any, item_ids: Sequence[int]) -> dict[int, list[Row[Any]]]:
    c = changes.c
    query = (
        select(c.item_id, c.label, c.diffs, c.chosen)
        .where(c.item_id.in_(item_ids))
        .order_by(c.item_id, c.seq)
    )
    found: dict[int, list[Row[Any]]] = {}
    for row in tx.execute(query):
        found.setdefault(row.item_id, []).append(row)
    return found


def _row(row: Row[Any], run: Run, made: Sequence[Row[Any]]) -> ItemRow:
    item = item_of(row)
    diffs = [(change.label, raw) for change in made for raw in change.diffs]
    shown = tuple((label, _diff(raw)) for label, raw in diffs[:SHOWN_DIFFS])
    outcome = item.outcome or item.planned if run.status in LIVE else item.outcome
    return ItemRow(
        row.id, item, outcome, shown, len(diffs) - len(shown), any(c.chosen for c in made) if made else None
    )


def _diff(raw: Any) -> Diff:
    def value(v: Any) -> Any:
        return tuple(v) if isinstance(v, list) else v

    return Diff(raw["field"], value(raw["before"]), value(raw["after"]), raw.get("reason", ""))


def count(ws: Workspace, run: Run, f: RowFilter) -> tuple[int, bool]:
    """(how many rows match, are there even more); counted up to 10,000."""
    some = select(run_items.c.id).where(*_where(run, f)).limit(COUNT_CAP + 1).subquery()
    with ws.db.read() as tx:
        found = tx.execute(select(func.count()).select_from(some)).scalar_one()
    return min(found, COUNT_CAP), found > COUNT_CAP


def causes(ws: Workspace, run: Run) -> dict[str, int]:
    """Rows by cause, the most frequent first; rows without a cause are left out."""
    i = run_items.c
    query = (
        select(i.cause, func.count())
        .where(i.run_id == run.id, i.cause != "")
        .group_by(i.cause)
        .order_by(func.count().desc())
    )
    with ws.db.read() as tx:
        return {str(cause): int(n) for cause, n in tx.execute(query)}


def phases(ws: Workspace, run: Run) -> dict[str, int]:
    """Changes by phase."""
    c = changes.c
    with ws.db.read() as tx:
        rows = tx.execute(select(c.phase, func.count()).where(c.run_id == run.id).group_by(c.phase)).all()
    return {str(phase): int(n) for phase, n in rows}


def ticked(ws: Workspace, run: Run) -> tuple[int, int]:
    """(rows that will be written, rows that could be) of a plan."""
    c = changes.c
    query = select(
        func.count(c.item_id.distinct()), func.count(c.item_id.distinct()).filter(c.chosen.is_(True))
    ).where(c.run_id == run.id)
    with ws.db.read() as tx:
        every, chosen = tx.execute(query).one()
    return int(chosen), int(every)


def ids(ws: Workspace, run: Run, f: RowFilter) -> list[int]:
    """Keys of all rows that match."""
    with ws.db.read() as tx:
        return list(
            tx.execute(select(run_items.c.id).where(*_where(run, f)).order_by(run_items.c.id)).scalars()
        )


def changes_of(ws: Workspace, run_id: str, item_id: int, limit: int = 500) -> list[ChangeRow]:
    """Every change of one row, in the order they go out."""
    c = changes.c
    query = select(changes).where(c.item_id == item_id, c.run_id == run_id).order_by(c.seq).limit(limit)
    with ws.db.read() as tx:
        return [change_of(row) for row in tx.execute(query)]


@dataclass(frozen=True, slots=True)
class ExportRow:
    """One line of the exported report: a field of a change, or a record without any."""

    item: Item
    outcome: str
    message: Message | None
    record: str = ""
    verb: str = ""
    place: str = ""
    diff: Diff | None = None
    state: str = ""
    chosen: bool | None = None


def export(ws: Workspace, run: Run, f: RowFilter = RowFilter()) -> Iterator[ExportRow]:
    """The whole report, streamed: a line for each field that differs, one line for a record without
    differences.
    """
    after: int | None = 0
    while after is not None:
        found = page(ws, run, f, after, _AT_ONCE)
        after = found.next_after
        for row, made in _with_changes(ws, found.rows):
            yield from _lines(row, made)


def _with_changes(ws: Workspace, rows: Sequence[ItemRow]) -> Iterator[tuple[ItemRow, list[Row[Any]]]]:
    c = changes.c
    wanted = select(c.item_id, c.label, c.verb, c.place, c.diffs, c.state, c.chosen, c.message)
    found: dict[int, list[Any]] = {}
    with ws.db.read() as tx:
        for made in tx.execute(
            wanted.where(c.item_id.in_([row.id for row in rows])).order_by(c.item_id, c.seq)
        ):
            found.setdefault(made.item_id, []).append(made)
    return ((row, found.get(row.id, [])) for row in rows)


def _lines(row: ItemRow, made: Sequence[Row[Any]]) -> Iterator[ExportRow]:
    if not made:
        yield ExportRow(row.item, row.outcome, row.item.message)
    for change in made:
        message = Message.from_json(change.message) if change.message else row.item.message
        for raw in change.diffs or [None]:
            yield ExportRow(
                row.item,
                row.outcome,
                message,
                change.label,
                change.verb,
                change.place,
                _diff(raw) if raw else None,
                change.state,
                change.chosen,
            )
