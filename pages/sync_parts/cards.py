"""A flow's card: what of it is to run, and the three ways to run it."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import streamlit as st

from pages.parts import _, ago, plain, render, shown, status_badge
from pages.sync_parts.common import broken_ends, may_act, mode_name, opening_run, safe, space, who
from pages.sync_parts.held import held_lines
from pages.sync_parts.running import counts_line, open_link
from sync.managers.views import words
from sync.managers.views.flows import FlowCard
from sync.model.entity import Entity
from sync.model.flow import Flow, ProductFilter
from sync.model.run import Mode, Scope

_BETWEEN = re.compile(r"[\s,;]+")


def flow_card(card: FlowCard) -> None:
    """Draw one flow."""
    flow = card.info.flow
    with st.container(border=True, height="stretch", key=f"flow_{flow.id}"):
        _head(card)
        _last(card)
        for line in held_lines(card.info, card.last):
            st.caption(line)
        _parts(flow)
        _alone(flow)
        _filters(card)
        broken_ends(card.info)
        st.space("stretch")
        _buttons(card)


def _head(card: FlowCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None, width="stretch"):
            st.subheader(safe(card.info.name), anchor=False)
            st.caption(plain(card.info.route))
        if card.live is not None:
            status_badge(words.state_of(card.live))
        else:
            status_badge("on" if card.info.flow.enabled else "off")


def _last(card: FlowCard) -> None:
    if card.last is None:
        st.caption(_("It has never run. A preview shows what it would do; it writes nothing."))
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        status_badge(words.state_of(card.last))
        st.caption(
            f"{mode_name(card.last)} · {plain(ago(card.last.finished_at or card.last.created_at))}",
            width="stretch",
        )
        open_link(card.last, _("Open the run"))
    if counts := counts_line(card.last):
        st.caption(counts)


def _filters(card: FlowCard) -> None:
    words_of = [safe(f) for f in card.filters]
    if card.since is not None:
        words_of.insert(0, render(_("Orders since {moment}"), moment=plain(shown(card.since))))
    if words_of:
        st.caption(":material/filter_alt: " + " · ".join(words_of))


def _parts(flow: Flow) -> None:
    offered = words.PARTS.get(flow.entity, {})
    if offered:
        st.pills(
            _("Only these parts"),
            list(offered),
            selection_mode="multi",
            key=f"parts_{flow.id}",
            format_func=lambda p: render(offered[p]),
            help=_("None chosen means everything that the flow's settings cover."),
        )


def _alone(flow: Flow) -> None:
    """Where the records are typed that the run is limited to."""
    if flow.entity is Entity.ORDER:
        with st.expander(_("Single orders"), icon=":material/filter_center_focus:", key=f"alone_{flow.id}"):
            st.text_input(
                _("Order numbers"), key=f"names_{flow.id}", placeholder="#1001, #1002", max_chars=5000
            )
        return
    box = st.expander(_("Some products"), icon=":material/filter_center_focus:", key=f"alone_{flow.id}")
    with box, st.grid(columns=2, min_column_width=150, gap="small"):
        st.text_input(_("SKUs"), key=f"skus_{flow.id}", placeholder="ABC-1-M, ABC-2-L", max_chars=5000)
        st.text_input(
            _("Product numbers at the source"), key=f"ids_{flow.id}", placeholder="1203", max_chars=5000
        )
        st.text_input(_("Brands"), key=f"brands_{flow.id}", max_chars=1000)
        st.text_input(_("Categories"), key=f"categories_{flow.id}", max_chars=1000)
        st.text_input(_("Title contains"), key=f"title_{flow.id}", max_chars=200)
    with box:
        st.toggle(_("In stock only"), key=f"stocked_{flow.id}")


def _entered(flow: Flow) -> Scope:
    """What the run is limited to, as it is entered at this moment. Asked when a button is pressed: what the
    card was drawn with may be older, and a filter typed since would not count."""

    def of(field: str) -> Any:
        return st.session_state.get(f"{field}_{flow.id}") or ""

    parts = tuple(p for p in words.PARTS.get(flow.entity, {}) if p in of("parts"))
    if flow.entity is Entity.ORDER:
        return Scope(parts=parts, names=_typed(of("names")))
    only = ProductFilter(
        _listed(of("brands")), _listed(of("categories")), (), of("title").strip(), bool(of("stocked"))
    )
    return Scope(parts=parts, skus=_typed(of("skus")), ids=_typed(of("ids")), filters=only)


def _listed(text: str | None) -> tuple[str, ...]:
    """Names may hold blanks: only commas and semicolons part them."""
    return tuple(part.strip() for part in re.split(r"[,;]", text or "") if part.strip())


def _typed(text: str | None) -> tuple[str, ...]:
    return tuple(part for part in _BETWEEN.split(text or "") if part)


def _buttons(card: FlowCard) -> None:
    flow = card.info.flow
    off = card.blocked is not None or card.live is not None or not may_act()
    if card.blocked is not None:
        st.caption(f":material/info: {safe(card.blocked)}")
    with st.container(horizontal=True, gap="small", key=f"start_{flow.id}"):
        for mode, label, icon, help_text in (
            (
                Mode.PREVIEW,
                _("Preview"),
                "visibility",
                _("Makes a plan and writes nothing. You can untick rows and apply it later."),
            ),
            (
                Mode.TEST,
                _("Test (5)"),
                "science",
                _("Writes the first five records that differ, with all that belongs to them."),
            ),
            (
                Mode.FULL,
                _("Full run"),
                "play_arrow",
                _(
                    "Writes everything that differs. The safety check stops it before the first write if "
                    "something looks wrong."
                ),
            ),
        ):
            st.button(
                label,
                icon=f":material/{icon}:",
                key=f"{mode}_{flow.id}",
                disabled=off,
                help=help_text,
                width="stretch",
                type="primary" if mode is Mode.FULL else "secondary",
                on_click=_starter(flow, mode),
            )


def _starter(flow: Flow, mode: Mode) -> Callable[[], None]:
    return opening_run(lambda: space().run_verbs.start(flow.id, mode, _entered(flow), who()))
