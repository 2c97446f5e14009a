"""The section General: the reader's language and zone, what the log keeps, CSV, and the switch that pauses
everything."""

from __future__ import annotations

from zoneinfo import available_timezones

import streamlit as st

from console import i18n, state
from pages.parts import _, reader, section
from pages.settings_parts.base import act, foot
from storage import preferences
from storage.users import User
from sync.application import Application
from sync.managers.verbs import LinkVerbs


def draw(ws: Application, user: User) -> None:
    """The whole section."""
    with st.grid(columns=2, min_column_width=320, gap="medium"):
        for part, key in (
            (_pause, "pause_all"),
            (_log, "log_retention"),
            (_own, "own_reading"),
            (_csv, "csv_options"),
        ):
            with st.container(border=True, height="stretch", key=key):
                part(ws, user)


def _pause(ws: Application, user: User) -> None:
    verbs = LinkVerbs(ws)
    section(
        _("Schedules"),
        _("Pausing stops new scheduled runs. What is running ends as usual; runs by hand stay possible."),
    )
    st.space("stretch")
    if verbs.paused():
        st.warning(_("All schedules are paused."), icon=":material/pause_circle:")
        if st.button(_("Resume all"), key="resume_all", icon=":material/play_arrow:", type="primary"):
            act(verbs.resume_all, _("All schedules go on."))
    elif st.button(_("Pause all"), key="pause_all_do", icon=":material/pause:"):
        act(verbs.pause_all, _("All schedules are paused."))


def _log(ws: Application, user: User) -> None:
    section(_("Log and runs"), _("What is older, or more, is deleted once a day."))
    prefs = ws.preferences
    kept_days, kept_rows = prefs.get(preferences.LOG_DAYS), prefs.get(preferences.LOG_ROWS)
    kept_runs = prefs.get(preferences.RUN_DAYS)
    with st.form("log_form", border=False):
        days = st.number_input(
            _("Days"),
            *_range(preferences.LOG_DAYS),
            kept_days,
            key="log_days",
        )
        rows = st.number_input(
            _("Rows at most"),
            *_range(preferences.LOG_ROWS),
            kept_rows,
            step=10_000,
            key="log_rows",
        )
        run_days = st.number_input(
            _("Days that runs and their changes are kept"),
            *_range(preferences.RUN_DAYS),
            kept_runs,
            key="run_days",
        )
        pressed = foot(_("Save"), "log_save")

    def save() -> None:
        prefs.set(preferences.LOG_DAYS, int(days or 0))
        prefs.set(preferences.LOG_ROWS, int(rows or 0))
        prefs.set(preferences.RUN_DAYS, int(run_days or 0))

    if pressed:
        act(save, _("Saved."))


def _range(preference: preferences.Preference[int]) -> tuple[int, int]:
    return int(preference.least), int(preference.most)


def _own(ws: Application, user: User) -> None:
    section(_("Your language and time zone"), _("They are yours alone: a colleague may choose others."))
    zones = sorted(available_timezones())
    st.segmented_control(
        _("Language"),
        list(i18n.LANGUAGES),
        default=reader().language,
        required=True,
        key="settings_language",
        format_func=i18n.LANGUAGES.__getitem__,
        on_change=_read_so,
        args=(user,),
    )
    at = zones.index(reader().timezone)
    st.selectbox(_("Time zone"), zones, at, key="settings_zone", on_change=_read_so, args=(user,))


def _read_so(user: User) -> None:
    """Keep how the user reads, before the page is drawn in that language."""
    language, zone = st.session_state["settings_language"], st.session_state["settings_zone"]
    state.shared().users.set_preferences(user.id, language=language, timezone=zone)


def _csv(ws: Application, user: User) -> None:
    section(_("CSV files"), _("How exports are written unless you choose otherwise at the download."))
    prefs = ws.preferences
    comma = prefs.get(preferences.CSV_DECIMAL_COMMA)
    names = {True: _("Semicolons, 1299,90"), False: _("As the language does")}
    chosen = st.radio(
        _("Written with"),
        list(names),
        index=list(names).index(comma),
        format_func=names.__getitem__,
        key="csv_comma",
    )
    if chosen is not None and chosen != comma:
        act(lambda: prefs.set(preferences.CSV_DECIMAL_COMMA, chosen), _("Saved."))
