"""Tables: one look, and columns for the values that every page shows. Cells never render markup."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Literal

import pandas as pd
import streamlit as st

from console import access
from console.i18n import _

MOST_ROWS = 1_000
_ROW, _HEAD = 34, 34
_TIME_FORMATS = {"en": "D MMM YYYY, HH:mm", "tr": "DD.MM.YYYY HH:mm"}


def text_column(
    label: str, *, width: Literal["small", "medium", "large"] | int | None = None, **options: Any
) -> Any:
    """Text as it is."""
    return st.column_config.TextColumn(label, width=width, **options)


def money_column(label: str, **options: Any) -> Any:
    """Amounts already written by `money` (exact to the last digit), to the right."""
    return st.column_config.TextColumn(label, alignment="right", **options)


def number_column(label: str, **options: Any) -> Any:
    """Whole numbers, grouped as the browser's language does."""
    return st.column_config.NumberColumn(label, format="localized", **options)


def time_column(label: str, *, seconds: bool = False, **options: Any) -> Any:
    """Aware times, on the operator's clock; to the minute, or to the second where rows follow each other."""
    reader = access.reader()
    written = _TIME_FORMATS[reader.language] + (":ss" if seconds else "")
    return st.column_config.DatetimeColumn(label, timezone=reader.timezone, format=written, **options)


def progress_column(label: str, **options: Any) -> Any:
    """Shares from 0 to 1."""
    return st.column_config.ProgressColumn(label, format="percent", min_value=0, max_value=1, **options)


def table(
    rows: Sequence[Mapping[str, Any]],
    columns: Mapping[str, Any],
    *,
    key: str,
    select: Literal["none", "one", "many"] = "none",
    most_shown: int = 15,
) -> list[int]:
    """Draw at most 1,000 rows, in the order of `columns`; returns the indexes of the selected ones.

    Raises ValueError for more rows: a page asks for pages. Pagers go below the table, whose toolbar floats
    above it.
    """
    if len(rows) > MOST_ROWS:
        raise ValueError(f"{len(rows)} rows in one table: ask for a page of at most {MOST_ROWS}")
    event: Any = st.dataframe(
        pd.DataFrame([dict(row) for row in rows], columns=list(columns)),
        column_config=dict(columns),
        hide_index=True,
        row_height=_ROW,
        key=key,
        placeholder="–",
        height=_HEAD + _ROW * max(1, min(len(rows), most_shown)),
        on_select="ignore" if select == "none" else "rerun",
        selection_mode="multi-row" if select == "many" else "single-row",
        lazy=False,
    )
    return [] if select == "none" else [row for row in event.selection.rows if row < len(rows)]


def pager(*, key: str, newer: bool, older: bool, caption: str) -> Literal["newer", "older"] | None:
    """The line below a table: what is shown, and the two ways to turn the page."""
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(caption, width="stretch")
        back = st.button(_("Newer"), icon=":material/chevron_left:", disabled=not newer, key=f"{key}_newer")
        on = st.button(
            _("Older"),
            icon=":material/chevron_right:",
            icon_position="right",
            disabled=not older,
            key=f"{key}_older",
        )
    return "newer" if back else "older" if on else None
