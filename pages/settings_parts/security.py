"""The section Security: the vault's key, who is signed in, the own password."""

from __future__ import annotations

import streamlit as st

from console import access
from pages.parts import (
    Question,
    _,
    ago,
    ask,
    ngettext,
    render,
    require,
    say_later,
    section,
    shown,
    table,
    text_column,
)
from pages.settings_parts.base import act, attempt
from storage.errors import BadInput
from storage.users import User
from sync.application import Application
from sync.managers.verbs import SecurityVerbs


def draw(ws: Application, user: User) -> None:
    """The whole section."""
    verbs = SecurityVerbs(ws)
    with st.grid(columns=2, min_column_width=320, gap="medium"):
        with st.container(border=True, height="stretch", key="vault_key"):
            _key(ws, verbs)
        with st.container(border=True, height="stretch", key="own_password"):
            _password(user)
    with st.container(border=True, key="all_sessions"):
        _sessions(verbs)


def _key(ws: Application, verbs: SecurityVerbs) -> None:
    section(_("Key of the vault"), _("All secrets are sealed with it. It is not in the database."))
    in_file = ws.paths.key_file.exists()
    st.markdown(
        _(
            "It lies in the file `secret.key` of the data folder, readable by its owner "
            "alone. Back it up apart from the database."
        )
        if in_file
        else _("It comes from the environment variable `COUNTERPART_SECRET_KEY`.")
    )
    st.caption(
        _(
            "Rotate it when somebody may have seen it: everything is sealed again with "
            "a new key, and the old one is useless."
        )
    )
    st.space("stretch")
    if st.button(_("Rotate the key"), icon=":material/autorenew:", key="rotate_key"):
        ask(
            Question(
                _("Rotate the key?"),
                _(
                    "A new key is made and every secret is sealed with it. Backups made "
                    "before need the old key, "
                    "which is gone afterwards."
                ),
                "rotate",
                _("Rotate the key"),
                role="admin",
            ),
            lambda: _rotate(verbs),
            key="rotate_key_ask",
        )


def _rotate(verbs: SecurityVerbs) -> None:
    def rotate() -> None:
        done = verbs.rotate_key()
        say_later(
            ngettext(
                "{count} connection was sealed with the new key.",
                "{count} connections were sealed with the new key.",
                done.sealed_again,
            )
        )
        if done.keys_to_drop:
            say_later(_("Now remove the old key from COUNTERPART_SECRET_KEY."), ":material/warning:")

    if refused := attempt(rotate):
        st.session_state["settings_refused"] = refused


def _password(user: User) -> None:
    section(_("Your password"), _("Changing it signs you out on every device."))
    with st.form("settings_password", border=False):
        old = st.text_input(
            _("Old password"), type="password", key="settings_old", autocomplete="current-password"
        )
        new = st.text_input(
            _("New password"), type="password", key="settings_new", autocomplete="new-password"
        )
        again = st.text_input(
            _("New password again"), type="password", key="settings_again", autocomplete="new-password"
        )
        pressed = st.form_submit_button(_("Change password"), key="settings_change")
    if pressed:
        try:
            refused = access.change_password(user, old or "", new or "", again or "")
        except BadInput as bad:
            refused = render(bad.message)
        if refused:
            st.error(refused, icon=":material/error:")
        else:
            st.rerun()


def _sessions(verbs: SecurityVerbs) -> None:
    section(_("Who is signed in"), _("A session ends after 12 hours, or after 2 hours without use."))
    found = verbs.open_sessions()[:200]
    rows = [
        {
            "name": name,
            "started": shown(one.started_at),
            "seen": ago(one.seen_at),
            "ends": shown(one.expires_at),
        }
        for name, one in found
    ]
    chosen = table(
        rows,
        {
            "name": text_column(_("Name")),
            "started": text_column(_("Signed in")),
            "seen": text_column(_("Last used")),
            "ends": text_column(_("Ends")),
        },
        key="all_sessions_table",
        select="many",
        most_shown=8,
    )
    with st.container(horizontal=True):
        if st.button(
            _("Sign out the selected"), key="sign_out_some", icon=":material/logout:", disabled=not chosen
        ):
            act(lambda: verbs.sign_out(*(found[n][1].id for n in chosen)), _("Signed out."))
        if st.button(_("Sign everybody out"), key="sign_out_all", icon=":material/group_off:"):
            _ask_all(verbs, len(found))


def _ask_all(verbs: SecurityVerbs, count: int) -> None:
    def everybody() -> None:
        require("admin")
        verbs.sign_out_everybody()

    ask(
        Question(
            _("Sign everybody out?"),
            _("Every browser has to sign in again, this one too."),
            str(count),
            _("Sign everybody out"),
            role="admin",
        ),
        everybody,
        key="sign_out_all_ask",
    )
