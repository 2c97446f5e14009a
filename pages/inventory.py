"""Inventory: stock by SKU from a store or an ERP to stores; set up, run, match, validate, look up."""

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
from sync.managers.views.stock import StockCard

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


def views() -> list[str]:
    """Where only product flows carry stock: what was written, and who writes; the rest needs a stock flow."""
    if cards:
        return list(VIEWS)
    return ["changes", *(["differences"] if any(map(_differs, logged)) else []), "owners", "overview"]


def _differs(card: StockCard) -> bool:
    return any(card.differences.values())


def choices(view: str) -> list[StockCard]:
    """The flows of which this part can tell."""
    if view == "changes":
        return logged
    if view == "differences":
        return [*cards, *(card for card in logged[len(cards) :] if _differs(card))]
    return cards


def whole() -> None:
    """The part that the address names, and which flow it is about."""
    with st.container(
        horizontal=True,
        horizontal_alignment="distribute",
        vertical_alignment="center",
        key="inventory_view",
    ):
        with st.container(width=640):  # not "stretch": on a phone the flow stands below, not beside
            view = chooser(_("View"), {name: VIEWS[name] for name in views()}, "view")
        card, found = None, choices(view)
        if view in PARTS:
            with st.container(width=205 if len(found) > 1 else 1):
                card = pick_flow(found)
    if view == "overview":
        if cards:
            overview.draw(cards)
        else:
            nothing()
    elif view == "owners":
        owners.draw()
    elif card is not None:
        PARTS[view](card)


cards = stock.cards(space())
wizard = setup.asked()
logged = [] if wizard else stock.logged(space())
title = _("Set up stock") if wizard else _("Inventory")
with page_header(title, _("Stock follows by SKU, from a store or an ERP to one or more stores")):
    if cards and not wizard:
        setup.open_button(primary=False)
show_refusal()
if wizard:
    setup.draw()
elif logged:
    whole()
else:
    nothing()
