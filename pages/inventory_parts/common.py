"""What the inventory pages share: which flow is looked at, and what locations are called."""

from __future__ import annotations

from collections.abc import Mapping

import streamlit as st

from pages.parts import _, number, plain, render
from pages.sync_parts.common import flow_names, space
from sync.managers.verbs.offers import offers_of
from sync.managers.views.stock import StockCard
from sync.model.entity import Entity
from sync.model.flow import Connection
from sync.model.stock import ALL_PLACES

PAGE = 50


def place_names(connection: Connection) -> Mapping[str, str]:
    """What a store calls its locations; asked in the background, never waited for."""
    kind = "locations" if connection.platform == "shopify" else "warehouses"
    return offers_of(space()).get(connection.id, kind).names()


def place_name(names: Mapping[str, str], place: str) -> str:
    """One location's name; the end of its id as long as the name is not known."""
    if place == ALL_PLACES:
        return _("All locations")
    return names.get(place) or place.rpartition("/")[2]


def pick_flow(cards: list[StockCard]) -> StockCard:
    """The flow that the tabs show, from the address; a list only where there are several."""
    short = flow_names()
    names = {card.info.flow.id: _called(card, short[card.info.flow.id]) for card in cards}
    asked = st.query_params.get("flow", "")
    at = list(names).index(asked) if asked in names else 0
    if len(cards) == 1:
        return cards[0]
    chosen = st.selectbox(
        _("Flow"),
        list(names),
        index=at,
        key="inventory_flow",
        format_func=names.__getitem__,
        label_visibility="collapsed",
        on_change=_to_address,
    )
    return next((card for card in cards if card.info.flow.id == chosen), cards[0])


def _called(card: StockCard, short: str) -> str:
    """Its short name; a link may have a product flow with stock beside its stock flow."""
    products = card.info.flow.entity is Entity.PRODUCT
    return f"{short} · {render(card.info.name)}" if products else short


def _to_address() -> None:
    st.query_params["flow"] = st.session_state["inventory_flow"]


def pieces(value: int | None) -> str:
    """A quantity; a dash where a side does not say."""
    return number(value)


def counted(found: int, more: bool, first: int, shown: int) -> str:
    """1–50 of 1,204 below a table; `found` was counted up to a limit if there are `more`."""
    every = _("more than {count}").format(count=number(found)) if more else number(found)
    return render(
        _("{first}–{last} of {all}."), first=number(first), last=number(first + shown - 1), all=every
    )


def mapping_lines(card: StockCard) -> list[str]:
    """Which locations feed which, in Markdown, one line a location of the target."""
    sources, targets = place_names(card.info.source), place_names(card.info.target)
    return [
        f":material/location_on: {plain(place_name(targets, place))} ← "
        + " + ".join(plain(place_name(sources, one)) for one in group)
        for place, group in card.info.link.locations.items()
    ]
