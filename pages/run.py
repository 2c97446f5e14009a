"""One run or plan: how it goes, what it did, record by record."""

from __future__ import annotations

import streamlit as st

from pages.inventory_parts import run_rows
from pages.parts import _, empty_state, live, page_header, plain, require, status_badge
from pages.sync_parts import run_head, run_items, undo
from pages.sync_parts.before_run import carry_on
from pages.sync_parts.common import follow, safe, show_refusal, space
from pages.sync_parts.running import route, run_title
from sync.errors import NeedsOperator
from sync.managers.views import runs
from sync.managers.views.runs import RunLine
from sync.model.run import LIVE, Status

require()
follow()
carry_on()


def chosen_run() -> RunLine | None:
    """The run that the address names, or the newest one."""
    run_id = st.query_params.get("id")
    if not run_id:
        newest = runs.recent(space(), limit=1)
        return newest[0] if newest else None
    try:
        return runs.one(space(), run_id)
    except NeedsOperator as gone:
        st.session_state["run_gone"] = safe(gone.message)
        return None


def nothing() -> None:
    """There is no such run."""
    page_header(_("Run"))
    text = st.session_state.pop("run_gone", "") or _("Start one on the Sync page.")
    with empty_state("play_circle", _("No run to show"), text):
        st.page_link("pages/sync.py", label=_("Sync"), icon=":material/arrow_forward:")


def moving(run_id: str) -> frozenset[str]:
    """Changes when this run begins, stops, starts to write (its records are known then) or ends."""
    found = runs.progress(space(), run_id)
    return frozenset() if found is None else frozenset({f"{found.line.state}:{found.writing}"})


def progress(run_id: str) -> None:
    """The live part. A run that has ended since the page read its state: the page is drawn anew, once."""
    if not moving(run_id) and st.session_state.get("seen_ending") != run_id:
        st.session_state["seen_ending"] = run_id
        st.rerun()
    run_head.progress(run_id)


def show(line: RunLine) -> None:
    """The whole page of a run."""
    run = line.run
    title = undo.title(line) or run_title(line)
    with page_header(plain(title), f"{plain(route(line))} · {run_head.facts_line(line)}"):
        status_badge(line.state)
        undo.button(line)
        st.page_link("pages/sync.py", label=_("All runs"), icon=":material/arrow_back:")
    show_refusal()
    if run.status in LIVE:
        live(lambda: progress(run.id), running=lambda: moving(run.id), key="live_run")
    run_head.error_box(line)
    if run.scope.undo_of:
        undo.head(line)
    run_head.brake_box(line)
    tickable = run_head.plan_box(line)
    counts = runs.outcomes(space(), run, line.flow)
    if run.status not in (Status.QUEUED, Status.RUNNING):
        run_head.result(line, counts)
    if run.scope.undo_of:
        undo.left(line)
    _rows(line, counts, tickable=tickable)


def _rows(line: RunLine, counts: dict[str, int], *, tickable: bool) -> None:
    """What the run is about: rows of stock, or records."""
    if runs.is_stock(line):
        st.subheader(_("Stock rows"), anchor=False)
        run_rows.rows(line, tickable=tickable)
    elif sum(counts.values()):
        st.subheader(_("Records"), anchor=False)
        run_items.rows(line.run, counts, tickable=tickable)


line = chosen_run()
if line is None:
    nothing()
else:
    show(line)
