"""When a stock run stops before its first write."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.parts import N_, _
from sync.managers.verbs.product_rules import BRAKE_LIMITS
from sync.model.flow import StockSettings

BRAKES = {
    "source_drop_percent": N_("Source has shrunk by (%)"),
    "floor": N_("Shares count only from … items on"),
    "zeroed_percent": N_("Stock going to zero, share of all (%)"),
    "zeroed_count": N_("Stock going to zero, count"),
}


def draw_brakes(s: StockSettings, key: str) -> StockSettings:
    """The inputs; what stands in them."""
    st.caption(
        _("A run that would do more than this stops and asks. You can go on by typing a confirmation.")
    )
    empty = st.toggle(_("Stop when the source is empty"), s.brakes.empty_source, key=f"{key}_empty")
    numbers: dict[str, int] = {}
    with st.grid(columns=4, min_column_width=200, gap="small"):
        for name, label in BRAKES.items():
            least, most = BRAKE_LIMITS[name]
            numbers[name] = int(
                st.number_input(_(label), least, most, getattr(s.brakes, name), key=f"{key}_{name}") or 0
            )
    return replace(s, brakes=replace(s.brakes, empty_source=bool(empty), **numbers))
