"""What needs a person: open and resolved items by cause, page by page, with the records they are about."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sqlalchemy import ColumnElement, Row, func, select

from storage.attention import Parked
from storage.tables.sync import attention, changes, decisions, run_items
from sync.managers.orders.resolve import verbs as order_verbs
from sync.managers.views import causes
from sync.managers.views.candidates import Candidate, candidate_ids, source_of, targets_of
from sync.managers.views.flows import FlowInfo, all_flows
from sync.model.codec import load
from sync.model.entity import Entity
from sync.model.text import Message
from sync.workspace import Workspace

_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which items; what is empty does not restrict. `text` is looked for in title and SKU and equals a
    record's id.
    """

    closed: bool = False
    cause: str = ""
    link_id: str = ""
    entity: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class ParkedPage:
    """Items, the newest first, and the key of the next page (None: this is the last)."""

    rows: tuple[Parked, ...]
    next_before: int | None


@dataclass(frozen=True, slots=True)
class Dossier:
    """One item with everything needed to decide. `record_id` is the record that decisions are kept for (the
    product of a variant); `decided` is (verb, target, by) of an earlier decision about it.
    """

    parked: Parked
    cause: causes.Cause
    verbs: tuple[str, ...]
    flow: FlowInfo | None
    record_id: str
    source: Candidate
    targets: tuple[Candidate, ...]
    decided: tuple[str, str, str] | None
    facts: Mapping[str, str]


def open_count(ws: Workspace) -> int:
    """How many items wait, for the badge."""
    with ws.db.read() as tx:
        return int(tx.execute(select(func.count()).where(attention.c.closed_at.is_(None))).scalar_one())


def by_cause(ws: Workspace, wanted: Wanted = Wanted()) -> dict[str, int]:
    """How many items each cause has, the most frequent first; the filter's own cause does not restrict."""
    a = attention.c
    everything = Wanted(wanted.closed, "", wanted.link_id, wanted.entity, wanted.text)
    query = (
        select(a.cause, func.count())
        .where(*_where(everything))
        .group_by(a.cause)
        .order_by(func.count().desc(), a.cause)
    )
    with ws.db.read() as tx:
        return {str(cause): int(n) for cause, n in tx.execute(query)}


def _where(wanted: Wanted) -> list[ColumnElement[bool]]:
    a = attention.c
    conditions: list[ColumnElement[bool]] = [
        a.closed_at.is_not(None) if wanted.closed else a.closed_at.is_(None)
    ]
    for column, value in ((a.cause, wanted.cause), (a.link_id, wanted.link_id), (a.entity, wanted.entity)):
        if value:
            conditions.append(column == value)
    if wanted.text:
        conditions.append(
            a.label.icontains(wanted.text, autoescape=True)
            | a.sku.icontains(wanted.text, autoescape=True)
            | (a.record_id == wanted.text)
        )
    return conditions


def page(ws: Workspace, wanted: Wanted, before: int | None = None, limit: int = 100) -> ParkedPage:
    """The items that match, from the key `before` on."""
    query = select(attention).where(*_where(wanted))
    if before is not None:
        query = query.where(attention.c.id < before)
    with ws.db.read() as tx:
        rows = tx.execute(query.order_by(attention.c.id.desc()).limit(limit + 1)).all()
    return ParkedPage(
        tuple(_parked(row) for row in rows[:limit]), rows[limit - 1].id if len(rows) > limit else None
    )


def _parked(row: Row[tuple[object, ...]]) -> Parked:
    values = dict(row._mapping)
    return Parked(**{**values, "message": load(Message, row.message)})


def each(ws: Workspace, wanted: Wanted) -> Iterator[Parked]:
    """Every item that matches, streamed."""
    before: int | None = None
    while True:
        found = page(ws, wanted, before, _AT_ONCE)
        yield from found.rows
        if found.next_before is None:
            return
        before = found.next_before


def dossier(ws: Workspace, parked: Parked) -> Dossier:
    """Everything that is known about an item."""
    flow = next((f for f in all_flows(ws) if f.flow.id == parked.flow_id), None)
    record = record_of(ws, parked)
    return Dossier(
        parked,
        causes.of(parked.cause, parked.facts),
        verbs_for(parked),
        flow,
        record,
        source_of(ws, parked, flow, record),
        tuple(targets_of(ws, parked, flow)),
        _decided(ws, parked, record),
        _other_facts(parked),
    )


def is_order(parked: Parked) -> bool:
    """Does it belong to an order flow?"""
    return parked.entity in (Entity.ORDER, Entity.FULFILMENT, Entity.REFUND)


def verbs_for(parked: Parked) -> tuple[str, ...]:
    """What an operator can decide about it, likeliest first."""
    if is_order(parked):
        return (*order_verbs(parked), causes.DISMISS)
    return causes.verbs(parked.cause, parked.facts)


def record_of(ws: Workspace, parked: Parked) -> str:
    """The id of the flow's own record (product, order) that an item belongs to."""
    told = parked.facts.get("product")
    if told:
        return str(told)
    if parked.sku and parked.record_id.endswith(f":{parked.sku}"):
        return parked.record_id.removesuffix(f":{parked.sku}")
    if parked.entity in (Entity.PRODUCT, Entity.ORDER):
        return parked.record_id
    return _planned_for(ws, parked) or parked.record_id


def _planned_for(ws: Workspace, parked: Parked) -> str | None:
    """The record whose plan holds the change that was refused."""
    c, i = changes.c, run_items.c
    query = (
        select(i.source_id)
        .join(changes, c.item_id == i.id)
        .where(c.run_id == parked.run_id, c.source_id == parked.record_id)
    )
    with ws.db.read() as tx:
        found: str | None = tx.execute(query.limit(1)).scalar()
    return found


def _decided(ws: Workspace, parked: Parked, record_id: str) -> tuple[str, str, str] | None:
    d = decisions.c
    query = select(d.verb, d.target_id, d.by).where(d.link_id == parked.link_id, d.record_id == record_id)
    with ws.db.read() as tx:
        row = tx.execute(query.limit(1)).first()
    return None if row is None else (row.verb, row.target_id, row.by)


_SHOWN_ELSEWHERE = {"candidates", "target", "source", "shown", "product", "key", "mark", "field"}


def _other_facts(parked: Parked) -> dict[str, str]:
    return {
        name: ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else str(value)
        for name, value in parked.facts.items()
        if name not in _SHOWN_ELSEWHERE and value not in ("", None, [])
    }


CSV_COLUMNS = (
    "id",
    "cause",
    "entity",
    "record_id",
    "title",
    "sku",
    "reason",
    "candidates",
    "opened_at",
    "verb",
    "target_id",
)
"""Columns of the exported list; the last two are for the operator's decisions and are read back in."""


def csv_row(parked: Parked, reason: str) -> tuple[object, ...]:
    """One item as a line of the exported list; `reason` is its sentence in the reader's language."""
    return (
        parked.id,
        parked.cause,
        parked.entity,
        parked.record_id,
        parked.label,
        parked.sku,
        reason,
        " ".join(candidate_ids(parked.facts)),
        parked.opened_at,
        "",
        "",
    )
