"""The change log: every change of stock with both sides' values, filtered, and as a file."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import streamlit as st

from pages.inventory_parts.common import PAGE, counted, place_name, place_names
from pages.parts import (
    _,
    export_button,
    number_column,
    plain,
    render,
    section,
    status_badge,
    status_cell,
    status_column,
    table,
    text_column,
    time_column,
)
from pages.sync_parts import address
from pages.sync_parts.common import safe, said, space
from pages.sync_parts.paging import cursor, pages_back, turner
from pages.sync_parts.run_items import phase_name
from sync.managers.views import causes, logs, stock_log, words
from sync.managers.views.stock import StockCard
from sync.managers.views.stock_log import ChangeFilter, StockRow

STATES = ("to_write", "sent", "applied", "refused", "stale", "unknown", "dropped", "seen")
_FILTERS = ("sku", "place", "cause", "state", "range", "run")
CSV = (
    "time",
    "sku",
    "location",
    "location_id",
    "before",
    "after",
    "source",
    "cause",
    "reason",
    "state",
    "step",
    "run",
    "message",
    "target_variant_id",
    "source_variant_id",
)


def draw(card: StockCard) -> None:
    """Filters, a page of rows, and all about the chosen one."""
    section(
        _("Change log"),
        _("Every change of stock that was written, refused, left out, or seen at the target."),
    )
    wanted = _filters(card)
    mark = (card.info.flow.id, wanted.sku, wanted.place, wanted.causes, wanted.states, wanted.run_id)
    before = cursor("changes_page", (*mark, st.session_state.get("range")))
    page = stock_log.log(space(), wanted, before, PAGE)
    if not page.rows:
        st.caption(_("No change matches."))
        return
    names = place_names(card.info.target)
    chosen = table(
        [cells(row, place_name(names, row.place)) | {"at": row.at} for row in page.rows],
        {"at": time_column(_("Time"), width=148, seconds=True)} | columns(),
        key=f"changes_rows_{hash((mark, before))}",
        select="one",
        most_shown=14,
    )
    found = stock_log.count(space(), wanted)
    first = pages_back("changes_page") * PAGE + 1
    turner(
        "changes_page",
        page.next_after,
        counted(*found, first, len(page.rows)),
        beside=lambda: export(wanted, "stock-changes", "changes_csv", dict(names)),
    )
    if chosen:
        detail(page.rows[chosen[0]], place_name(names, page.rows[chosen[0]].place))


def _filters(card: StockCard) -> ChangeFilter:
    names = place_names(card.info.target)
    places = {place: place_name(names, place) for place in stock_log.places(space(), card.info.flow.id)}
    why = {name: render(stock_log.CAUSES[name]) for name in stock_log.OFFERED}
    states = {name: render(label) for name, label in words.STATES.items()}
    ranges = {name: render(label) for name, (label, _span) in logs.RANGES.items()}
    with st.container(horizontal=True, vertical_alignment="bottom", key="change_filters"):
        sku = address.text(_("SKU begins with"), "sku", "ABC-1")
        place = address.pick(_("Location"), list(places), "place", places)
        cause = address.pick(_("Cause"), list(why), "cause", why)
        state = address.pick(_("State"), list(states), "state", states)
        span = address.pick(_("Time"), list(ranges), "range", ranges, anything=_("All time"))
        run = address.text(_("Run"), "run", _("id of a run"))
        address.clear(_FILTERS)
    return ChangeFilter(
        flow_id=card.info.flow.id,
        run_id=run,
        sku=sku,
        place=place or "",
        causes=(cause,) if cause else (),
        states=(state,) if state else stock_log.DONE,
        since=logs.since(span, datetime.now(UTC)),
    )


def columns() -> dict[str, Any]:
    """The columns of changes, here and on the page of a run."""
    return {
        "state": status_column(_("State"), STATES, width=84),
        "sku": text_column(_("SKU"), width=106),
        "place": text_column(_("Location"), width=92),
        "before": number_column(_("Before"), width=58),
        "after": number_column(_("After"), width=58),
        "source": number_column(_("Source"), width=60),
        "cause": text_column(_("Cause"), width=66),
        "why": text_column(_("What and why"), width=178),
    }


def cells(row: StockRow, place: str) -> dict[str, object]:
    """One change as cells."""
    return {
        "state": status_cell(look(row)),
        "sku": row.sku or "–",
        "place": place,
        "before": row.before,
        "after": row.after,
        "source": row.source,
        "cause": render(stock_log.CAUSES[row.cause]) if row.cause in stock_log.CAUSES else row.cause,
        "why": why(row),
    }


def look(row: StockRow) -> str:
    """The state under which a change looks as it is."""
    return "to_write" if row.state == "planned" else row.state


def why(row: StockRow) -> str:
    """What is done, and what was answered, in one line."""
    parts = [phase_name(row.phase) if row.phase not in ("stock", "") else ""]
    parts.append(said(row.message) if row.message else render(causes.label(_word(row))) if row.reason else "")
    return " · ".join(part for part in parts if part)


def _word(row: StockRow) -> str:
    """The word of the recipe; what only the target moved is called here as among the rows left out."""
    return "drift" if row.reason == "target.moved" else row.reason


def detail(row: StockRow, place: str, *, linked: bool = True) -> None:
    """All about one change; `linked` leads to its run."""
    with st.container(border=True, key="change_detail"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(row.sku or '–')}** :gray[{plain(place)}]", width="stretch")
            status_badge(look(row))
        if row.message:
            st.info(safe(row.message), icon=":material/info:")
        with st.grid(columns=4, min_column_width=120, gap="small"):
            st.metric(_("Target before"), _quantity(row.before))
            st.metric(_("Target after"), _quantity(row.after))
            st.metric(_("Source"), _quantity(row.source))
            st.metric(_("Tries"), str(row.tries))
        st.caption(f"{plain(row.source_id)} → {plain(row.variant_id)}")
        if row.run_id and linked:
            st.page_link(
                "pages/run.py",
                label=_("Open the run"),
                icon=":material/arrow_forward:",
                icon_position="right",
                query_params={"id": row.run_id},
            )


def _quantity(value: int | None) -> str:
    return "–" if value is None else str(value)


def export(wanted: ChangeFilter, name: str, key: str, names: dict[str, str]) -> None:
    """Every change that matches, streamed into a file."""
    ws = space()

    def made() -> Iterator[tuple[object, ...]]:
        for row in stock_log.each(ws, wanted):
            yield _csv_cells(row, names)

    export_button(name, CSV, made, key=key)


def _csv_cells(row: StockRow, names: dict[str, str]) -> tuple[object, ...]:
    return (
        row.at,
        row.sku,
        names.get(row.place, ""),
        row.place,
        row.before,
        row.after,
        row.source,
        row.cause,
        row.reason,
        row.state,
        row.phase,
        row.run_id,
        said(row.message) if row.message else "",
        row.variant_id,
        row.source_id,
    )
