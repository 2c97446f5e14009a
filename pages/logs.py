"""Logs: everything that happened."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import streamlit as st

from pages.parts import (
    _,
    day_format,
    empty_state,
    export_button,
    label_of,
    number,
    page_header,
    plain,
    reader,
    render,
    require,
    shown,
    status_badge,
    status_cell,
    status_column,
    table,
    text_column,
    time_column,
)
from pages.sync_parts import address, charts
from pages.sync_parts.common import said, space
from pages.sync_parts.paging import cursor, pages_back, turner
from sync.managers.views import logs, words
from sync.managers.views.logs import LogFilter, LogRow, Names

require()
PAGE = 100
LEVELS = ("success", "error", "warning", "info")
_FILTERS = ("q", "type", "connection", "entity", "range", "run", "from", "to")
_CUSTOM = "custom"
_CSV = ("time", "type", "connection", "entity", "record", "sku", "run", "message", "detail")


def filters() -> LogFilter:
    """The filters, in the address."""
    with st.container(key="log_filters"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            text = address.text(_("Text, SKU or id"), "q", _("words of the sentence, a SKU, an id"))
            levels = address.many(_("Type"), LEVELS, "type", {name: label_of(name) for name in LEVELS})
        with st.container(horizontal=True, vertical_alignment="bottom"):
            connection = address.pick(
                _("Connection"), list(known.connections), "connection", known.connections
            )
            entities = {name: render(label) for name, label in words.ENTITIES.items()}
            entity = address.pick(_("Record kind"), list(entities), "entity", entities)
            ranges = {name: render(label) for name, (label, _span) in logs.RANGES.items()} | {
                _CUSTOM: _("From – to …")
            }
            span = address.pick(_("Time"), list(ranges), "range", ranges, anything=_("All time"))
            run = address.text(_("Run"), "run", _("id of a run"))
            address.clear(_FILTERS)
        since, until = _own_span() if span == _CUSTOM else (logs.since(span, datetime.now(UTC)), None)
    return LogFilter(
        levels=levels,
        connection_id=connection,
        entity=entity,
        run_id=run or None,
        since=since,
        until=until,
        text=text,
    )


def _own_span() -> tuple[datetime | None, datetime | None]:
    """Two days on the operator's calendar, the last one included."""
    with st.container(horizontal=True, vertical_alignment="bottom"):
        first = st.date_input(
            _("From"), value=None, key="from", bind="query-params", width=180, format=day_format()
        )
        last = st.date_input(
            _("To"), value=None, key="to", bind="query-params", width=180, format=day_format()
        )
    return _midnight(first, 0), _midnight(last, 1)


def _midnight(day: object, later: int) -> datetime | None:
    if not isinstance(day, date):
        return None
    return datetime.combine(day + timedelta(days=later), time(), ZoneInfo(reader().timezone)).astimezone(UTC)


def rows(wanted: LogFilter) -> None:
    """A page of rows and the chosen one."""
    mark = (
        wanted.levels,
        wanted.connection_id,
        wanted.entity,
        wanted.run_id,
        wanted.text,
        st.session_state.get("range"),
        wanted.until,
    )
    after = cursor("log_page", mark)
    page = space().logs.page(wanted, after, PAGE)
    if not page.rows:
        st.caption(_("No row matches."))
        return
    chosen = table(
        [_cells(row) for row in page.rows],
        _columns(with_sku=any(row.sku for row in page.rows)),
        key=f"log_rows_{hash((mark, after))}",
        select="one",
        most_shown=14,
    )
    turner("log_page", page.next_cursor, _caption(wanted, len(page.rows)), beside=lambda: _export(wanted))
    most, days = logs.retention(space())
    st.caption(
        ":material/auto_delete: "
        + render(
            _("Kept: {days} days and at most {rows} rows. Settings change it."),
            days=number(days),
            rows=number(most),
        )
    )
    if chosen:
        detail(page.rows[chosen[0]])


def _caption(wanted: LogFilter, shown_rows: int) -> str:
    found, more = space().logs.count_capped(wanted)
    first = pages_back("log_page") * PAGE + 1
    every = _("more than {count}").format(count=number(found)) if more else number(found)
    return render(
        _("{first}–{last} of {all}. Tick a row to see all about it."),
        first=number(first),
        last=number(first + shown_rows - 1),
        all=every,
    )


def _columns(*, with_sku: bool) -> dict[str, Any]:
    return {
        "at": time_column(_("Time"), width=165, seconds=True),
        "level": status_column(_("Type"), LEVELS, width=90),
        "where": text_column(_("Where"), width=140),
        "entity": text_column(_("Kind"), width=78),
        **({"sku": text_column(_("SKU"), width=100)} if with_sku else {}),
        "text": text_column(_("Message"), width=340),
    }


def _cells(row: LogRow) -> dict[str, object]:
    return {
        "at": row.at,
        "level": status_cell(row.level),
        "where": _where(row),
        "entity": render(words.entity(row.entity)) if row.entity else "",
        "sku": row.sku or "",
        "text": said(row.message),
    }


def _where(row: LogRow) -> str:
    """Short enough for a column: the connection, or the flow by its short name; the row's detail names the
    direction too."""
    if row.connection_id:
        return known.where(row)
    short = known.shorts.get(row.flow_id or "") or known.shorts.get(row.link_id or "")
    return short or known.links.get(row.link_id or "") or known.where(row)


def detail(row: LogRow) -> None:
    """All about one row."""
    with st.container(border=True, key="log_detail"):
        with st.container(horizontal=True, vertical_alignment="center"):
            status_badge(row.level)
            about = [
                known.where(row),
                render(words.entity(row.entity)) if row.entity else "",
                row.record or "",
                row.sku or "",
            ]
            st.caption(plain(" · ".join(part for part in (shown(row.at), *about) if part)), width="stretch")
            if row.run_id:
                st.page_link(
                    "pages/run.py",
                    label=_("Open the run"),
                    icon=":material/arrow_forward:",
                    query_params={"id": row.run_id},
                )
        st.text(said(row.message))
        if row.detail:
            st.code(row.detail, language=None, wrap_lines=True)


def _export(wanted: LogFilter) -> None:
    ws, names = space(), known

    def made() -> Iterator[tuple[object, ...]]:
        for row in ws.logs.export(wanted):
            yield _csv_cells(row, names)

    export_button("logs", _CSV, made, key="logs_csv")


def _csv_cells(row: LogRow, names: Names) -> tuple[object, ...]:
    return (
        row.at,
        row.level,
        names.where(row),
        row.entity,
        row.record,
        row.sku,
        row.run_id,
        render(row.message),
        row.detail,
    )


known = logs.names(space())
page_header(_("Logs"), _("Everything that happened"))
first = space().logs.page(limit=1)
if not first.rows:
    with empty_state(
        "receipt_long",
        _("Nothing has happened yet"),
        _("The first run, or the first test of a connection, writes here."),
    ):
        st.page_link("pages/sync.py", label=_("Sync"), icon=":material/arrow_forward:")
else:
    chosen_filter = filters()
    charts.log_histogram(
        space().logs.histogram(
            24 if st.session_state.get("range") != "7d" else 168, chosen_filter.connection_id
        )
    )
    rows(chosen_filter)
