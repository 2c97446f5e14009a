"""After the first sign-in: two ways to begin."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from pages.parts import _, page_header, require
from pages.settings_parts.base import attempt, workspace


def card(key: str, icon: str, title: str, text: str, note: str) -> Callable[..., bool]:
    """Draw one of the two ways; returns the button to stand at its foot."""
    place = st.container(border=True, height="stretch", key=f"{key}_card", gap="small")
    with place:
        st.badge(note, icon=f":material/{icon}:", color="blue")
        st.subheader(title, anchor=False)
        st.markdown(text)
        st.space("stretch")
    return place.button


def start_sandbox() -> None:
    """Make the trial (it stays if there is one already) and go where its first run is started."""
    with st.spinner(_("Starting the sandbox and filling it. This takes some seconds…")):
        refused = attempt(workspace().trial.start)
    if refused:
        st.error(refused, icon=":material/error:")
    else:
        st.switch_page("pages/sync.py")


require("admin")
page_header(_("Welcome to Counterpart"), _("Two ways to begin. You can take the other one at any time."))
st.space("small")

there = workspace().trial.exists()
with st.grid(columns=2, min_column_width=300, gap="medium"):
    button = card(
        "sandbox",
        "science",
        _("Try it on the sandbox"),
        _(
            "A shop and an ERP on this machine, filled with a fashion catalogue of 250 products in 1,600 "
            "variants. Connections and link are made for you; orders come in once the products have arrived."
        ),
        _("Under a minute, nothing leaves this machine"),
    )
    start = button(
        _("Go on with the sandbox") if there else _("Start the sandbox"),
        icon=":material/play_arrow:",
        type="primary",
        key="start_sandbox",
    )
    button = card(
        "own",
        "cable",
        _("Connect your own"),
        _(
            "One form for your Shopify store and one for Sentos, tested when you save them. The first run "
            "is a preview or a test of five: you see what would change before anything does."
        ),
        _("You need API access to both"),
    )
    if button(_("Open the settings"), icon=":material/arrow_forward:", key="open_settings"):
        st.switch_page("pages/settings.py")
if start:
    start_sandbox()
