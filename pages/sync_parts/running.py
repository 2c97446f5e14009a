"""What runs now: the panel of a live run, on the Sync page and on the run's own."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import streamlit as st

from pages.parts import (
    N_plural,
    Progress,
    _,
    duration,
    number,
    plain,
    progress_panel,
    render,
    status_badge,
)
from pages.sync_parts.common import act, may_act, mode_name, safe, said, space, who
from sync.managers.views.runs import LiveRun, RunLine, Step
from sync.model.run import Mode, Run, Status
from sync.model.text import Message, say


def run_title(line: RunLine) -> str:
    """Products · Full, as plain text."""
    name = render(line.flow.name) if line.flow else "–"
    return f"{name} · {mode_name(line.run)}"


def route(line: RunLine) -> str:
    """Sentos → Shopify, as plain text."""
    return line.flow.route if line.flow else ""


def live_panel(found: LiveRun, *, link: bool) -> None:
    """A run under way: stage, bar, counts, pace, cancel; what holds it up, if anything does."""
    run = found.line.run
    if run.status is Status.BRAKED:
        _braked_panel(found, link=link)
        return
    with st.container(gap="xxsmall"):
        progress_panel(
            _progress(found, named=link),
            key=f"live_{run.id}",
            cancel=partial(_cancel, run) if may_act() and not run.cancel_requested else None,
        )
        if link:
            with st.container(horizontal=True, horizontal_alignment="right"):
                open_link(run, _("Watch"))


def _notes(found: LiveRun) -> list[str]:
    notes = [spent_words(found.line.run)]
    if any(found.outcomes.values()):
        notes.append(":material/checklist: " + plan_line(found.outcomes))
    messages = [m for m in (found.waiting, found.trouble) if m is not None]
    return notes + [f":material/hourglass_top: {safe(message)}" for message in messages]


def _progress(found: LiveRun, *, named: bool) -> Progress:
    return Progress(
        name=run_title(found.line) if named else "",
        state=found.line.state,
        stage=safe(found.stage),
        done=found.done,
        total=found.total,
        seconds=found.seconds,
        per_second=found.per_second,
        seconds_left=found.seconds_left,
        detail=route(found.line),
        notes=_notes(found),
        of_changes=found.writing,
        about=found.about,
    )


def spent_words(run: Run) -> str:
    """Calls of a run; points and throttles where the platform counts them."""
    spent = {name: int(run.spent.get(name, 0)) for name in ("calls", "points", "throttled")}
    calls = said(Message(N_plural("{count} call", "{count} calls"), {"count": spent["calls"]}))
    if not (spent["points"] or spent["throttled"]):
        return calls
    told = {k: number(v) for k, v in spent.items()}
    return render(_("{calls} · {points} points · {throttled} throttled"), **{**told, "calls": calls})


def _braked_panel(found: LiveRun, *, link: bool) -> None:
    line = found.line
    with st.container(border=True, key=f"live_{line.run.id}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(run_title(line))}** :gray[{plain(route(line))}]", width="stretch")
            status_badge(line.state)
        for hit in line.run.brakes:
            st.warning(safe(hit.message), icon=":material/front_hand:")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(
                render(_("Nothing has been written. Waiting for {time}."), time=duration(found.seconds)),
                width="stretch",
            )
            if link:
                open_link(line.run, _("Look and decide"))


def open_link(run: Run, label: str) -> None:
    """The way to a run's own page."""
    st.page_link(
        "pages/run.py",
        label=label,
        icon=":material/arrow_forward:",
        icon_position="right",
        query_params={"id": run.id},
    )


def _cancel(run: Run) -> None:
    act(lambda: space().run_verbs.cancel(run.id, who()), _("The run stops at its next safe point."))


_STEP_ICONS = {
    "done": (":green[:material/check_circle:]", ""),
    "now": (":blue[:material/radio_button_checked:]", "**"),
    "open": (":gray[:material/radio_button_unchecked:]", ""),
}


def step_line(steps: tuple[Step, ...]) -> None:
    """Where a run is on its way, step by step."""
    parts = []
    for step in steps:
        icon, strong = _STEP_ICONS[step.state]
        words = safe(step.label)
        parts.append(f"{icon} {strong}{words}{strong}" if step.state != "open" else f"{icon} :gray[{words}]")
    st.markdown("\u2002 ".join(parts))


_PLANNED = {
    "created": say("{count} to create"),
    "updated": say("{count} to update"),
    "unchanged": say("{count} unchanged"),
    "skipped": say("{count} skipped"),
    "failed": say("{count} failed"),
    "parked": say("{count} need you"),
}


def plan_line(outcomes: Mapping[str, int]) -> str:
    """What a run under way has planned; empty outcomes are left out."""
    found = [render(_PLANNED[name].id, count=number(n)) for name, n in outcomes.items() if n]
    return render(_("Plan: {counts}"), counts=" · ".join(found))


def counts_line(run: Run) -> str:
    """The report in one line, as plain text; empty outcomes are left out."""
    done = {"created": say("{count} created"), "updated": say("{count} updated")}
    words = _PLANNED if run.mode is Mode.PREVIEW else _PLANNED | done
    counted = {name: getattr(run.counts, name) for name in words}
    return " · ".join(render(words[name].id, count=number(n)) for name, n in counted.items() if n)
