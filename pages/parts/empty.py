"""What stands where there is nothing yet: why, and the way on."""

from __future__ import annotations

import streamlit as st
from streamlit.delta_generator import DeltaGenerator


def empty_state(
    icon: str, title: str, text: str, *, height: int | None = None, key: str = "empty_state"
) -> DeltaGenerator:
    """Draw it; returns the place for the way on: `with empty_state(…): st.page_link(…)`. `icon` is a Material
    name.
    """
    outer = st.container(
        border=True,
        height=height or "content",
        horizontal_alignment="center",
        vertical_alignment="center",
        gap="xsmall",
        key=key,
    )
    with outer:
        st.space("small")
        st.markdown(f"### :gray[:material/{icon}:]", text_alignment="center", width="content")
        st.markdown(f"**{title}**", text_alignment="center", width="content")
        st.caption(text, text_alignment="center", width="content")
        actions = st.container(
            horizontal=True, horizontal_alignment="center", vertical_alignment="center", width="content"
        )
        st.space("small")
    return actions
