"""Who writes stock where: one flow a store and location, and how that is handed over."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.inventory_parts.common import place_name, place_names
from pages.parts import Question, _, ask, plain, render, section, shown, table, text_column
from pages.sync_parts.common import act, may_configure, space, who
from sync.managers.verbs.stock import StockVerbs
from sync.managers.views import stock
from sync.managers.views.stock import OwnerLine, StockCard


def draw(cards: list[StockCard]) -> None:
    """The owners of every location, and the handing over."""
    section(
        _("One writer per store and location"),
        _("A second flow that would write the same stock is refused until the location is handed to it."),
    )
    lines = stock.owners(space())
    if not lines:
        st.caption(_("No flow writes stock yet."))
    else:
        table(
            [_cells(line) for line in lines],
            {
                "store": text_column(_("Store"), width=140),
                "place": text_column(_("Location"), width=120),
                "flow": text_column(_("Written by"), width=370),
                "since": text_column(_("Since"), width=142),
                "by": text_column(_("By"), width=90),
            },
            key="owner_rows",
            most_shown=14,
        )
    if may_configure():
        for card in cards:
            _wanting(card, lines)


def _cells(line: OwnerLine) -> dict[str, object]:
    names = place_names(line.flow.target) if line.flow else {}
    return {
        "store": line.flow.target.name if line.flow else line.store,
        "place": place_name(names, line.place),
        "flow": f"{line.flow.link.name} · {line.flow.route}" if line.flow else "–",
        "since": shown(line.at),
        "by": line.by or "–",
    }


def _wanting(card: StockCard, lines: list[OwnerLine]) -> None:
    """Locations that this flow is mapped to and another one writes."""
    names = place_names(card.info.target)
    for line in lines:
        if line.place not in card.info.link.locations or line.flow is None:
            continue
        if line.flow.flow.id == card.info.flow.id or line.flow.target.identity != card.info.target.identity:
            continue
        with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"own_{line.place}"):
            st.markdown(
                render(
                    _("**{place}** is written by {owner}; {link} is mapped to it too."),
                    place=plain(place_name(names, line.place)),
                    owner=plain(line.flow.link.name),
                    link=plain(card.info.link.name),
                ),
                width="stretch",
            )
            if st.button(
                render(_("Hand over to {link}"), link=plain(card.info.link.name)),
                key=f"transfer_{card.info.flow.id}_{line.place}",
                icon=":material/swap_horiz:",
            ):
                _ask(card, line, place_name(names, line.place))


def _ask(card: StockCard, line: OwnerLine, place: str) -> None:
    ask(
        Question(
            render(_("Hand over {place}?"), place=plain(place)),
            render(
                _(
                    "From now on **{link}** alone writes stock there. {owner} stops at this location "
                    "until it is handed back."
                ),
                link=plain(card.info.link.name),
                owner=plain(line.flow.link.name if line.flow else "–"),
            ),
            card.info.link.name,
            _("Hand over"),
            role="admin",
        ),
        partial(_transfer, card.info.flow.id, line.place),
        key=f"transfer_{card.info.flow.id}",
    )


def _transfer(flow_id: str, place: str) -> None:
    act(lambda: StockVerbs(space()).transfer(flow_id, place, who()), _("Handed over."))
