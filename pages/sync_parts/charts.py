"""Charts in the theme's colours, on the operator's clock."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import altair as alt
import pandas as pd
import streamlit as st

from pages.parts import _, local, render
from sync.managers.views import causes, stock_log
from sync.managers.views.dashboard import SERIES, CauseCount, Hour
from sync.managers.views.logs import HourCount
from sync.managers.views.stock_log import Day
from sync.model.text import Message, say

_DAY_AND_HOUR = "%d.%m. %H:%M"
_SMALLEST = 12  # px of any text in a chart
_COUNT = "datum.value < 1000 ? format(datum.value, 'd') : format(datum.value, '~s')"
_LEVEL_COLOURS = {"error": "#d93a4a", "warning": "#e07b1f", "success": "#16945f", "info": "#5b9bf5"}
_SERIES_COLOURS = {"products": "#2f55e6", "stock": "#12a594", "orders": "#ff9d6b"}
SERIES_NAMES: Mapping[str, Message] = {
    "products": say("Products and prices"),
    "stock": say("Stock"),
    "orders": say("Orders"),
}


def throughput(hours: Sequence[Hour]) -> None:
    """Changes written per hour, stacked by what they are."""
    names = {name: render(SERIES_NAMES[name]) for name in SERIES}
    rows = [
        {"hour": local(h.at).strftime(_DAY_AND_HOUR), "what": names[name], "count": h.written.get(name, 0)}
        for h in hours
        for name in SERIES
    ]
    chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(cornerRadius=1)
        .encode(
            x=_hours([local(h.at).strftime(_DAY_AND_HOUR) for h in hours]),
            y=alt.Y("count:Q", title=None, axis=alt.Axis(tickMinStep=1, labelExpr=_COUNT)),
            color=alt.Color(
                "what:N",
                title=None,
                sort=list(names.values()),
                legend=alt.Legend(orient="top"),
                scale=alt.Scale(domain=list(names.values()), range=[_SERIES_COLOURS[n] for n in SERIES]),
            ),
            tooltip=[
                alt.Tooltip("hour", title=_("Hour")),
                alt.Tooltip("what", title=_("What")),
                alt.Tooltip("count", title=_("Changes")),
            ],
        )
    )
    st.altair_chart(_readable(chart.properties(height=250)), alt=_("Changes written per hour"))


def _readable(chart: Any) -> Any:
    """No text in a chart is smaller than elsewhere on the page."""
    return (
        chart.configure_axis(labelFontSize=_SMALLEST, titleFontSize=_SMALLEST)
        .configure_legend(labelFontSize=_SMALLEST)
        .configure_text(fontSize=_SMALLEST)
    )


def _hours(order: Sequence[str]) -> alt.X:
    every = max(1, len(order) // 8)
    return alt.X(
        "hour:N",
        title=None,
        sort=list(order),
        axis=alt.Axis(
            labelAngle=0,
            values=list(order)[::every],
            labelExpr="split(datum.label, ' ')[1]" if len(order) <= 25 else "split(datum.label, ' ')[0]",
        ),
    )


def failures(found: Sequence[CauseCount]) -> None:
    """Records by cause, as bars with their number."""
    merged: dict[str, int] = {}
    for one in found:
        name = render(causes.label(one.cause))
        merged[name] = merged.get(name, 0) + one.count
    data = pd.DataFrame([{"cause": name, "count": n} for name, n in merged.items()])
    base = alt.Chart(data).encode(
        y=alt.Y("cause:N", sort="-x", title=None, axis=alt.Axis(labelLimit=170, ticks=False, domain=False)),
        x=alt.X("count:Q", title=None, axis=None),
        tooltip=["cause", "count"],
    )
    bars = base.mark_bar(color="#e2606d", cornerRadius=2, size=16)
    numbers = base.mark_text(align="left", dx=5, color="#8d98b3").encode(text="count:Q")
    st.altair_chart(
        _readable((bars + numbers).properties(height=max(60, 36 * len(merged)))),
        alt=_("Records that failed or wait, by cause"),
    )


_CAUSE_COLOURS = {
    "run": "#2f55e6",
    "queue": "#12a594",
    "order": "#ff9d6b",
    "webhook": "#8e6bf0",
    "manual": "#5b9bf5",
    "undo": "#8d98b3",
    "store": "#e07b1f",
}


def stock_trend(days: Sequence[Day]) -> None:
    """Changes of stock per day, stacked by cause."""
    present = [cause for cause in _CAUSE_COLOURS if any(day.counts.get(cause) for day in days)]
    names = {cause: render(stock_log.CAUSES[cause]) for cause in present}
    order = [day.at.strftime("%d.%m.") for day in days]
    rows = [
        {"day": label, "cause": names[cause], "count": day.counts.get(cause, 0)}
        for day, label in zip(days, order, strict=True)
        for cause in present
    ]
    chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(cornerRadius=1)
        .encode(
            x=alt.X(
                "day:N",
                title=None,
                sort=order,
                axis=alt.Axis(labelAngle=0, values=order[:: max(1, len(order) // 8)]),
            ),
            y=alt.Y("count:Q", title=None, axis=alt.Axis(tickMinStep=1, labelExpr=_COUNT)),
            color=alt.Color(
                "cause:N",
                title=None,
                legend=alt.Legend(orient="top"),
                scale=alt.Scale(
                    domain=list(names.values()), range=[_CAUSE_COLOURS[cause] for cause in present]
                ),
            ),
            tooltip=[
                alt.Tooltip("day", title=_("Day (UTC)")),
                alt.Tooltip("cause", title=_("Cause")),
                alt.Tooltip("count", title=_("Changes")),
            ],
        )
    )
    st.altair_chart(_readable(chart.properties(height=200)), alt=_("Changes of stock per day"))


def log_histogram(hours: Sequence[HourCount]) -> None:
    """Rows per hour by level, low."""
    rows: list[dict[str, Any]] = [
        {"hour": local(h.hour).strftime(_DAY_AND_HOUR), "level": level, "count": getattr(h, level)}
        for h in hours
        for level in _LEVEL_COLOURS
    ]
    chart = (
        alt.Chart(pd.DataFrame(rows))
        .mark_bar(cornerRadius=1)
        .encode(
            x=_hours([local(h.hour).strftime(_DAY_AND_HOUR) for h in hours]),
            y=alt.Y("count:Q", title=None, axis=None),
            color=alt.Color(
                "level:N",
                legend=None,
                scale=alt.Scale(domain=list(_LEVEL_COLOURS), range=list(_LEVEL_COLOURS.values())),
            ),
            order=alt.Order("level:N"),
            tooltip=[
                alt.Tooltip("hour", title=_("Hour")),
                alt.Tooltip("level", title=_("Type")),
                alt.Tooltip("count", title=_("Rows")),
            ],
        )
    )
    st.altair_chart(_readable(chart.properties(height=70)), alt=_("Log rows per hour"))
