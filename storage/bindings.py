"""Bindings, baselines and the operator's decisions about identity."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from sqlalchemy import Connection, Row, delete, select, update

from storage.clock import utc_now as now
from storage.database import Database
from storage.tables.sync import bindings, decisions, stock_baselines
from storage.upsert import insert_new, upsert
from sync.model.plan import Bind, Binding, Pair, Settle

_CHUNK = 400


class Bindings:
    """Identity across the two sides of a link. Methods with a `tx` join the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def by_a(self, link_id: str, kind: str, ids: Sequence[str]) -> dict[str, Binding]:
        """Bindings of these ids of side A, by id."""
        return {b.id_a: b for b in self._find(link_id, kind, bindings.c.id_a, ids)}

    def by_b(self, link_id: str, kind: str, ids: Sequence[str]) -> dict[str, Binding]:
        return {b.id_b: b for b in self._find(link_id, kind, bindings.c.id_b, ids)}

    def by_ids(self, binding_ids: Sequence[int]) -> list[Binding]:
        """These bindings by our own ids."""
        found: list[Binding] = []
        with self.db.read() as tx:
            for part in _chunks(sorted(set(binding_ids))):
                found += map(_binding, tx.execute(select(bindings).where(bindings.c.id.in_(part))))
        return found

    def children(self, parent_ids: Sequence[int]) -> dict[int, list[Binding]]:
        """Variants, media … of these bindings."""
        out: dict[int, list[Binding]] = {i: [] for i in parent_ids}
        with self.db.read() as tx:
            for part in _chunks(parent_ids):
                for row in tx.execute(select(bindings).where(bindings.c.parent_id.in_(part))):
                    out[row.parent_id].append(_binding(row))
        return out

    def stock(self, binding_ids: Sequence[int]) -> dict[tuple[int, str], tuple[int, int]]:
        """(variant binding, location) → (A's, B's) quantity when last settled."""
        out: dict[tuple[int, str], tuple[int, int]] = {}
        s = stock_baselines.c
        with self.db.read() as tx:
            for part in _chunks(binding_ids):
                for row in tx.execute(select(stock_baselines).where(s.binding_id.in_(part))):
                    out[row.binding_id, row.location_id] = (row.a_quantity, row.b_quantity)
        return out

    def all(self, link_id: str, kind: str) -> Iterator[Binding]:
        """Every binding of a kind, in the order of their making."""
        last = 0
        while True:
            query = select(bindings).where(
                bindings.c.link_id == link_id, bindings.c.kind == kind, bindings.c.id > last
            )
            with self.db.read() as tx:
                rows = tx.execute(query.order_by(bindings.c.id).limit(1000)).all()
            yield from map(_binding, rows)
            if not rows:
                return
            last = rows[-1].id

    def bind(self, tx: Connection, link_id: str, binds: Iterable[Bind]) -> None:
        """Stores bindings; one that is there already stays. Parents come before their children."""
        for b in binds:
            parent = self._id(tx, link_id, _parent_kind(b.kind), b.parent_a) if b.parent_a else None
            insert_new(tx, bindings, [_new_row(link_id, b, parent, {})])

    def bind_settled(
        self, tx: Connection, link_id: str, binds: Sequence[Bind], settles: Sequence[Settle]
    ) -> None:
        """`bind` and `settle` for many children at once, in few statements: what a whole page of creates left
        behind."""
        parents = self._ids(tx, link_id, "product", [b.parent_a for b in binds])
        fields: dict[str, dict[str, list[Any]]] = {
            s.id_a: {k: list(v) for k, v in s.fields.items()} for s in settles if not s.place
        }
        insert_new(
            tx,
            bindings,
            [_new_row(link_id, b, parents.get(b.parent_a), fields.get(b.id_a, {})) for b in binds],
        )
        ids = self._ids(tx, link_id, "variant", [b.id_a for b in binds])
        upsert(
            tx,
            stock_baselines,
            [_stock_row(ids[s.id_a], s) for s in settles if s.place and s.id_a in ids],
            key=["binding_id", "location_id"],
        )

    def _ids(self, tx: Connection, link_id: str, kind: str, ids_a: Sequence[str]) -> dict[str, int]:
        found: dict[str, int] = {}
        for part in _chunks(list(dict.fromkeys(ids_a))):
            query = select(bindings.c.id_a, bindings.c.id).where(
                bindings.c.link_id == link_id, bindings.c.kind == kind, bindings.c.id_a.in_(part)
            )
            found.update({row.id_a: row.id for row in tx.execute(query)})
        return found

    def settle(self, tx: Connection, link_id: str, settles: Iterable[Settle]) -> None:
        """Stores baseline pairs of bindings that exist; for others there is nothing to keep."""
        for s in settles:
            row = tx.execute(
                select(bindings.c.id, bindings.c.baseline)
                .where(bindings.c.link_id == link_id, bindings.c.kind == s.kind, bindings.c.id_a == s.id_a)
                .with_for_update()
            ).first()
            if row is None:
                continue
            if s.place:
                upsert(tx, stock_baselines, [_stock_row(row.id, s)], key=["binding_id", "location_id"])
            else:
                _settle_fields(tx, row.id, {**row.baseline, **{k: list(v) for k, v in s.fields.items()}})

    def unbind(self, link_id: str, kind: str, id_a: str) -> None:
        """Forgets that two records are the same; both stay as they are."""
        with self.db.write() as tx:
            tx.execute(
                delete(bindings).where(
                    bindings.c.link_id == link_id, bindings.c.kind == kind, bindings.c.id_a == id_a
                )
            )

    def _id(self, tx: Connection, link_id: str, kind: str, id_a: str) -> int | None:
        return tx.execute(
            select(bindings.c.id).where(
                bindings.c.link_id == link_id, bindings.c.kind == kind, bindings.c.id_a == id_a
            )
        ).scalar()

    def _find(self, link_id: str, kind: str, column: Any, ids: Sequence[str]) -> Iterator[Binding]:
        with self.db.read() as tx:
            for part in _chunks(ids):
                query = select(bindings).where(
                    bindings.c.link_id == link_id, bindings.c.kind == kind, column.in_(part)
                )
                yield from map(_binding, tx.execute(query))


class Decisions:
    """What an operator decided about a record: bind it to a target, create it after all, or skip it."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def decide(self, link_id: str, entity: str, record_id: str, verb: str, target_id: str, by: str) -> None:
        values = {
            "link_id": link_id,
            "entity": entity,
            "record_id": record_id,
            "verb": verb,
            "target_id": target_id,
            "by": by,
            "at": now(),
        }
        with self.db.write() as tx:
            upsert(tx, decisions, [values], key=["link_id", "entity", "record_id"])

    def forget(self, link_id: str, entity: str, record_id: str) -> None:
        d = decisions.c
        with self.db.write() as tx:
            tx.execute(
                delete(decisions).where(d.link_id == link_id, d.entity == entity, d.record_id == record_id)
            )

    def of(self, link_id: str, entity: str) -> dict[str, tuple[str, str]]:
        """record id → (verb, target id)."""
        d = decisions.c
        with self.db.read() as tx:
            rows = tx.execute(
                select(d.record_id, d.verb, d.target_id).where(d.link_id == link_id, d.entity == entity)
            )
            return {r.record_id: (r.verb, r.target_id) for r in rows}


def _new_row(link_id: str, b: Bind, parent: int | None, baseline: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "link_id": link_id,
        "kind": b.kind,
        "id_a": b.id_a,
        "id_b": b.id_b,
        "origin": b.origin,
        "parent_id": parent,
        "version": 1,
        "label": b.label,
        "baseline": dict(baseline),
        "created_at": now(),
        "updated_at": now(),
    }


def _stock_row(binding_id: int, s: Settle) -> dict[str, Any]:
    a, b = s.fields["available"]
    return {
        "binding_id": binding_id,
        "location_id": s.place,
        "a_quantity": int(a or 0),
        "b_quantity": int(b or 0),
        "at": now(),
        "untold": 0,
        "source_at": now(),
    }


def _settle_fields(tx: Connection, binding_id: int, baseline: Mapping[str, Any]) -> None:
    tx.execute(
        update(bindings)
        .where(bindings.c.id == binding_id)
        .values(baseline=dict(baseline), version=bindings.c.version + 1, updated_at=now())
    )


def _parent_kind(kind: str) -> str:
    return "order" if kind == "fulfilment" else "product"


def _binding(row: Row[Any]) -> Binding:
    pairs: dict[str, Pair] = {k: (v[0], v[1]) for k, v in row.baseline.items()}
    return Binding(
        row.id,
        row.kind,
        row.id_a,
        row.id_b,
        row.parent_id,
        row.origin,
        row.version,
        pairs,
        row.label,
        row.created_at,
    )


def _chunks(items: Sequence[Any]) -> Iterator[Sequence[Any]]:
    for start in range(0, len(items), _CHUNK):
        yield items[start : start + _CHUNK]
