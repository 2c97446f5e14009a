"""Calling a verb from a page: wait visibly, and show a refusal in the operator's words."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import TypeVar

import streamlit as st

from console.i18n import _, render
from pages.parts.text import plain
from storage.errors import BadInput
from sync.errors import CounterpartError

_log = logging.getLogger(__name__)
T = TypeVar("T")


def attempt(verb: Callable[[], T], *, waiting: str = "") -> T | None:
    """What the verb answers; None if it refused, and then its sentence stands on the page.

    Give `waiting` where it may take more than a moment. Other errors than refusals pass: they are ours to
    mend.
    """
    try:
        with st.spinner(waiting or _("One moment …"), show_time=bool(waiting)):
            return verb()
    except (CounterpartError, BadInput) as refusal:
        _log.info("refused: %s", refusal)
        st.error(plain(render(refusal.message), limit=1000), icon=":material/error:")
        return None
