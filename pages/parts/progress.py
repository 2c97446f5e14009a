"""A run while it runs: stage, bar, counts, rate, time left, and a way to stop it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from console.i18n import _, render
from pages.parts.numbers import number
from pages.parts.status import label_of, status_badge
from pages.parts.text import plain
from pages.parts.times import duration


@dataclass(frozen=True)
class Progress:
    """What the panel shows. `total` None: not known yet. `counts` by state (created, failed …), zeros left
    out. `notes` are lines of ours below the facts. Without a `name` (it stands above already) neither it nor
    the state is repeated. `of_changes`: `done` and `total` count changes, not records. `about`: the time left
    is an estimate.
    """

    name: str
    state: str
    stage: str
    done: int
    total: int | None
    seconds: float
    per_second: float | None = None
    seconds_left: float | None = None
    detail: str = ""
    counts: Mapping[str, int] = field(default_factory=dict)
    notes: Sequence[str] = ()
    of_changes: bool = False
    about: bool = False


def progress_panel(run: Progress, *, key: str, cancel: Callable[[], None] | None = None) -> None:
    """Draw one run. `name` and `detail` may hold what others wrote; `stage` is ours."""
    with st.container(border=True, key=key):
        with st.container(horizontal=True, vertical_alignment="center"):
            if run.name:
                detail = f" :gray[{plain(run.detail)}]" if run.detail else ""
                st.markdown(f"**{plain(run.name)}**{detail}", width="stretch")
                status_badge(run.state)
            else:
                st.markdown(_stage(run), width="stretch")
            if cancel is not None:
                st.button(_("Cancel"), key=f"{key}_cancel", icon=":material/close:", on_click=cancel)
        st.progress(_fraction(run), text=_stage(run) if run.name else None)
        st.caption(" · ".join(_facts(run)))
        for note in run.notes:
            st.caption(note)


def _fraction(run: Progress) -> float:
    return min(1.0, run.done / run.total) if run.total else 0.0


def _stage(run: Progress) -> str:
    if run.total is None:
        return render("{stage} · {done}", stage=run.stage, done=number(run.done))
    figures = {"done": number(run.done), "total": number(run.total), "percent": int(_fraction(run) * 100)}
    if run.of_changes:
        return render("{stage} · {done} of {total} changes ({percent}%)", stage=run.stage, **figures)
    return render("{stage} · {done} of {total} ({percent}%)", stage=run.stage, **figures)


def _facts(run: Progress) -> list[str]:
    facts = [":material/timer: " + render("{time} elapsed", time=duration(run.seconds))]
    if run.per_second is not None:
        rate = number(run.per_second, 1 if run.per_second < 10 else 0)
        facts.append(":material/speed: " + render("{rate} a second", rate=rate))
    if run.seconds_left is not None:
        left = duration(run.seconds_left)
        if run.about:
            told = render("about {time} left", time=duration(max(1.0, run.seconds_left)))
        else:
            told = render("{time} left", time=left)
        facts.append(":material/hourglass_bottom: " + told)
    return facts + [f"{label_of(state)} {number(count)}" for state, count in run.counts.items() if count]
