"""The match: how many items of both sides belong together, which do not and why, as table and CSV."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import streamlit as st

from pages.inventory_parts.common import PAGE, counted
from pages.parts import _, ago, empty_state, export_button, number, plain, render, section, table, text_column
from pages.sync_parts import address
from pages.sync_parts.common import may_act, on_click, safe, space
from pages.sync_parts.paging import cursor, pages_back, turner
from sync.managers.verbs.stock import StockVerbs
from sync.managers.views import stock_match
from sync.managers.views.stock import StockCard
from sync.managers.views.stock_match import MatchRow
from sync.model.stock import Match

_CSV = ("class", "side", "sku", "title", "variant_id", "other_variant_id", "tracked")


def draw(card: StockCard) -> None:
    """The numbers, then the rows of one class."""
    if not card.match:
        empty_state(
            "join_inner",
            _("Nothing is matched yet"),
            _("The first run or preview reads both stores and matches their SKUs."),
            key="no_match",
        )
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        with st.container(width="stretch"):
            section(
                _("Match by SKU"),
                render(_("As of {when}. Each run refreshes it."), when=plain(ago(card.matched_at))),
            )
        st.button(
            _("Match again"),
            key="refresh_match",
            icon=":material/refresh:",
            disabled=not may_act() or card.live is not None,
            help=_("By what was last read, and by the present settings."),
            on_click=on_click(
                partial(StockVerbs(space()).refresh_match, card.info.flow.id), _("Matched again.")
            ),
        )
    _numbers(card)
    _rows(card, _class(card))


def _numbers(card: StockCard) -> None:
    with st.grid(columns=4, min_column_width=150, gap="small", key="match_numbers"):
        for kind in Match:
            st.metric(
                safe(stock_match.NAMES[kind]),
                number(card.match.get(kind.value, 0)),
                border=True,
                help=safe(stock_match.HELP[kind]),
            )


def _class(card: StockCard) -> Match:
    """The class whose rows are shown; at first the first exception, because those want to be looked at."""
    present = [kind.value for kind in Match if card.match.get(kind.value)] or [Match.MATCHED.value]
    first = next((kind for kind in present if kind != Match.MATCHED.value), present[0])
    if not st.session_state.get("class") and "class" not in st.query_params:
        st.session_state["class"] = first
    names = {kind.value: safe(stock_match.NAMES[kind]) for kind in Match}
    return Match(address.pills(_("Class"), present, "class", names) or first)


def _rows(card: StockCard, why: Match) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom"):
        text = address.text(_("SKU or title"), "q", "ABC-1-M")
        st.caption(safe(stock_match.HELP[why]), width="stretch")
    after = cursor("match_page", (card.info.flow.id, why, text))
    page = stock_match.page(space(), card.info, why, text, after, PAGE)
    if not page.rows:
        st.caption(_("No item matches."))
        return
    table(
        [_cells(card, row) for row in page.rows],
        _columns(why),
        key=f"match_rows_{hash((card.info.flow.id, why, text, after))}",
        most_shown=14,
    )
    first = pages_back("match_page") * PAGE + 1
    found = (
        stock_match.count(space(), card.info, why, text) if text else (card.match.get(why.value, 0), False)
    )
    turner(
        "match_page",
        page.next_after,
        counted(*found, first, len(page.rows)),
        back=_("Back"),
        on=_("More"),
        beside=lambda: _export(card, why, text),
    )


def _columns(why: Match) -> dict[str, Any]:
    columns: dict[str, Any] = {
        "sku": text_column(_("SKU"), width=170),
        "label": text_column(_("Item"), width=340),
    }
    if why is Match.MATCHED:
        return columns | {
            "variant": text_column(_("Source id"), width=165),
            "other": text_column(_("Target id"), width=165),
        }
    return columns | {
        "side": text_column(_("Store"), width=170),
        "variant": text_column(_("Id"), width=165),
    }


def _cells(card: StockCard, row: MatchRow) -> dict[str, object]:
    end = card.info.source if row.side == "source" else card.info.target
    return {
        "sku": row.sku or "–",
        "label": row.label,
        "side": end.name,
        "variant": row.variant_id.rpartition("/")[2],
        "other": row.other_id.rpartition("/")[2],
    }


def _export(card: StockCard, why: Match, text: str) -> None:
    """All rows of the class that are shown, over all pages."""
    ws, info = space(), card.info

    def made() -> Iterator[tuple[object, ...]]:
        for row in stock_match.each(ws, info, why, text):
            yield (row.why, row.side, row.sku, row.label, row.variant_id, row.other_id, row.tracked)

    export_button(f"match-{why.value}", _CSV, made, key="match_csv")
