"""Turning pages by key: which page is shown, and the two buttons below the table."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from pages.parts import _


def cursor(key: str, about: Hashable) -> Any:
    """The key that the shown page begins after; None on the first. Another filter (`about`) begins anew."""
    known = st.session_state.get(key)
    if not known or known["about"] != about:
        st.session_state[key] = {"about": about, "stack": []}
    stack: list[Any] = st.session_state[key]["stack"]
    return stack[-1] if stack else None


def pages_back(key: str) -> int:
    """How many pages stand before the shown one."""
    return len(st.session_state[key]["stack"])


def turner(
    key: str,
    following: int | str | None,
    caption: str,
    *,
    back: str = "",
    on: str = "",
    beside: Callable[[], None] | None = None,
) -> None:
    """The line below a table: what is shown, the two ways to turn the page, and what else stands there."""
    stack: list[Any] = st.session_state[key]["stack"]
    with st.container(horizontal=True, vertical_alignment="center"):
        st.caption(caption, width="stretch")
        if stack or following is not None:
            st.button(
                back or _("Newer"),
                icon=":material/chevron_left:",
                key=f"{key}_back",
                disabled=not stack,
                on_click=_back,
                args=(stack,),
            )
            st.button(
                on or _("Older"),
                icon=":material/chevron_right:",
                icon_position="right",
                key=f"{key}_on",
                disabled=following is None,
                on_click=stack.append,
                args=(following,),
            )
        if beside is not None:
            beside()


def _back(stack: list[Any]) -> None:
    stack.pop()
