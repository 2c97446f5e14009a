"""Stock flows as the operator sees them: how far each has come, what holds it up, what its figures are."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from storage.tables.stock import stock_owners
from storage.tables.sync import sync_queue
from sync.errors import NeedsOperator
from sync.managers.views.flows import FlowInfo, all_flows, blocked, info
from sync.model.entity import Entity
from sync.model.run import LIVE, Mode, Run, Status
from sync.model.stock import Match, StockStage
from sync.model.text import Message, say

if TYPE_CHECKING:
    from sync.workspace import Workspace

STEPS = ("baseline", "validation", "delta")
STEP_NAMES: Mapping[str, Message] = {
    "baseline": say("Baseline"),
    "validation": say("Validation"),
    "delta": say("In operation"),
}


@dataclass(frozen=True, slots=True)
class StockCard:
    """A stock flow. `match` counts items by `Match`, as of `matched_at`; `differences` by `Difference`;
    `waiting` is how many of its records are due in the queue. `blocked` says why nothing of it can be
    started; `last` is its newest finished run, `live` the one under way."""

    info: FlowInfo
    stage: StockStage
    match: Mapping[str, int]
    matched_at: datetime | None
    differences: Mapping[str, int]
    waiting: int
    blocked: Message | None
    last: Run | None
    live: Run | None

    @property
    def step(self) -> str:
        """Where it stands: baseline, validation or delta."""
        if not self.stage.baseline_run:
            return "baseline"
        return "delta" if self.stage.live else "validation"

    def step_state(self, step: str) -> str:
        """done, now or open; the last step is never done: it goes on."""
        here, there = STEPS.index(self.step), STEPS.index(step)
        return "done" if there < here else "now" if there == here else "open"


@dataclass(frozen=True, slots=True)
class OwnerLine:
    """Who writes stock at a location of a store."""

    store: str
    place: str
    flow: FlowInfo | None
    by: str
    at: datetime


def stock_flows(ws: Workspace) -> list[FlowInfo]:
    """Every stock flow, in the order in which the links were made."""
    return [found for found in all_flows(ws) if found.flow.entity is Entity.STOCK]


def cards(ws: Workspace) -> list[StockCard]:
    """One card a stock flow."""
    return [_card(ws, found) for found in stock_flows(ws)]


def card(ws: Workspace, flow_id: str) -> StockCard:
    """One stock flow. Raises NeedsOperator if it is gone."""
    return _card(ws, info(ws, flow_id))


def _card(ws: Workspace, found: FlowInfo) -> StockCard:
    flow_id = found.flow.id
    live = next(iter(ws.runs.list(flow_id=flow_id, live=True, limit=1, without=(Mode.ITEMS,))), None)
    match, at = _match(ws.stock_match.counts(flow_id))
    return StockCard(
        found,
        ws.stock_stages.get(flow_id),
        match,
        at,
        differences(ws, flow_id),
        due(ws, flow_id),
        blocked(found),
        last_run(ws, flow_id),
        live,
    )


def last_run(ws: Workspace, flow_id: str) -> Run | None:
    """The newest finished run; what the queue wrote in passing does not count."""
    return ws.runs.last(
        flow_id, [s for s in Status if s not in LIVE], [m for m in Mode if m is not Mode.ITEMS]
    )


def _match(stored: Mapping[str, Any]) -> tuple[dict[str, int], datetime | None]:
    counts = {kind.value: int(stored[kind.value]) for kind in Match if stored.get(kind.value) is not None}
    at = stored.get("at")
    return counts, datetime.fromisoformat(str(at)) if at else None


def differences(ws: Workspace, flow_id: str) -> dict[str, int]:
    """Rows that differ now, by why."""
    return {why.value: n for why, n in ws.stock_differences.counts(flow_id).items()}


def due(ws: Workspace, flow_id: str) -> int:
    """Records of the flow that the queue still has to write."""
    q = sync_queue.c
    query = select(func.count()).where(
        q.flow_id == flow_id, q.run_id.is_(None), q.status.in_(("pending", "processing"))
    )
    with ws.db.read() as tx:
        return int(tx.execute(query).scalar_one())


def owners(ws: Workspace) -> list[OwnerLine]:
    """Who writes where, store by store."""
    known = {found.flow.id: found for found in all_flows(ws)}
    o = stock_owners.c
    with ws.db.read() as tx:
        rows = tx.execute(select(stock_owners).order_by(o.store, o.place)).all()
    return [OwnerLine(row.store, row.place, known.get(row.flow_id), row.by, row.at) for row in rows]


def connections_for(ws: Workspace) -> list[str]:
    """Ids of connections whose platform tells stock item by item: what a set-up can choose from."""
    from sync.connectors import registry

    return [c.id for c in ws.connections.all() if Entity.STOCK in registry.spec(c.platform).entities]


def chosen(ws: Workspace, flow_id: str) -> StockCard | None:
    """The card of a flow, None if there is no such flow (any more)."""
    try:
        found = card(ws, flow_id)
    except NeedsOperator:
        return None
    return found if found.info.flow.entity is Entity.STOCK else None
