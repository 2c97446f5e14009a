"""Stock flows as the operator sees them: how far each has come, what holds it up, what its figures are."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from storage.stock_log import ChangeFilter
from storage.tables.stock import stock_owners
from storage.tables.sync import sync_queue
from sync.errors import NeedsOperator
from sync.managers.stock.ownership import written_by_others
from sync.managers.verbs.handover import STOCK, Handover
from sync.managers.verbs.stock_rules import counted_once, gives_stock, takes_stock
from sync.managers.verbs.stock_set_up import is_set_up
from sync.managers.views.flows import FlowInfo, all_flows, blocked, info
from sync.managers.views.stock_failures import failed_in_queue
from sync.model.entity import Entity
from sync.model.flow import Connection, Flow
from sync.model.run import LIVE, Mode, Run, Status
from sync.model.stock import Match, StockStage
from sync.model.text import Message, say
from sync.workspace import Workspace

STEPS = ("baseline", "validation", "delta")
STEP_NAMES: Mapping[str, Message] = {
    "baseline": say("Baseline"),
    "validation": say("Validation"),
    "delta": say("In operation"),
}


@dataclass(frozen=True, slots=True)
class StockCard:
    """A stock flow. `match` counts items by `Match`, as of `matched_at`; a pair counts once, as matched, or
    as untracked if a side does not count it; `differences` by `Difference`;
    `waiting` is how many of its records are due in the queue, `failed` how many it has
    given up. `blocked` says why nothing of it can be started; `last` is its newest finished run, `live` the
    one under way. `compared_at`: when both sides were last compared whole."""

    info: FlowInfo
    stage: StockStage
    match: Mapping[str, int]
    matched_at: datetime | None
    differences: Mapping[str, int]
    waiting: int
    blocked: Message | None
    last: Run | None
    live: Run | None
    failed: int = 0
    compared_at: datetime | None = None

    @property
    def differ(self) -> int | None:
        """How many rows differ now; None where nobody knows: nothing was compared yet, or the last run ended
        without settling it (a plan that found something to write, a run that broke off)."""
        n = sum(self.differences.values())
        if n:
            return n
        open_plan = self.last is not None and self.last.mode is Mode.PREVIEW and self.last.counts.updated
        broke = self.last is not None and self.last.status in (Status.FAILED, Status.CANCELLED)
        return None if self.compared_at is None or open_plan or broke else 0

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


def logged(ws: Workspace) -> list[StockCard]:
    """One card a flow that has a change log: the stock flows, then the product flows that carry stock, or did
    and have lines in the log."""
    products = [found for found in all_flows(ws) if found.flow.entity is Entity.PRODUCT]
    return [*cards(ws), *(_card(ws, found) for found in products if _carries(ws, found.flow))]


def _carries(ws: Workspace, flow: Flow) -> bool:
    if flow.enabled and STOCK in flow.products.fields:
        return True
    return ws.stock_changes.count(ChangeFilter(flow_id=flow.id), 1) > 0


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
        blocked(found) or _disowned(ws, found),
        last_run(ws, flow_id),
        live,
        failed_in_queue(ws, flow_id),
        compared_at(ws, flow_id),
    )


def _disowned(ws: Workspace, found: FlowInfo) -> Message | None:
    """Another flow writes one of its locations: every run would be refused."""
    for place, link in written_by_others(ws, found.flow).items() if found.flow.enabled else ():
        return say(
            "{link} writes {place} at present. Hand it over under Owners, or leave it out under Settings, "
            "Links and flows.",
            link=link.name,
            place=place,
        )
    return None


def compared_at(ws: Workspace, flow_id: str) -> datetime | None:
    """When the last run ended that had looked at both sides whole and could write; None: none has yet."""
    run = ws.runs.last_whole(flow_id)
    return run.finished_at if run is not None else None


def last_run(ws: Workspace, flow_id: str) -> Run | None:
    """The newest finished run; what the queue wrote in passing does not count."""
    return ws.runs.last(
        flow_id, [s for s in Status if s not in LIVE], [m for m in Mode if m is not Mode.ITEMS]
    )


def _match(stored: Mapping[str, Any]) -> tuple[dict[str, int], datetime | None]:
    counts = {kind.value: int(stored[kind.value]) for kind in Match if stored.get(kind.value) is not None}
    at = stored.get("at")
    return counted_once(counts), datetime.fromisoformat(str(at)) if at else None


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


def sources(ws: Workspace) -> list[Connection]:
    """Tested connections whose platform tells stock item by item: what a set-up can read from."""
    return [c for c in _tested(ws) if gives_stock(c.platform)]


def targets(ws: Workspace) -> list[Connection]:
    """Tested connections whose stock can be written: what a set-up can write to."""
    return [c for c in _tested(ws) if takes_stock(c.platform)]


def _tested(ws: Workspace) -> list[Connection]:
    return [c for c in ws.connections.all() if c.status == "connected"]


def carriers(ws: Workspace, source_id: str, target_id: str, places: Collection[str]) -> list[FlowInfo]:
    """Product flows that write stock where a flow between these two is to write it: each has to leave it to
    that flow."""
    handover = Handover(ws)
    link = handover.link_of(source_id, target_id)
    found = handover.carriers(ws.connections.get(target_id), places, link)
    return [info(ws, flow.id) for flow in found]


def mapped(ws: Workspace, source_id: str, target_id: str) -> Mapping[str, tuple[str, ...]]:
    """How the locations of these two belong together now; empty if they are not linked this way round."""
    link = Handover(ws).link_of(source_id, target_id)
    return link.locations if link is not None and link.b == target_id else {}


def fed_already(ws: Workspace, source_id: str) -> dict[str, str]:
    """The stores that have a stock flow from this source: connection → the link."""
    return {
        one.target.id: one.link.id
        for one in stock_flows(ws)
        if one.source.id == source_id and is_set_up(ws, one.flow)
    }


def chosen(ws: Workspace, flow_id: str) -> StockCard | None:
    """The card of a flow, None if there is no such flow (any more)."""
    try:
        found = card(ws, flow_id)
    except NeedsOperator:
        return None
    return found if found.info.flow.entity is Entity.STOCK else None
