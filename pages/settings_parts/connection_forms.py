"""The dialogs in which a connection is added or edited."""

from __future__ import annotations

import streamlit as st

from pages.parts import _, plain, render, require, say_later
from pages.settings_parts.base import attempt
from pages.settings_parts.inputs import Typed, draw_inputs
from pages.settings_parts.platforms import guide_of
from sync.managers.verbs import ConnectionVerbs
from sync.model.flow import Connection


def add_dialog(verbs: ConnectionVerbs, platform: str = "") -> None:
    """Open the form of a new connection, of this platform or of one to choose."""
    platforms = verbs.platforms()

    @st.dialog(_("Add a connection"), width="medium", icon=":material/add_link:")
    def dialog() -> None:
        require("admin")
        chosen = st.segmented_control(
            _("Platform"),
            list(platforms),
            key="new_platform",
            required=True,
            default=platform if platform in platforms else next(iter(platforms)),
            format_func=lambda name: f":material/{guide_of(name).icon}: {platforms[name].title}",
        )
        if chosen:
            _explain(verbs, chosen)
            _new(verbs, chosen, platforms[chosen].title)

    dialog()


def edit_dialog(verbs: ConnectionVerbs, connection: Connection) -> None:
    """Open the form of a stored connection."""

    @st.dialog(render("Edit {name}", name=plain(connection.name, 40)), width="medium", icon=":material/edit:")
    def dialog() -> None:
        require("admin")
        key = f"edit_{connection.id}"
        with st.form(f"{key}_form", border=False):
            name = st.text_input(_("Name"), value=connection.name, key=f"{key}_name", max_chars=80)
            if connection.sandbox:
                note = _("A sandbox connection: its address and keys are managed for you.")
                st.info(note, icon=":material/science:")
                typed, forget = Typed(), list[str]()
            else:
                typed, forget = _stored(verbs, connection, key)
            if _submitted(f"{key}_save"):
                _save(verbs, connection, name or "", typed, forget)

    dialog()


def _stored(verbs: ConnectionVerbs, connection: Connection, key: str) -> tuple[Typed, list[str]]:
    """The platform's inputs with what is stored, and which stored secrets are to go."""
    fields, stored = verbs.form(connection.platform), verbs.stored_secrets(connection.id)
    guide = guide_of(connection.platform)
    typed = draw_inputs(fields, guide, key, stored=connection.settings, stored_secrets=stored)
    labels = {f.name: f.label for f in fields if f.name in stored and not f.required}
    if not labels:
        return typed, []
    forget = st.pills(
        _("Stored secrets to remove"),
        list(labels),
        selection_mode="multi",
        key=f"{key}_forget",
        format_func=lambda name: _(labels[name]),
    )
    return typed, list(forget or [])


def _explain(verbs: ConnectionVerbs, platform: str) -> None:
    """Where to find what the form asks for, and which access to grant."""
    steps, scopes = guide_of(platform).steps, verbs.platform_scopes(platform)
    if steps:
        st.markdown("\n".join(f"{n}. {_(step)}" for n, step in enumerate(steps, 1)))
    if scopes:
        with st.expander(render("{count} access scopes to grant", count=len(scopes)), icon=":material/key:"):
            st.code(",".join(scopes), language=None, wrap_lines=True)


def _new(verbs: ConnectionVerbs, platform: str, title: str) -> None:
    key = f"new_{platform}"
    with st.form(f"{key}_form", border=False):
        name = st.text_input(
            _("Name"),
            value=title,
            key=f"{key}_name",
            max_chars=80,
            help=_("As it is called everywhere in this console."),
        )
        typed = draw_inputs(verbs.form(platform), guide_of(platform), key)
        if not _submitted(f"{key}_save"):
            return
        with st.spinner(_("Saving and testing…")):
            made: list[Connection] = []
            refused = attempt(
                lambda: made.append(verbs.add(platform, name or "", typed.values, typed.secrets))
            )
        if refused:
            st.error(refused, icon=":material/error:")
            return
    _told(made[0])
    st.rerun()


def _save(verbs: ConnectionVerbs, connection: Connection, name: str, typed: Typed, forget: list[str]) -> None:
    def change() -> None:
        if connection.sandbox:
            verbs.edit(connection.id, name=name)
        else:
            verbs.edit(connection.id, name=name, values=typed.values, secrets=typed.secrets, forget=forget)

    with st.spinner(_("Testing before anything is saved…")):
        refused = attempt(change)
    if refused:
        st.error(f"{_('Nothing was saved.')} {refused}", icon=":material/error:")
        return
    say_later(_("Saved."))
    st.rerun()


def _submitted(key: str) -> bool:
    with st.container(horizontal=True, horizontal_alignment="right"):
        return bool(
            st.form_submit_button(_("Save and test"), key=key, type="primary", icon=":material/bolt:")
        )


def _told(made: Connection) -> None:
    if made.status == "connected":
        say_later(render("{name} is connected.", name=plain(made.name)))
    else:
        say_later(
            render("{name} is saved, but the test failed. Its card says why.", name=plain(made.name)),
            ":material/error:",
        )
