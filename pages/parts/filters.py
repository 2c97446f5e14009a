"""Filters that live in the address: a filtered page can be reloaded, bookmarked and sent to a colleague."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence

import streamlit as st

from console.i18n import _

_EMPTY = "_empty_filters"


def search_box(label: str, key: str, placeholder: str = "") -> str:
    """A text to look for, stripped; "" when empty. `key` is also its name in the address."""
    _empty_is(key, "")
    typed = st.text_input(
        label, key=key, bind="query-params", placeholder=placeholder, icon=":material/search:", max_chars=200
    )
    return (typed or "").strip()


def pick_one(
    label: str,
    options: Sequence[str],
    key: str,
    *,
    names: Mapping[str, str] | None = None,
    anything: str = "",
) -> str | None:
    """One of `options`, or None for any of them."""
    _empty_is(key, None)
    return st.selectbox(
        label,
        options,
        index=None,
        key=key,
        bind="query-params",
        format_func=_named(names),
        placeholder=anything or _("All"),
    )


def pick_many(
    label: str, options: Sequence[str], key: str, *, names: Mapping[str, str] | None = None
) -> list[str]:
    """Any number of `options`, as coloured pills; none chosen means all."""
    _empty_is(key, [])
    chosen = st.pills(
        label, options, selection_mode="multi", key=key, bind="query-params", format_func=_named(names)
    )
    return [option for option in options if option in (chosen or [])]


def _named(names: Mapping[str, str] | None) -> Callable[[str], str]:
    return lambda option: (names or {}).get(option, option)


def clear_filters(keys: Iterable[str]) -> None:
    """Draw the way back to everything."""
    wanted = list(keys)
    st.button(
        _("Clear filters"),
        icon=":material/filter_alt_off:",
        type="tertiary",
        key="clear_filters",
        on_click=_forget,
        args=(wanted,),
        disabled=not any(st.session_state.get(key) for key in wanted),
    )


def _forget(keys: Sequence[str]) -> None:
    for key in keys:
        st.session_state[key] = st.session_state[_EMPTY].get(key)


def _empty_is(key: str, value: object) -> None:
    """Remember what "nothing chosen" is for this filter: the address follows the widget, never the other
    way.
    """
    st.session_state.setdefault(_EMPTY, {})[key] = value
