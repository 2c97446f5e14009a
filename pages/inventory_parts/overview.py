"""One card a stock flow: how far it has come, what holds it up, what can be started."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.inventory_parts.actions import buttons, show_view, validated_line
from pages.inventory_parts.common import mapping_lines
from pages.parts import _, ago, live, ngettext, number, plain, render, section, shown, status_badge
from pages.sync_parts.common import broken_ends, mode_name, safe, space
from pages.sync_parts.estimates import before_words
from pages.sync_parts.held import held_lines
from pages.sync_parts.history import queue_failures, run_table
from pages.sync_parts.running import counts_line, live_panel, open_link
from sync.managers.verbs import LinkVerbs
from sync.managers.views import estimate, runs, stock, words
from sync.managers.views.stock import StockCard
from sync.model.stock import Difference, Match

_ICONS = {
    "done": ":green[:material/check_circle:]",
    "now": ":blue[:material/radio_button_checked:]",
    "open": ":gray[:material/radio_button_unchecked:]",
}


def draw(cards: list[StockCard]) -> None:
    """What runs, the cards, and the last runs of stock."""
    ids = {card.info.flow.id for card in cards}
    live(partial(_running, ids), running=lambda: _live_ids(ids), key="live_inventory")
    with st.grid(columns=2 if len(cards) > 1 else 1, min_column_width=360, gap="medium", key="stock_flows"):
        for card in cards:
            draw_card(card)
    st.space("small")
    section(_("Last runs"))
    lines = sorted(
        (line for flow_id in ids for line in runs.recent(space(), flow_id=flow_id, limit=10)),
        key=lambda line: str(line.run.created_at),
        reverse=True,
    )[:10]
    if lines:
        run_table(lines, key="stock_runs", most_shown=6)
    else:
        st.caption(_("Nothing has run yet."))


def _running(ids: set[str]) -> None:
    for one in runs.live(space()):
        if one.line.run.flow_id in ids:
            live_panel(one, link=True)


def _live_ids(ids: set[str]) -> frozenset[str]:
    return frozenset(
        f"{one.line.run.id}:{one.line.run.status}"
        for one in runs.live(space())
        if one.line.run.flow_id in ids
    )


def draw_card(card: StockCard) -> None:
    """Draw one flow."""
    flow = card.info.flow
    with st.container(border=True, height="stretch", gap="small", key=f"stock_flow_{flow.id}"):
        _head(card)
        step_line(card)
        _figures(card)
        queue_failures(card.failed, card.info.flow.id)
        st.caption("  \n".join([*_places(card), *_schedule(card), *_estimate(card)]))
        _last(card)
        st.space("stretch")
        broken_ends(card.info)
        if card.blocked is not None:
            st.caption(f":material/info: {safe(card.blocked)}")
        buttons(card)


def _head(card: StockCard) -> None:
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(gap=None, width="stretch"):
            st.subheader(plain(card.info.link.name), anchor=False)
            route = "" if card.info.route == card.info.link.name else f" · {plain(card.info.route)}"
            st.caption(safe(card.info.name) + route)
        if card.live is not None:
            status_badge(words.state_of(card.live))
        else:
            status_badge("on" if card.info.flow.enabled else "off")


def step_line(card: StockCard) -> None:
    """Baseline → validation → in operation."""
    parts = []
    for step in stock.STEPS:
        state, name = card.step_state(step), safe(stock.STEP_NAMES[step])
        text = f"**{name}**" if state == "now" else name if state == "done" else f":gray[{name}]"
        parts.append(f"{_ICONS[state]} {text}")
    st.markdown("\u2002:gray[:material/chevron_right:]\u2002".join(parts))
    told = _told(card)
    if told:
        st.caption(told)


def _told(card: StockCard) -> str:
    """What the present step waits for."""
    if card.step == "baseline":
        return _("First one full alignment: every matched item is set to the source's stock, once.")
    if card.step == "validation":
        return _("Compare the figures of both sides and confirm them. Changes and schedules wait for that.")
    return validated_line(card)


def _figures(card: StockCard) -> None:
    m = card.match
    if not m:
        return
    matched, untracked = m.get(Match.MATCHED.value, 0), m.get(Match.UNTRACKED.value, 0)
    told = (
        (_("matched"), matched),
        *([(_("not tracked"), untracked)] if untracked else []),
        (_("not matched"), sum(m.values()) - matched - untracked),
        *([(_("differ now"), card.differ)] if card.differ is not None else []),
        (_("queued"), card.waiting),
    )
    one_line = "\u00a0"  # a figure and its word are not parted by the end of a line
    st.markdown("\u2002 ".join(f"**{number(n)}** :gray[{name}]".replace(" ", one_line) for name, n in told))
    if card.compared_at is None and not card.differ:
        st.caption(_("Not compared yet. The first full run or sweep does it."))
    missed = card.differences.get(Difference.MISSED.value, 0)
    if missed:
        st.button(
            ngettext("{count} missed update", "{count} missed updates", missed),
            key=f"missed_{card.info.flow.id}",
            icon=":material/warning:",
            type="tertiary",
            on_click=partial(show_view, "differences", card.info.flow.id),
        )


def _places(card: StockCard) -> list[str]:
    return mapping_lines(card) or [_("No location is mapped: nothing would be written.")]


def _estimate(card: StockCard) -> list[str]:
    """What a run by hand would cost now, in Markdown; nothing where nothing is known."""
    found = estimate.before(space(), card)
    return [f":material/hourglass_top: {before_words(found)}"] if found is not None else []


def _schedule(card: StockCard) -> list[str]:
    """When it runs by itself, and why it did not when it was last due, in Markdown."""
    schedule = card.info.flow.schedule
    due = LinkVerbs(space()).next_fire(card.info.flow)
    if due is not None:
        told = render(_("Next run: {when}"), when=plain(shown(due)))
    elif not (schedule.minutes or schedule.cron):
        told = _("By hand only. Settings have the schedule.")
    elif schedule.paused or LinkVerbs(space()).paused():
        told = _("Paused.")
    else:
        told = _("The schedule begins after the validation.")
    return [f":material/schedule: {told}", *held_lines(card.info, card.last)]


def _last(card: StockCard) -> None:
    run = card.last
    if run is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        status_badge(words.state_of(run))
        st.caption(f"{mode_name(run)} · {plain(ago(run.finished_at or run.created_at))}", width="stretch")
        open_link(run, _("Open the run"))
    if counts := counts_line(run):
        st.caption(counts)
