"""Inventory: stock by SKU from one store to others; set up, run, match, validate, look up."""

from __future__ import annotations

import streamlit as st

from pages.inventory_parts import (
    changes,
    differences,
    match,
    overview,
    owners,
    setup,
    validation,
)
from pages.inventory_parts.common import pick_flow
from pages.parts import _, empty_state, page_header, require
from pages.settings_parts.base import chooser
from pages.sync_parts.before_run import carry_on
from pages.sync_parts.common import follow, may_configure, show_refusal, space
from sync.managers.views import stock

require()
follow()
carry_on()

VIEWS = {
    "overview": (_("Flows"), "view_agenda"),
    "match": (_("Match"), "join_inner"),
    "validation": (_("Validation"), "fact_check"),
    "changes": (_("Change log"), "history"),
    "differences": (_("Differences"), "difference"),
    "owners": (_("Owners"), "badge"),
}
PARTS = {
    "match": match.draw,
    "validation": validation.draw,
    "changes": changes.draw,
    "differences": differences.draw,
}


def nothing() -> None:
    """No stock flow yet."""
    with empty_state(
        "inventory",
        _("No stock flow yet"),
        _("Choose a source store and one or more targets; stock then follows by SKU."),
    ):
        setup.open_button(primary=True)
        if may_configure():
            st.page_link("pages/welcome.py", label=_("Try it on the sandbox"), icon=":material/science:")


def whole() -> None:
    """The part that the address names, and which flow it is about."""
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        key="inventory_view",
    ):
        with st.container(width=640):  # not "stretch": on a phone the flow stands below, not beside
            view = chooser(_("View"), VIEWS, "view")
        card = None
        if view in PARTS:
            with st.container(width=205 if len(cards) > 1 else 1):
                card = pick_flow(cards)
    if view == "overview":
        overview.draw(cards)
    elif view == "owners":
        owners.draw()
    elif card is not None:
        PARTS[view](card)


cards = stock.cards(space())
wizard = setup.asked()
title = _("Set up stock between stores") if wizard else _("Inventory")
with page_header(title, _("Stock follows by SKU, from one store to others")):
    if cards and not wizard:
        setup.open_button(primary=False)
show_refusal()
if wizard:
    setup.draw()
elif cards:
    whole()
else:
    nothing()
