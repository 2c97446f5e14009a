"""Where both sides of a stock flow differ: one row a pair and place, gone when they agree again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, Row, Select, func, select

from storage.anycase import as_written
from storage.bulk import among, chunks, run_many
from storage.clock import to_micros
from storage.clock import utc_now as now
from storage.database import Database
from storage.tables.base import begins
from storage.tables.stock import stock_differences
from storage.tables.sync import stock_baselines
from sync.model.stock import Difference

d = stock_differences.c
_AT_ONCE = 1000


@dataclass(frozen=True, slots=True)
class NewDifference:
    """Pieces at one place of the target: what the source gives and what the target shows."""

    binding_id: int
    place: str
    sku: str
    why: Difference
    source: int
    target: int
    run_id: str = ""


@dataclass(frozen=True, slots=True)
class StockDifference(NewDifference):
    """As stored: first seen `since`, last seen at `seen_at`."""

    since: datetime | None = None
    seen_at: datetime | None = None


class StockDifferences:
    """Reads and writes differences. Methods with a `tx` join the caller's transaction."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def put(self, tx: Connection, flow_id: str, rows: Sequence[NewDifference]) -> None:
        """Opens or renews these; the moment of the first sight stays."""
        at = to_micros(now())
        run_many(
            tx,
            "INSERT INTO stock_differences "
            "(flow_id, binding_id, place, sku, why, source, target, since, seen_at, run_id) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (flow_id, binding_id, place) DO UPDATE SET "
            "sku = excluded.sku, why = excluded.why, source = excluded.source, target = excluded.target, "
            "seen_at = excluded.seen_at, run_id = excluded.run_id",
            [
                (flow_id, r.binding_id, r.place, r.sku, r.why.value, r.source, r.target, at, at, r.run_id)
                for r in rows
            ],
        )

    def close(self, tx: Connection, flow_id: str, keys: Sequence[tuple[int, str]]) -> None:
        """(binding, place) that agree again."""
        run_many(
            tx,
            "DELETE FROM stock_differences WHERE flow_id = ? AND binding_id = ? AND place = ?",
            [(flow_id, binding, place) for binding, place in keys],
        )

    def of(self, flow_id: str, binding_ids: Sequence[int]) -> dict[tuple[int, str], StockDifference]:
        """What is open of these pairs, by (binding, place)."""
        out: dict[tuple[int, str], StockDifference] = {}
        with self.db.read() as tx:
            for part in chunks(sorted(set(binding_ids)), _AT_ONCE):
                query = select(stock_differences).where(d.flow_id == flow_id, among(tx, d.binding_id, part))
                out |= {(row.binding_id, row.place): _row(row) for row in tx.execute(query)}
        return out

    def any(self, tx: Connection, flow_id: str) -> bool:
        """Is anything open of this flow? Read in the caller's transaction."""
        return tx.execute(select(d.binding_id).where(d.flow_id == flow_id).limit(1)).first() is not None

    def settled_at(self, binding_ids: Sequence[int]) -> dict[tuple[int, str], datetime]:
        """When these pairs were last settled, by (binding, place)."""
        b, out = stock_baselines.c, dict[tuple[int, str], datetime]()
        with self.db.read() as tx:
            for part in chunks(sorted(set(binding_ids)), _AT_ONCE):
                query = select(b.binding_id, b.location_id, b.at).where(among(tx, b.binding_id, part))
                out |= {(row.binding_id, row.location_id): row.at for row in tx.execute(query)}
        return out

    def list(
        self,
        flow_id: str,
        why: str = "",
        sku: str = "",
        after: tuple[int, str] = (0, ""),
        limit: int = 100,
    ) -> list[StockDifference]:
        """A page in the order of (binding, place), begun after that key; `why` is a Difference ("": any),
        `sku` a SKU or the beginning of one, as it is written; if there is none, in capitals or small
        letters."""
        later = (d.binding_id > after[0]) | ((d.binding_id == after[0]) & (d.place > after[1]))
        query: Select[Any] = select(stock_differences).where(d.flow_id == flow_id, later)
        if why:
            query = query.where(d.why == str(why))
        with self.db.read() as tx:
            if sku:
                query = query.where(begins(d.sku, as_written(tx, d.sku, sku)))
            rows = tx.execute(query.order_by(d.binding_id, d.place).limit(limit)).all()
        return [_row(row) for row in rows]

    def counts(self, flow_id: str) -> Mapping[Difference, int]:
        """How many are open, by why."""
        query = select(d.why, func.count()).where(d.flow_id == flow_id).group_by(d.why)
        with self.db.read() as tx:
            return {Difference(why): int(count) for why, count in tx.execute(query)}


def _row(row: Row[Any]) -> StockDifference:
    return StockDifference(
        row.binding_id,
        row.place,
        row.sku,
        Difference(row.why),
        row.source,
        row.target,
        row.run_id,
        row.since,
        row.seen_at,
    )
