"""The stock flow's settings: schedule, locations, and the options of the set-up."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from pages.inventory_parts.common import place_name, place_names
from pages.inventory_parts.mapping import pick_mapping
from pages.inventory_parts.options import all_options
from pages.parts import _, section
from pages.settings_parts.base import LISTS_WAIT, act, foot, warm
from pages.settings_parts.brakes import STOCK_BRAKES, draw_brakes
from pages.settings_parts.places import draw_summary, save_places
from pages.settings_parts.schedule_card import draw_head, draw_schedule
from pages.sync_parts.common import who
from sync.application import Application
from sync.managers.verbs import LinkVerbs
from sync.managers.verbs.stock import StockVerbs
from sync.managers.verbs.stock_rules import has_orders
from sync.model.flow import Flow, Link


def draw(ws: Application, verbs: LinkVerbs, flow: Flow) -> None:
    """The whole form."""
    ground = verbs.ground(flow)
    kind = "locations" if ground.source.platform == "shopify" else "warehouses"
    warm(ws, [(ground.source.id, kind), (ground.target.id, "locations")])
    draw_head(verbs, flow, _("Stock"), _("Quantities by SKU, from the source to the target."))
    with st.grid(columns=2, min_column_width=320, gap="small"):
        draw_schedule(verbs, flow)
        draw_summary(verbs, ground.link, _("Which locations of the source feed which of the target."))
    key = f"stock_{flow.id}_{flow.version}"
    names = place_names(ground.target)
    places = {place: place_name(names, place) for place in ground.link.locations}
    with st.form(key, border=False):
        with_orders = has_orders(ground.source.platform, ground.target.platform)
        wanted = all_options(flow.stock, places, key, with_orders=with_orders)
        with st.expander(
            _("Brakes: when a run stops before its first write"),
            icon=":material/front_hand:",
            key=f"{key}_brake_box",
        ):
            brakes = draw_brakes(wanted.brakes, STOCK_BRAKES, key, columns=4)
        pressed = foot(_("Save stock settings"), f"{key}_save")
    if pressed:
        act(
            lambda: StockVerbs(ws).save(flow.id, replace(wanted, brakes=brakes), who()),
            _("Saved."),
            _("Checking…"),
        )


def draw_places(verbs: LinkVerbs, link: Link) -> None:
    """Which locations feed which, of a link between stores."""
    offer = verbs.places(link.id, wait=LISTS_WAIT)
    with st.container(border=True, key="store_places"):
        section(
            _("Stock locations"),
            _("Several locations of the source may be added up; one that is left alone is never written."),
        )
        chosen = pick_mapping(offer.warehouses, offer.locations, f"places_{link.id}", link.locations)
        with st.container(horizontal=True, horizontal_alignment="right"):
            pressed = st.button(
                _("Save locations"),
                key="save_places",
                type="primary",
                icon=":material/check:",
                disabled=not chosen,
            )
        if pressed:
            act(lambda: save_places(verbs, link, chosen), doing=_("Saving…"))
