"""Which locations of the source feed which of the target: all into one, one to one, or a table of sums."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.parts import _, plain, render
from sync.managers.verbs.offers import Offer
from sync.model.stock import ALL_PLACES

ALL, PAIRS, TABLE = "all", "pairs", "table"


def pick_mapping(
    sources: Offer, targets: Offer, key: str, current: Mapping[str, tuple[str, ...]] | None = None
) -> dict[str, tuple[str, ...]]:
    """What is chosen: location of the target → locations of the source whose stock is summed there."""
    for offer in (sources, targets):
        if not offer.items:
            st.caption(
                f":material/hourglass_empty: {plain(render(offer.reason))}"
                if offer.reason
                else ":material/hourglass_empty: " + _("The locations are being loaded.")
            )
            return {}
    names = {ALL: _("All into one"), PAIRS: _("One to one"), TABLE: _("Own table")}
    way = st.segmented_control(
        _("Locations"),
        list(names),
        default=_way(current or {}, targets),
        required=True,
        key=f"{key}_way",
        format_func=names.__getitem__,
        help=_("Which locations of the source feed which location of the target."),
    )
    if way == ALL:
        return _all(targets, key, current or {})
    return (
        _pairs(sources, targets, key, current or {})
        if way == PAIRS
        else _table(sources, targets, key, current or {})
    )


def _way(current: Mapping[str, tuple[str, ...]], targets: Offer) -> str:
    if not current:
        return ALL
    if len(current) == 1 and ALL_PLACES in next(iter(current.values())):
        return ALL
    return PAIRS if all(len(group) == 1 for group in current.values()) else TABLE


def _all(targets: Offer, key: str, current: Mapping[str, tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
    places = targets.names()
    at = next((n for n, place in enumerate(places) if place in current), 0)
    chosen = st.selectbox(
        _("Target location"), list(places), index=at, key=f"{key}_one", format_func=places.__getitem__
    )
    st.caption(_("The stock of all locations of the source, also of those opened later, is added up there."))
    return {chosen: (ALL_PLACES,)} if chosen else {}


def _pairs(
    sources: Offer, targets: Offer, key: str, current: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    """Locations of the same name are proposed as pairs."""
    names = {"": _("Left alone"), **sources.names()}
    by_name = {name.casefold(): place for place, name in sources.names().items()}
    found: dict[str, tuple[str, ...]] = {}
    for place, name in targets.names().items():
        proposed = (current.get(place) or (by_name.get(name.casefold(), ""),))[0]
        options = list(names)
        chosen = st.selectbox(
            f":material/location_on: {plain(name)}",
            options,
            index=options.index(proposed) if proposed in names else 0,
            key=f"{key}_pair_{place}",
            format_func=names.__getitem__,
        )
        if chosen:
            found[place] = (chosen,)
    return found


def _table(
    sources: Offer, targets: Offer, key: str, current: Mapping[str, tuple[str, ...]]
) -> dict[str, tuple[str, ...]]:
    names = {ALL_PLACES: _("All locations"), **sources.names()}
    found: dict[str, tuple[str, ...]] = {}
    for place, name in targets.names().items():
        chosen = st.multiselect(
            f":material/location_on: {plain(name)}",
            list(names),
            default=[one for one in current.get(place, ()) if one in names],
            key=f"{key}_sum_{place}",
            format_func=names.__getitem__,
            placeholder=_("Left alone"),
        )
        if chosen:
            found[place] = (ALL_PLACES,) if ALL_PLACES in chosen else tuple(chosen)
    return found
