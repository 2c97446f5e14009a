"""A flow's head: on or off, and when it runs by itself."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import time
from zoneinfo import available_timezones

import streamlit as st

from pages.parts import N_, _, plain, render, section, shown, status_badge
from pages.settings_parts.base import act
from sync.managers.verbs import LinkVerbs
from sync.model.entity import Entity
from sync.model.flow import Flow, Schedule

BY_HAND, EVERY, DAILY, WEEKLY, CRON = "by_hand", "every", "daily", "weekly", "cron"
DAYS = (
    N_("Sunday"),
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
)
"""As cron lines count them."""
_DAILY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* \*")
_WEEKLY = re.compile(r"(\d{1,2}) (\d{1,2}) \* \* ([0-6](?:,[0-6])*)")
_NIGHT = time(3, 30)
_STOCK_EVERY = N_(
    "Each run carries over what moved at the source. Once a day one of them reads both sides whole: it finds "
    "what is gone at the source, and what moved at the target alone."
)
_STOCK_AT = N_("Each run reads both sides whole.")


def draw_head(verbs: LinkVerbs, flow: Flow, title: str, text: str) -> None:
    """On or off, from where to where, and the next run."""
    ground = verbs.ground(flow)
    with st.container(
        border=True, horizontal=True, vertical_alignment="center", key=f"flow_{flow.entity.value}"
    ):
        with st.container(gap=None, width="stretch"):
            st.markdown(f"#### {title} :gray[{plain(ground.source.name)} → {plain(ground.target.name)}]")
            st.caption(text)
        status_badge("on" if flow.enabled else "off")
        off = flow.enabled and st.button(_("Switch off"), key=f"off_{flow.id}", icon=":material/toggle_off:")
        on = not flow.enabled and st.button(
            _("Switch on"), key=f"on_{flow.id}", icon=":material/toggle_on:", type="primary"
        )
    if off:
        act(lambda: verbs.disable(flow.id), _("Switched off."))
    if on:
        act(lambda: verbs.enable(flow.id), _("Switched on."), _("Testing both connections…"))


def draw_schedule(verbs: LinkVerbs, flow: Flow) -> None:
    """When the flow runs by itself."""
    key = f"schedule_{flow.id}_{flow.version}"
    with st.container(border=True, height="stretch", key=f"schedule_{flow.entity.value}"):
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(width="stretch"):
                section(_("Schedule"), _next(verbs, flow))
            _pause(verbs, flow)
        names = {
            BY_HAND: _("By hand"),
            EVERY: _("Every …"),
            DAILY: _("Daily"),
            WEEKLY: _("Weekly"),
            CRON: _("Cron"),
        }
        way = st.pills(
            _("It runs"),
            list(names),
            default=_way(flow.schedule),
            required=True,
            key=f"{key}_way",
            format_func=names.__getitem__,
        )
        wanted = _inputs(flow.schedule, way or BY_HAND, key)
        if flow.entity is Entity.STOCK and way not in (None, BY_HAND):
            st.caption(_(_STOCK_EVERY if way == EVERY else _STOCK_AT))
        if way != BY_HAND:
            wanted = _quiet(wanted, flow.schedule, key, zoned=way != EVERY)
        st.space("stretch")
        with st.container(horizontal=True, horizontal_alignment="right"):
            pressed = st.button(_("Save schedule"), key=f"{key}_save", icon=":material/check:")
        if pressed:
            act(lambda: verbs.set_schedule(flow.id, wanted), _("Saved."))


def _way(schedule: Schedule) -> str:
    if _DAILY.fullmatch(schedule.cron):
        return DAILY
    if _WEEKLY.fullmatch(schedule.cron):
        return WEEKLY
    return CRON if schedule.cron else EVERY if schedule.minutes else BY_HAND


def _inputs(schedule: Schedule, way: str, key: str) -> Schedule:
    if way == EVERY:
        return _every(schedule, key)
    if way == BY_HAND:
        return Schedule(0, "", schedule.timezone, False)
    with st.container(horizontal=True):
        cron = _cron(schedule, key) if way == CRON else _at(schedule, way, key)
        zone = _zone(schedule, key)
    return Schedule(0, cron, zone, schedule.paused)


def _every(schedule: Schedule, key: str) -> Schedule:
    minutes = st.number_input(
        _("Minutes between two runs"),
        1,
        10_080,
        schedule.minutes or 30,
        key=f"{key}_minutes",
        help=_("A run is left out while the one before is still under way."),
    )
    return Schedule(int(minutes or 0), "", schedule.timezone, schedule.paused)


def _cron(schedule: Schedule, key: str) -> str:
    cron = st.text_input(
        _("Cron line"),
        schedule.cron or "30 3 * * *",
        key=f"{key}_cron",
        width="stretch",
        help=_(
            "Minute, hour, day, month, weekday. `30 3 * * *` is every night at "
            "03:30, `0 9-18 * * 1-5` every "
            "hour of the working day."
        ),
    )
    return cron or ""


def _at(schedule: Schedule, way: str, key: str) -> str:
    """A time of day, and for weekly ones the days, as a cron line."""
    found = _WEEKLY.fullmatch(schedule.cron) or _DAILY.fullmatch(schedule.cron)
    known = time(int(found[2]) % 24, int(found[1]) % 60) if found else _NIGHT
    at = st.time_input(_("At"), known, key=f"{key}_{way}_at", step=300, width=120) or known
    if way == DAILY:
        return f"{at.minute} {at.hour} * * *"
    weekly = _WEEKLY.fullmatch(schedule.cron)
    chosen = st.multiselect(
        _("On"),
        range(7),
        default=[int(day) for day in weekly[3].split(",")] if weekly else [0],
        key=f"{key}_days",
        format_func=lambda day: _(DAYS[day]),
        width="stretch",
    )
    return f"{at.minute} {at.hour} * * {','.join(str(day) for day in sorted(chosen)) or '0'}"


def _zone(schedule: Schedule, key: str) -> str:
    zones = sorted(available_timezones())
    zone = st.selectbox(
        _("Time zone"),
        zones,
        key=f"{key}_zone",
        index=zones.index(schedule.timezone if schedule.timezone in zones else "Europe/Istanbul"),
    )
    return zone or ""


def _quiet(wanted: Schedule, known: Schedule, key: str, *, zoned: bool) -> Schedule:
    """Hours in which nothing starts by itself; where the schedule itself names no time zone (`zoned` False),
    they do."""
    on = st.toggle(
        _("Quiet hours"),
        bool(known.quiet_from and known.quiet_to),
        key=f"{key}_quiet",
        help=_("Nothing starts by itself then; what runs already ends as usual. They may pass midnight."),
    )
    if not on:
        return wanted
    with st.container(horizontal=True):
        first = st.time_input(
            _("Quiet from"), _clock(known.quiet_from, "22:00"), key=f"{key}_from", step=900, width=130
        )
        last = st.time_input(
            _("Quiet to"), _clock(known.quiet_to, "07:00"), key=f"{key}_to", step=900, width=130
        )
        zone = wanted.timezone if zoned else _zone(known, key)
    return replace(wanted, quiet_from=f"{first:%H:%M}", quiet_to=f"{last:%H:%M}", timezone=zone)


def _clock(text: str, otherwise: str) -> time:
    return time.fromisoformat(text or otherwise)


def _next(verbs: LinkVerbs, flow: Flow) -> str:
    due = verbs.next_fire(flow)
    if due is not None:
        return render("Next run: {when}", when=shown(due))
    if not (flow.schedule.minutes or flow.schedule.cron):
        return _("It runs when you start it on the Sync page.")
    if flow.schedule.paused or verbs.paused():
        return _("Paused.")
    return _("It begins once the flow is switched on.")


def _pause(verbs: LinkVerbs, flow: Flow) -> None:
    if not (flow.schedule.minutes or flow.schedule.cron):
        return
    if flow.schedule.paused:
        if st.button(_("Resume"), key=f"resume_{flow.id}", icon=":material/play_arrow:"):
            act(lambda: verbs.resume(flow.id), _("The schedule goes on."))
    elif st.button(_("Pause"), key=f"pause_{flow.id}", icon=":material/pause:"):
        act(lambda: verbs.pause(flow.id), _("The schedule is paused."))
