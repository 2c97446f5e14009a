"""Colour and model in every shape become options that a shop accepts."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.connectors.sentos import wire
from sync.connectors.sentos.options import option_key, options_of
from sync.model.values import key_of
from tests.unit.connectors.sentos_raw import raw_product, raw_variant

WORDS = st.one_of(
    st.none(), st.just(""), st.sampled_from(["Siyah", "Sarı", "S", "s", "42", "50 - 52", "3 Yaş", "İ", "ı"])
)
MODELS = st.one_of(
    WORDS,
    st.just([]),
    st.integers(30, 60),
    st.fixed_dictionaries(
        {
            "name": st.sampled_from(["Beden", "Renk", "Numara", "", None]),
            "value": st.one_of(WORDS, st.integers(30, 60)),
        }
    ),
)
VARIANTS = st.lists(st.fixed_dictionaries({"color": WORDS, "model": MODELS}), max_size=8)


@given(VARIANTS)
def test_all_variants_have_the_same_names_and_no_empty_value(raws: list[dict[str, Any]]) -> None:
    options = options_of(raws)
    assert len(options) == len(raws)
    assert len({tuple(name for name, _ in pair) for pair in options}) <= 1
    assert all(name and value for pair in options for name, value in pair)
    assert all(len(dict(pair)) == len(pair) <= 2 for pair in options)


@given(VARIANTS)
def test_a_product_never_has_the_same_pair_twice_and_loses_no_other(raws: list[dict[str, Any]]) -> None:
    variants = [raw_variant(number, **raw) for number, raw in enumerate(raws)]
    product = wire.product(raw_product(variants=variants), wire.Reading())
    if not raws:
        assert [v.options for v in product.variants] == [()]
        return
    keys = [option_key(v.options) for v in product.variants]
    assert len(keys) == len(set(keys))
    assert set(keys) == {option_key(pair) for pair in options_of(variants)}
    dropped = [p for p in product.problems if p.cause == "options.duplicate"]
    assert len(dropped) == len(raws) - len(keys)


def pairs(*raws: dict[str, Any]) -> list[tuple[tuple[str, str], ...]]:
    return list(options_of(raws))


@pytest.mark.parametrize(
    "model, expected",
    [
        ({"name": "Beden", "value": "42"}, ("Beden", "42")),
        ("44", ("Beden", "44")),
        (46, ("Beden", "46")),
        ({"name": "Beden", "value": 36}, ("Beden", "36")),
        ({"name": "Numara", "value": "38"}, ("Numara", "38")),
        ({"name": "", "value": "S"}, ("Beden", "S")),
    ],
)
def test_model_in_every_shape(model: Any, expected: tuple[str, str]) -> None:
    assert pairs({"color": "Siyah", "model": model}) == [(("Renk", "Siyah"), expected)]


@pytest.mark.parametrize("model", [None, [], {}, "", {"name": "Beden", "value": ""}])
def test_colour_only(model: Any) -> None:
    assert pairs({"color": "Siyah", "model": model}) == [(("Renk", "Siyah"),)]


def test_size_only() -> None:
    assert pairs({"model": "S"}, {"color": None, "model": "M"}) == [(("Beden", "S"),), (("Beden", "M"),)]


def test_a_model_called_colour_is_the_colour() -> None:
    assert pairs({"model": {"name": "Renk", "value": "Siyah"}}) == [(("Renk", "Siyah"),)]
    assert pairs({"color": "Siyah", "model": {"name": "RENK", "value": "Siyah"}}) == [(("Renk", "Siyah"),)]
    assert pairs({"color": "Siyah", "model": {"name": "Renk", "value": "42"}}) == [
        (("Renk", "Siyah"), ("Beden", "42"))
    ]


def test_mixed_presence_is_filled() -> None:
    assert pairs({"color": "Siyah", "model": "S"}, {"model": "M"}, {"color": "Sarı"}) == [
        (("Renk", "Siyah"), ("Beden", "S")),
        (("Renk", "Tek Renk"), ("Beden", "M")),
        (("Renk", "Sarı"), ("Beden", "Tek Beden")),
    ]


def test_a_lone_plain_variant_has_no_options() -> None:
    assert pairs({"color": "", "model": []}) == [()]


def test_one_spelling_of_each_value() -> None:
    """Shops refuse a product whose option has both Siyah and SIYAH among its values."""
    raws = [
        {"color": "Siyah", "model": "s"},
        {"color": "SIYAH", "model": "M"},
        {"color": "siyah", "model": "S"},
        {"color": "Kırmızı", "model": "m"},
    ]
    assert [dict(pair) for pair in options_of(raws)] == [
        {"Renk": "Siyah", "Beden": "s"},
        {"Renk": "Siyah", "Beden": "M"},
        {"Renk": "Siyah", "Beden": "s"},
        {"Renk": "Kırmızı", "Beden": "M"},
    ]


@given(VARIANTS)
def test_values_of_an_option_differ_by_more_than_their_case(raws: list[dict[str, Any]]) -> None:
    for name in {name for pair in options_of(raws) for name, _ in pair}:
        values = {dict(pair)[name] for pair in options_of(raws)}
        assert len({key_of(value) for value in values}) == len(values)
