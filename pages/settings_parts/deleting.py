"""Deleting a connection or a link: what goes with it, a word to type, and where a refusal stands."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from pages.parts import Question, _, ask, plain, render
from pages.settings_parts.base import attempt
from sync.managers.verbs.connections import Hanging


def ask_deletion(
    name: str,
    consequence: str,
    verb: str,
    facts: Sequence[str],
    hanging: Hanging,
    delete: Callable[[], object],
    key: str,
) -> None:
    """Open the question. `consequence` is ours, in Markdown; `facts` come before what hangs on it."""
    ask(
        Question(
            render("Delete {name}?", name=plain(name, 40)),
            consequence,
            name,
            verb,
            [*facts, *_hanging(hanging)],
            role="admin",
        ),
        lambda: _delete(name, delete),
        key=key,
    )


def _hanging(hanging: Hanging) -> list[str]:
    told = (
        (hanging.bound, _("What belongs together on both sides: {count} bound records")),
        (hanging.waiting, _("{count} open items in Needs you")),
    )
    return [render(sentence, count=count) for count, sentence in told if count]


def _delete(name: str, delete: Callable[[], object]) -> None:
    if refused := attempt(delete, render("{name} is deleted.", name=plain(name))):
        st.session_state["settings_refused"] = refused
