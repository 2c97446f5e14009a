"""The CSV button: the file is made when it is clicked, not when the page is drawn."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

import streamlit as st

from console import access, i18n
from console.csvfile import INTERNATIONAL, TURKISH, Dialect, csv_bytes
from console.i18n import _
from storage import preferences
from sync.application import shared


def export_button(
    file_name: str,
    header: Sequence[str],
    rows: Callable[[], Iterable[Sequence[object]]],
    *,
    key: str,
    label: str = "",
) -> None:
    """Draw the button with its two ways of writing.

    `rows` is asked on the click, in a thread without a session: it knows the reader's language and zone, but
    not `st.session_state`; what else it needs of the page, it takes with it.
    """
    with st.popover(label or _("CSV"), icon=":material/download:", key=f"{key}_menu"):
        dialect, reader = _dialect(key), access.reader()

        def made() -> bytes:
            with access.reading_as(reader):
                return csv_bytes(header, rows(), dialect)

        st.download_button(
            _("Download"), made, f"{file_name}.csv", "text/csv", key=key, on_click="ignore", type="primary",
            icon=":material/download:", width="stretch",
        )  # fmt: skip


def _dialect(key: str) -> Dialect:
    """The operator's choice; at first what the spreadsheets of their language expect."""
    names = {"semicolon": _("Semicolons, 1299,90"), "comma": _("Commas, 1299.90")}
    way = st.segmented_control(
        _("Written with"), list(names), format_func=names.__getitem__, required=True, key=f"{key}_way",
        default="semicolon" if i18n.current() == "tr" or _wants_semicolons() else "comma",
    )  # fmt: skip
    return TURKISH if way == "semicolon" else INTERNATIONAL


def _wants_semicolons() -> bool:
    """What the settings say for the whole installation."""
    return shared().preferences.get(preferences.CSV_DECIMAL_COMMA)
