"""Filters whose address holds our own names, not what they are called: links work in every language, whatever
the counts in the labels. (Streamlit's own binding writes the label.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import streamlit as st

from pages.parts import _


def pick(
    label: str,
    options: Sequence[str],
    key: str,
    names: Mapping[str, str],
    *,
    anything: str = "",
    titled: bool = True,
) -> str | None:
    """One of `options` from a list, or None for any; untitled where `anything` says it all."""
    _from_address(key, options)
    chosen: str | None = st.selectbox(
        label,
        options,
        index=None,
        key=key,
        format_func=lambda o: names.get(o, o),
        placeholder=anything or _("All"),
        label_visibility="visible" if titled else "collapsed",
        on_change=_to_address,
        args=(key,),
    )
    return chosen


def pills(label: str, options: Sequence[str], key: str, names: Mapping[str, str]) -> str | None:
    """One of `options` as pills, or None for any."""
    _from_address(key, options)
    chosen = st.pills(
        label,
        options,
        key=key,
        format_func=lambda o: names.get(o, o),
        label_visibility="collapsed",
        on_change=_to_address,
        args=(key,),
    )
    return chosen if isinstance(chosen, str) else None


def many(label: str, options: Sequence[str], key: str, names: Mapping[str, str]) -> tuple[str, ...]:
    """Any number of `options` as pills; none chosen means all."""
    _from_address(key, options, several=True)
    chosen = st.pills(
        label,
        options,
        key=key,
        selection_mode="multi",
        format_func=lambda o: names.get(o, o),
        on_change=_to_address,
        args=(key,),
    )
    return tuple(option for option in options if option in (chosen or ()))


def clear(keys: Sequence[str]) -> None:
    """The way back to everything."""
    st.button(
        _("Clear filters"),
        icon=":material/filter_alt_off:",
        type="tertiary",
        key="clear_filters",
        on_click=_forget,
        args=(keys,),
        disabled=not any(st.session_state.get(key) or key in st.query_params for key in keys),
    )


def text(label: str, key: str, placeholder: str = "") -> str:
    """A text to look for, stripped."""
    if key not in st.session_state and key in st.query_params:
        st.session_state[key] = st.query_params[key][:200]
    typed = st.text_input(
        label,
        key=key,
        placeholder=placeholder,
        icon=":material/search:",
        max_chars=200,
        on_change=_to_address,
        args=(key,),
    )
    return (typed or "").strip()


def _from_address(key: str, options: Sequence[str], *, several: bool = False) -> None:
    """A first visit takes what the address says; what it names in vain, and what has gone meanwhile, counts
    as nothing.
    """
    if key not in st.session_state and key in st.query_params:
        st.session_state[key] = st.query_params.get_all(key) if several else st.query_params[key]
    known = st.session_state.get(key)
    if isinstance(known, str) and known not in options:
        st.session_state[key] = None
    elif isinstance(known, list) and set(known) - set(options):
        st.session_state[key] = [one for one in known if one in options]


def _to_address(key: str) -> None:
    value = st.session_state.get(key)
    if value:
        st.query_params[key] = value
    else:
        st.query_params.pop(key, None)


def _forget(keys: Sequence[str]) -> None:
    for key in keys:
        value = st.session_state.get(key)
        st.session_state[key] = (
            [] if isinstance(value, list) else "" if isinstance(value, str) and _is_text(key) else None
        )
        st.query_params.pop(key, None)


def _is_text(key: str) -> bool:
    return key in ("q", "run", "sku")
