"""An undo as the operator sees it: whether a run can be undone, and what its plan restores, offers and
leaves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select

from storage.tables.sync import runs
from sync.engine.undo import words as undo_words
from sync.errors import NeedsOperator
from sync.managers.undo.stock import ABOVE
from sync.managers.views import undo_rows, words
from sync.model.entity import Entity
from sync.model.run import LIVE, Mode, Run, Status
from sync.model.text import Message, say
from sync.workspace import Workspace


@dataclass(frozen=True, slots=True)
class Summary:
    """Rows of an undo plan (or of the undo that was carried out). `restored` rows go back to what was there
    before, of which `ticked` will be written; `offered` stock differences and `created` products wait to be
    ticked; `moved` were changed by another hand since and stay; `listed` cannot be taken back; `back` show
    the values from before already; `above` of the restored show more than the source has.
    """

    undo_of: str
    restored: int = 0
    ticked: int = 0
    offered: int = 0
    created: int = 0
    moved: int = 0
    listed: int = 0
    back: int = 0
    above: int = 0


@dataclass(frozen=True, slots=True)
class MovedRow:
    """A field that another hand changed since: what it was, what the run wrote, what it shows now (as text).
    `offered`: the difference in pieces that would be taken back if it is ticked, None where nothing is
    offered; `chosen`: is it ticked?
    """

    id: int
    label: str
    sku: str
    field: Message
    before: str
    wrote: str
    now: str
    offered: int | None = None
    chosen: bool = False


@dataclass(frozen=True, slots=True)
class MovedPage:
    """Rows in the order they were planned, and the key of the next page (None: this is the last)."""

    rows: tuple[MovedRow, ...]
    next_after: int | None


@dataclass(frozen=True, slots=True)
class ListedRow:
    """Something that the run did and that stays, with the reason and what to do by hand."""

    id: int
    entity: Entity
    label: str
    why: Message


@dataclass(frozen=True, slots=True)
class ListedPage:
    """Rows in the order they were planned, and the key of the next page (None: this is the last)."""

    rows: tuple[ListedRow, ...]
    next_after: int | None


def refused(ws: Workspace, run_id: str) -> Message | None:
    """Why a run cannot be undone, None if it can. Raises NeedsOperator if there is no such run."""
    run = ws.runs.get(run_id)
    if run.status in LIVE:
        return say("This run is still under way. Wait for it or cancel it; then it can be undone.")
    if run.mode is Mode.PREVIEW:
        return say("A preview writes nothing: there is nothing to undo.")
    try:
        ws.links.flow(run.flow_id)
    except NeedsOperator:
        return say("The flow of this run was deleted: what it wrote cannot be looked at any more.")
    if not undo_rows.wrote(ws, run):
        return _nothing(run)
    return None


def _nothing(run: Run) -> Message:
    if run.counts.created + run.counts.updated:
        return say("What this run wrote is no longer kept: it is older than changes are kept for.")
    return say("This run wrote nothing: there is nothing to undo.")


def undone_by(ws: Workspace, run: Run) -> Run | None:
    """The newest undo of this run that was carried out, None if there is none."""
    r = runs.c
    query = select(r.id, r.scope).where(
        r.flow_id == run.flow_id,
        r.mode == Mode.UNDO.value,
        r.status.in_((Status.DONE.value, Status.RED.value)),
        r.created_at >= run.created_at,
    )
    with ws.db.read() as tx:
        rows = tx.execute(query.order_by(r.created_at.desc())).all()
    found = next((row.id for row in rows if row.scope.get("undo_of") == run.id), None)
    return ws.runs.get(found) if found else None


def summary(ws: Workspace, run: Run) -> Summary:
    """The figures of an undo, plan or carried out."""
    causes, restored, ticked = undo_rows.counted(ws, run)
    more = {name: sum(causes.get(cause, 0) for cause in group) for name, group in _COUNTED.items()}
    above = run.figures.get(ABOVE)
    more["above"] = above if isinstance(above, int) else 0
    return Summary(run.scope.undo_of, restored, ticked, **more)


_COUNTED: Mapping[str, Sequence[str]] = {
    "offered": (undo_words.OFFERED,),
    "created": (undo_words.CREATED,),
    "moved": (undo_words.MOVED,),
    "listed": (undo_words.LISTED, undo_words.GONE, undo_words.MARKS),
    "back": (undo_words.BACK,),
}


def moved(ws: Workspace, run: Run, after: int = 0, limit: int = 100) -> MovedPage:
    """What another hand changed since, with both values; the offered differences too."""
    rows, next_after = undo_rows.rows(ws, run, (undo_words.MOVED, undo_words.OFFERED), after, limit)
    return MovedPage(tuple(map(_moved, rows)), next_after)


def listed(ws: Workspace, run: Run, after: int = 0, limit: int = 100) -> ListedPage:
    """What is not undone: orders, shipments, pictures, added variants …, each with what to do by hand."""
    rows, next_after = undo_rows.rows(ws, run, _COUNTED["listed"], after, limit)
    return ListedPage(tuple(ListedRow(r.id, r.entity, r.label, r.message) for r in rows), next_after)


def _moved(row: undo_rows.UndoRow) -> MovedRow:
    said = row.message.params
    return MovedRow(
        row.id,
        row.label,
        row.sku,
        words.field(str(said.get("name", ""))),
        str(said.get("before", "")),
        str(said.get("wrote", "")),
        str(said.get("now", "")),
        int(said["after"]) - int(said["now"]) if "after" in said else None,
        row.chosen,
    )
