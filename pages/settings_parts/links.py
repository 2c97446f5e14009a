"""The section Links: two connections each, their flows, and which stock belongs where."""

from __future__ import annotations

import streamlit as st

from pages.parts import _, empty_state, ngettext, plain, render, require, section, status_badge
from pages.settings_parts import order_flow, places, product_flow, stock_flow
from pages.settings_parts.base import act, chooser
from pages.settings_parts.deleting import ask_deletion
from pages.settings_parts.setup import make_link
from sync.application import Application
from sync.managers.verbs import LinkVerbs
from sync.managers.verbs.checks import checks_of
from sync.model.entity import Entity
from sync.model.flow import Connection, Link


def draw(ws: Application) -> None:
    """The whole section."""
    verbs = LinkVerbs(ws)
    found, ends = ws.links.all(), {c.id: c for c in checks_of(ws).shown()}
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            section(
                _("Links and flows"),
                _("Two connections kept in step: their products, their orders, their stock."),
            )
        st.page_link(
            "pages/inventory.py",
            label=_("Set up stock"),
            icon=":material/inventory_2:",
            query_params={"setup": "1"},
        )
        if st.button(
            _("Add link"), icon=":material/add:", type="primary", key="add_link", disabled=len(ends) < 2
        ):
            _add_dialog(verbs, list(ends.values()))
    if not found:
        text = (
            _("Add two connections first.")
            if len(ends) < 2
            else _("Choose the two connections that are to be kept in step.")
        )
        empty_state("link", _("Nothing is linked yet"), text, key="no_links")
        return
    link = _chosen(found)
    _head(verbs, link, ends)
    _parts(ws, verbs, link)


def _chosen(found: list[Link]) -> Link:
    if len(found) == 1:
        return found[0]
    names = {link.id: link.name for link in found}
    asked = st.query_params.get("link", "")
    at = list(names).index(asked) if asked in names else 0
    chosen = st.selectbox(_("Link"), list(names), index=at, key="link_chooser", format_func=names.__getitem__)
    if chosen != asked:
        st.query_params["link"] = str(chosen)
    return next((link for link in found if link.id == chosen), found[0])


def _head(verbs: LinkVerbs, link: Link, ends: dict[str, Connection]) -> None:
    a, b = ends[link.a], ends[link.b]
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="link_head"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"#### :material/link: {plain(link.name)}")
            st.caption(f"{plain(a.name)} → {plain(b.name)}")
        for end in (a, b):
            if end.status != "connected":
                st.caption(plain(end.name))
                status_badge(end.status, plain(render(end.reason)) if end.reason else "")
        with st.popover(_("Rename"), icon=":material/edit:", key=f"rename_{link.id}"):
            name = st.text_input(_("Name"), value=link.name, max_chars=80, key=f"rename_{link.id}_name")
            if st.button(_("Save"), key=f"rename_{link.id}_do", type="primary"):
                act(lambda: verbs.rename(link.id, name or ""), _("Saved."))
        if st.button(
            "", icon=":material/delete:", key=f"delete_link_{link.id}", type="tertiary", help=_("Delete")
        ):
            _ask_delete(verbs, link)


def _parts(ws: Application, verbs: LinkVerbs, link: Link) -> None:
    flows = {flow.entity: flow for flow in ws.links.flows(link.id)}
    shown = {
        "products": (Entity.PRODUCT in flows, _("Products"), "checkroom"),
        "orders": (Entity.ORDER in flows, _("Orders"), "receipt_long"),
        "stock": (Entity.STOCK in flows, _("Stock"), "inventory_2"),
        "places": (True, _("Stock locations"), "warehouse"),
    }
    parts = {name: (title, icon) for name, (there, title, icon) in shown.items() if there}
    part = chooser(_("Part of the link"), parts, "part")
    if part == "places" and (Entity.STOCK in flows or Entity.PRODUCT not in flows):
        stock_flow.draw_places(verbs, link)
    elif part == "places":
        places.draw(verbs, link)
    elif part == "stock" and Entity.STOCK in flows:
        stock_flow.draw(ws, verbs, flows[Entity.STOCK])
    elif part == "orders" and Entity.ORDER in flows:
        order_flow.draw(ws, verbs, flows[Entity.ORDER])
    elif Entity.PRODUCT in flows:
        product_flow.draw(ws, verbs, flows[Entity.PRODUCT])


def _add_dialog(verbs: LinkVerbs, ends: list[Connection]) -> None:
    names = {c.id: c.name for c in ends}

    @st.dialog(_("Add a link"), icon=":material/link:")
    def dialog() -> None:
        require("admin")
        st.caption(_("Which side gives the products is worked out from what the two can do."))
        with st.form("new_link", border=False):
            one = st.selectbox(
                _("First connection"), list(names), key="new_link_one", format_func=names.__getitem__
            )
            other = st.selectbox(
                _("Second connection"),
                list(names),
                index=len(names) - 1,
                key="new_link_other",
                format_func=names.__getitem__,
            )
            name = st.text_input(
                _("Name"), key="new_link_name", max_chars=80, placeholder=_("As it is called in this console")
            )
            pressed = st.form_submit_button(
                _("Add link"), key="new_link_save", type="primary", icon=":material/link:"
            )
        if pressed:
            called = (name or "").strip() or f"{names.get(one, '')} ⇄ {names.get(other, '')}"[:80]
            act(lambda: make_link(verbs, called, str(one), str(other)), doing=_("Linking…"))

    dialog()


def _ask_delete(verbs: LinkVerbs, link: Link) -> None:
    hanging = verbs.hangs_on(link.id)
    on = hanging.flows_on
    ask_deletion(
        link.name,
        _(
            "The link goes, with its flows, its runs and its memory of what belongs "
            "together. **Nothing is changed on either "
            "platform**, and both connections stay."
        ),
        _("Delete link"),
        [ngettext("{count} flow that is switched on", "{count} flows that are switched on", on)]
        if on
        else [],
        hanging,
        lambda: verbs.delete(link.id),
        f"delete_link_{link.id}_ask",
    )
