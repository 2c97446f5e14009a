"""Sync: start a run, watch what runs, see what ran."""

from __future__ import annotations

import streamlit as st

from pages.inventory_parts import overview
from pages.parts import _, empty_state, live, ngettext, page_header, render, require, section
from pages.sync_parts import address
from pages.sync_parts.before_run import carry_on
from pages.sync_parts.cards import flow_card
from pages.sync_parts.common import follow, show_refusal, space
from pages.sync_parts.history import run_table
from pages.sync_parts.running import live_panel
from sync.managers.views import flows, runs, stock
from sync.model.entity import Entity

require()
follow()
carry_on()


def running_now() -> None:
    """Every run under way."""
    found = runs.live(space())
    if not found:
        return
    with st.container(key="running_now"):
        section(ngettext("{count} run under way", "{count} runs under way", len(found)))
        for one in found:
            live_panel(one, link=True)


def ran_before() -> None:
    """The newest runs, of all flows or one."""
    short = flows.short_names(card.info for card in cards)
    names = {card.info.flow.id: f"{render(card.info.name)} · {short[card.info.flow.id]}" for card in cards}
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            section(_("Last runs"))
        with st.container(width=300):
            flow_id = (
                address.pick(_("Flow"), list(names), "flow", names, anything=_("All flows"), titled=False)
                if len(names) > 1
                else None
            )
    lines = runs.recent(space(), flow_id=flow_id, limit=50)
    if lines:
        run_table(lines, key=f"runs_{flow_id}")
    else:
        st.caption(_("Nothing has run yet."))


page_header(_("Sync"), _("Preview, test and run"))
show_refusal()
cards = flows.cards(space())

if not cards:
    with empty_state(
        "sync_alt",
        _("Nothing is linked yet"),
        _("Begin with the sandbox, or connect and link your own accounts."),
    ):
        st.page_link("pages/welcome.py", label=_("Choose how to begin"), icon=":material/arrow_forward:")
else:
    live(running_now, running=lambda: runs.live_ids(space()), key="live_sync")
    with st.grid(columns=2 if len(cards) > 1 else 1, min_column_width=340, gap="medium", key="flows"):
        for card in cards:
            if card.info.flow.entity is Entity.STOCK:
                overview.draw_card(stock.card(space(), card.info.flow.id))
            else:
                flow_card(card)
    st.space("small")
    ran_before()
