"""The head of a page: title, one sentence, and its actions on the right."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def page_header(title: str, subtitle: str = "") -> DeltaGenerator:
    """Draw the head; returns the place for the page's actions: `with page_header(…): st.button(…)`.

    Both texts are ours; what an operator or a platform wrote goes through `plain` first.
    """
    with st.container(horizontal=True, vertical_alignment="center", gap="medium", key="page_header"):
        with st.container(gap=None, width="stretch"):
            st.title(title, anchor=False)
            if subtitle:
                st.caption(subtitle)
        return st.container(
            horizontal=True, horizontal_alignment="right", vertical_alignment="center", width="content"
        )


def section(title: str, subtitle: str = "") -> None:
    """The head of a part of the page."""
    with st.container(gap="xxsmall"):
        st.subheader(title, anchor=False)
        if subtitle:
            st.caption(subtitle)
