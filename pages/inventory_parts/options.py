"""The options of a stock flow, in plain words: the same inputs in the set-up and in the settings."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from pages.parts import N_, _, plain, section
from pages.settings_parts.pickers import tags as tag_input
from sync.model.flow import StockSettings

DRIFTS = {
    "keep": N_("Keep it and report it"),
    "restore": N_("Put the source's stock back"),
}
UNREPORTED = {
    "subtract": N_("Take them off the source's stock"),
    "park": N_("Ask me first"),
}
UNTRACKED = {
    "skip": N_("Leave it alone"),
    "track": N_("Switch tracking on"),
}
GONE = {
    "leave": N_("Leave it"),
    "zero": N_("Set its stock to 0"),
    "draft": N_("Make its product a draft"),
    "archive": N_("Archive its product"),
}
MOST_BUFFER = 100_000


def matching(s: StockSettings, key: str) -> StockSettings:
    """How two SKUs are held to be the same, and which items take part."""
    section(_("How SKUs are matched"), _("Blanks at the ends never count."))
    case = st.toggle(
        _("Capitals do not count"), s.fold_case, key=f"{key}_case", help=_("ABC-1 and abc-1 are one item.")
    )
    dashes = st.toggle(
        _("Dashes and blanks do not count"),
        s.fold_dashes,
        key=f"{key}_dashes",
        help=_("ABC-1, ABC 1 and ABC1 are one item."),
    )
    chosen = tag_input(
        _("Only products with one of these tags"), s.tags, f"{key}_tags", help=_("Empty means all.")
    )
    return replace(s, fold_case=bool(case), fold_dashes=bool(dashes), tags=chosen)


def safety(
    s: StockSettings, places: Mapping[str, str], key: str, *, with_orders: bool = True
) -> StockSettings:
    """What is kept back, and when a rise is believed. `places` are the target's locations by name;
    `with_orders`: the link has, or can have, a flow that takes over the target's orders."""
    section(_("Safety"))
    buffers = dict(s.buffers)
    buffers[""] = _buffer(_("Pieces kept back at every location"), s.buffers.get("", 0), f"{key}_buffer")
    if len(places) > 1:
        with st.expander(_("Other buffers for single locations"), key=f"{key}_buffer_box"):
            for place, name in places.items():
                own = _buffer(plain(name), s.buffers.get(place, buffers[""]), f"{key}_buffer_{place}")
                buffers.pop(place, None)
                if own != buffers[""]:
                    buffers[place] = own
    twice = st.toggle(
        _("Write a rise only when it was seen twice"),
        s.increase_twice,
        key=f"{key}_twice",
        help=_("A short-lived rise (a count being corrected) is not sold. Falls are always written at once."),
    )
    orders = st.toggle(
        _("Take off orders that the source does not know yet"),
        s.subtract_orders,
        key=f"{key}_orders",
        disabled=not with_orders,
        help=_(
            "Pieces sold at the target that have not reached the source are subtracted, so that they are "
            "not sold again."
        ),
    )
    if not with_orders:
        st.caption(
            _(
                "Only for a link that can take over orders, such as one with an ERP. Between stores, pieces "
                "sold at the target are remembered instead."
            )
        )
    kept = {place: n for place, n in buffers.items() if n or place}
    return replace(s, buffers=kept, increase_twice=bool(twice), subtract_orders=bool(orders))


def _buffer(label: str, value: int, key: str) -> int:
    return int(
        st.number_input(
            label,
            0,
            MOST_BUFFER,
            value,
            key=key,
            help=_("With 2, the target shows 3 where the source has 5. Never below zero."),
        )
        or 0
    )


def target_moves(s: StockSettings, key: str) -> StockSettings:
    """What happens when only the target moved."""
    section(_("When only the target's stock has changed"), _("A sale there, or an edit by hand."))
    drift = _choice(_("The target's quantity"), DRIFTS, s.drift, f"{key}_drift")
    unreported = _choice(
        _("When the source moves later, pieces sold at the target"),
        UNREPORTED,
        s.unreported,
        f"{key}_unreported",
    )
    return replace(s, drift=drift, unreported=unreported)


def missing(s: StockSettings, key: str) -> StockSettings:
    """Items that are not tracked, not stocked, or gone."""
    section(_("Items that are not as expected"))
    untracked = _choice(_("The target does not track the item"), UNTRACKED, s.untracked, f"{key}_untracked")
    activate = st.toggle(
        _("Stock items at locations where they are not yet"),
        s.activate,
        key=f"{key}_activate",
        help=_("Off: such items are skipped and counted."),
    )
    gone = _choice(
        _("The item is gone at the source"),
        GONE,
        s.gone,
        f"{key}_gone",
        help=_("Only after two complete readings did not show it, and after the safety check."),
    )
    return replace(s, untracked=untracked, activate=bool(activate), gone=gone)


def _choice(label: str, options: Mapping[str, str], value: str, key: str, help: str = "") -> str:
    names = list(options)
    chosen = st.selectbox(
        label,
        names,
        index=names.index(value) if value in names else 0,
        key=key,
        format_func=lambda one: _(options[one]),
        help=help or None,
    )
    return chosen or value


def all_options(
    s: StockSettings, places: Mapping[str, str], key: str, *, with_orders: bool = True
) -> StockSettings:
    """Every option, in four cards; see `safety`."""
    with st.grid(columns=2, min_column_width=320, gap="small"):
        with st.container(border=True, height="stretch"):
            s = matching(s, key)
        with st.container(border=True, height="stretch"):
            s = safety(s, places, key, with_orders=with_orders)
        with st.container(border=True, height="stretch"):
            s = target_moves(s, key)
        with st.container(border=True, height="stretch"):
            s = missing(s, key)
    return s
