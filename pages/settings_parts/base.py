"""What every part of the settings needs: the workspace, a way to try a verb, and redrawing once something is
known."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import streamlit as st

from pages.parts import _, plain, require, say_later
from pages.sync_parts.common import said
from storage.errors import BadInput
from sync.application import Application, shared
from sync.errors import CounterpartError
from sync.managers.verbs.checks import checks_of
from sync.managers.verbs.offers import offers_of

_EVERY = 1.5
_LONGEST = 600  # signs of a refusal; it may quote what a platform said
LISTS_WAIT = 2.0
"""Seconds a page waits for a platform's lists before it is drawn without them."""


def workspace() -> Application:
    """The workspace of this process."""
    return shared()


def attempt(verb: Callable[[], Any], done: str = "") -> str:
    """Carry out a verb; "" when it is done (`done` is then said after the redraw), else why not, in the
    reader's words and safe inside Markdown."""
    try:
        verb()
    except (CounterpartError, BadInput) as refused:
        return plain(said(refused.message), _LONGEST)
    if done:
        say_later(done)
    return ""


def act(verb: Callable[[], Any], done: str = "", doing: str = "") -> None:
    """`attempt`, then draw the page anew, or say here why not. `doing` stands beside a turning wheel
    meanwhile."""
    if doing:
        with st.spinner(doing):
            refused = attempt(verb, done)
    else:
        refused = attempt(verb, done)
    if refused:
        st.error(refused, icon=":material/error:")
    else:
        st.rerun()


def chooser(label: str, options: Mapping[str, tuple[str, str]], name: str) -> str:
    """A row of choices (name → title and symbol) that also stands in the address under `name`: a link can
    lead to one.

    Streamlit's own binding would put the translated title into the address."""
    asked = st.query_params.get(name, "")
    chosen = st.pills(  # they wrap cleanly where the screen is narrow
        label,
        list(options),
        default=asked if asked in options else next(iter(options)),
        key=f"{name}_chooser",
        required=True,
        label_visibility="collapsed",
        format_func=lambda one: f":material/{options[one][1]}: {options[one][0]}",
    )
    if chosen and chosen != asked:
        st.query_params[name] = chosen
    return chosen or next(iter(options))


def lead_to(**chosen: str) -> None:
    """For a button's `on_click`: the next run shows these choices (`section="links", part="places"`)."""
    for name, value in chosen.items():
        st.session_state[f"{name}_chooser"] = value


def warm(ws: Application, wanted: Iterable[tuple[str, str]]) -> None:
    """Have these (connection, list) fetched together, and wait a moment for them."""
    offers_of(ws).warm(wanted, LISTS_WAIT)


def watch(ws: Application) -> None:
    """While tests or lists are under way: draw the page anew as soon as one has ended."""
    seen = _under_way(ws)
    if not seen[0] and not seen[1]:
        return

    @st.fragment(run_every=_EVERY, key="settings_watch")
    def tick() -> None:
        require("admin")
        if _under_way(ws) != seen:
            st.rerun()

    tick()


def _under_way(ws: Application) -> tuple[frozenset[str], bool]:
    return checks_of(ws).running(), offers_of(ws).loading()


def foot(label: str, key: str, *, primary: bool = True) -> bool:
    """The button at the end of a form; True in the run in which it was pressed."""
    with st.container(horizontal=True, horizontal_alignment="right"):
        return bool(
            st.form_submit_button(
                label or _("Save"),
                key=key,
                type="primary" if primary else "secondary",
                icon=":material/check:",
            )
        )
