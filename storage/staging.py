"""Records read by a run, kept on disk so that a run of any size stays small in memory and survives a
restart."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from sqlalchemy import Connection, delete, func, insert, select

from storage.database import Database
from storage.tables.sync import staged, staged_keys
from storage.upsert import upsert
from sync.model.codec import dump, load
from sync.model.order import Order
from sync.model.page import Record
from sync.model.product import Product

Key = tuple[str, str, str]
"""(key name, normalised value, variant id): how a staged record can be found."""

_KINDS: dict[str, type[Any]] = {"product": Product, "order": Order}


class Staging:
    """Staged records of runs. `side` is "a" or "b"; records come back in the order they were read."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def put(self, run_id: str, side: str, records: Iterable[tuple[Record, Sequence[Key]]]) -> None:
        """Stores records with their keys; one that was staged before is replaced (a read may repeat)."""
        rows, keys = [], []
        for record, found in {record.id: (record, found) for record, found in records}.values():
            rows.append({"run_id": run_id, "side": side, "record_id": record.id, "body": _body(record)})
            keys += [
                {
                    "run_id": run_id,
                    "side": side,
                    "key": k,
                    "value": v,
                    "record_id": record.id,
                    "variant_id": n,
                }
                for k, v, n in found
            ]
        if not rows:
            return
        s, k = staged.c, staged_keys.c
        with self.db.write() as tx:
            last = tx.execute(select(func.max(s.position)).where(s.run_id == run_id, s.side == side)).scalar()
            start = 0 if last is None else last + 1
            for n in range(0, len(rows), 400):
                ids = [r["record_id"] for r in rows[n : n + 400]]
                tx.execute(
                    delete(staged_keys).where(k.run_id == run_id, k.side == side, k.record_id.in_(ids))
                )
            upsert(
                tx,
                staged,
                [{**r, "position": start + i} for i, r in enumerate(rows)],
                key=["run_id", "side", "record_id"],
            )
            if keys:
                tx.execute(insert(staged_keys), keys)

    def count(self, run_id: str, side: str) -> int:
        with self.db.read() as tx:
            return tx.execute(
                select(func.count()).where(staged.c.run_id == run_id, staged.c.side == side)
            ).scalar_one()

    def ids(self, run_id: str, side: str) -> list[str]:
        """Ids of all staged records of a side."""
        with self.db.read() as tx:
            return list(
                tx.execute(
                    select(staged.c.record_id).where(staged.c.run_id == run_id, staged.c.side == side)
                ).scalars()
            )

    def each(self, run_id: str, side: str, page: int = 100) -> Iterator[Record]:
        """All records, streamed."""
        for rows in self.pages(run_id, side, page):
            yield from rows

    def pages(self, run_id: str, side: str, page: int = 100) -> Iterator[list[Record]]:
        s, last = staged.c, (-1, "")
        while True:
            query = select(staged).where(
                s.run_id == run_id,
                s.side == side,
                (s.position > last[0]) | ((s.position == last[0]) & (s.record_id > last[1])),
            )
            with self.db.read() as tx:
                rows = tx.execute(query.order_by(s.position, s.record_id).limit(page)).all()
            if not rows:
                return
            yield [_record(r.body) for r in rows]
            last = (rows[-1].position, rows[-1].record_id)

    def get(self, run_id: str, side: str, ids: Sequence[str]) -> dict[str, Record]:
        """Staged records by id; those that are not staged are left out."""
        out: dict[str, Record] = {}
        s = staged.c
        with self.db.read() as tx:
            for start in range(0, len(ids), 400):
                part = ids[start : start + 400]
                for row in tx.execute(
                    select(staged).where(s.run_id == run_id, s.side == side, s.record_id.in_(part))
                ):
                    out[row.record_id] = _record(row.body)
        return out

    def find(self, run_id: str, side: str, key: str, values: Sequence[str]) -> list[tuple[str, str, str]]:
        """(value, record id, variant id) of the staged records that carry one of these key values."""
        k = staged_keys.c
        out: list[tuple[str, str, str]] = []
        with self.db.read() as tx:
            for start in range(0, len(values), 400):
                part = values[start : start + 400]
                rows = tx.execute(
                    select(k.value, k.record_id, k.variant_id).where(
                        k.run_id == run_id, k.side == side, k.key == key, k.value.in_(part)
                    )
                )
                out += [(r.value, r.record_id, r.variant_id) for r in rows]
        return out

    def clear(self, run_id: str) -> None:
        """Forgets what a run has read."""
        with self.db.write() as tx:
            self.clear_with(tx, run_id)

    def clear_with(self, tx: Connection, run_id: str) -> None:
        """`clear` inside the transaction that ends the run."""
        tx.execute(delete(staged).where(staged.c.run_id == run_id))
        tx.execute(delete(staged_keys).where(staged_keys.c.run_id == run_id))


def _body(record: Record) -> dict[str, Any]:
    return {"kind": "order" if isinstance(record, Order) else "product", "value": dump(record)}


def _record(body: dict[str, Any]) -> Record:
    record: Record = load(_KINDS[body["kind"]], body["value"])
    return record
