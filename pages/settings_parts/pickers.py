"""Inputs for what a platform offers: a list that is loading or failed never loses what was chosen before."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import pandas as pd
import streamlit as st

from pages.parts import _, plain, render
from sync.managers.verbs.offers import Offer


def pick_one(label: str, offer: Offer, current: str, key: str, *, help: str = "", nothing: str = "") -> str:
    """One of what is offered, or "". `nothing` names the choice of none of them."""
    names = _names(offer, [current] if current else [])
    options = (["", *(n for n in names if n)] if nothing or not current else list(names)) or [""]
    chosen = st.selectbox(
        label,
        options,
        index=options.index(current) if current in options else 0,
        key=key,
        help=help or None,
        format_func=lambda one: names.get(one) or nothing or "–",
    )
    _state(offer)
    return str(chosen or "")


def pick_many(
    label: str, offer: Offer, current: Sequence[str], key: str, *, help: str = ""
) -> tuple[str, ...]:
    """Any number of what is offered."""
    names = _names(offer, current)
    chosen = st.multiselect(
        label,
        list(names),
        default=list(current),
        key=key,
        help=help or None,
        format_func=lambda one: names.get(one, one),
        placeholder=_("Choose"),
    )
    _state(offer)
    return tuple(chosen)


def tags(label: str, current: Sequence[str], key: str, *, help: str = "") -> tuple[str, ...]:
    """Words that the operator types, one after the other."""
    return tuple(
        str(one)
        for one in st.multiselect(
            label,
            list(current),
            default=list(current),
            key=key,
            help=help or None,
            accept_new_options=True,
            placeholder=_("Type and press Enter"),
        )
    )


def edit_rows(
    rows: Sequence[Mapping[str, str]], columns: Mapping[str, Any], key: str, *, fixed: bool = False
) -> list[dict[str, str]]:
    """A table to edit; answers its rows as stripped text, without those that are empty. `fixed`: no rows come
    or go."""
    frame = pd.DataFrame([dict(row) for row in rows], columns=list(columns), dtype="string")
    edited = st.data_editor(
        frame,
        column_config=dict(columns),
        hide_index=True,
        key=key,
        num_rows="fixed" if fixed else "dynamic",
        row_height=34,
    )
    return tidy(edited.to_dict("records"))


def tidy(records: Sequence[Mapping[Any, Any]]) -> list[dict[str, str]]:
    """Cells as stripped text (nothing becomes ""), without rows that hold nothing."""
    rows = [
        {
            str(name): "" if cell is None or cell is pd.NA or cell != cell else str(cell).strip()
            for name, cell in row.items()
        }
        for row in records
    ]
    return [row for row in rows if any(row.values())]


def _names(offer: Offer, current: Collection[str]) -> dict[str, str]:
    """Name by id: what is offered, then what was chosen and is not offered (any more)."""
    names = {one.id: f"{one.name} ({one.detail})" if one.detail else one.name for one in offer.items}
    gone = _("{id} (not found any more)") if offer.ready else "{id}"
    return names | {one: gone.format(id=one) for one in current if one not in names}


def _state(offer: Offer) -> None:
    if offer.state == "loading":
        st.caption(f":material/hourglass_empty: {_('The list is being loaded.')}")
    elif offer.state == "failed" and offer.reason is not None:
        st.caption(
            ":material/error: "
            + render("The list could not be read: {reason}", reason=plain(render(offer.reason)))
        )
