"""Colour and model of a product's variants → the option names and values that a shop wants: the same names
on every variant, no pair twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from sync.connectors.sentos.shapes import text_of
from sync.model.values import key_of

COLOUR, SIZE = "Renk", "Beden"
NO_COLOUR, NO_SIZE = "Tek Renk", "Tek Beden"

Options = tuple[tuple[str, str], ...]


def colour_and_size(raw: Mapping[str, Any]) -> tuple[str, str, str]:
    """(colour, label of the model, value of the model) of one variant; "" where there is none. A model
    that is called Renk is the colour, unless there is another one."""
    colour = text_of(raw.get("color"))
    model = raw.get("model")
    label, value = SIZE, ""
    if isinstance(model, Mapping):
        label, value = text_of(model.get("name")) or SIZE, text_of(model.get("value"))
    elif not isinstance(model, list):
        value = text_of(model)
    if key_of(label) == key_of(COLOUR):
        return (colour or value, SIZE, "" if colour in ("", value) else value)
    return colour, label, value


def options_of(raws: Sequence[Mapping[str, Any]]) -> list[Options]:
    """The options of each variant, in order. A part that only some variants have is filled with Tek Renk
    or Tek Beden; one that none has is left out, so a lone plain variant has ()."""
    parts = _spelt_alike([colour_and_size(raw) for raw in raws])
    colours, sizes = any(c for c, _, _ in parts), any(v for _, _, v in parts)
    label = _label([name for _, name, value in parts if value])
    return [_pair(colour, value, label, colours, sizes) for colour, _, value in parts]


def _spelt_alike(parts: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    """The same colour or size is spelt as where it comes first: shops refuse a product whose option has the
    values Siyah and SIYAH."""
    colours: dict[str, str] = {}
    sizes: dict[str, str] = {}
    return [
        (colours.setdefault(key_of(colour), colour), label, sizes.setdefault(key_of(value), value))
        for colour, label, value in parts
    ]


def _label(names: list[str]) -> str:
    """The most frequent label, the earliest of equals: one product has one name for its second option."""
    return Counter(names).most_common(1)[0][0] if names else SIZE


def _pair(colour: str, value: str, label: str, colours: bool, sizes: bool) -> Options:
    first = ((COLOUR, colour or NO_COLOUR),) if colours else ()
    second = ((label, value or NO_SIZE),) if sizes else ()
    return first + second


def option_key(options: Options) -> tuple[str, ...]:
    """How two pairs are compared: shops do not tell S from s."""
    return tuple(key_of(value) for _, value in options)


def shown(options: Options) -> str:
    """A pair for the operator's eye: "Siyah / 42"."""
    return " / ".join(value for _, value in options)
