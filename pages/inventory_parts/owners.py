"""Who writes stock where: one flow a store and location, and how that is handed over."""

from __future__ import annotations

from functools import partial

import streamlit as st

from pages.inventory_parts.common import place_name, place_names
from pages.parts import Question, _, ask, plain, render, section, shown, table, text_column
from pages.sync_parts.common import act, may_configure, space, who
from sync.managers.verbs.stock import StockVerbs
from sync.managers.views import stock
from sync.managers.views.flows import FlowInfo, info
from sync.managers.views.stock import OwnerLine
from sync.model.entity import Entity


def draw() -> None:
    """The owners of every location, and the handing over."""
    section(
        _("One writer per store and location"),
        _("A second flow that would write the same stock is refused until the location is handed to it."),
    )
    lines = stock.owners(space())
    if not lines:
        st.caption(_("No flow writes stock yet."))
        return
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
        _handing_over(lines)


def _cells(line: OwnerLine) -> dict[str, object]:
    names = place_names(line.flow.target) if line.flow else {}
    return {
        "store": line.flow.target.name if line.flow else line.store,
        "place": place_name(names, line.place),
        "flow": _called(line.flow) + _route(line.flow) if line.flow else "–",
        "since": shown(line.at),
        "by": line.by or "–",
    }


def _called(flow: FlowInfo) -> str:
    """Stock · Main store → Outlet: a link may have two flows that write stock."""
    return f"{render(flow.name)} · {flow.link.name}"


def _route(flow: FlowInfo) -> str:
    """Between which stores, where the link's name does not say it already."""
    return "" if flow.route == flow.link.name else f" · {flow.route}"


def _handing_over(lines: list[OwnerLine]) -> None:
    """Flows that want a location which another one writes; below, folded, those that leave stock out."""
    verbs = StockVerbs(space()).handover
    found = [(line, taker) for line in lines for taker in verbs.takers(line.store, line.place)]
    for line, taker in found:
        if taker.wants:
            _offer(line, info(space(), taker.flow.id))
    if rest := [(line, taker) for line, taker in found if not taker.wants]:
        with st.expander(
            _("Product flows that leave stock out"), icon=":material/swap_horiz:", key="own_products"
        ):
            st.caption(_("A location that is handed to one of them is written by it from its next run on."))
            for line, taker in rest:
                _offer(line, info(space(), taker.flow.id))


def _offer(line: OwnerLine, flow: FlowInfo) -> None:
    """One location that this flow is mapped to and another one writes."""
    place = place_name(place_names(flow.target), line.place)
    key = f"{flow.flow.id}_{line.place}"
    with st.container(border=True, horizontal=True, vertical_alignment="center", key=f"own_{key}"):
        st.markdown(
            render(
                _("**{place}** is written by {owner}; {link} is mapped to it too."),
                place=plain(place),
                owner=plain(_called(line.flow) if line.flow else "–"),
                link=plain(_called(flow)),
            ),
            width="stretch",
        )
        if st.button(
            _("Hand over"),
            key=f"transfer_{key}",
            icon=":material/swap_horiz:",
            help=render(_("Hand over to {link}"), link=plain(_called(flow))),
        ):
            _ask(line, flow, place)


def _ask(line: OwnerLine, flow: FlowInfo, place: str) -> None:
    ask(
        Question(
            render(_("Hand over {place}?"), place=plain(place)),
            render(_("From now on **{link}** alone writes stock there."), link=plain(_called(flow)))
            + " "
            + _consequence(line.flow),
            flow.link.name,
            _("Hand over"),
            role="admin",
        ),
        partial(_transfer, flow.flow.id, line.place),
        key=f"transfer_{flow.flow.id}",
    )


def _consequence(former: FlowInfo | None) -> str:
    """What becomes of the flow that gives the location away, in Markdown."""
    if former is None:
        return ""
    if former.flow.entity is Entity.PRODUCT:
        return render(
            _("{owner} leaves stock out from then on, at all locations of this store."),
            owner=plain(_called(former)),
        )
    return render(
        _("Runs of {owner} are refused until its mapping leaves this location out, or it is handed back."),
        owner=plain(_called(former)),
    )


def _transfer(flow_id: str, place: str) -> None:
    act(lambda: StockVerbs(space()).transfer(flow_id, place, who()), _("Handed over."))
