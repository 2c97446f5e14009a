"""After the first sign-in: three ways to begin."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts import _, page_header, require
from pages.settings_parts.base import attempt, workspace
from sync.managers.trial import TrialPlan


def card(key: str, icon: str, title: str, text: str, note: str) -> Callable[..., bool]:
    """Draw one of the three ways; returns the button to stand at its foot."""
    place = st.container(border=True, height="stretch", key=f"{key}_card", gap="small")
    with place:
        st.badge(note, icon=f":material/{icon}:", color="blue")
        st.subheader(title, anchor=False)
        st.markdown(text)
        st.space("stretch")
    return place.button


def start_sandbox(kind: str) -> None:
    """Make the trial of this kind (it stays if there is one already); go where its first run is started."""
    with st.spinner(_("Starting the sandbox and filling it. This takes some seconds…")):
        refused = attempt(lambda: workspace().trial.start(TrialPlan(kind=kind)))
    if refused:
        st.error(refused, icon=":material/error:")
    else:
        st.switch_page("pages/inventory.py" if kind == "stores" else "pages/sync.py")


require("admin")
page_header(_("Welcome to Counterpart"), _("Three ways to begin. You can take another one at any time."))
st.space("small")

trial = workspace().trial
with st.grid(columns=3, min_column_width=255, gap="small"):
    button = card(
        "sandbox",
        "science",
        _("Try it: Sentos → Shopify"),
        _(
            "A shop and an ERP on this machine, filled with a fashion catalogue of 250 products in 1,600 "
            "variants. Connections and link are made for you; orders come in once the products have arrived."
        ),
        _("Under a minute, all on this machine"),
    )
    start = button(
        _("Go on with the sandbox") if trial.exists("erp") else _("Start the sandbox"),
        icon=":material/play_arrow:",
        type="primary",
        key="start_sandbox",
    )
    button = card(
        "stores",
        "inventory_2",
        _("Try it: two Shopify stores, stock by SKU"),
        _(
            "A main store and an outlet on this machine, 1,000 SKUs each, linked for you. You start the "
            "first alignment, watch it live, look at the match and at both sides' figures, and let "
            "changes follow."
        ),
        _("Under a minute, all on this machine"),
    )
    start_stores = button(
        _("Go on with the stores") if trial.exists("stores") else _("Start the two stores"),
        icon=":material/play_arrow:",
        type="primary",
        key="start_stores",
    )
    button = card(
        "own",
        "cable",
        _("Connect your own"),
        _(
            "One form for each Shopify store and one for Sentos, tested when you save them. The first run "
            "is a preview or a test of five: you see what would change before anything does."
        )
        + "\n\n"
        + _("Stock between Shopify stores: connect two stores, then Set up stock."),
        _("You need API access to your accounts"),
    )
    if button(_("Open the settings"), icon=":material/arrow_forward:", key="open_settings"):
        st.switch_page("pages/settings.py")
if start:
    start_sandbox("erp")
if start_stores:
    start_sandbox("stores")
