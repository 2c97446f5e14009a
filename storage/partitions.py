"""Who runs the turns of a connection, where several workers can be: a row with owner, lease and fence.

Times are the database's own clock, so that machines need not agree on theirs. On PostgreSQL a result is
stored in a transaction that holds the row by `FOR KEY SHARE`: a renewal passes that, a takeover
(`FOR UPDATE`) waits for it. So nobody can take over between the check of a fence and the commit behind it,
and a worker that was frozen in the midst of such a transaction loses its session after
`postgresql.FROZEN_SECONDS`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, Connection, literal_column, select, text, type_coerce, update
from sqlalchemy.exc import OperationalError

from storage.clock import EPOCH
from storage.database import Database
from storage.tables.sync import partitions
from storage.upsert import insert_new
from sync.errors import Fenced
from sync.model.text import say

_PATIENCE = "2s"  # of a takeover that meets such a transaction; it is tried again

Dead = Callable[[str], bool]
"""Is that owner certainly gone (its process ended on this very machine)?"""


@dataclass(frozen=True, slots=True)
class Partition:
    """One row: `left` are the seconds until the lease ends (negative: since it ended)."""

    name: str
    owner: str
    fence: int
    left: float


class Partitions:
    """Leases on connections. Thread-safe."""

    def __init__(self, db: Database) -> None:
        self.db = db

    def take(
        self, partition: str, owner: str, seconds: float, grace: float = 0.0, dead: Dead = lambda owner: False
    ) -> int | None:
        """The new fence, or None while another owner's lease lasts. Whoever takes over from an owner that did
        not release waits `grace` seconds past the lease, so that the last request of that owner has ended,
        unless it is certainly `dead`. Taking again what one has fences one's own older turns."""
        try:
            with self.db.write() as tx:
                return self._take(tx, partition, owner, seconds, grace, dead)
        except OperationalError as error:
            if getattr(error.orig, "sqlstate", "") == "55P03":  # a result is being stored under the old fence
                return None
            raise

    def _take(
        self, tx: Connection, name: str, owner: str, seconds: float, grace: float, dead: Dead
    ) -> int | None:
        p = partitions.c
        if self.db.dialect == "postgresql":
            tx.execute(text(f"SET LOCAL lock_timeout = '{_PATIENCE}'"))
        insert_new(tx, partitions, [{"name": name, "owner": "", "lease_until": EPOCH, "fence": 0}])
        row = tx.execute(_rows(tx).where(p.name == name).with_for_update()).one()
        if row.owner not in ("", owner) and row.left + grace * 1_000_000 > 0 and not dead(row.owner):
            return None
        until = _now(tx) + int(seconds * 1_000_000)
        tx.execute(
            update(partitions).where(p.name == name).values(owner=owner, fence=p.fence + 1, lease_until=until)
        )
        return int(row.fence) + 1

    def renew(self, partition: str, owner: str, fence: int, seconds: float) -> bool:
        """Prolongs the lease; False if someone has taken over."""
        with self.db.write() as tx:
            until = _now(tx) + int(seconds * 1_000_000)
            return bool(
                tx.execute(
                    update(partitions).where(*_mine(partition, owner, fence)).values(lease_until=until)
                ).rowcount
            )

    def release(self, partition: str, owner: str, fence: int) -> None:
        """Gives it back: anybody may take it at once."""
        with self.db.write() as tx:
            tx.execute(
                update(partitions).where(*_mine(partition, owner, fence)).values(owner="", lease_until=EPOCH)
            )

    def guard(self, tx: Connection, partition: str, owner: str, fence: int) -> None:
        """Within the transaction that stores a result: raises Fenced when the partition has moved on; if it
        has not, it will not before this transaction ends."""
        query = select(partitions.c.name).where(*_mine(partition, owner, fence))
        if tx.execute(query.with_for_update(read=True, key_share=True)).first() is None:
            raise Fenced(
                say("Another worker has taken this work over; what this one had begun was not stored."),
                f"partition {partition}, fence {fence}, worker {owner}",
            )

    def all(self) -> Sequence[Partition]:
        """Every partition that was ever taken."""
        with self.db.read() as tx:
            rows = tx.execute(_rows(tx)).all()
        return [Partition(r.name, r.owner, r.fence, r.left / 1_000_000) for r in rows]


def _mine(partition: str, owner: str, fence: int) -> tuple[Any, ...]:
    p = partitions.c
    return p.name == partition, p.owner == owner, p.fence == fence


def _rows(tx: Connection) -> Any:
    p = partitions.c
    left = type_coerce(p.lease_until, BigInteger) - _now(tx)
    return select(p.name, p.owner, p.fence, left.label("left"))


def _now(tx: Connection) -> Any:
    """The database's clock in microseconds since 1970."""
    if tx.dialect.name == "postgresql":
        return literal_column("(extract(epoch FROM clock_timestamp()) * 1000000)::bigint", BigInteger)
    return literal_column("CAST((julianday('now') - 2440587.5) * 86400000000 AS INTEGER)", BigInteger)
