"""Short messages that outlive a rerun: said in a callback, shown by the next run."""

from __future__ import annotations

import streamlit as st

_WAITING = "_toasts"


def say_later(text: str, icon: str = ":material/check_circle:") -> None:
    """Show this toast when the page is drawn next."""
    st.session_state.setdefault(_WAITING, []).append((text, icon))


def show() -> None:
    """Show what waits, once."""
    for text, icon in st.session_state.pop(_WAITING, []):
        st.toast(text, icon=icon)
