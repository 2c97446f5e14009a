"""Every change of stock, planned or done: a run's plan, what became of it, and what undo reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from operator import attrgetter
from typing import Any

from sqlalchemy import Connection, case, delete, func, null, select, update

from storage.bulk import among, chunks, insert_many
from storage.clock import to_micros
from storage.clock import utc_now as now
from storage.jsontext import dump_json
from storage.messages import stored_message
from storage.stock_log import COLUMNS, EVERYTHING, NewStockChange, StockChangeRow, StockLog, rows_of
from storage.tables.stock import stock_changes
from sync.model.text import Message

PHASES = ("track", "activate", "stock", "gone", "adjust")
"""The order in which a stock run's changes go out."""
_AT_ONCE = 2000
_GIVEN = attrgetter(*COLUMNS[:19])
"""What a new change says itself; its message, tries, call and time follow."""

c = stock_changes.c


class StockChanges(StockLog):
    """Reads and writes stock changes. Methods with a `tx` join the caller's transaction."""

    def add(self, rows: Sequence[NewStockChange], tx: Connection | None = None) -> None:
        """Stores planned changes, in the order in which they are to go out."""
        if tx is not None:
            insert_many(tx, stock_changes, COLUMNS, _tuples(rows))
            return
        for part in chunks(rows, _AT_ONCE):
            with self.db.write() as own:
                insert_many(own, stock_changes, COLUMNS, _tuples(part))

    def note(self, tx: Connection, row: NewStockChange) -> None:
        """One row for a change that was written elsewhere (a product flow), or seen and not ours."""
        insert_many(tx, stock_changes, COLUMNS, _tuples([row]))

    def due(self, run_id: str, phase: str, limit: int = 250, after_id: int = 0) -> list[StockChangeRow]:
        """Chosen changes of a phase that are still planned, in their order."""
        query = select(*EVERYTHING).where(
            c.run_id == run_id, c.state == "planned", c.phase == phase, c.id > after_id, c.chosen
        )
        return self._rows(query.order_by(c.id).limit(limit))

    def set_state(
        self,
        tx: Connection,
        ids: Sequence[int],
        state: str,
        *,
        message: Message | None = None,
        reason: str | None = None,
        before: int | None = None,
        after: int | None = None,
        source: int | None = None,
        untold: int | None = None,
    ) -> None:
        """The state of these changes; the other values only where they are given."""
        given = {"reason": reason, "before": before, "after": after, "source": source, "untold": untold}
        values: dict[str, Any] = {name: value for name, value in given.items() if value is not None}
        values["message"] = stored_message(message) if message is not None else _SAID
        tx.execute(update(stock_changes).where(among(tx, c.id, ids)).values(state=state, at=now(), **values))

    def applied(
        self,
        tx: Connection,
        target_id: str,
        ids: Sequence[int],
        *,
        swapped: bool = False,
        source_at: datetime | None = None,
    ) -> None:
        """The whole of a call came through: these changes are applied, what (source, target) show is their
        baseline with what it remembers, and the items of connection `target_id` show what was written.
        `swapped`: the flow's source is side b. `source_at`: when the source was read; None: not for this."""
        a, b = ("after", "source") if swapped else ("source", "after")
        read = to_micros(source_at) if source_at else 0
        values = {"now": to_micros(now()), "target": target_id, "read": read}
        listed = ",".join(str(int(change)) for change in ids)
        mark = "?" if tx.dialect.name == "sqlite" else "%s"
        for names, statement in _SETTLE:  # as plain text: a text of its own each, nothing for a cache to keep
            sql = statement.format(ids=listed, a=a, b=b, m=mark)
            tx.exec_driver_sql(sql, tuple(values[name] for name in names))

    def by_ids(self, ids: Sequence[int]) -> list[StockChangeRow]:
        """These changes, in their order."""
        out: list[StockChangeRow] = []
        with self.db.read() as tx:
            for part in chunks(sorted(set(ids)), _AT_ONCE):
                query = select(*EVERYTHING).where(among(tx, c.id, part)).order_by(c.id)
                out += rows_of(tx.execute(query))
        return out

    def each(self, run_id: str, state: str | None = None) -> Iterator[StockChangeRow]:
        """A run's changes (of one state), streamed. By state they come phase by phase."""
        last, phase = 0, ""
        query = select(*EVERYTHING).where(c.run_id == run_id)
        while True:
            if state is None:
                page = query.where(c.id > last).order_by(c.id)
            else:
                later = (c.phase > phase) | ((c.phase == phase) & (c.id > last))
                page = query.where(c.state == state, c.phase >= phase, later).order_by(c.phase, c.id)
            rows = self._rows(page.limit(_AT_ONCE))
            yield from rows
            if len(rows) < _AT_ONCE:
                return
            last, phase = rows[-1].id, rows[-1].phase

    def forget(self, run_id: str) -> None:
        """A plan is made anew: what a run planned and never sent is gone."""
        with self.db.write() as tx:
            tx.execute(delete(stock_changes).where(c.run_id == run_id, c.state == "planned"))

    def phases(self, run_id: str) -> Mapping[str, int]:
        """How many changes of each phase are still planned, in the order of going out."""
        query = select(c.phase, func.count()).where(c.run_id == run_id, c.state == "planned", c.chosen)
        found = self._counted(query.group_by(c.phase))
        return {phase: found[phase] for phase in (*PHASES, *found) if phase in found}


_SAID = case((c.state == "unknown", null()), else_=c.message)
"""That nobody knows what became of a row is over with the next that is known."""
_SETTLE = (
    (
        ("now",),
        "UPDATE stock_changes SET message = CASE WHEN state = 'unknown' THEN NULL ELSE message END, "
        "state = 'applied', at = {m} WHERE id IN ({ids})",
    ),
    (
        ("now", "read"),
        "INSERT INTO stock_baselines "
        "(binding_id, location_id, a_quantity, b_quantity, at, untold, source_at) "
        "SELECT binding_id, place, {a}, {b}, CAST({m} AS BIGINT), untold, CAST({m} AS BIGINT) "
        "FROM stock_changes WHERE id IN ({ids}) "
        "AND binding_id IS NOT NULL AND source IS NOT NULL AND after IS NOT NULL "
        # An answer that comes late: what was settled after the call went out is the newer word. (The level
        # below is taken over all the same, so that the next run looks.)
        "AND NOT EXISTS (SELECT 1 FROM stock_baselines b JOIN calls k ON k.id = stock_changes.call_id "
        "WHERE b.binding_id = stock_changes.binding_id AND b.location_id = stock_changes.place "
        "AND b.at > k.at) "
        "ON CONFLICT (binding_id, location_id) DO UPDATE "
        "SET a_quantity = excluded.a_quantity, b_quantity = excluded.b_quantity, at = excluded.at, "
        "untold = excluded.untold, "  # and never back to an older read: what came between would count twice
        "source_at = CASE WHEN excluded.source_at > stock_baselines.source_at THEN excluded.source_at "
        "ELSE stock_baselines.source_at END",
    ),
    (
        ("target",),
        "INSERT INTO stock_levels (stock_item, place, available, active) "
        "SELECT i.id, c.place, c.after, TRUE FROM stock_changes c "
        "JOIN stock_items i ON i.connection_id = {m} AND i.variant_id = c.variant_id "
        "WHERE c.id IN ({ids}) AND c.after IS NOT NULL ON CONFLICT (stock_item, place) DO UPDATE "
        "SET active = TRUE, available = excluded.available, "
        "on_hand = stock_levels.on_hand + excluded.available - stock_levels.available",
    ),
    (
        ("target",),
        "UPDATE stock_items SET hash = '' WHERE connection_id = {m} AND variant_id IN "
        "(SELECT variant_id FROM stock_changes WHERE id IN ({ids}))",
    ),
)


def _tuples(rows: Sequence[NewStockChange]) -> list[tuple[Any, ...]]:
    at = to_micros(now())
    return [
        (*_GIVEN(row), dump_json(row.message.to_json()) if row.message else None, 0, "", at) for row in rows
    ]
