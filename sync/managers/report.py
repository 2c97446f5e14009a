"""The end of a run: every record that was read gets its outcome, from what became of its changes."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import Connection, select, update

from storage.plans import item_of
from storage.tables.sync import changes, run_items
from sync.managers.context import Context
from sync.model.codec import dump, load
from sync.model.plan import Item
from sync.model.run import Mode
from sync.model.text import Message, say


def finish_items(ctx: Context) -> None:
    """Settles the outcome of every report row. Repeatable."""
    after = 0
    while True:
        with ctx.ws.db.write() as tx:
            rows = tx.execute(
                select(run_items)
                .where(run_items.c.run_id == ctx.run.id, run_items.c.id > after)
                .order_by(run_items.c.id)
                .limit(500)
            ).all()
            if not rows:
                return
            fates = _fates(tx, [r.id for r in rows])
            for row in rows:
                values = _outcome(item_of(row), fates.get(row.id, []), ctx.run.mode)
                tx.execute(update(run_items).where(run_items.c.id == row.id).values(**values))
        after = rows[-1].id


Fate = tuple[str, bool, str, Message | None]
"""(state, chosen, phase, message) of one change."""


def _fates(tx: Connection, item_ids: list[int]) -> dict[int, list[Fate]]:
    c = changes.c
    out: dict[int, list[Fate]] = {}
    query = (
        select(c.item_id, c.state, c.chosen, c.phase, c.message)
        .where(c.item_id.in_(item_ids))
        .order_by(c.seq)
    )
    for row in tx.execute(query):
        message = load(Message, row.message) if row.message else None
        out.setdefault(row.item_id, []).append((row.state, row.chosen, row.phase, message))
    return out


def _unreached(item: Item, *, started: bool) -> dict[str, object]:
    """The run was cancelled or failed in the middle: what was written counts as written, and the line says
    that more was to come."""
    if started:
        return {
            "outcome": item.planned,
            "cause": "not.finished",
            "message": dump(say("The run ended before all of this was written; the next run does the rest.")),
        }
    return {
        "outcome": "skipped",
        "cause": "not.reached",
        "message": dump(say("The run ended before this was written.")),
    }


def _outcome(item: Item, fates: list[Fate], mode: Mode) -> dict[str, object]:
    if mode is Mode.PREVIEW or not fates:
        return {"outcome": item.planned}
    states = Counter(state for state, *_ in fates)
    bad = next((f for f in fates if f[0] in ("refused", "unknown")), None)
    if bad is not None:
        return {"outcome": "failed", "cause": f"change.{bad[0]}", "message": dump(bad[3])}
    if not any(chosen for _, chosen, *_ in fates):
        return {
            "outcome": "skipped",
            "cause": item.cause or "unticked",
            "message": dump(item.message or say("Not chosen.")),
        }
    if states["planned"] or states["sent"]:
        return _unreached(item, started=bool(states["applied"]))
    if states["applied"]:
        return {"outcome": item.planned}
    return {
        "outcome": "skipped",
        "cause": "moved",
        "message": dump(fates[0][3] or say("It changed meanwhile; the next run looks at it again.")),
    }
