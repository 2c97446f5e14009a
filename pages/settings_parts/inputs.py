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
    """Draw all inputs, those that can wait under a heading of their own. A stored secret is never shown: an
    empty input keeps it."""
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
    if one.kind == "secret":
        typed.secrets[one.name] = _secret(one, label, here, is_stored)
    elif one.kind == "choice":
        typed.values[one.name] = _choice(one, label, here, value)
    elif one.kind == "switch":
        on = st.toggle(label, value=value == "true", key=here, help=_(one.help) or None)
        typed.values[one.name] = "true" if on else "false"
    else:
        text = st.text_input(
            label, value, key=here, help=_(one.help) or None, placeholder=one.placeholder, autocomplete="off"
        )
        typed.values[one.name] = text or ""


def _secret(one: FormField, label: str, key: str, is_stored: bool) -> str:
    hint = _("Stored. Leave empty to keep it.") if is_stored else one.placeholder
    help_text = _(one.help) or None
    # no autocomplete: a browser must not offer the console's own password here
    text = st.text_input(
        label, type="password", key=key, help=help_text, placeholder=hint, autocomplete="new-password"
    )
    return text or ""


def _choice(one: FormField, label: str, key: str, value: str) -> str:
    at = one.choices.index(value) if value in one.choices else 0
    chosen = st.selectbox(
        label,
        one.choices,
        index=at,
        key=key,
        help=_(one.help) or None,
        format_func=lambda choice: _(CHOICES.get(choice, choice)),
    )
    return chosen or ""
