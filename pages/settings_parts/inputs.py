"""A platform's form, drawn from its declared fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import streamlit as st

from pages.parts import _
from pages.settings_parts.platforms import CHOICES, Guide
from sync.model.support import FormField


@dataclass
class Typed:
    """What stands in a form: open values and secrets, by input."""

    values: dict[str, str] = field(default_factory=dict)
    secrets: dict[str, str] = field(default_factory=dict)


def draw_inputs(
    fields: Sequence[FormField],
    guide: Guide,
    key: str,
    *,
    stored: Mapping[str, str] | None = None,
    stored_secrets: Collection[str] = (),
) -> Typed:
    """Draw all inputs, those that can wait under a heading of their own. A stored secret is never shown: an empty input
    keeps it."""
    typed = Typed()
    later = [one for one in fields if one.name in guide.later]
    common = [one for one in fields if one.name == "allow_private"]
    for one in fields:
        if one not in later and one not in common:
            _draw(one, typed, key, stored or {}, one.name in stored_secrets)
    with st.expander(_(guide.later_title), icon=":material/tune:", key=f"{key}_later"):
        for one in (*later, *common):
            _draw(one, typed, key, stored or {}, one.name in stored_secrets)
    return typed


def _draw(one: FormField, typed: Typed, key: str, stored: Mapping[str, str], is_stored: bool) -> None:
    here, value = f"{key}_{one.name}", stored.get(one.name, one.default)
    label = _(one.label) + (" *" if one.required and not is_stored else "")
    help_text = _(one.help) or None
    if one.kind == "secret":
        hint = _("Stored. Leave empty to keep it.") if is_stored else one.placeholder
        typed.secrets[one.name] = (
            st.text_input(
                label, type="password", key=here, help=help_text, placeholder=hint, autocomplete="off"
            )
            or ""
        )
    elif one.kind == "choice":
        chosen = value if value in one.choices else one.choices[0]
        typed.values[one.name] = (
            st.selectbox(
                label,
                one.choices,
                index=one.choices.index(chosen),
                key=here,
                help=help_text,
                format_func=lambda choice: _(CHOICES.get(choice, choice)),
            )
            or ""
        )
    elif one.kind == "switch":
        typed.values[one.name] = (
            "true" if st.toggle(label, value=value == "true", key=here, help=help_text) else "false"
        )
    else:
        typed.values[one.name] = (
            st.text_input(
                label, value=value, key=here, help=help_text, placeholder=one.placeholder, autocomplete="off"
            )
            or ""
        )
