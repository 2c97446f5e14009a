"""What the operating pages share: the workspace, doing a verb and saying what came of it, stored sentences in
Markdown.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.parts import _, allows, current_user, money, number, plain, render, say_later
from sync.application import Application, shared
from sync.errors import CounterpartError
from sync.managers.verbs.offers import offers_of
from sync.managers.views import words
from sync.managers.views.flows import FlowInfo, all_flows, short_names
from sync.model.call import Value
from sync.model.fields import parse_money
from sync.model.run import Run
from sync.model.text import Message

_REFUSED, _OPEN = "_refused", "_open_run"
_MONEY = re.compile(r"-?\d+(\.\d+)? [A-Z]{3}")
LONGEST_VALUE = 300


def space() -> Application:
    """The workspace of this process."""
    return shared()


class _Grouped(int):
    """A number that a sentence writes as the reader does, and that still counts for plurals."""

    def __format__(self, _spec: str) -> str:
        return number(int(self))


def _place(value: str | int) -> str | int:
    """What a store calls the location with this id; the id's end as long as no store has told."""
    if not (isinstance(value, str) and value.startswith("gid://")):
        return value
    known = (offers_of(space()).get(c.id, "locations").names() for c in space().connections.all())
    return next((names[value] for names in known if value in names), value.rpartition("/")[2])


def said(message: Message) -> str:
    """A stored sentence as plain text, for table cells and `st.text`."""
    told = {k: _place(v) if k == "place" else v for k, v in message.params.items()}
    params = {k: _Grouped(v) if isinstance(v, int) else v for k, v in told.items()}
    return render(Message(message.id, params))


def safe(message: Message) -> str:
    """A stored sentence for use inside Markdown: what others wrote in it shows as it is."""
    params = {k: _place(v) if k == "place" else v for k, v in message.params.items()}
    params = {k: plain(v) if isinstance(v, str) else v for k, v in params.items()}
    return said(Message(message.id, params))


def who() -> str:
    """The name under which what is done here is remembered."""
    user = current_user()
    return user.name if user else ""


def may_act() -> bool:
    """May the person before this page do more than look?"""
    user = current_user()
    return user is not None and allows(user, "operator")


def may_configure() -> bool:
    """May the person before this page change settings?"""
    user = current_user()
    return user is not None and allows(user, "admin")


def act(do: Callable[[], object], done: str = "") -> bool:
    """Do a verb, in a callback or in the page; what it refuses stands above the page until the next action.
    Answers whether it was done.
    """
    if not may_act():
        st.session_state[_REFUSED] = _("Your role may look, not act. An administrator can change it.")
        return False
    try:
        do()
    except CounterpartError as refused:
        st.session_state[_REFUSED] = safe(refused.message)
        return False
    if done:
        say_later(done)
    return True


def on_click(do: Callable[[], object], done: str = "") -> Callable[[], None]:
    """`act` as the callback of a button."""

    def clicked() -> None:
        act(do, done)

    return clicked


def pressed(label: str, do: Callable[[], None], **button: Any) -> None:
    """A button for a verb that takes what is entered or filtered on the page: as it stands at this moment.

    A callback (`on_click`) is called with what stood there when the page was last drawn to its end: somebody
    who types a filter and clicks at once would have all rows ticked."""
    if st.button(label, **button):
        do()
        st.rerun()


def opening_run(begin: Callable[[], str], done: str = "") -> Callable[[], None]:
    """The callback of a button that starts a run: the page that is drawn next leads to it."""

    def clicked() -> None:
        def do() -> None:
            st.session_state[_OPEN] = begin()

        act(do, done)

    return clicked


def follow() -> None:
    """Leave for the run that the last click has started."""
    if run_id := st.session_state.pop(_OPEN, ""):
        leave_for(run_id)


def leave_for(run_id: str) -> None:
    """Go to the page of a run."""
    st.switch_page("pages/run.py", query_params={"id": run_id})


def show_refusal() -> None:
    """What the last action was refused for, once."""
    if reason := st.session_state.pop(_REFUSED, ""):
        st.error(reason, icon=":material/front_hand:")


def mode_name(run: Run) -> str:
    """Preview, Test, Full, Undo plan."""
    return render(words.mode(run))


def starter(run: Run) -> str:
    """Who started a run, as plain text."""
    return render(words.starter(run))


def broken_ends(found: FlowInfo) -> None:
    """What is wrong with a flow's connections, and the way to them; nothing where both are well."""
    ends = [end for end in (found.source, found.target) if end.status == "failed"]
    told = [(end.name, end.reason) for end in ends if end.reason is not None]
    for name, reason in told:
        st.markdown(f":small[:red[:material/error: {plain(name)}: {safe(reason)}]]")
    if told:
        open_connection()


def roomy(label: str, least: int) -> int:
    """Width of a column in pixels, so that its head can be read in every language."""
    return max(least, 20 + 7 * len(label))


def open_connection() -> None:
    """The way to the connections, for who may mend them."""
    if may_configure():
        st.page_link(
            "pages/settings.py",
            label=_("Open connection"),
            icon=":material/arrow_forward:",
            icon_position="right",
            query_params={"section": "connections"},
        )


def flow_names() -> dict[str, str]:
    """Flow id → its short name: Outlet, or Outlet ← Main store where two sources go there."""
    return short_names(all_flows(space()))


def shown_value(value: Value) -> str:
    """A field's value as text for a table cell: money and lists readable, long texts cut."""
    if value is None or value == "":
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, tuple):
        return ", ".join(value)
    text = str(value)
    if isinstance(value, str) and _MONEY.fullmatch(value):
        amount = parse_money(value)
        return money(amount.amount, amount.currency) if amount else text
    return text if len(text) <= LONGEST_VALUE else text[: LONGEST_VALUE - 1] + "…"
