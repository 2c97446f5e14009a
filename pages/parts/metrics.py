"""A row of figures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import streamlit as st


@dataclass(frozen=True)
class Metric:
    """One figure: `delta` against `compared_with`; `good` says which direction of it is welcome; `series`
    draws a small chart.
    """

    label: str
    value: str
    delta: str | None = None
    compared_with: str | None = None
    good: Literal["up", "down", "neither"] = "up"
    series: Sequence[float] | None = None
    chart: Literal["line", "area", "bar"] = "area"
    help: str | None = None


_DELTA_COLOR: dict[str, Literal["normal", "inverse", "blue"]] = {
    "up": "normal",
    "down": "inverse",
    "neither": "blue",
}


def _moving(series: Sequence[float] | None) -> Sequence[float] | None:
    """A series that never moves would be a line at half height, which says nothing."""
    return series if series and len(set(series)) > 1 else None


def metric_row(metrics: Sequence[Metric]) -> None:
    """Draw the figures side by side in boxes of one height; on a narrow screen they wrap."""
    with st.grid(columns=max(1, len(metrics)), min_column_width=160, gap="small"):
        for metric in metrics:
            st.metric(
                metric.label,
                metric.value,
                metric.delta,
                delta_color=_DELTA_COLOR[metric.good],
                border=True,
                help=metric.help,
                height="stretch",
                chart_data=_moving(metric.series),
                chart_type=metric.chart,
                delta_description=metric.compared_with,
            )
