"""A run's plan: its report rows and its changes; what the console shows, the brake counts, and undo reads
back."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, delete, func, insert, select, update

from storage.attention import Attention
from storage.bindings import Bindings
from storage.clock import utc_now as now
from storage.database import Database
from storage.tables.sync import changes, run_items
from sync.model.call import Body, Change, Diff, Verb
from sync.model.codec import dump, load
from sync.model.entity import Entity
from sync.model.order import Fulfilment, Order
from sync.model.plan import Bind, Item, Park, Planned, PlannedChange, Settle
from sync.model.product import Media, Product, Variant
from sync.model.text import Message
from sync.model.values import fingerprint

_BODIES: dict[str, type[Any]] = {c.__name__: c for c in (Product, Variant, Media, Order, Fulfilment)}


@dataclass(frozen=True, slots=True)
class ChangeRow:
    """A stored change with its fate. state: planned, sent, applied, refused, stale, unknown, dropped."""

    change: Change
    run_id: str
    item_id: int
    phase: str
    state: str
    chosen: bool
    settle: tuple[Settle, ...]
    message: Message | None
    tries: int
    signature: str
    at: datetime


class Plans:
    """Stores and reads plans. Methods with a `tx` join the caller's transaction."""

    def __init__(self, db: Database, bindings: Bindings, attention: Attention) -> None:
        self.db, self.bindings, self.attention = db, bindings, attention

    def add(self, run_id: str, planned: Sequence[Planned], start: int) -> int:
        """Appends planned records; `start` numbers their changes; answers the next number."""
        seq = start
        with self.db.write() as tx:
            for p in planned:
                item_id = self._add_item(tx, run_id, p)
                rows = [_change_row(run_id, item_id, seq + n, c) for n, c in enumerate(p.changes)]
                seq += len(rows)
                if rows:
                    tx.execute(insert(changes), rows)
        return seq

    def _add_item(self, tx: Connection, run_id: str, p: Planned) -> int:
        i = p.item
        local = {"binds": dump(p.binds), "settles": dump(p.settles), "parks": dump(p.parks)}
        key = tx.execute(
            insert(run_items).values(
                run_id=run_id,
                entity=i.entity.value,
                source_id=i.source_id,
                target_id=i.target_id,
                label=i.label,
                sku=i.sku,
                planned=i.planned,
                outcome=i.outcome,
                cause=i.cause,
                message=dump(i.message),
                local=local if any(local.values()) else None,
            )
        ).inserted_primary_key
        assert key is not None
        return int(key[0])

    def store_local(self, link_id: str, flow_id: str, run_id: str) -> None:
        """Stores the bindings, baselines and parks that the plan found, page by page. Repeatable after a
        crash."""
        i = run_items.c
        while True:
            with self.db.write() as tx:
                rows = tx.execute(
                    select(i.id, i.local).where(i.run_id == run_id, i.local.is_not(None)).limit(200)
                ).all()
                if not rows:
                    return
                for row in rows:
                    self.bindings.bind(tx, link_id, [load(Bind, b) for b in row.local["binds"]])
                    self.bindings.settle(tx, link_id, [_settle(s) for s in row.local["settles"]])
                    self.attention.park(
                        tx, link_id, flow_id, run_id, [load(Park, p) for p in row.local["parks"]]
                    )
                tx.execute(update(run_items).where(i.id.in_([r.id for r in rows])).values(local=None))

    def changes(
        self,
        run_id: str,
        *,
        phase: str | None = None,
        state: str | None = None,
        item_id: int | None = None,
        after: int = -1,
        limit: int = 500,
    ) -> list[ChangeRow]:
        """Changes of a run in their order; `after` is the sequence number to go on from."""
        return [
            row
            for _, row in self.numbered(
                run_id, phase=phase, state=state, item_id=item_id, after=after, limit=limit
            )
        ]

    def numbered(
        self,
        run_id: str,
        *,
        phase: str | None = None,
        state: str | None = None,
        item_id: int | None = None,
        after: int = -1,
        limit: int = 500,
    ) -> list[tuple[int, ChangeRow]]:
        c = changes.c
        query = select(changes).where(c.run_id == run_id, c.seq > after)
        for column, value in ((c.phase, phase), (c.state, state), (c.item_id, item_id)):
            if value is not None:
                query = query.where(column == value)
        with self.db.read() as tx:
            return [(r.seq, change_of(r)) for r in tx.execute(query.order_by(c.seq).limit(limit))]

    def each_change(self, run_id: str, **which: Any) -> Iterator[ChangeRow]:
        """All changes of a run, streamed."""
        after = -1
        while rows := self.numbered(run_id, after=after, **which):
            yield from (row for _, row in rows)
            after = rows[-1][0]

    def by_ids(self, ids: Sequence[str]) -> list[ChangeRow]:
        """These changes, in their order."""
        found: list[Row[Any]] = []
        with self.db.read() as tx:
            for start in range(0, len(ids), 400):
                found += tx.execute(select(changes).where(changes.c.id.in_(ids[start : start + 400])))
        return [change_of(r) for r in sorted(found, key=lambda r: r.seq)]

    def due(self, run_id: str, phase: str, limit: int) -> list[ChangeRow]:
        """The next changes of a phase that may be sent."""
        c = changes.c
        query = select(changes).where(
            c.run_id == run_id, c.phase == phase, c.state == "planned", c.chosen.is_(True)
        )
        with self.db.read() as tx:
            return [change_of(r) for r in tx.execute(query.order_by(c.tries, c.seq).limit(limit))]

    def phases(self, run_id: str) -> dict[str, int]:
        """How many changes of each phase are still to be sent."""
        c = changes.c
        query = select(c.phase, func.count()).where(
            c.run_id == run_id, c.chosen.is_(True), c.state.in_(("planned", "sent", "unknown"))
        )
        with self.db.read() as tx:
            return {str(phase): int(n) for phase, n in tx.execute(query.group_by(c.phase))}

    def states(self, run_id: str) -> dict[str, int]:
        c = changes.c
        with self.db.read() as tx:
            rows = tx.execute(select(c.state, func.count()).where(c.run_id == run_id).group_by(c.state))
            return {str(state): int(n) for state, n in rows}

    def choose(self, run_id: str, item_ids: Sequence[int], chosen: bool) -> None:
        """Ticks or unticks all changes of these report rows."""
        with self.db.write() as tx:
            for start in range(0, len(item_ids), 400):
                part = item_ids[start : start + 400]
                tx.execute(
                    update(changes)
                    .where(changes.c.run_id == run_id, changes.c.item_id.in_(part))
                    .values(chosen=chosen)
                )

    def set_change(self, tx: Connection, change_id: str, **values: Any) -> None:
        """Changes columns of a change; messages and diffs are stored in their JSON form."""
        stored = {k: dump(v) if k in ("message", "diffs", "settle") else v for k, v in values.items()}
        tx.execute(update(changes).where(changes.c.id == change_id).values(**stored, at=now()))

    def items(
        self, run_id: str, *, outcome: str | None = None, text: str = "", after: int = 0, limit: int = 500
    ) -> list[tuple[int, Item]]:
        """Report rows with their numbers, in the order they were planned."""
        i = run_items.c
        query = select(run_items).where(i.run_id == run_id, i.id > after)
        if outcome is not None:
            query = query.where(func.coalesce(func.nullif(i.outcome, ""), i.planned) == outcome)
        if text:
            query = query.where(
                i.label.icontains(text, autoescape=True)
                | i.sku.icontains(text, autoescape=True)
                | (i.source_id == text)
            )
        with self.db.read() as tx:
            return [(r.id, item_of(r)) for r in tx.execute(query.order_by(i.id).limit(limit))]

    def set_item(self, tx: Connection, item_id: int, **values: Any) -> None:
        stored = {k: dump(v) if k == "message" else v for k, v in values.items()}
        tx.execute(update(run_items).where(run_items.c.id == item_id).values(**stored))

    def signatures(self, run_id: str) -> tuple[frozenset[str], frozenset[str]]:
        """Signatures of a kept plan's changes: (the ticked ones, all)."""
        c = changes.c
        with self.db.read() as tx:
            rows = tx.execute(select(c.signature, c.chosen).where(c.run_id == run_id)).all()
        return frozenset(r.signature for r in rows if r.chosen), frozenset(r.signature for r in rows)

    def forget(self, run_id: str) -> None:
        """Drops a plan that was being made when the process died; nothing of it has been sent."""
        with self.db.write() as tx:
            tx.execute(delete(changes).where(changes.c.run_id == run_id))
            tx.execute(delete(run_items).where(run_items.c.run_id == run_id))


def signature(change: Change) -> str:
    """What makes two changes the same: record, verb, before and after; not the run's own ids."""
    return fingerprint(
        [
            change.entity.value,
            change.verb.value,
            change.source_id,
            change.target_id,
            change.place,
            dump(change.diffs),
            _dump_body(change.body),
        ]
    )


def _change_row(run_id: str, item_id: int, seq: int, p: PlannedChange) -> dict[str, Any]:
    c = p.change
    return {
        "id": c.id,
        "run_id": run_id,
        "item_id": item_id,
        "seq": seq,
        "phase": p.phase,
        "entity": c.entity.value,
        "verb": c.verb.value,
        "source_id": c.source_id,
        "target_id": c.target_id,
        "parent_id": c.parent_id,
        "place": c.place,
        "source_parent": c.source_parent,
        "label": c.label,
        "key": c.key,
        "diffs": dump(c.diffs),
        "body": _dump_body(c.body),
        "settle": dump(p.settle),
        "signature": signature(c),
        "chosen": True,
        "state": "planned",
        "message": None,
        "call_id": "",
        "tries": 0,
        "at": now(),
    }


def _dump_body(body: Body) -> dict[str, Any] | None:
    return None if body is None else {"kind": type(body).__name__, "value": dump(body)}


def change_of(row: Row[Any]) -> ChangeRow:
    """A stored change as a value."""
    body = row.body and load(_BODIES[row.body["kind"]], row.body["value"])
    change = Change(
        row.id,
        Entity(row.entity),
        Verb(row.verb),
        row.source_id,
        row.target_id,
        row.parent_id,
        row.place,
        row.label,
        tuple(_diff(d) for d in row.diffs),
        body,
        row.key,
        row.source_parent,
    )
    return ChangeRow(
        change,
        row.run_id,
        row.item_id,
        row.phase,
        row.state,
        row.chosen,
        tuple(_settle(s) for s in row.settle or ()),
        load(Message, row.message) if row.message else None,
        row.tries,
        row.signature,
        row.at,
    )


def _diff(raw: Mapping[str, Any]) -> Diff:
    def value(v: Any) -> Any:
        return tuple(v) if isinstance(v, list) else v

    return Diff(raw["field"], value(raw["before"]), value(raw["after"]), raw.get("reason", ""))


def _settle(raw: Mapping[str, Any]) -> Settle:
    return Settle(
        raw["kind"],
        raw["id_a"],
        {k: (v[0], v[1]) for k, v in raw.get("fields", {}).items()},
        raw.get("place", ""),
    )


def item_of(row: Row[Any]) -> Item:
    return Item(
        Entity(row.entity),
        row.source_id,
        row.label,
        row.planned,
        row.target_id,
        row.sku,
        row.outcome,
        row.cause,
        load(Message, row.message) if row.message else None,
    )
