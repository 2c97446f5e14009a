"""The word to type: what no keyboard has need not be typed, another word never passes."""

from __future__ import annotations

import pytest

from pages.parts.confirm import same_words


@pytest.mark.parametrize(
    "typed",
    [
        "Main store → Outlet",
        "Main store -> Outlet",
        "main store>outlet",
        "Main store Outlet",
        "  Main   store  →Outlet ",
        "MAIN STORE => OUTLET",
    ],
)
def test_an_arrow_may_be_typed_as_keyboards_can(typed: str) -> None:
    assert same_words(typed, "Main store → Outlet")


@pytest.mark.parametrize("typed", ["", " ", "->", "Main store → Outlet 2", "Mainstore → Outlet", "Outlet"])
def test_another_word_is_another_word(typed: str) -> None:
    assert not same_words(typed, "Main store → Outlet")


def test_both_ways_and_turkish_capitals() -> None:
    assert same_words("sentos <-> izmir mağaza", "Sentos ⇄ İZMİR MAĞAZA")
    assert same_words("IŞIK", "ışık")


def test_a_name_of_signs_alone_has_to_be_typed() -> None:
    assert same_words("→", "→") and not same_words("x", "→") and not same_words("", "→")
