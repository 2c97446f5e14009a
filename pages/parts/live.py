"""A part of the page that draws itself anew: quickly while something runs, slowly while nothing does."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import TypeVar

import streamlit as st

from console.access import require

FAST, SLOW = 1.5, 8.0
T = TypeVar("T", bound=Hashable)


def live(draw: Callable[[], None], *, running: Callable[[], frozenset[T]], key: str) -> None:
    """Draw now and again and again. `running` names what runs at this moment (run ids); when that set
    changes, the whole page is drawn once, so that its other parts (tables, buttons, the pace of this one)
    follow.
    """
    seen = running()
    st.session_state[f"{key}_running"] = seen

    @st.fragment(run_every=FAST if seen else SLOW, key=key)
    def tick() -> None:
        require()
        now = running()
        if now != st.session_state.get(f"{key}_running"):
            st.session_state[f"{key}_running"] = now
            st.rerun()
        draw()

    tick()
