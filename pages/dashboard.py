"""Dashboard: what ran, what runs next, and what went wrong."""

from __future__ import annotations

import streamlit as st

from pages.parts import (
    N_,
    Metric,
    _,
    ago,
    empty_state,
    live,
    metric_row,
    ngettext,
    number,
    page_header,
    plain,
    render,
    require,
    section,
    share,
    shown,
    status_badge,
)
from pages.sync_parts import charts
from pages.sync_parts.common import flow_names, open_connection, safe, show_refusal, space
from pages.sync_parts.history import queue_failures, run_table
from pages.sync_parts.running import live_panel
from sync.managers.views import attention, dashboard, flows, runs, stock_failures
from sync.managers.views.dashboard import ConnectionCard, Span

require()
_SPANS = {24: N_("24 h"), 72: N_("72 h")}


def figures(hours: int) -> None:
    """The row of figures: this stretch against the one before."""
    now, before = dashboard.activity(space(), hours)
    compared = (
        _("vs the {span} before").format(span=_(_SPANS[hours])) if before.written + before.failed else None
    )
    metric_row(
        [*_written(now, before, compared), _success(now, before, compared), _failed(now, before, compared)]
    )
    with st.container(horizontal=True):
        _needs_you_line(attention.open_count(space()))
        queue_failures(stock_failures.failed_in_queue(space()))


def _written(now: Span, before: Span, compared: str | None) -> list[Metric]:
    """What was written, by what it is."""
    shown_as = {
        "products": (_("Products and prices"), _("Changes written to products, variants and images.")),
        "stock": (_("Stock rows"), _("Stock quantities written.")),
        "orders": (_("Orders"), _("Orders, statuses and fulfilments written.")),
    }
    return [
        Metric(
            label,
            number(now.of(name)),
            _change(now.of(name), before.of(name)),
            compared,
            "neither",
            [hour.written.get(name, 0) for hour in now.hours],
            help=explained,
        )
        for name, (label, explained) in shown_as.items()
    ]


def _success(now: Span, before: Span, compared: str | None) -> Metric:
    series = [_hour_rate(hour) for hour in now.hours]
    explained = _("Share of the answered changes that were written.")
    return Metric(
        _("Success rate"), _rate(now), _points(now, before), compared, "up", series, "line", help=explained
    )


def _failed(now: Span, before: Span, compared: str | None) -> Metric:
    series = [hour.failed for hour in now.hours]
    explained = _("Refused, or still without an answer.")
    change = _difference(now.failed, before.failed)
    return Metric(
        _("Failed changes"), number(now.failed), change, compared, "down", series, "bar", help=explained
    )


def _change(now: int, before: int) -> str | None:
    if not before:
        return None
    sign = "+" if now >= before else "-"
    return f"{sign}{share(abs(now - before), before)}"


def _difference(now: int, before: int) -> str | None:
    if now == before:
        return None
    return f"+{number(now - before)}" if now >= before else f"-{number(before - now)}"


def _rate(span: Span) -> str:
    return share(span.written, span.written + span.failed, 2)


def _points(now: Span, before: Span) -> str | None:
    if now.success is None or before.success is None:
        return None
    points = (now.success - before.success) * 100
    return f"{'+' if points >= 0 else '-'}{number(abs(points), 2)} pt"


def _hour_rate(hour: dashboard.Hour) -> float:
    answered = hour.all_written + hour.failed
    return 100 * hour.all_written / answered if answered else 100


def _needs_you_line(waiting: int) -> None:
    if waiting:
        st.page_link(
            "pages/needs_you.py",
            icon=":material/inbox:",
            label=ngettext("**{count} record needs you**", "**{count} records need you**", waiting),
        )


def activity(hours: int) -> None:
    """The two charts."""
    now, _before = dashboard.activity(space(), hours)
    left, right = st.columns([2, 1], gap="small")
    with left, st.container(border=True, height="stretch", key="throughput"):
        section(_("Changes written per hour"))
        if now.written:
            charts.throughput(now.hours)
        else:
            st.caption(_("Nothing was written in this time."))
    with right, st.container(border=True, height="stretch", key="failures"):
        section(_("Failed or waiting, by cause"))
        found = dashboard.failures(space(), hours)
        if found:
            charts.failures(found)
        elif now.failed:
            st.caption(_("The causes stand on the runs' own pages."))
        else:
            st.caption(":green[:material/check_circle:] " + _("Nothing failed in this time."))


def report_line(hours: int) -> None:
    """What became of the records that were read."""
    c = dashboard.report(space(), hours)
    if c["read"]:
        st.caption(
            render(
                _(
                    "Runs of the last {span}: {read} records read · {created} created · {updated} updated · "
                    "{unchanged} unchanged · "
                    "{skipped} skipped · {failed} failed · {parked} need you"
                ),
                span=_(_SPANS[hours]),
                **{name: number(n) for name, n in c.items()},
            )
        )


def connection_card(card: ConnectionCard) -> None:
    """One connection: how it is, and when it was used."""
    c = card.connection
    with st.container(border=True, height="stretch", key=f"connection_{c.id}", gap="xsmall"):
        with st.container(horizontal=True, vertical_alignment="center"):
            status_badge(c.status)
            if c.sandbox:
                st.badge(_("Sandbox"), color="violet", icon=":material/science:")
        st.markdown(f"**{plain(c.name)}**")
        st.caption(plain(" · ".join([c.platform.capitalize(), *card.links])))
        if card.reason is not None:
            st.markdown(f":small[:red[{safe(card.reason)}]]")
            open_connection()
        st.caption(":material/verified: " + render(_("Tested {when}"), when=plain(ago(c.checked_at))))
        st.caption(":material/sync_alt: " + render(_("Last run {when}"), when=plain(ago(card.last_run_at))))


def next_runs() -> None:
    """When flows run by themselves."""
    with st.container(border=True, height="stretch", key="next_runs", gap="xsmall"):
        section(_("Next runs"))
        coming = dashboard.next_runs(space())
        several = len({n.flow.link.id for n in coming}) > 1
        short = flow_names()
        for n in coming:
            with st.container(horizontal=True, vertical_alignment="center", gap="small"):
                route = f" :gray[{plain(short[n.flow.flow.id])}]" if several else ""
                st.markdown(f"**{safe(n.flow.name)}**{route}", width="stretch")
                if n.at is not None:
                    st.markdown(f":material/schedule: {plain(shown(n.at))}", width="content")
                elif n.paused:
                    status_badge("paused")
                else:
                    st.caption(_("by hand only"), width="content")
        if not any(f.flow.enabled for f in flows.all_flows(space())):
            st.caption(_("No flow is switched on."))


def running_now() -> None:
    """What runs at this moment."""
    for one in runs.live(space()):
        live_panel(one, link=True)


def overview() -> None:
    """The whole dashboard."""
    hours = st.session_state.get("span") or 24
    live(running_now, running=lambda: runs.live_ids(space()), key="live_dashboard")
    figures(hours)
    activity(hours)
    report_line(hours)
    section(_("Connections"))
    with st.grid(columns=3, min_column_width=230, gap="small"):
        for card in connections:
            connection_card(card)
        next_runs()
    st.space("small")
    section(_("Last runs"))
    lines = runs.recent(space(), limit=12)
    if lines:
        run_table(lines, key="recent_runs", most_shown=12)
    else:
        st.caption(_("Nothing has run yet."))
        st.page_link("pages/sync.py", label=_("Start with a preview"), icon=":material/arrow_forward:")


connections = dashboard.connections(space())
with page_header(_("Dashboard"), _("What ran, what runs next, and what went wrong")):
    if connections:
        st.segmented_control(
            _("Time"),
            list(_SPANS),
            format_func=lambda hours: _(_SPANS[hours]),
            default=24,
            required=True,
            key="span",
            label_visibility="collapsed",
        )
        st.page_link("pages/sync.py", label=_("Sync"), icon=":material/play_arrow:")
show_refusal()
if connections:
    overview()
else:
    with empty_state(
        "space_dashboard",
        _("Nothing is connected yet"),
        _("Begin with the sandbox or with your own accounts."),
    ):
        st.page_link("pages/welcome.py", label=_("Choose how to begin"), icon=":material/arrow_forward:")
