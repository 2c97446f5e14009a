"""Amounts in every spelling. The classic accident: 1.299,90 became 0.00."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sync.connectors.sentos.money import Ambiguous, Unreadable, amount, currency_code, pieces

KURUS = st.integers(0, 10**11 - 1)


def turkish(kurus: int, groups: bool) -> str:
    whole, cents = divmod(kurus, 100)
    return (f"{whole:,}".replace(",", ".") if groups else str(whole)) + f",{cents:02d}"


@given(
    KURUS,
    st.booleans(),
    st.sampled_from(["", "-"]),
    st.sampled_from(["{}", "{} TL", "₺{}", " {} ", "{}\u00a0TL"]),
)
def test_turkish_spellings_are_read_to_the_kurus(kurus: int, groups: bool, sign: str, around: str) -> None:
    wanted = Decimal(kurus) / 100 * (-1 if sign else 1)
    assert amount(around.format(sign + turkish(kurus, groups))) == wanted


@given(KURUS)
def test_english_spellings_are_read_to_the_kurus(kurus: int) -> None:
    whole, cents = divmod(kurus, 100)
    assert amount(f"{whole}.{cents:02d}") == Decimal(kurus) / 100
    assert amount(f"{whole:,}.{cents:02d}") == Decimal(kurus) / 100


@given(st.decimals(-(10**9), 10**9, places=2))
def test_numbers_are_taken_as_they_are(value: Decimal) -> None:
    assert amount(value) == value


@given(st.text(max_size=12))
def test_no_text_is_ever_read_as_something_else_than_its_digits(raw: str) -> None:
    try:
        value = amount(raw)
    except (Ambiguous, Unreadable):
        return
    if value is not None:
        digits = "".join(c for c in raw if c in "0123456789").lstrip("0")
        assert f"{abs(value):f}".replace(".", "").strip("0") == digits.strip("0")


@pytest.mark.parametrize(
    "raw, value",
    [
        ("190,00", "190"),
        ("1.299,90", "1299.90"),
        ("1.220,50", "1220.50"),
        ("12.345.678,9", "12345678.9"),
        ("1,299.90", "1299.90"),
        ("29.9", "29.9"),
        ("0,00", "0"),
        (0, "0"),
        (1299.9, "1299.9"),
        ("1220", "1220"),
        ("1.220.500", "1220500"),
        ("0.500", "0.500"),
        ("1,220", "1.220"),
        (",5", "0.5"),
        ("5,", "5"),
        ("+3", "3"),
    ],
)
def test_known_spellings(raw: object, value: str) -> None:
    assert amount(raw) == Decimal(value)


@pytest.mark.parametrize("raw", ["1.220", "12.345", "999.999"])
def test_a_lone_point_before_three_digits_is_ambiguous(raw: str) -> None:
    with pytest.raises(Ambiguous):
        amount(raw)
    assert amount(raw, "thousands") == Decimal(raw.replace(".", ""))
    assert amount(raw, "decimal") == Decimal(raw)


@pytest.mark.parametrize("raw", [None, "", [], {}, "TL", " "])
def test_nothing_is_nothing(raw: object) -> None:
    assert amount(raw) is None


@pytest.mark.parametrize(
    "raw",
    [
        "ücretsiz",
        "1.29,90",
        "1,2,3",
        "12,34.56.78",
        True,
        ["1"],
        {"a": 1},
        "1e5",
        "NaN",
        float("inf"),
        "1 2 3 x",
        "10^13",
        "9" * 13,
        "12 %",
        "--5",
    ],
)
def test_what_is_no_amount(raw: object) -> None:
    with pytest.raises(Unreadable):
        amount(raw)


@pytest.mark.parametrize(
    "raw, value", [(3, 3), ("3", 3), ("3,00", 3), ("-2", -2), ("1.220", None), (None, None)]
)
def test_pieces(raw: object, value: int | None) -> None:
    if raw == "1.220":
        with pytest.raises(Unreadable):
            pieces(raw)
    else:
        assert pieces(raw) == value


@pytest.mark.parametrize(
    "raw, code",
    [
        ("TL", "TRY"),
        ("tl", "TRY"),
        ("TRY", "TRY"),
        ("₺", "TRY"),
        ("", "TRY"),
        (None, "TRY"),
        ("USD", "USD"),
        ("EUR", "EUR"),
        ("CHF", "CHF"),
        ("lira", None),
    ],
)
def test_currencies(raw: object, code: str | None) -> None:
    assert currency_code(raw) == code
