"""The figures that an operator confirms before a stock flow may run by itself: totals of both sides and a
sample of rows."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence

from sqlalchemy import and_, case, func, select

from storage.tables.stock import stock_items, stock_levels
from storage.tables.sync import bindings
from sync.managers.context import Context
from sync.model.codec import dump
from sync.model.flow import Flow, Link
from sync.model.stock import ALL_PLACES, StockLevel, StockTotals
from sync.workspace import Workspace

SAMPLE = 20
DEMO = "demo"


def figures_of(ws: Workspace, flow: Flow, link: Link) -> dict[str, object]:
    """What is to be confirmed, JSON-able: `source` and `target` totals over matched items at the mapped
    locations, and `sample`: SKU, location and both sides' on hand, reserved, available. The sample is drawn
    by the flow's id and version, so that everybody who looks sees the same rows."""
    places = {place: sources for place, sources in link.locations.items() if sources}
    return {
        "source": dump(_totals(ws, flow, link, "source", [s for group in places.values() for s in group])),
        "target": dump(_totals(ws, flow, link, "target", list(places))),
        "sample": _sample(ws, flow, link, places),
    }


def validate_sandbox(ctx: Context) -> None:
    """A link between sandboxes is validated by the demo, and marked so."""
    ws = ctx.ws
    both = ctx.source_connection.sandbox and ctx.target_connection.sandbox
    if both and not ws.stock_stages.get(ctx.flow.id).validated_at:
        ws.stock_stages.validate(ctx.flow.id, DEMO, figures_of(ws, ctx.flow, ctx.link))


def _totals(ws: Workspace, flow: Flow, link: Link, side: str, places: list[str]) -> StockTotals:
    b, i, level = bindings.c, stock_items.c, stock_levels.c
    which = flow.direction[0] if side == "source" else flow.direction[-1]
    mine = and_(level.stock_item == i.id, level.active)
    if ALL_PLACES not in places:
        mine = and_(mine, level.place.in_(places))
    own, other = (b.id_a, b.id_b) if which == "a" else (b.id_b, b.id_a)
    # From the items of the store, in the order of their ids, to the levels that lie in the same order. An
    # item that its counterpart's store does not track counts on neither side: it is not kept in step.
    twin = stock_items.alias("twin")
    bound = (
        select(b.id)
        .join(twin, twin.c.variant_id == other)
        .where(b.link_id == link.id, b.kind == "variant", own == i.variant_id)
        .where(twin.c.connection_id == (link.b if which == "a" else link.a), twin.c.tracked)
    )
    here = and_(
        func.coalesce(i.connection_id, "") == (link.a if which == "a" else link.b), i.missed == 0, i.tracked
    )
    once = len(places) == 1 and ALL_PLACES not in places  # then an item has one row, and none counts twice
    query = select(
        func.count() if once else func.count(i.id.distinct()),
        func.sum(case((level.on_hand.is_(None), level.available), else_=level.on_hand)),
        func.sum(level.reserved),
        func.sum(level.available),
    )
    query = query.select_from(stock_items).join(stock_levels, mine).where(here, bound.exists())
    with ws.db.read() as tx:
        items, on_hand, reserved, available = tx.execute(query).one()
    return StockTotals(int(items or 0), int(on_hand or 0), int(reserved or 0), int(available or 0))


def _sample(
    ws: Workspace, flow: Flow, link: Link, places: Mapping[str, tuple[str, ...]]
) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for pair in ws.stock_match.pairs_of(link, flow.direction, _drawn(ws, flow, link)):
        if False in (pair.source.tracked, pair.target.tracked):
            continue
        for place, sources in places.items():
            ours = [x for x in pair.source.levels if ALL_PLACES in sources or x.location_id in sources]
            theirs = [x for x in pair.target.levels if x.location_id == place]
            rows.append(
                {
                    "sku": pair.source.sku,
                    "label": pair.source.label,
                    "place": place,
                    "source": _sums(ours),
                    "target": _sums(theirs),
                }
            )
    return rows[:SAMPLE]


def _sums(levels: Sequence[StockLevel]) -> dict[str, int]:
    """As the totals: where a side does not say what lies there, what can be sold does."""
    return {
        "on_hand": sum(x.available if x.on_hand is None else x.on_hand for x in levels),
        "reserved": sum(x.reserved or 0 for x in levels),
        "available": sum(x.available for x in levels),
    }


def _drawn(ws: Workspace, flow: Flow, link: Link) -> list[str]:
    """Source ids of a seeded sample of the link's pairs."""
    b = bindings.c
    ends = select(func.min(b.id), func.max(b.id)).where(b.link_id == link.id, b.kind == "variant")
    source = b.id_a if flow.direction[0] == "a" else b.id_b
    chance = random.Random(f"{flow.id}:{flow.version}")
    found: dict[int, str] = {}
    mine = func.coalesce(b.link_id, "") == link.id  # by id: the index of the link would be sorted for each
    with ws.db.read() as tx:
        low, high = tx.execute(ends).one()
        for _ in range(4 * SAMPLE if low is not None else 0):
            row = tx.execute(
                select(b.id, source)
                .where(mine, b.kind == "variant", b.id >= chance.randint(low, high))
                .order_by(b.id)
                .limit(1)
            ).first()
            if row is not None and len(found) < SAMPLE:
                found[row[0]] = row[1]
    return list(found.values())
