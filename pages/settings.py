"""Settings: connections, links with their flows and schedules, security, and what holds for the whole
installation."""

from __future__ import annotations

import streamlit as st

from pages.parts import _, page_header, require
from pages.settings_parts import base, connection_cards, general, links, security, setup

user = require("admin")
ws = base.workspace()
page_header(_("Settings"), _("Connections, links and schedules"))

SECTIONS = {
    "connections": (_("Connections"), "cable"),
    "links": (_("Links and flows"), "link"),
    "security": (_("Security"), "shield"),
    "general": (_("General"), "tune"),
}
section = base.chooser(_("Section"), SECTIONS, "section")
if refused := st.session_state.pop("settings_refused", ""):
    st.error(refused, icon=":material/error:")

if section == "links":
    links.draw(ws)
elif section == "security":
    security.draw(ws, user)
elif section == "general":
    general.draw(ws, user)
else:
    setup.draw(ws)
    connection_cards.draw(ws)
base.watch(ws)
