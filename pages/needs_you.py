"""Needs you: what only a person can decide."""

from __future__ import annotations

from typing import Any

import streamlit as st

from pages.parts import (
    _,
    empty_state,
    number,
    page_header,
    plain,
    render,
    require,
    table,
    text_column,
    time_column,
)
from pages.sync_parts import address, decisions_csv
from pages.sync_parts.common import act, may_act, pressed, said, show_refusal, space, who
from pages.sync_parts.paging import cursor, pages_back, turner
from pages.sync_parts.parked import batch, case, tell
from storage.attention import Parked
from sync.managers.verbs.attention import AttentionVerbs, Done
from sync.managers.views import attention, causes, flows, words
from sync.managers.views.attention import Wanted

require()
PAGE = 100
_FILTERS = ("cause", "q", "link")


def filters(closed: bool) -> tuple[Wanted, dict[str, int]]:
    """The filters, in the address; and how many items each cause has."""
    links = {f.link.id: f.link.name for f in flows.all_flows(space())}
    with st.container(horizontal=True, vertical_alignment="bottom", key="needs_you_filters"):
        text = address.text(_("Title, SKU or id"), "q")
        link = address.pick(_("Link"), list(links), "link", links) if len(links) > 1 else None
        address.clear(_FILTERS)
    counts = attention.by_cause(space(), Wanted(closed, "", link or "", "", text))
    names = {name: f"{plain(render(causes.label(name)))} · {number(n)}" for name, n in counts.items()}
    chosen = address.pills(_("Cause"), list(counts), "cause", names) if counts else None
    return Wanted(closed, chosen or "", link or "", "", text), counts


def items(wanted: Wanted, total: int) -> None:
    """A page of items, and what can be done with the chosen ones."""
    before = cursor("needs_you_page", wanted)
    page = attention.page(space(), wanted, before, PAGE)
    kinds = {p.entity for p in page.rows}
    chosen = table(
        [_cells(p) for p in page.rows],
        _columns(wanted.closed, several_kinds=len(kinds) > 1),
        key=f"parked_{hash((wanted, before))}",
        select="one" if wanted.closed else "many",
        most_shown=10,
    )
    first = pages_back("needs_you_page") * PAGE + 1
    turner(
        "needs_you_page",
        page.next_before,
        render(
            _("{first}–{last} of {all}")
            if wanted.closed
            else _("{first}–{last} of {all}. Tick several to decide them together."),
            first=number(first),
            last=number(first + len(page.rows) - 1),
            all=number(total),
        ),
    )
    if not wanted.closed:
        tools(wanted)
    if len(chosen) > 1:
        batch([page.rows[n] for n in chosen])
    else:
        case(page.rows[chosen[0] if chosen else 0])


def _columns(closed: bool, *, several_kinds: bool) -> dict[str, Any]:
    kind = {"kind": text_column(_("Kind"), width=75)} if several_kinds else {}
    resolved = {"closed": time_column(_("Closed"), width=142), "by": text_column(_("By"), width=80)}
    return {
        "cause": text_column(_("Cause"), width=158),
        **kind,
        "label": text_column(_("Record"), width=195),
        "sku": text_column(_("SKU"), width=100),
        "why": text_column(_("Why"), width=165 if closed else 235),
        **(resolved if closed else {"opened": time_column(_("Since"), width=142)}),
    }


def _cells(p: Parked) -> dict[str, object]:
    return {
        "cause": render(causes.of(p.cause, p.facts).label),
        "kind": render(words.entity(p.entity)),
        "label": p.label,
        "sku": p.sku,
        "why": said(p.message),
        "opened": p.opened_at,
        "closed": p.closed_at,
        "by": _by(p),
    }


def _by(p: Parked) -> str:
    return _("by itself") if p.closed_by == "sync" else p.closed_by


def retry_all(wanted: Wanted) -> None:
    """Try everything that matches again."""
    found: list[Done] = []
    act(lambda: found.append(AttentionVerbs(space()).retry_all(wanted, who())))
    tell(found)


def tools(wanted: Wanted) -> None:
    """How decisions are carried out, and everything at once: retry, CSV out and in. Below the table, whose
    toolbar floats above it.
    """
    with st.container(horizontal=True, vertical_alignment="center", key="needs_you_tools"):
        st.toggle(
            _("Carry decisions out at once"),
            value=True,
            key="run_now",
            help=_(
                "A run limited to the records begins with each decision. Off: the flow's next run does it."
            ),
        )
        st.space("stretch")
        pressed(
            _("Try all again"),
            lambda: retry_all(wanted),
            key="retry_all",
            icon=":material/refresh:",
            disabled=not may_act(),
            help=_("Everything that matches the filters, in one run a flow."),
        )
        decisions_csv.buttons(wanted)


with page_header(_("Needs you"), _("What only a person can decide")):
    state = st.segmented_control(
        _("State"),
        ["open", "resolved"],
        default="open",
        required=True,
        key="state",
        bind="query-params",
        format_func={"open": _("Open"), "resolved": _("Resolved")}.__getitem__,
        label_visibility="collapsed",
    )
show_refusal()
decisions_csv.show_problems()
if not flows.all_flows(space()):
    with empty_state(
        "inbox",
        _("Nothing is linked yet"),
        _("Begin with the sandbox, or connect and link your own accounts."),
    ):
        st.page_link("pages/welcome.py", label=_("Choose how to begin"), icon=":material/arrow_forward:")
else:
    wanted, counts = filters(state == "resolved")
    total = counts.get(wanted.cause, 0) if wanted.cause else sum(counts.values())
    if total:
        items(wanted, total)
    elif wanted.text or wanted.cause:
        st.caption(_("No item matches."))
    else:
        empty_state(
            "task_alt",
            _("Nothing needs you"),
            _("Everything that could be decided by rule has been decided."),
        )
