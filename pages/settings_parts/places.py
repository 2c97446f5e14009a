"""Which warehouses' stock is sold at which location."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import streamlit as st

from pages.parts import _, plain, render, say_later, section
from pages.settings_parts.base import LISTS_WAIT, act, foot, lead_to
from pages.settings_parts.pickers import pick_many
from sync.managers.verbs import LinkVerbs
from sync.managers.verbs.offers import Offer
from sync.model.flow import Link
from sync.model.stock import ALL_PLACES


def draw(verbs: LinkVerbs, link: Link) -> None:
    """One line a location of the shop."""
    offer = verbs.places(link.id, wait=LISTS_WAIT)
    with st.container(border=True, key="places"):
        section(
            _("Stock locations"),
            _(
                "The stock of the chosen warehouses is added up and shown at the location. "
                "A location without a warehouse is left alone."
            ),
        )
        names = offer.locations.names() | {
            place: place for place in link.locations if place not in offer.locations.ids()
        }
        if not names:
            reason = offer.locations.reason
            st.info(
                plain(render(reason)) if reason else _("The locations are being loaded."),
                icon=":material/hourglass_empty:",
            )
            return
        with st.form(f"places_{link.id}", border=False):
            chosen = {place: _line(link, place, name, offer.warehouses) for place, name in names.items()}
            pressed = foot(_("Save locations"), "save_places")
        if pressed:
            act(lambda: save_places(verbs, link, chosen), doing=_("Saving…"))


def save_places(verbs: LinkVerbs, link: Link, chosen: Mapping[str, Collection[str]]) -> None:
    """Save, and say which locations another link writes at present."""
    verbs.set_locations(link.id, chosen)
    names = verbs.places(link.id).locations.names()
    for place, owner in verbs.written_by_others(link.id).items():
        warning = _("Saved. {link} writes {place} at present; hand it over under Owners.")
        told = render(warning, link=plain(owner), place=plain(names.get(place, place)))
        say_later(told, ":material/warning:")
        break
    else:
        say_later(_("Saved."))


def draw_summary(verbs: LinkVerbs, link: Link, about: str = "") -> None:
    """What the mapping is now, in a card beside others; `about` says what it maps."""
    offer = verbs.places(link.id)
    places, warehouses = offer.locations.names(), offer.warehouses.names()
    with st.container(border=True, height="stretch", key="places_summary"):
        section(_("Stock locations"), about or _("Which warehouses' stock is sold at which location."))
        for place, group in link.locations.items():
            names = " + ".join(
                _("All locations") if one == ALL_PLACES else plain(warehouses.get(one, one)) for one in group
            )
            st.markdown(f":material/location_on: **{plain(places.get(place, place))}** ← {names}")
        if not link.locations:
            st.warning(
                _("No location has a warehouse yet, so no stock is written."), icon=":material/warning:"
            )
        st.space("stretch")
        st.button(
            _("Change the locations"),
            icon=":material/warehouse:",
            key="to_places",
            on_click=lead_to,
            kwargs={"part": "places"},
        )


def _line(link: Link, place: str, name: str, warehouses: Offer) -> tuple[str, ...]:
    return pick_many(
        f":material/location_on: {plain(name)}",
        warehouses,
        link.locations.get(place, ()),
        f"place_{link.id}_{place}",
        help=_("Its stock is the sum of these warehouses, never below zero."),
    )
