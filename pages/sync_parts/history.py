"""Runs in a table; choosing one opens its page."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from pages.parts import (
    _,
    duration,
    number_column,
    render,
    status_cell,
    status_column,
    table,
    text_column,
    time_column,
)
from pages.sync_parts.common import mode_name
from sync.managers.views.runs import RunLine

_STATES = ("queued", "running", "cancelling", "stopped", "planned", "succeeded", "red", "failed", "cancelled")


def run_table(lines: Sequence[RunLine], *, key: str, most_shown: int = 10) -> None:
    """Draw the runs; ticking one opens its page. Which flow and which link it was is said only where there
    are several."""
    kinds = len({line.flow.flow.entity for line in lines if line.flow}) > 1
    links = len({line.flow.link.id for line in lines if line.flow}) > 1
    chosen = table(
        [_cells(line, kinds, links) for line in lines],
        _columns(180 if links else 74 if kinds else 0),
        key=key,
        select="one",
        most_shown=most_shown,
    )
    st.caption(_("Tick a run to open it."))
    if chosen:
        st.switch_page("pages/run.py", query_params={"id": lines[chosen[0]].run.id})


def _columns(flow_width: int) -> dict[str, Any]:
    narrow = {
        name: number_column(label, width=width)
        for name, label, width in (
            ("read", _("Read"), 60),
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
        "by": text_column(_("By"), width=72),
    }


def _cells(line: RunLine, kinds: bool, links: bool) -> dict[str, object]:
    run, c = line.run, line.run.counts
    return {
        "started": run.created_at,
        "state": status_cell(line.state),
        "flow": _flow(line, kinds, links),
        "mode": mode_name(run.mode),
        "read": c.read,
        "created": c.created,
        "updated": c.updated,
        "failed": c.failed,
        "parked": c.parked,
        "duration": duration(line.seconds),
        "by": run.started_by or "–",
    }


def _flow(line: RunLine, kinds: bool, links: bool) -> str:
    """Products, Main store → Outlet, or both, as far as the runs differ in them."""
    if line.flow is None:
        return "–"
    name, route = render(line.flow.name), line.flow.route
    return f"{name} · {route}" if kinds and links else route if links else name
