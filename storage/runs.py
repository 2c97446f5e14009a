"""Runs and their progress."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Text, func, insert, select, type_coerce, update
from sqlalchemy.exc import IntegrityError

from storage.clock import utc_now as now
from storage.database import Database
from storage.ids import new_id
from storage.messages import stored_message
from storage.tables.sync import run_items, runs, sync_queue
from sync.errors import NeedsOperator
from sync.model.codec import dump, load
from sync.model.run import LIVE, OUTCOMES, BrakeHit, Counts, Mode, Run, Scope, Status
from sync.model.text import Message, say

ENDED = (Status.DONE, Status.RED)
"""A run that came to its own end, whether or not single rows failed."""
_PART = ("skus", "ids", "names", "tags", "parts", "filters")
"""Keys of a stored scope by which a run is about part of its flow; what is not asked for is left out."""
_ANOTHERS = ("plan_of", "undo_of")
"""… and by which it writes no more than another run has planned or done."""


class Runs:
    """Reads and writes runs; "one live run of a flow" is kept by a unique index."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def start(
        self, tx: Connection, flow_id: str, flow_version: int, mode: Mode, scope: Scope, by: str
    ) -> str:
        """A queued run. Raises NeedsOperator while another run of the flow is live."""
        values = {
            "id": new_id(),
            "flow_id": flow_id,
            "mode": mode.value,
            "status": Status.QUEUED.value,
            "scope": dump(scope),
            "stage": "",
            "done": 0,
            "total": 0,
            "counts": {},
            "brakes": [],
            "figures": {},
            "error": None,
            "flow_version": flow_version,
            "started_by": by,
            "created_at": now(),
            "cancel_requested": False,
            "spent": {},
        }
        try:
            with tx.begin_nested():  # on PostgreSQL a refused statement would end the whole transaction
                tx.execute(insert(runs).values(values))
        except IntegrityError as error:
            raise NeedsOperator(
                say("A run of this flow is already under way. Wait for it, or cancel it.")
            ) from error
        return str(values["id"])

    def get(self, run_id: str) -> Run:
        """Raises NeedsOperator if there is no such run."""
        with self.db.read() as tx:
            row = tx.execute(select(runs).where(runs.c.id == run_id)).first()
        if row is None:
            raise NeedsOperator(say("There is no run {id}.", id=run_id))
        return _run(row)

    def list(
        self,
        *,
        flow_id: str | None = None,
        live: bool = False,
        limit: int = 50,
        since: datetime | None = None,
        without: Sequence[Mode] = (),
    ) -> list[Run]:
        """Newest first; `without` leaves runs of these modes out."""
        query = select(runs).order_by(runs.c.created_at.desc(), runs.c.id.desc()).limit(limit)
        if flow_id:
            query = query.where(runs.c.flow_id == flow_id)
        if live:
            query = query.where(runs.c.status.in_([s.value for s in LIVE]))
        if since:
            query = query.where(runs.c.created_at >= since)
        if without:
            query = query.where(runs.c.mode.not_in([m.value for m in without]))
        with self.db.read() as tx:
            return [_run(r) for r in tx.execute(query)]

    def last(
        self, flow_id: str, statuses: Sequence[Status], modes: Sequence[Mode] = (Mode.FULL,)
    ) -> Run | None:
        r = runs.c
        query = select(runs).where(
            r.flow_id == flow_id,
            r.status.in_([s.value for s in statuses]),
            r.mode.in_([m.value for m in modes]),
        )
        with self.db.read() as tx:
            row = tx.execute(query.order_by(r.created_at.desc()).limit(1)).first()
        return None if row is None else _run(row)

    def last_whole(self, flow_id: str, modes: Sequence[Mode] = (Mode.FULL, Mode.SWEEP)) -> Run | None:
        """The newest run of these modes that went through all of its flow and ended (done or red): not
        limited to records, tags, parts or filters, no kept plan carried out, no undo."""
        r = runs.c
        of_mode = r.mode.in_([m.value for m in modes])
        return self._newest(flow_id, of_mode, *(~_has(r.scope, key) for key in (*_PART, *_ANOTHERS)))

    def last_seen(self, flow_id: str, side: str, but: str) -> int | None:
        """How many items all of a side ("source" or "target") showed when a run last read it and ended; the
        run `but` does not count, nor one that saw nothing. None: no run has kept the figure."""
        r = runs.c
        kept = _has(r.figures, side) & ~_text(r.figures).contains(f'"{side}":0', autoescape=True)
        whole = (~_has(r.scope, key) for key in _PART)
        found = self._newest(flow_id, r.id != but, r.mode != Mode.ITEMS.value, kept, *whole)
        seen = None if found is None else found.figures.get(side)
        return seen if isinstance(seen, int) else None

    def last_confirmed(self, flow_id: str, since: datetime) -> datetime | None:
        """When the newest run was created, later than `since`, in which a person confirmed a brake."""
        r = runs.c
        query = select(func.max(r.created_at)).where(
            r.flow_id == flow_id, r.created_at > since, r.mode != Mode.ITEMS.value, _has(r.scope, "confirmed")
        )
        with self.db.read() as tx:
            return tx.execute(query).scalar()

    def _newest(self, flow_id: str, *which: ColumnElement[bool]) -> Run | None:
        r = runs.c
        query = select(runs).where(r.flow_id == flow_id, r.status.in_([s.value for s in ENDED]), *which)
        with self.db.read() as tx:
            row = tx.execute(query.order_by(r.created_at.desc(), r.id.desc()).limit(1)).first()
        return None if row is None else _run(row)

    def update(self, run_id: str, **values: Any) -> None:
        with self.db.write() as tx:
            self.set(tx, run_id, **values)

    def set(self, tx: Connection, run_id: str, **values: Any) -> None:
        """Changes columns of a run inside the caller's transaction; model values are stored in their JSON
        form."""
        tx.execute(
            update(runs).where(runs.c.id == run_id).values(**{k: _stored(k, v) for k, v in values.items()})
        )

    def spend(self, tx: Connection, run_id: str, amounts: Mapping[str, float]) -> None:
        """Adds to what a run has spent; whoever adds at the same time waits for the other."""
        before = tx.execute(select(runs.c.spent).where(runs.c.id == run_id).with_for_update()).scalar()
        if before is not None:
            names = {**before, **amounts}
            spent = {name: round(before.get(name, 0.0) + amounts.get(name, 0.0), 1) for name in names}
            self.set(tx, run_id, spent=spent)

    def cancel(self, run_id: str) -> None:
        """Asks the run to stop; a stage that waits for its next try is due at once, to see that."""
        with self.db.write() as tx:
            self.set(tx, run_id, cancel_requested=True)
            tx.execute(
                update(sync_queue)
                .where(sync_queue.c.run_id == run_id, sync_queue.c.status == "pending")
                .values(due=now())
            )

    def cancelled(self, run_id: str) -> bool:
        with self.db.read() as tx:
            return bool(tx.execute(select(runs.c.cancel_requested).where(runs.c.id == run_id)).scalar())

    def mark_first_write(self, tx: Connection, run_id: str) -> None:
        tx.execute(
            update(runs)
            .where(runs.c.id == run_id, runs.c.first_write_at.is_(None))
            .values(first_write_at=now())
        )

    def count(self, run_id: str) -> Counts:
        """The report, counted from its rows; a row without an outcome counts as read only, so that it shows
        as imbalance."""
        i = run_items.c
        with self.db.read() as tx:
            rows = tx.execute(
                select(i.outcome, func.count()).where(i.run_id == run_id).group_by(i.outcome)
            ).all()
        found: dict[str, int] = {str(outcome): int(n) for outcome, n in rows}
        return Counts(read=sum(found.values()), **{name: found.get(name, 0) for name in OUTCOMES})


def _text(column: ColumnElement[Any]) -> ColumnElement[str]:
    """A JSON column as the text that is stored."""
    return type_coerce(column, Text)


def _has(column: ColumnElement[Any], key: str) -> ColumnElement[bool]:
    """Does the stored object have this key? (Inside a text each quotation mark is escaped: none is taken for
    a key.)"""
    return _text(column).contains(f'"{key}":', autoescape=True)


def _stored(name: str, value: Any) -> Any:
    if name == "error":
        return stored_message(value)
    return value if isinstance(value, datetime) and name.endswith("_at") else dump(value)


def _run(row: Row[Any]) -> Run:
    values: Mapping[Any, Any] = row._mapping
    return Run(
        id=row.id,
        flow_id=row.flow_id,
        mode=Mode(row.mode),
        status=Status(row.status),
        scope=load(Scope, row.scope),
        stage=row.stage,
        done=row.done,
        total=row.total,
        counts=load(Counts, row.counts),
        brakes=tuple(load(BrakeHit, b) for b in row.brakes),
        error=load(Message, row.error) if row.error else None,
        flow_version=row.flow_version,
        started_by=row.started_by,
        cancel_requested=row.cancel_requested,
        spent=row.spent,
        figures=row.figures,
        **{k: values[k] for k in ("created_at", "started_at", "first_write_at", "finished_at")},
    )
