"""The log as the operator reads it: names instead of ids, spans of time by name, retention in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from storage.logs import HourCount, LogPage, LogRow
from storage.preferences import LOG_DAYS, LOG_ROWS
from storage.search import LogFilter
from sync.managers.views.flows import FlowInfo, all_flows, short_names
from sync.model.text import Message, say
from sync.workspace import Workspace

RANGES: Mapping[str, tuple[Message, timedelta]] = {
    "1h": (say("Last hour"), timedelta(hours=1)),
    "24h": (say("Last 24 hours"), timedelta(hours=24)),
    "7d": (say("Last 7 days"), timedelta(days=7)),
    "30d": (say("Last 30 days"), timedelta(days=30)),
}
"""Spans of time by the name they have in the address."""

__all__ = ["HourCount", "LogFilter", "LogPage", "LogRow", "RANGES", "Names", "names", "retention", "since"]


@dataclass(frozen=True, slots=True)
class Names:
    """What the ids of log rows are called. `flows` are (entity, route) by flow id."""

    connections: Mapping[str, str]
    links: Mapping[str, str]
    flows: Mapping[str, tuple[Message, str]]
    shorts: Mapping[str, str]
    """What flows and links are called where there is little room."""

    def where(self, row: LogRow) -> str:
        """The connection, route or link that a row is about; "" for none."""
        if row.connection_id:
            return self.connections.get(row.connection_id, "")
        if row.flow_id and row.flow_id in self.flows:
            return self.flows[row.flow_id][1]
        return self.links.get(row.link_id or "", "")


def _shorts(known: Sequence[FlowInfo]) -> dict[str, str]:
    """Short names by flow, and by link where all its flows have one."""
    found = short_names(known)
    by_link: dict[str, set[str]] = {}
    for one in known:
        by_link.setdefault(one.link.id, set()).add(found[one.flow.id])
    return found | {link: next(iter(all_)) for link, all_ in by_link.items() if len(all_) == 1}


def names(ws: Workspace) -> Names:
    """The present names of everything that log rows point to."""
    known = all_flows(ws)
    flows = {f.flow.id: (f.name, f.route) for f in known}
    links = {link.id: link.name for link in ws.links.all()}
    return Names({c.id: c.name for c in ws.connections.all()}, links, flows, _shorts(known))


def since(range_name: str | None, now: datetime) -> datetime | None:
    """Where a named span begins; None for all time."""
    found = RANGES.get(range_name or "")
    return now - found[1] if found else None


def retention(ws: Workspace) -> tuple[int, int]:
    """(rows, days) that the log keeps at most."""
    return ws.preferences.get(LOG_ROWS), ws.preferences.get(LOG_DAYS)
