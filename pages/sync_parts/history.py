"""Runs in a table; choosing one opens its page."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from pages.parts import (
    _,
    duration,
    ngettext,
    number_column,
    render,
    status_cell,
    status_column,
    table,
    text_column,
    time_column,
)
from pages.sync_parts.common import flow_names, mode_name, roomy, starter
from sync.managers.views.runs import RunLine
from sync.model.entity import Entity
from sync.model.run import Mode

_STATES = ("queued", "running", "cancelling", "stopped", "planned", "succeeded", "red", "failed", "cancelled")


def run_table(lines: Sequence[RunLine], *, key: str, most_shown: int = 10) -> None:
    """Draw the runs; ticking one opens its page. Which flow and which link it was is said only where there
    are several."""
    entities = {line.flow.flow.entity for line in lines if line.flow}
    kinds = len(entities) > 1
    links = len({line.flow.link.id for line in lines if line.flow}) > 1
    short = flow_names() if links else {}
    columns = _columns((150 if kinds else 120) if links else 74 if kinds else 0)
    for name in _left_out(lines, entities):
        del columns[name]
    chosen = table(
        [_cells(line, kinds, short) for line in lines],
        columns,
        key=key,
        select="one",
        most_shown=most_shown,
    )
    st.caption(_("Tick a run to open it."))
    if chosen:
        st.switch_page("pages/run.py", query_params={"id": lines[chosen[0]].run.id})


def _left_out(lines: Sequence[RunLine], entities: set[Entity]) -> list[str]:
    """Columns that could only be empty: stock creates nothing, and only previews have something to write."""
    planned = any(line.run.mode is Mode.PREVIEW for line in lines)
    return [*([] if planned else ["planned"]), *(["created"] if entities == {Entity.STOCK} else [])]


def queue_failures(failed: int, flow_id: str = "") -> None:
    """The way to what the queue has given up; nothing where it has given up nothing."""
    if failed:
        st.page_link(
            "pages/queue.py",
            label=ngettext("{count} failed in the queue", "{count} failed in the queue", failed),
            icon=":material/error:",
            query_params={"status": "failed", **({"flow": flow_id} if flow_id else {})},
        )


def _columns(flow_width: int) -> dict[str, Any]:
    narrow = {
        name: number_column(label, width=roomy(label, width))
        for name, label, width in (
            ("read", _("Read"), 60),
            ("planned", _("To write"), 76),
            ("created", _("Created"), 76),
            ("updated", _("Updated"), 78),
            ("failed", _("Failed"), 58),
            ("parked", _("Needs you"), 82),
        )
    }
    return {
        "started": time_column(_("Started"), width=138),
        "state": status_column(_("Status"), _STATES, width=108),
        **({"flow": text_column(_("Flow"), width=flow_width)} if flow_width else {}),
        "mode": text_column(_("Mode"), width=84),
        **narrow,
        "duration": text_column(_("Duration"), width=70, alignment="right"),
        "by": text_column(_("By"), width=roomy(_("By"), 72)),
    }


def _cells(line: RunLine, kinds: bool, short: Mapping[str, str]) -> dict[str, object]:
    run, c = line.run, line.run.counts
    preview = run.mode is Mode.PREVIEW
    return {
        "started": run.created_at,
        "state": status_cell(line.state),
        "flow": _flow(line, kinds, short),
        "mode": mode_name(run),
        "read": c.read,
        "planned": c.created + c.updated if preview else None,
        "created": None if preview else c.created,
        "updated": None if preview else c.updated,
        "failed": c.failed,
        "parked": c.parked,
        "duration": duration(line.seconds),
        "by": starter(run),
    }


def _flow(line: RunLine, kinds: bool, short: Mapping[str, str]) -> str:
    """Products, Outlet, or both, as far as the runs differ in them; `short` is empty where they are of one
    link."""
    if line.flow is None:
        return "–"
    name, store = render(line.flow.name), short.get(line.flow.flow.id, "")
    return f"{store} · {name}" if kinds and store else store or name
