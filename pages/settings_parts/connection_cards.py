"""The section Connections: one card an account, with its state, what is known about it, and its verbs."""

from __future__ import annotations

import streamlit as st

from pages.parts import N_, _, ago, empty_state, plain, render, section, status_badge
from pages.settings_parts.base import act
from pages.settings_parts.connection_forms import add_dialog, edit_dialog
from pages.settings_parts.deleting import ask_deletion
from pages.settings_parts.platforms import FACTS, guide_of
from sync.application import Application
from sync.managers.verbs import ConnectionVerbs
from sync.model.entity import Entity
from sync.model.flow import Connection

FLOW_NAMES = {Entity.PRODUCT: N_("Products"), Entity.ORDER: N_("Orders")}


def draw(ws: Application) -> None:
    """The whole section."""
    verbs = ConnectionVerbs(ws)
    verbs.test_all_if_stale()
    found = verbs.all()
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            section(
                _("Connections"),
                _("One account on one platform each. Secrets are sealed and never shown again."),
            )
        if st.button(_("Add connection"), icon=":material/add:", type="primary", key="add_connection"):
            add_dialog(verbs)
    if not found:
        with empty_state(
            "cable",
            _("Nothing is connected yet"),
            _("Two forms and a link: then a test of five shows what would happen."),
        ):
            st.page_link(
                "pages/welcome.py", label=_("Or try it on the sandbox first"), icon=":material/science:"
            )
        return
    with st.grid(columns=2, min_column_width=320, gap="medium"):
        for connection in found:
            _card(verbs, connection)


def _card(verbs: ConnectionVerbs, connection: Connection) -> None:
    with st.container(border=True, height="stretch", key=f"connection_{connection.id}"):
        _head(verbs, connection)
        if connection.status == "failed" and connection.reason is not None:
            st.error(plain(render(connection.reason), 600), icon=":material/error:")
            if not connection.sandbox:
                st.caption(_("Mend it with Edit: saving tests it again."))
        _facts(connection)
        _scopes(verbs, connection)
        st.space("stretch")
        _foot(verbs, connection)


def _head(verbs: ConnectionVerbs, connection: Connection) -> None:
    spec = verbs.platforms().get(connection.platform)
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"#### :material/{guide_of(connection.platform).icon}: {plain(connection.name)}")
            st.caption(plain(spec.title if spec else connection.platform))
        if connection.sandbox:
            st.badge(
                _("Sandbox"),
                icon=":material/science:",
                color="violet",
                help=render("Time runs {speed} times as fast there.", speed=f"{connection.speed:g}"),
            )
        status_badge(connection.status)


def _facts(connection: Connection) -> None:
    known = [(label, connection.facts[name]) for name, label in FACTS.items() if connection.facts.get(name)]
    if known:
        with st.grid(columns=2, min_column_width=140, gap="xsmall"):
            for label, value in known:
                st.markdown(f":small[:gray[{_(label)}]]  \n{plain(_(value))}")


def _scopes(verbs: ConnectionVerbs, connection: Connection) -> None:
    scopes = verbs.scopes(connection.id) if connection.platform in verbs.platforms() else {}
    if scopes:
        with st.expander(_("Access to grant"), icon=":material/key:", key=f"scopes_{connection.id}"):
            for entity, names in scopes.items():
                st.caption(render("For the flow {flow}", flow=_(FLOW_NAMES.get(entity, entity.value))))
                st.code(",".join(names), language=None, wrap_lines=True)


def _foot(verbs: ConnectionVerbs, connection: Connection) -> None:
    testing = connection.status == "pending" and connection.checked_at is not None
    with st.container(horizontal=True, vertical_alignment="center", gap="xsmall"):
        st.caption(render("Tested {when}", when=ago(connection.checked_at)), width="stretch")
        test = st.button(
            _("Test"), icon=":material/network_check:", key=f"test_{connection.id}", disabled=testing
        )
        if st.button(_("Edit"), icon=":material/edit:", key=f"edit_{connection.id}"):
            edit_dialog(verbs, connection)
        if st.button(
            "", icon=":material/delete:", key=f"delete_{connection.id}", help=_("Delete"), type="tertiary"
        ):
            _ask_delete(verbs, connection)
    if test:
        act(lambda: verbs.test(connection.id), doing=_("Testing…"))


def _ask_delete(verbs: ConnectionVerbs, connection: Connection) -> None:
    hanging = verbs.hangs_on(connection.id)
    ask_deletion(
        connection.name,
        _(
            "The connection goes, with everything that hangs on it. **Nothing is "
            "changed on either platform**: products, "
            "stock and orders stay as they are."
        ),
        _("Delete connection"),
        [render("Link {name} with its flows and runs", name=name) for name in hanging.links],
        hanging,
        lambda: verbs.delete(connection.id),
        f"delete_{connection.id}_ask",
    )
