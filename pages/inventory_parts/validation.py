"""Validation: what both sides show after the baseline, in total and on a sample, and who confirmed it."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Any

import streamlit as st

from pages.inventory_parts.actions import validated_line
from pages.inventory_parts.common import pieces, place_name, place_names
from pages.parts import (
    _,
    empty_state,
    number,
    number_column,
    plain,
    render,
    section,
    status_cell,
    status_column,
    table,
    text_column,
)
from pages.sync_parts.common import may_act, on_click, space, who
from sync.managers.verbs.stock import StockVerbs
from sync.managers.views import stock_figures
from sync.managers.views.stock import StockCard
from sync.managers.views.stock_figures import Figures, SampleRow
from sync.model.stock import StockTotals


def draw(card: StockCard) -> None:
    """Totals of both sides, a sample, and the confirmation."""
    if card.step == "baseline":
        empty_state(
            "fact_check",
            _("First the baseline"),
            _("Once one full run has brought both sides into step, their figures are compared here."),
            key="no_baseline",
        )
        return
    _state(card)
    with st.spinner(_("Adding up both sides…")):
        found = stock_figures.figures(space(), card.info)
    _totals(card, found.source, found.target)
    _sample(card, found.sample)
    _confirm(card, found)


def _state(card: StockCard) -> None:
    if told := validated_line(card):
        st.success(told, icon=":material/verified:")
    else:
        st.info(
            _(
                "Look at the totals and at some items you know. If they are right, confirm: changes and "
                "schedules run from then on."
            ),
            icon=":material/fact_check:",
        )


def _totals(card: StockCard, source: StockTotals, target: StockTotals) -> None:
    section(_("Totals of the matched items"), _("At the mapped locations, as last read."))
    columns: dict[str, Any] = {
        "what": text_column("", width=82),
        "source": number_column(card.info.source.name, width=92),
        "target": number_column(card.info.target.name, width=92),
        "difference": number_column(_("Difference"), width=88),
    }
    lines = [
        {"what": name, "source": ours, "target": theirs, "difference": theirs - ours}
        for name, ours, theirs in (
            (_("Items"), source.items, target.items),
            (_("On hand"), source.on_hand, target.on_hand),
            (_("Reserved"), source.reserved, target.reserved),
            (_("Available"), source.available, target.available),
        )
    ]
    table(lines, columns, key="totals")
    buffers = card.info.flow.stock.buffers
    if any(buffers.values()):
        st.caption(
            _("The buffer of the flow is kept back at the target: its available stock is lower by it.")
        )
    elif source.available != target.available:
        st.caption(
            _(
                "Available stock differs where the target sold or was edited since, where it does not stock "
                "the item, and where the source has moved since the last run."
            )
        )


def _sample(card: StockCard, rows: Sequence[SampleRow]) -> None:
    section(_("A sample"), _("Some items from the whole range, source → target."))
    if not rows:
        st.caption(_("No item is matched."))
        return
    names = place_names(card.info.target)
    columns = {
        "state": status_column(_("State"), ("equal", "differs"), width=78),
        "sku": text_column(_("SKU"), width=108),
        "label": text_column(_("Item"), width=240),
        "place": text_column(_("Location"), width=96),
        "on_hand": text_column(_("On hand"), width=97, alignment="right"),
        "reserved": text_column(_("Reserved"), width=97, alignment="right"),
        "available": text_column(_("Available"), width=97, alignment="right"),
    }
    shown = sorted(rows, key=lambda row: row.equal)  # what differs stands first
    table([_cells(row, place_name(names, row.place)) for row in shown], columns, key="sample")
    equal = sum(row.equal for row in rows)
    st.caption(
        render(
            _("{equal} of {all} show the same available stock."), equal=number(equal), all=number(len(rows))
        )
    )


def _cells(row: SampleRow, place: str) -> dict[str, object]:
    def both(name: str) -> str:
        return f"{pieces(row.source[name])} → {pieces(row.target[name])}"

    return {
        "state": status_cell("equal" if row.equal else "differs"),
        "sku": row.sku,
        "label": row.label,
        "place": place,
        "on_hand": both("on_hand"),
        "reserved": both("reserved"),
        "available": both("available"),
    }


def _confirm(card: StockCard, found: Figures) -> None:
    label = _("Confirm again") if card.stage.validated_at else _("The figures are right")
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="confirm_validation"):
        st.markdown(
            render(
                _("Your name, the time and these figures are kept with {link}."),
                link=plain(card.info.link.name),
            ),
            width="stretch",
        )
        st.button(
            label,
            key="do_validate",
            type="secondary" if card.stage.validated_at else "primary",
            icon=":material/verified:",
            disabled=not may_act() or card.live is not None,
            on_click=on_click(
                partial(StockVerbs(space()).validate, card.info.flow.id, who(), found.whole),
                _("Confirmed. Changes and schedules may run."),
            ),
        )
