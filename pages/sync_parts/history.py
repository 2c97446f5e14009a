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
    """Draw the runs; ticking one opens its page. Which link it was is said only where there are several."""
    several = len({line.flow.link.id for line in lines if line.flow}) > 1
    chosen = table(
        [_cells(line) for line in lines], _columns(several), key=key, select="one", most_shown=most_shown
    )
    if chosen:
        st.switch_page("pages/run.py", query_params={"id": lines[chosen[0]].run.id})


def _columns(several: bool) -> dict[str, Any]:
    narrow = {
        name: number_column(label, width=width)
        for name, label, width in (
            ("read", _("Read"), 62),
            ("created", _("Created"), 74),
            ("updated", _("Updated"), 76),
            ("failed", _("Failed"), 66),
            ("parked", _("Needs you"), 86),
        )
    }
    return {
        "started": time_column(_("Started"), width=142),
        "state": status_column(_("Status"), _STATES, width=112),
        "flow": text_column(_("Flow"), width=82),
        **({"route": text_column(_("From → to"), width=180)} if several else {}),
        "mode": text_column(_("Mode"), width=75),
        **narrow,
        "duration": text_column(_("Duration"), width=76, alignment="right"),
        "by": text_column(_("By"), width=76),
    }


def _cells(line: RunLine) -> dict[str, object]:
    run, c = line.run, line.run.counts
    return {
        "started": run.created_at,
        "state": status_cell(line.state),
        "flow": render(line.flow.name) if line.flow else "–",
        "route": line.flow.route if line.flow else "–",
        "mode": mode_name(run.mode),
        "read": c.read,
        "created": c.created,
        "updated": c.updated,
        "failed": c.failed,
        "parked": c.parked,
        "duration": duration(line.seconds),
        "by": run.started_by or "–",
    }
