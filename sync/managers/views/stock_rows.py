"""How many rows a run of a stock flow would have to write, before it begins: as its last preview planned it,
or at most."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import distinct, func, select

from storage.tables.stock import stock_items, stock_levels
from storage.tables.sync import bindings
from sync.managers.views import stock_log
from sync.managers.views.flows import FlowInfo
from sync.managers.views.memo import memo_of
from sync.managers.views.stock import StockCard
from sync.model.run import Mode, Status
from sync.model.stock import Match
from sync.workspace import Workspace

_SECONDS = 600.0


def planned_rows(ws: Workspace, card: StockCard) -> Mapping[str, int] | None:
    """Rows by phase of the preview that was the flow's last run; None if it was another run, or a preview of
    a part, or if the settings were changed since."""
    last = card.last
    if last is None or (last.mode, last.status) != (Mode.PREVIEW, Status.PLANNED):
        return None
    part = last.scope.skus or last.scope.ids or last.scope.tags or last.scope.undo_of
    return None if part or last.flow_version != card.info.flow.version else stock_log.to_write(ws, last.id)


def most_rows(ws: Workspace, card: StockCard) -> Mapping[str, int]:
    """Every matched item at every mapped location, by phase: none of them agrees, and all that is not stocked
    there is stocked first. Worked out once for a match, because that walks over all pairs."""
    places = [place for place, sources in card.info.link.locations.items() if sources]
    rows = card.match.get(Match.MATCHED.value, 0) * len(places)
    if not rows or not card.info.flow.stock.activate:
        return {"stock": rows}
    name = ("stock.stocked", card.info.flow.id, card.matched_at, tuple(places))
    stocked = memo_of(ws).get(name, _SECONDS, lambda: _stocked(ws, card.info, places))
    return {"stock": rows, "activate": max(0, rows - stocked)}


def _stocked(ws: Workspace, info: FlowInfo, places: Sequence[str]) -> int:
    """Matched items that the target stocks at these places, counted once for each of them."""
    b, i, level = bindings.c, stock_items.c, stock_levels.c
    theirs = b.id_a if info.flow.direction[-1] == "a" else b.id_b
    query = (
        select(func.count(distinct(b.id)))
        .select_from(bindings)
        .join(stock_items, i.variant_id == theirs)
        .join(stock_levels, level.stock_item == i.id)
        .where(b.link_id == info.link.id, b.kind == "variant", i.connection_id == info.target.id)
        .where(level.active.is_(True))
    )
    with ws.db.read() as tx:
        return sum(int(tx.execute(query.where(level.place == one)).scalar_one()) for one in places)
