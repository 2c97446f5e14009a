"""The engine's `Book` over our tables: one transaction a method."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace

from sqlalchemy import Connection

from storage.plans import ChangeRow
from storage.stock_changes import NewStockChange
from sync.errors import CounterpartError
from sync.managers.context import Context
from sync.model.call import Call, Change, Diff, Outcome, State, Verb
from sync.model.entity import Entity
from sync.model.plan import Bind, Park, Settle
from sync.model.text import Message, say

_TRIES = 12  # a row that is refused without being named so often is refused alone

_NEW = (
    Entity.PRODUCT,
    Entity.VARIANT,
    Entity.MEDIA,
    Entity.ORDER,
    Entity.FULFILMENT,
)  # creates need no target

Stale = Callable[[Change, Outcome], Change | None]
"""Decides what to do with a stale change: the change to make instead, or None to drop it."""
Reread = Callable[[Sequence[Change]], Mapping[str, int]]
"""What the target shows now for stale changes, by change id; those it cannot say are left out."""


class RunBook:
    """Calls and changes of one run."""

    def __init__(self, ctx: Context, stale: Stale, reread: Reread) -> None:
        self.ctx, self.ws, self.run_id = ctx, ctx.ws, ctx.run.id
        self.stale, self.reread = stale, reread

    def due(self, phase: str, limit: int) -> list[tuple[Change, int]]:
        rows = [self._resolved(row) for row in self.ws.plans.due(self.run_id, phase, limit)]
        found = [row for row in rows if row is not None]
        return [(row.change, row.tries) for row in found] if found or not rows else self.due(phase, limit)

    def commit(self, call: Call) -> None:
        with self.ws.db.write() as tx:
            self.ws.calls.commit(tx, self.run_id, self.ctx.target_connection.id, [call])
            self.ws.runs.mark_first_write(tx, self.run_id)

    def settle(self, call: Call, outcomes: Sequence[Outcome]) -> None:
        rows = {row.change.id: row for row in self._rows(call)}
        outcomes = self._with_actual(rows, outcomes)
        with self.ws.db.write() as tx:
            for outcome in outcomes:
                if outcome.change_id in rows:
                    self._settle_one(
                        tx,
                        rows[outcome.change_id],
                        outcome,
                        any(o.named for o in outcomes if o.state is not State.APPLIED),
                    )
            self.ws.calls.set_state(tx, call.id, "answered")

    def _with_actual(self, rows: Mapping[str, ChangeRow], outcomes: Sequence[Outcome]) -> Sequence[Outcome]:
        """A call with a stale row is read again as a whole, before the transaction: the platform may have
        named only the first."""
        if not any(o.state is State.STALE and o.actual is None for o in outcomes):
            return outcomes
        open_rows = {
            o.change_id: rows[o.change_id].change
            for o in outcomes
            if o.state is not State.APPLIED and o.change_id in rows
        }
        actual = self.reread(list(open_rows.values()))
        return [
            _judged(o, open_rows[o.change_id], actual[o.change_id]) if o.change_id in actual else o
            for o in outcomes
        ]

    def release(self, call: Call) -> None:
        with self.ws.db.write() as tx:
            for change_id in call.change_ids:
                self.ws.plans.set_change(tx, change_id, state="planned", call_id="")
            self.ws.calls.set_state(tx, call.id, "void")

    def unknown(self, call: Call) -> None:
        with self.ws.db.write() as tx:
            for change_id in call.change_ids:
                self.ws.plans.set_change(
                    tx,
                    change_id,
                    state="unknown",
                    message=say(
                        "No answer came, and the target does not yet say whether it was written. It is "
                        "looked up again before anything is repeated."
                    ),
                )
            self.ws.calls.set_state(tx, call.id, "unknown")

    def unanswered(self) -> list[Call]:
        return [call for _, call in self.ws.calls.unanswered(self.run_id, self.ctx.target_connection.id)]

    def _rows(self, call: Call) -> list[ChangeRow]:
        return self.ws.plans.by_ids(call.change_ids)

    def _settle_one(self, tx: Connection, row: ChangeRow, outcome: Outcome, some_named: bool) -> None:
        if outcome.state is State.APPLIED:
            self._applied(tx, row, outcome)
        elif outcome.state is State.UNKNOWN:
            self.ws.plans.set_change(tx, row.change.id, state="unknown", message=outcome.message)
        elif outcome.state is State.STALE and row.tries < _TRIES:
            self._stale(tx, row, outcome)
        elif not outcome.named and row.tries < _TRIES:
            self.ws.plans.set_change(
                tx, row.change.id, state="planned", call_id="", tries=row.tries + (not some_named)
            )
        else:
            self._refused(tx, row, outcome.message or say("The platform refused this without a reason."))

    def _applied(self, tx: Connection, row: ChangeRow, outcome: Outcome) -> None:
        change = row.change
        target = outcome.target_id or change.target_id
        self.ws.plans.set_change(tx, change.id, state="applied", target_id=target, message=outcome.message)
        if bind := binding_of(change, target, self.ctx.source_side):
            self.ws.bindings.bind(tx, self.ctx.link.id, [bind])
        if change.verb is Verb.CREATE and change.entity in (Entity.PRODUCT, Entity.ORDER):
            self.ws.plans.set_item(tx, row.item_id, target_id=target)
        self.ws.bindings.settle(
            tx, self.ctx.link.id, [s if s.id_a else replace(s, id_a=target) for s in row.settle]
        )
        if change.entity is Entity.STOCK and change.verb is Verb.SET:
            self.ws.stock_changes.note(tx, self._stock_note(row))

    def _stock_note(self, row: ChangeRow) -> NewStockChange:
        """A line of the stock change log for what this flow wrote."""
        change, source = row.change, next((s for s in row.settle if s.place), None)
        return NewStockChange(
            run_id=self.run_id,
            flow_id=self.ctx.flow.id,
            binding_id=None,
            phase="stock",
            sku=change.label,
            source_id=change.source_id,
            variant_id=change.parent_id,
            item_id=change.target_id,
            place=change.place,
            before=_whole(change.before("available")),
            after=_whole(change.after("available")),
            source=_whole(source.fields["available"][0]) if source else None,
            reason=next((d.reason for d in change.diffs), ""),
            state="applied",
        )

    def _stale(self, tx: Connection, row: ChangeRow, outcome: Outcome) -> None:
        again = self.stale(row.change, outcome)
        if again is None:
            self.ws.plans.set_change(tx, row.change.id, state="dropped", message=outcome.message)
            return
        settle = tuple(_restock(s, again) for s in row.settle)
        self.ws.plans.set_change(
            tx,
            row.change.id,
            state="planned",
            call_id="",
            tries=row.tries + 1,
            diffs=again.diffs,
            settle=settle,
        )

    def _refused(self, tx: Connection, row: ChangeRow, message: Message) -> None:
        change = row.change
        self.ws.plans.set_change(tx, change.id, state="refused", message=message)
        park = Park(
            change.entity,
            change.source_id,
            change.label,
            f"{change.entity.value}.refused",
            message,
            facts={"fields": [d.field for d in change.diffs], "target": change.target_id or change.parent_id},
        )
        self.ws.attention.park(tx, self.ctx.link.id, self.ctx.flow.id, self.run_id, [park])

    def _resolved(self, row: ChangeRow) -> ChangeRow | None:
        """Fills in the target of a change that depends on a record made earlier in this run; drops it if that
        was not made."""
        change = row.change
        if change.target_id or change.verb is Verb.CREATE and change.entity in _NEW:
            return row
        found = self._bound(change)
        with self.ws.db.write() as tx:
            if found is None:
                self.ws.plans.set_change(
                    tx,
                    change.id,
                    state="dropped",
                    message=say("Not done because the record it belongs to was not written."),
                )
                return None
            self.ws.plans.set_change(tx, change.id, **found)
        return replace(row, change=replace(change, target_id=found["target_id"]))

    def _bound(self, change: Change) -> dict[str, str] | None:
        raise_unless(change.entity in (Entity.PUBLICATION, Entity.PRODUCT, Entity.ORDER), change)
        by_source = self.ws.bindings.by_a if self.ctx.source_side == "a" else self.ws.bindings.by_b
        kind = "order" if change.entity is Entity.ORDER else "product"
        binding = by_source(self.ctx.link.id, kind, [change.source_id]).get(change.source_id)
        return (
            None
            if binding is None
            else {"target_id": binding.id_b if self.ctx.source_side == "a" else binding.id_a}
        )


def raise_unless(ok: bool, change: Change) -> None:
    """A plan that cannot be carried out is our own mistake: say so instead of guessing."""
    if not ok:
        raise CounterpartError(
            say("The plan holds a change without a target."), f"{change.entity} {change.verb} {change.id}"
        )


def binding_of(change: Change, target_id: str, source_side: str) -> Bind | None:
    """The binding that an applied create makes."""
    if (
        change.verb is not Verb.CREATE
        or not target_id
        or not change.source_id
        or change.entity is Entity.MEDIA
    ):
        return None
    a, b = (change.source_id, target_id) if source_side == "a" else (target_id, change.source_id)
    return Bind(
        change.entity.value,
        a,
        b,
        label=change.label,
        origin=source_side,
        parent_a=change.source_parent if source_side == "a" else change.parent_id,
    )


def _restock(settle: Settle, change: Change) -> Settle:
    """A stock row that was decided again settles at what is written now."""
    written: Diff | None = next((d for d in change.diffs if d.field == "available"), None)
    if not settle.place or written is None:
        return settle
    return replace(settle, fields={"available": (settle.fields["available"][0], _whole(written.after))})


def _judged(outcome: Outcome, change: Change, actual: int) -> Outcome:
    """The fate of a row whose call was refused because of a stale one, now that its place has been read
    again."""
    if outcome.state is State.STALE:
        return replace(outcome, actual=actual)
    if outcome.named or actual == change.before("available"):
        return outcome
    state = State.APPLIED if actual == change.after("available") else State.STALE
    return replace(
        outcome,
        state=state,
        actual=actual,
        named=True,
        message=None if state is State.APPLIED else outcome.message,
    )


def _whole(value: object) -> int:
    return int(value) if isinstance(value, int) else 0
