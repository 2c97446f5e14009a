"""The engine's `Book` over `stock_changes`: narrow rows, one transaction a method, a call of 250 in a few
milliseconds."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sqlalchemy import Connection, select, update

from storage import stock_hidden
from storage.bulk import among
from storage.stock_changes import StockChangeRow
from storage.tables.stock import stock_changes
from sync.managers.alive import Alive
from sync.managers.context import Context
from sync.managers.stock.in_flight import read_at
from sync.managers.stock.pairless import APART
from sync.model.call import Call, Change, Diff, Outcome, State, Verb
from sync.model.entity import Entity
from sync.model.plan import Park
from sync.model.text import Message, say

HALVED = APART
"""`tries` of a row counts how often it was sent, and in thousands how often its call was refused unnamed."""
_SENT = (
    "UPDATE stock_changes SET state = 'sent', call_id = {m}, tries = tries + 1 "
    "WHERE id IN ({ids}) AND state = 'planned'"
)
STATUSES = {"draft": "draft", "archive": "archived"}
"""What a product becomes by the flow's wish for what is gone at the source."""
_PLAIN = {"stock": Verb.SET, "adjust": Verb.ADJUST}
_MOST_HALVED = 12
_MOST_SENT = 60
_WAITING = 1000  # so many stale rows are read again before the phase has sent everything else


@dataclass(frozen=True, slots=True)
class Again:
    """What becomes of a stale row: write these figures, or drop it for a reason. `agreed`: the target shows
    the right figure by now, which is settled. `untold`: pieces to remember in either case; None: as
    planned."""

    write: bool
    before: int
    after: int
    reason: str = ""
    agreed: bool = False
    source: int | None = None
    untold: int | None = None


class Stale(Protocol):
    """Decides stale rows by what the target shows now (None: not stocked any more)."""

    def look(self, rows: Sequence[StockChangeRow]) -> Mapping[int, int | None]:
        """Reads them again, together; by row id. Rows that the target does not show are left out."""

    def decide(self, rows: Mapping[int, tuple[StockChangeRow, int | None]]) -> Mapping[int, Again]: ...


class StockBook:
    """Changes and calls of one stock run. `stale` decides rows that moved between reading and writing."""

    def __init__(self, ctx: Context, stale: Stale) -> None:
        self.ctx, self.ws, self.run_id, self.stale = ctx, ctx.ws, ctx.run.id, stale
        self._started = False
        self._read_at = None if ctx.run.scope.undo_of else read_at(ctx)
        self._hides = ctx.flow.stock.gone in STATUSES and not ctx.run.scope.undo_of
        self._waiting = 0  # stale rows that wait to be read again

    # -- the engine's Book -----------------------------------------------------------------------------------

    def due(self, phase: str, limit: int) -> list[tuple[Change, int]]:
        """The next changes; stale ones are read again once nothing else is due, or a thousand wait."""
        if self._waiting >= _WAITING:
            self._look_again(phase)
        found = self._due(phase, limit)
        if not found and self._look_again(phase):
            found = self._due(phase, limit)
        found.sort(key=_tries)
        return found

    def _due(self, phase: str, limit: int) -> list[tuple[Change, int]]:
        if phase not in _PLAIN:
            rows = self.ws.stock_changes.due(self.run_id, phase, limit)
            return [(change_of(row), row.tries // HALVED) for row in rows]
        c = stock_changes.c
        query = (
            select(c.id, c.tries, c.source_id, c.item_id, c.variant_id, c.place, c.sku, c.before, c.after)
            .where(c.run_id == self.run_id, c.state == "planned", c.phase == phase, c.chosen)
            .order_by(c.id)
            .limit(limit)
        )
        with self.ws.db.read() as tx:
            return [
                (
                    Change(
                        str(row[0]),
                        Entity.STOCK,
                        _PLAIN[phase],
                        *row[2:7],
                        (Diff("available", row[7], row[8]),),
                    ),
                    row[1] // HALVED,
                )
                for row in tx.execute(query).all()
            ]

    def commit(self, call: Call) -> bool:
        try:
            with self.ws.db.write() as tx:
                self._send(tx, call)
        except _Overtaken:
            return False
        self._started = True
        return True

    def _send(self, tx: Connection, call: Call) -> None:
        """Raises _Overtaken, so that nothing is stored, if a member is not planned any more."""
        ids = call.change_ids
        sql = _SENT.format(ids=",".join(map(str, _ids(call))), m="?" if tx.dialect.name == "sqlite" else "%s")
        if tx.exec_driver_sql(sql, (call.id,)).rowcount < len(ids):
            raise _Overtaken
        self.ws.calls.store(tx, self.run_id, self.ctx.target_connection.id, call)
        if not self._started:
            self.ws.runs.mark_first_write(tx, self.run_id)

    def settle(self, call: Call, outcomes: Sequence[Outcome]) -> None:
        by_state = _sorted(outcomes)
        rows = self._rows(call) if by_state.others else {}
        again = self._decided(rows, by_state)
        with self.ws.db.write() as tx:
            self._applied(tx, call, by_state.applied)
            if by_state.others:
                self._others(tx, rows, by_state, again)
            self.ws.calls.set_state(tx, call.id, "answered")

    def release(self, call: Call) -> None:
        with self.ws.db.write() as tx:
            self.ws.stock_changes.set_state(tx, _ids(call), "planned")
            self.ws.calls.set_state(tx, call.id, "void")

    def unknown(self, call: Call) -> None:
        with self.ws.db.write() as tx:
            self.ws.stock_changes.set_state(tx, _ids(call), "unknown", message=_unknown())
            self.ws.calls.set_state(tx, call.id, "unknown")

    def unanswered(self) -> list[Call]:
        return [call for _, call in self.ws.calls.unanswered(self.run_id, self.ctx.target_connection.id)]

    # -- settling --------------------------------------------------------------------------------------------

    def _applied(self, tx: Connection, call: Call, ids: list[int]) -> None:
        if not ids:
            return
        swapped = self.ctx.source_side == "b"
        self.ws.stock_changes.applied(
            tx, self.ctx.target_connection.id, ids, swapped=swapped, source_at=self._read_at
        )
        if self._hides:
            stock_hidden.note_applied(tx, self.ctx.flow.id, ids)
        if self.ws.stock_differences.any(tx, self.ctx.flow.id):
            rows = self._rows(call)
            keys = [(r.binding_id, r.place) for i in ids if (r := rows.get(i)) and r.binding_id is not None]
            self.ws.stock_differences.close(tx, self.ctx.flow.id, keys)

    def _others(
        self,
        tx: Connection,
        rows: Mapping[int, StockChangeRow],
        found: _Sorted,
        again: Mapping[int, Again],
    ) -> None:
        self._waiting += len(found.stale_unread)
        self.ws.stock_changes.set_state(tx, found.stale_unread, "stale")
        self.redecided(tx, rows, again)
        for change, message in found.unknown.items():
            self.ws.stock_changes.set_state(tx, [change], "unknown", message=message)
        unnamed = list(found.unnamed)
        worn = [i for i in unnamed if not found.some_named and _halved(rows, i) >= _MOST_HALVED]
        self._planned(tx, [i for i in unnamed if i not in worn], 0 if found.some_named else HALVED)
        refused = {**found.refused, **{i: found.unnamed[i] for i in worn}}
        self._refused(tx, [(rows[i], message) for i, message in refused.items() if i in rows])

    def _planned(self, tx: Connection, ids: Sequence[int], more: int) -> None:
        c = stock_changes.c
        tx.execute(
            update(stock_changes)
            .where(among(tx, c.id, ids))
            .values(state="planned", call_id="", tries=c.tries + more)
        ) if ids else None

    def _refused(self, tx: Connection, refused: Sequence[tuple[StockChangeRow, Message | None]]) -> None:
        parks = []
        for row, said in refused:
            message = said or say("The platform refused this without a reason.")
            self.ws.stock_changes.set_state(tx, [row.id], "refused", message=message)
            parks.append(
                Park(
                    Entity.STOCK,
                    row.source_id,
                    row.sku,
                    "stock.refused",
                    message,
                    sku=row.sku,
                    facts={"place": row.place, "target": row.variant_id, "wanted": row.after},
                )
            )
        self.ws.attention.park(tx, self.ctx.link.id, self.ctx.flow.id, self.run_id, parks)

    # -- stale rows ------------------------------------------------------------------------------------------

    def _decided(self, rows: Mapping[int, StockChangeRow], found: _Sorted) -> Mapping[int, Again]:
        known = {i: (rows[i], actual) for i, actual in found.stale.items() if i in rows}
        return self._again(known)

    def _again(self, known: Mapping[int, tuple[StockChangeRow, int | None]]) -> dict[int, Again]:
        """Decisions for stale rows; one that keeps moving is left to the next run."""
        worn = {i for i, (row, _) in known.items() if row.tries % HALVED >= _MOST_SENT}
        out = dict(self.stale.decide({i: pair for i, pair in known.items() if i not in worn}))
        left = Again(False, 0, 0, "moved")
        return out | {i: left for i in known if i not in out}

    def _look_again(self, phase: str) -> bool:
        """Reads the stale rows of the phase again, all together, and decides them; answers whether there were
        any."""
        waiting = [r for r in self.ws.stock_changes.each(self.run_id, "stale") if r.phase == phase]
        if not waiting:
            return False
        shown = self.stale.look(waiting)
        again = self._again({row.id: (row, shown[row.id]) for row in waiting if row.id in shown})
        again |= {row.id: Again(False, 0, 0, "moved") for row in waiting if row.id not in shown}
        rows = {row.id: row for row in waiting}
        with self.ws.db.write() as tx:
            self.redecided(tx, rows, again)
        self._waiting = 0
        return True

    def redecided(
        self, tx: Connection, rows: Mapping[int, StockChangeRow], again: Mapping[int, Again]
    ) -> None:
        """Stores what was decided for these rows."""
        agreed = []
        for change, what in again.items():
            if what.write:
                self.ws.stock_changes.set_state(
                    tx,
                    [change],
                    "planned",
                    before=what.before,
                    after=what.after,
                    source=what.source,
                    untold=what.untold,
                    reason=what.reason or "moved",
                )
            elif what.agreed:
                agreed.append(change)
                self.ws.stock_changes.set_state(
                    tx, [change], "planned", after=what.after, source=what.source, untold=what.untold
                )
            else:
                self.ws.stock_changes.set_state(tx, [change], "dropped", reason=what.reason or "moved")
        if agreed:  # settles the pair as it is; nothing of ours was applied
            swapped = self.ctx.source_side == "b"
            self.ws.stock_changes.applied(
                tx, self.ctx.target_connection.id, agreed, swapped=swapped, source_at=self._read_at
            )
            self.ws.stock_changes.set_state(tx, agreed, "dropped", reason="agreed")

    # -- rows ------------------------------------------------------------------------------------------------

    def _rows(self, call: Call) -> dict[int, StockChangeRow]:
        return {row.id: row for row in self.ws.stock_changes.by_ids(_ids(call))}


class _Overtaken(Exception):
    """A member of a call is not due any more."""


@dataclass(frozen=True, slots=True)
class _Sorted:
    """The outcomes of a call by what happens next. `stale` holds what the answer says the target shows."""

    applied: list[int]
    stale: dict[int, int | None]
    stale_unread: list[int]
    unnamed: dict[int, Message | None]
    refused: dict[int, Message | None]
    unknown: dict[int, Message | None]
    some_named: bool

    @property
    def others(self) -> bool:
        return bool(self.stale or self.stale_unread or self.unnamed or self.refused or self.unknown)


def _sorted(outcomes: Iterable[Outcome]) -> _Sorted:
    found = _Sorted([], {}, [], {}, {}, {}, any(o.named and o.state is not State.APPLIED for o in outcomes))
    for o in outcomes:
        change = int(o.change_id)
        if o.state is State.APPLIED:
            found.applied.append(change)
        elif o.state is State.UNKNOWN:
            found.unknown[change] = o.message
        elif o.state is State.STALE and isinstance(o.actual, int):
            found.stale[change] = o.actual
        elif o.state is State.STALE:
            found.stale_unread.append(change)
        else:
            (found.refused if o.named else found.unnamed)[change] = o.message
    return found


def change_of(row: StockChangeRow) -> Change:
    """A stored row as the connector takes it."""
    verb, diffs = Verb.SET, (Diff("available", row.before, row.after),)
    entity, target, parent = Entity.STOCK, row.item_id, row.variant_id
    if row.phase == "activate":
        verb, diffs = Verb.ACTIVATE, (Diff("stocked", False, True),)
    elif row.phase == "track":
        verb, diffs = Verb.TRACK, (Diff("tracked", False, True),)
    elif row.phase == "adjust":
        verb = Verb.ADJUST
    elif row.phase == "gone" and not row.place:
        entity, verb, parent = Entity.PRODUCT, Verb.UPDATE, ""
        diffs = (Diff("status", row.status or None, becomes(row.reason)),)
    return Change(str(row.id), entity, verb, row.source_id, target, parent, row.place, row.sku, diffs)


def becomes(reason: str) -> str:
    """The status that a product's own row gives it: by the flow's wish, or by its name (an undo)."""
    return STATUSES.get(reason, reason)


def _tries(due: tuple[Change, int]) -> int:
    return due[1]


def _ids(call: Call) -> list[int]:
    return [int(change) for change in call.change_ids]


def _halved(rows: Mapping[int, StockChangeRow], change: int) -> int:
    return rows[change].tries // HALVED if change in rows else 0


def _unknown() -> Message:
    return say(
        "No answer came, and the target does not yet say whether it was written. It is looked up again "
        "before anything is repeated."
    )


__all__ = ["STATUSES", "Again", "Alive", "Stale", "StockBook", "becomes", "change_of"]
