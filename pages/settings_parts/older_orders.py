"""Orders from before the go-live date: counted first, and only the counted number may follow."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import streamlit as st

from pages.parts import Question, _, ask, day_format, reader, render, section, shown
from pages.settings_parts.base import act, attempt
from sync.managers.verbs import LinkVerbs
from sync.model.flow import Flow


def draw(verbs: LinkVerbs, flow: Flow) -> None:
    """The card."""
    orders = flow.orders
    with st.container(border=True, height="stretch", key="older_orders"):
        section(
            _("Older orders"),
            _("Orders placed before the flow went live stay where they are, unless you count them in."),
        )
        if orders.go_live_at is None:
            st.caption(_("Switch the flow on first: that moment is the border."))
        elif orders.older_since is not None:
            st.markdown(
                render(
                    "{count} orders since {when} are included.",
                    count=orders.older_confirmed,
                    when=shown(orders.older_since),
                )
            )
            if st.button(_("Leave them out again"), key=f"older_off_{flow.id}", icon=":material/undo:"):
                act(
                    lambda: verbs.save(
                        replace(flow, orders=replace(orders, older_since=None, older_confirmed=0))
                    ),
                    _("Saved."),
                )
        else:
            _count(verbs, flow, orders.go_live_at)


def _count(verbs: LinkVerbs, flow: Flow, live: datetime) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        day = st.date_input(
            _("Also those placed since"),
            value=live.date() - timedelta(days=30),
            max_value=live.date(),
            key=f"older_{flow.id}_day",
            format=day_format(),
            width="stretch",
        )
        pressed = st.button(_("Count them"), key=f"older_{flow.id}_count", icon=":material/123:")
    if pressed and isinstance(day, date):
        _ask(verbs, flow, datetime.combine(day, time(), ZoneInfo(reader().timezone)))


def _ask(verbs: LinkVerbs, flow: Flow, since: datetime) -> None:
    counted: list[int] = []
    with st.spinner(_("Reading the shop's orders…")):
        refused = attempt(lambda: counted.append(verbs.count_older(flow.id, since)))
    if refused:
        st.error(refused, icon=":material/error:")
    elif not counted[0]:
        st.info(_("There are none that this flow would take."), icon=":material/info:")
    else:
        included = replace(flow, orders=replace(flow.orders, older_since=since, older_confirmed=counted[0]))
        ask(
            Question(
                _("Include older orders?"),
                render(
                    "**{count}** orders were placed between {since} and the go-live "
                    "moment. The next run creates them in the "
                    "ERP, unless it has them already.",
                    count=counted[0],
                    since=shown(since),
                ),
                str(counted[0]),
                _("Include them"),
                role="admin",
            ),
            lambda: _include(verbs, included),
            key=f"older_{flow.id}_ask",
        )


def _include(verbs: LinkVerbs, flow: Flow) -> None:
    if refused := attempt(lambda: verbs.save(flow), _("Saved.")):
        st.session_state["settings_refused"] = refused
