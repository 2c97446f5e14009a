"""What the queue page shows: counts, rows, and why an item is not done yet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from storage.clock import utc_now
from storage.queue import SCHEDULED, URGENT, QueueFilter
from storage.queue_desk import STATUSES, QueueRow
from sync.model.entity import Entity
from sync.model.flow import Flow
from sync.model.text import Message, say
from sync.queue.retry import TRIES
from sync.workspace import Workspace

PAGE = 50

CAUSES: Mapping[str, Message] = {
    "run": say("Run"),
    "order": say("Order"),
    "webhook": say("Webhook"),
    "manual": say("By a person"),
}


@dataclass(frozen=True, slots=True)
class Figures:
    """The queue in numbers: by status (pending, processing, completed, failed, dismissed); open and failed
    ones by connection; `oldest`: since when the longest waiting item is due, None if none is;
    `workers`: who works, in words."""

    by_status: Mapping[str, int]
    by_connection: Sequence[Share]
    oldest: datetime | None
    workers: Sequence[Worker]


@dataclass(frozen=True, slots=True)
class Share:
    """Rows of one connection; `key` filters by it, `name` is shown."""

    key: str
    name: str
    pending: int = 0
    processing: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class Worker:
    """Who runs a connection's turns where several workers can be. `seconds` are left of the lease; negative:
    silent since."""

    connection: str
    owner: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Line:
    """One item. `kind`: "stage" of a run or "record". `what`: the stage, or the record's SKU or id. `flow` is
    "link/entity", "" where the flow is gone; `tries` of at most `of_tries` retries were made or are due.
    `why`: the error if there was one, or what it waits for (the function `why` fills in its places). `may`
    are the verbs that apply: now, retry, dismiss."""

    id: int
    kind: str
    status: str
    entity: str
    action: str
    what: str
    label: str
    flow_id: str
    flow: str
    direction: str
    connection: str
    run_id: str
    record_id: str
    cause: str
    priority: int
    due: datetime
    tries: int
    of_tries: int
    error: Message | None
    why: Message
    created_at: datetime
    finished_at: datetime | None
    may: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class LinePage:
    """Rows newest first; `total` match in all; `after` continues, 0 at the end."""

    lines: Sequence[Line]
    total: int
    after: int


def figures(ws: Workspace) -> Figures:
    """The head of the page."""
    names = _connections(ws)
    return Figures(
        ws.queue.counts(),
        _shares(ws.queue.counts_by("partition"), names),
        _oldest(ws),
        [
            Worker(names.get(p.name, p.name), p.owner.split("/")[0], p.left)
            for p in ws.partitions.all()
            if p.owner
        ],
    )


def lines(ws: Workspace, which: QueueFilter = QueueFilter(), after: int = 0, limit: int = PAGE) -> LinePage:
    """A page of rows; `after` comes from the page before."""
    rows = ws.queue.list(which, after, limit)
    names, flows = _connections(ws), _flows(ws)
    found = [_line(row, names, flows) for row in rows]
    return LinePage(found, ws.queue.matching(which), rows[-1].item.id if len(rows) == limit else 0)


def line(ws: Workspace, item_id: int) -> Line | None:
    """One row; None if it is gone."""
    row = ws.queue.row(item_id)
    return None if row is None else _line(row, _connections(ws), _flows(ws))


def why(line: Line, at: str, error: str) -> Message:
    """Why a row stands where it stands. `at` and `error` are when it is due and how it last ended, in the
    reader's way to write times and in the reader's language: only who shows the sentence knows them."""
    return Message(line.why.id, {"at": at, "error": error, **line.why.params})


def open_items(ws: Workspace, flow_id: str) -> int:
    """Pending and processing record items of a flow: what a manual run would run beside."""
    return sum(ws.queue.matching(QueueFilter(status=s, flow_id=flow_id)) for s in ("pending", "processing"))


def _line(row: QueueRow, names: Mapping[str, str], flows: Mapping[str, str]) -> Line:
    item = row.item
    return Line(
        id=item.id,
        kind="stage" if item.run_id else "record",
        status=item.status,
        entity=item.entity,
        action=item.action,
        what=item.action if item.run_id else row.sku or item.record_id,
        label=row.label,
        flow_id=row.flow_id,
        flow=flows.get(row.flow_id, ""),
        direction=item.direction,
        connection=names.get(item.partition, item.partition),
        run_id=item.run_id,
        record_id=item.record_id,
        cause=item.cause or ("run" if item.run_id else ""),
        priority=item.priority,
        due=item.due,
        tries=item.retry_count,
        of_tries=TRIES,
        error=row.error,
        why=_why(row),
        created_at=row.created_at,
        finished_at=row.finished_at,
        may=_may(row),
    )


def _why(row: QueueRow) -> Message:
    """Why it stands where it stands, in a sentence."""
    item = row.item
    if item.status == "failed":
        return row.error or say("It failed, and the log has the details.")
    if item.status == "pending":
        return _waits_for(row)
    ends = {
        "processing": say("It is being worked on."),
        "completed": say("Done."),
        "dismissed": say("Somebody put it away."),
    }
    return ends.get(item.status, say("Its state is unknown."))


def _waits_for(row: QueueRow) -> Message:
    item = row.item
    if item.due > utc_now():
        if item.retry_count and row.error is not None:
            return Message(
                "Retry {tries} of {most} follows at {at}. The last try ended with: {error}",
                {"tries": item.retry_count, "most": TRIES},
            )
        return Message("It is due at {at}: changes that follow quickly are carried over together.")
    if item.priority <= URGENT:
        return say("It is due and comes next.")
    if item.priority < SCHEDULED:
        return say("It is due and waits for its turn, before scheduled work.")
    return say("It is due and waits for its turn.")


def _may(row: QueueRow) -> tuple[str, ...]:
    stage = bool(row.item.run_id)
    table: dict[str, tuple[str, ...]] = {
        "pending": ("now",) if stage else ("now", "dismiss"),
        "failed": ("dismiss",) if stage else ("retry", "dismiss"),
    }
    return table.get(row.item.status, ())


def _shares(counted: Mapping[tuple[str, str], int], names: Mapping[str, str]) -> list[Share]:
    keys = sorted({key for key, _ in counted})
    return [
        Share(
            key,
            names.get(key, key) or "–",
            *(counted.get((key, status), 0) for status in ("pending", "processing", "failed")),
        )
        for key in keys
    ]


def _oldest(ws: Workspace) -> datetime | None:
    due = ws.queue.next_due()
    return due if due is not None and due <= utc_now() else None


def _connections(ws: Workspace) -> dict[str, str]:
    return {connection.id: connection.name for connection in ws.connections.all()}


def _flows(ws: Workspace) -> dict[str, str]:
    links = {link.id: link.name for link in ws.links.all()}
    return {flow.id: _flow_name(flow, links) for flow in ws.links.flows()}


def _flow_name(flow: Flow, links: Mapping[str, str]) -> str:
    return f"{links[flow.link_id]}/{flow.entity.value}"


ENTITIES = tuple(entity.value for entity in (Entity.PRODUCT, Entity.ORDER, Entity.STOCK))
__all__ = [
    "CAUSES",
    "ENTITIES",
    "STATUSES",
    "Figures",
    "Line",
    "LinePage",
    "QueueFilter",
    "Share",
    "Worker",
    "figures",
    "line",
    "lines",
    "open_items",
    "why",
]
