"""Where both sides differ, since when and why, and how much was written day by day."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import streamlit as st

from pages.inventory_parts.common import PAGE, counted, place_name, place_names
from pages.parts import (
    _,
    export_button,
    number,
    number_column,
    plain,
    render,
    section,
    shown,
    status_cell,
    status_column,
    table,
    text_column,
    time_column,
)
from pages.sync_parts import address, charts
from pages.sync_parts.common import safe, space
from pages.sync_parts.paging import cursor, pages_back, turner
from sync.managers.views import stock_figures, stock_log
from sync.managers.views.stock import StockCard
from sync.managers.views.stock_figures import DifferenceRow
from sync.model.stock import Difference

_KINDS = tuple(kind.value for kind in Difference)
_CSV = ("sku", "location", "location_id", "why", "source", "target", "since", "seen_at", "run")


def draw(card: StockCard) -> None:
    """The numbers by kind, the trend, and the rows."""
    section(
        _("Differences"),
        _("What the last whole comparison found and what runs left apart since. A row goes when both agree."),
    )
    with st.grid(columns=5, min_column_width=140, gap="small", key="difference_numbers"):
        st.metric(_("Differ now"), number(card.differ), border=True)
        for kind in Difference:
            st.metric(
                safe(stock_figures.DIFFERENCES[kind]),
                number(card.differences.get(kind.value, 0)),
                border=True,
                help=safe(stock_figures.ADVICE[kind]),
            )
    with st.container(border=True, key="stock_trend"):
        section(_("Changes of stock per day"), _("A day goes from midnight to midnight UTC."))
        days = stock_log.trend(space(), card.info.flow.id)
        if any(day.counts for day in days):
            charts.stock_trend(days)
        else:
            st.caption(_("Nothing was written in the last 30 days."))
    _rows(card)


def _rows(card: StockCard) -> None:
    if not any(card.differences.values()):
        st.caption(_agreed(card))
        return
    flow_id = card.info.flow.id
    why, sku = _filters(card)
    after = cursor("differences_page", (flow_id, why, sku))
    page = stock_figures.differing(space(), flow_id, why, sku, after or "", PAGE)
    if not page.rows:
        st.caption(_("No difference matches."))
        return
    places = place_names(card.info.target)
    key = f"difference_rows_{hash((flow_id, why, sku, after))}"
    table(
        [_cells(row, place_name(places, row.place)) for row in page.rows],
        _columns(card),
        key=key,
        most_shown=12,
    )
    every = card.differences.get(why, 0) if why else card.differ or 0
    found = (len(page.rows), page.next_after is not None) if sku else (every, False)
    turner(
        "differences_page",
        page.next_after,
        counted(*found, pages_back("differences_page") * PAGE + 1, len(page.rows)),
        back=_("Back"),
        on=_("More"),
        beside=lambda: _export(card, why, sku, dict(places)),
    )


def _agreed(card: StockCard) -> str:
    """Nothing is listed: since when that is known, in Markdown."""
    if card.compared_at is None:
        return ":material/info: " + _("Not compared yet. The first full run or sweep does it.")
    when = plain(shown(card.compared_at))
    return ":green[:material/check_circle:] " + render(_("Both sides agreed at {when}."), when=when)


def _filters(card: StockCard) -> tuple[str, str]:
    """(kind, beginning of a SKU); "" does not restrict."""
    present = [kind for kind in _KINDS if card.differences.get(kind)]
    names = {
        kind.value: f"{safe(label)} · {number(card.differences.get(kind.value, 0))}"
        for kind, label in stock_figures.DIFFERENCES.items()
    }
    with st.container(horizontal=True, vertical_alignment="bottom", key="difference_filters"):
        sku = address.text(_("SKU begins with"), "sku", "ABC-1")
        with st.container(width="stretch"):
            why = address.pills(_("Kind"), present, "why", names) or ""
    return why, sku


def _columns(card: StockCard) -> dict[str, Any]:
    return {
        "why": status_column(_("Kind"), _KINDS, width=90),
        "sku": text_column(_("SKU"), width=110),
        "place": text_column(_("Location"), width=100),
        "source": number_column(card.info.source.name, width=138),
        "target": number_column(card.info.target.name, width=124),
        "since": time_column(_("Since"), width=138),
        "seen": time_column(_("Last seen"), width=138),
    }


def _cells(row: DifferenceRow, place: str) -> dict[str, object]:
    return {
        "why": status_cell(row.why),
        "sku": row.sku,
        "place": place,
        "source": row.source,
        "target": row.target,
        "since": row.since,
        "seen": row.seen_at,
    }


def _export(card: StockCard, why: str, sku: str, names: dict[str, str]) -> None:
    ws, flow_id = space(), card.info.flow.id

    def made() -> Iterator[tuple[object, ...]]:
        for row in stock_figures.each_difference(ws, flow_id, why, sku):
            yield (
                row.sku,
                names.get(row.place, ""),
                row.place,
                row.why,
                row.source,
                row.target,
                row.since,
                row.seen_at,
                row.run_id,
            )

    export_button("stock-differences", _CSV, made, key="differences_csv")
