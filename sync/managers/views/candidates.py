"""What an operator needs to see of a record to decide about it: few facts, the same on both sides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from storage.attention import Parked
from storage.tables.sync import run_items, staged
from sync.managers.views.flows import FlowInfo
from sync.model.order import Order
from sync.model.page import Record
from sync.model.product import Product
from sync.model.stock import StockItem
from sync.workspace import Workspace

MOST_SKUS = 8


@dataclass(frozen=True, slots=True)
class Candidate:
    """One record as it was last seen. `title` is "" when only its id is known. `facts` are by field name.
    `bound_to` is the other side's record that it already belongs to.
    """

    id: str
    title: str = ""
    skus: tuple[str, ...] = ()
    facts: Mapping[str, str] = field(default_factory=dict)
    bound_to: str = ""


def describe(record: Record) -> dict[str, object]:
    """A record's facts as JSON: title, SKUs, and what else tells it apart. Parks carry them, so that they can
    be shown long after the run.
    """
    if isinstance(record, StockItem):
        return _item(record)
    return _order(record) if isinstance(record, Order) else _product(record)


def _item(item: StockItem) -> dict[str, object]:
    stock = str(sum(level.available for level in item.levels))
    return {"title": item.label, "skus": [item.sku] if item.sku else [], "facts": {"stock": stock}}


def _product(p: Product) -> dict[str, object]:
    prices = sorted({v.price for v in p.variants if v.price is not None})
    facts = {
        "vendor": p.vendor or "",
        "status": p.status or "",
        "price": ""
        if not prices
        else str(prices[0])
        if len(prices) == 1
        else f"{prices[0].amount} – {prices[-1]}",
        "variants": str(len(p.variants)),
        "stock": str(sum(level.available for v in p.variants for level in v.levels)),
        "barcode": ", ".join([v.barcode for v in p.variants if v.barcode][:3]),
        "images": "" if p.media is None else str(len(p.media)),
        "handle": p.handle or "",
    }
    return {
        "title": p.title or "",
        "skus": [v.sku for v in p.variants if v.sku][:MOST_SKUS],
        "facts": {name: value for name, value in facts.items() if value},
    }


def _order(o: Order) -> dict[str, object]:
    facts = {
        "total": str(o.total),
        "lines": str(len(o.lines)),
        "status": o.status or o.financial,
        "placed": o.placed_at.isoformat(),
    }
    return {
        "title": o.name,
        "skus": [line.sku for line in o.lines if line.sku][:MOST_SKUS],
        "facts": {name: value for name, value in facts.items() if value},
    }


def source_of(ws: Workspace, parked: Parked, flow: FlowInfo | None, record_id: str) -> Candidate:
    """The parked record itself, as the source shows it."""
    side = flow.flow.direction[0] if flow else "a"
    told = parked.facts.get("source")
    known = {record_id: told} if isinstance(told, Mapping) else _staged(ws, parked, side, [record_id])
    found = _candidate(record_id, known.get(record_id))
    return (
        found
        if found.title
        else Candidate(record_id, parked.label, (parked.sku,) if parked.sku else (), found.facts)
    )


def targets_of(ws: Workspace, parked: Parked, flow: FlowInfo | None) -> list[Candidate]:
    """What the record may be the same as, in the order in which it was found."""
    wanted = candidate_ids(parked.facts)
    if not wanted:
        return []
    told = parked.facts.get("shown")
    known = dict(told) if isinstance(told, Mapping) else {}
    side = flow.flow.direction[-1] if flow else "b"
    known |= _staged(ws, parked, side, [i for i in wanted if i not in known])
    labels = _labels(ws, parked.link_id, side, wanted)
    return [_labelled(_candidate(i, known.get(i)), labels.get(i)) for i in wanted]


def candidate_ids(facts: Mapping[str, object]) -> list[str]:
    """Target ids that the facts of a parked record name."""
    listed = facts.get("candidates") or facts.get("target") or ()
    return (
        [listed]
        if isinstance(listed, str)
        else [str(i) for i in listed if i]
        if isinstance(listed, Sequence)
        else []
    )


def _staged(ws: Workspace, parked: Parked, side: str, ids: Sequence[str]) -> dict[str, object]:
    """Facts of records that a run read and kept (previews do); the newest reading wins."""
    if not ids:
        return {}
    s = staged.c
    query = select(s.run_id).where(s.side == side, s.record_id.in_(ids)).distinct()
    with ws.db.read() as tx:
        holding = sorted(tx.execute(query).scalars(), reverse=True) if parked.flow_id else []
    found: dict[str, object] = {}
    for run_id in holding[:3]:
        if ws.runs.get(run_id).flow_id == parked.flow_id:
            found = {i: describe(r) for i, r in ws.staging.get(run_id, side, ids).items()} | found
    return found


def _candidate(record_id: str, told: object) -> Candidate:
    if not isinstance(told, Mapping):
        return Candidate(record_id)
    facts = told.get("facts")
    return Candidate(
        record_id,
        str(told.get("title") or ""),
        tuple(str(s) for s in told.get("skus") or ()),
        {str(k): str(v) for k, v in facts.items()} if isinstance(facts, Mapping) else {},
    )


@dataclass(frozen=True, slots=True)
class _Label:
    title: str
    skus: tuple[str, ...]
    bound_to: str


def _labels(ws: Workspace, link_id: str, side: str, ids: Sequence[str]) -> dict[str, _Label]:
    """What bindings and former reports know of target records."""
    bound = (ws.bindings.by_b if side == "b" else ws.bindings.by_a)(link_id, "product", ids)
    children = ws.bindings.children([b.id for b in bound.values()])
    found = {
        i: _Label(
            b.label,
            tuple(c.label for c in children[b.id] if c.kind == "variant" and c.label)[:MOST_SKUS],
            b.id_a if side == "b" else b.id_b,
        )
        for i, b in bound.items()
    }
    i = run_items.c
    query = select(i.target_id, i.label).where(i.target_id.in_([x for x in ids if x not in found])).limit(50)
    with ws.db.read() as tx:
        return {row.target_id: _Label(row.label, (), "") for row in tx.execute(query)} | found


def _labelled(found: Candidate, label: _Label | None) -> Candidate:
    if label is None:
        return found
    return Candidate(
        found.id, found.title or label.title, found.skus or label.skus, found.facts, label.bound_to
    )
