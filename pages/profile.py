"""The signed-in person's own page: time zone, password, open sessions."""

from __future__ import annotations

from zoneinfo import available_timezones

import streamlit as st

from console import access, i18n, state
from pages.parts import (
    _,
    ago,
    page_header,
    plain,
    reader,
    render,
    require,
    say_later,
    section,
    shown,
    table,
    text_column,
)
from storage.errors import BadInput

user = require()


def choose_language() -> None:
    """Keep the chosen language."""
    state.shared().users.set_preferences(user.id, language=st.session_state["own_language"])


def choose_zone() -> None:
    """Keep the chosen time zone."""
    state.shared().users.set_preferences(user.id, timezone=st.session_state["zone"])
    say_later(_("Times are shown in your zone."))


def change_password() -> None:
    """A new password ends every session, this one too."""
    typed = {name: st.session_state[name] for name in ("old_password", "new_password", "again")}
    st.session_state["password_problem"] = problem(typed)


def problem(typed: dict[str, str]) -> str:
    """Change the password; "" when done, else why not."""
    try:
        return access.change_password(user, typed["old_password"], typed["new_password"], typed["again"])
    except BadInput as bad:
        return render(bad.message)


page_header(_("Profile"), render("Signed in as {name}", name=plain(user.name)))
zones = sorted(available_timezones())

with st.grid(columns=2, min_column_width=320, gap="medium"):
    with st.container(border=True, height="stretch"):
        section(_("Language and time zone"), _("They are yours alone: a colleague may choose others."))
        st.segmented_control(
            _("Language"),
            list(i18n.LANGUAGES),
            default=reader().language,
            required=True,
            key="own_language",
            format_func=i18n.LANGUAGES.__getitem__,
            on_change=choose_language,
        )
        st.selectbox(
            _("Time zone"), zones, index=zones.index(reader().timezone), key="zone", on_change=choose_zone
        )
    with st.container(border=True, height="stretch"):
        section(_("Password"), _("Changing it signs you out on every device."))
        with st.form("password", border=False, clear_on_submit=True):
            st.text_input(
                _("Old password"), type="password", key="old_password", autocomplete="current-password"
            )
            st.text_input(_("New password"), type="password", key="new_password", autocomplete="new-password")
            st.text_input(_("New password again"), type="password", key="again", autocomplete="new-password")
            if refused := st.session_state.pop("password_problem", ""):
                st.error(refused, icon=":material/error:")
            st.form_submit_button(_("Change password"), on_click=change_password)

st.space("small")
with st.container(border=True, key="sessions"):
    section(_("Open sessions"), _("A session ends after 12 hours, or after 2 hours without use."))
    table(
        [
            {"started": shown(one.started_at), "seen": ago(one.seen_at), "ends": shown(one.expires_at)}
            for one in state.shared().sessions.list(user.id)
        ],
        {
            "started": text_column(_("Signed in")),
            "seen": text_column(_("Last used")),
            "ends": text_column(_("Ends")),
        },
        key="sessions_table",
    )
    st.button(
        _("Sign out everywhere"),
        icon=":material/logout:",
        key="sign_out_everywhere",
        on_click=access.sign_out_everywhere,
        args=(user,),
    )
