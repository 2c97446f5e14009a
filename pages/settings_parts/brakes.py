"""When a run stops before its first write: the limits, for stock and for products."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import streamlit as st

from pages.parts import N_, _
from sync.managers.verbs.product_rules import BRAKE_LIMITS
from sync.model.flow import Brakes

STOCK_BRAKES = {
    "source_drop_percent": N_("Source has shrunk by (%)"),
    "floor": N_("Shares count only from … items on"),
    "zeroed_percent": N_("Stock going to zero, share of all (%)"),
    "zeroed_count": N_("Stock going to zero, count"),
}
PRODUCT_BRAKES = STOCK_BRAKES | {
    "floor": N_("Shares count only from … products on"),
    "price_move_percent": N_("A price move counts from (%)"),
    "price_moves_share": N_("Price moves, share of all (%)"),
    "price_moves_count": N_("Price moves, count"),
}


def draw_brakes(stored: Brakes, labels: Mapping[str, str], key: str, *, columns: int) -> Brakes:
    """The inputs of the limits that have a label; what stands in them."""
    st.caption(
        _("A run that would do more than this stops and asks. You can go on by typing a confirmation.")
    )
    empty = st.toggle(_("Stop when the source is empty"), stored.empty_source, key=f"{key}_empty")
    numbers: dict[str, int] = {}
    with st.grid(columns=columns, min_column_width=210, gap="small"):
        for name, label in labels.items():
            least, most = BRAKE_LIMITS[name]
            numbers[name] = int(
                st.number_input(_(label), least, most, getattr(stored, name), key=f"{key}_{name}") or 0
            )
    return replace(stored, empty_source=bool(empty), **numbers)
