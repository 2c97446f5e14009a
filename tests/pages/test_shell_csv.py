"""CSV: opens in a spreadsheet as it is meant, runs nothing, and numbers stay numbers."""

from __future__ import annotations

import csv
import io
import re
from datetime import UTC, datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from console.csvfile import INTERNATIONAL, TURKISH, Dialect, csv_bytes, harmless, restored


def read_back(data: bytes, dialect: Dialect) -> list[list[str]]:
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=dialect.separator))


@pytest.mark.parametrize(
    "text",
    [
        "=1+1",
        '=HYPERLINK("http://evil.test")',
        "+905321234567",
        "-2+3+cmd|' /C calc'!A0",
        "@SUM(A1)",
        "\t1",
        "\rx",
        "\nx",
        " =1",
        "\u00a0=1",
        "\u200b=1",
        "\ufeff\u202e=1",
        "\x00=1",
        "＝1+1",
        "＋1",
        "－1+1",
        "＠x",
        "﹦1",
        "−1+1",
        "−",
        "'=1",
        "-",
        "-x",
        "--5",
        "-5-5",
        "-5e",
        "-1=2",
        "=",
        "-5,30,00x",
    ],
)
def test_what_a_spreadsheet_would_run_is_neutralised(text: str) -> None:
    assert harmless(text) == f"'{text}"
    assert restored(harmless(text)) == text


@pytest.mark.parametrize(
    "text",
    [
        "-5",
        "-5,30",
        "-5.30",
        "-1.299,90",
        "-1,299.90",
        "5",
        "−5",
        "−5,30",
        "abc",
        "",
        "a=b",
        "0532 123",
        "5,-3",
        "5;-2,50",
        "a, -b",
        "it's",
        "S-M-L",
        "1+1",
    ],
)
def test_numbers_and_plain_text_stay_as_they_are(text: str) -> None:
    assert harmless(text) == text


@given(st.text())
def test_no_text_reaches_a_spreadsheet_as_a_formula(text: str) -> None:
    cell = harmless(text)
    assert not cell.startswith(("=", "+", "@", "\t", "\r")) and (
        not cell.startswith("-") or cell[1].isdigit()
    )


RISKY = st.text(alphabet="'=+-@,;\"\t\r\n 51.−＝\ufeffa", max_size=12)


@given(RISKY | st.text())
def test_what_was_neutralised_comes_back_to_the_letter(text: str) -> None:
    assert restored(harmless(text)) == text


@given(st.lists(RISKY, min_size=1, max_size=3))
@pytest.mark.parametrize("dialect", [INTERNATIONAL, TURKISH])
def test_no_cell_is_a_formula_under_either_separator(dialect: Dialect, row: list[str]) -> None:
    """A spreadsheet set to the other separator cuts a quoted text in the middle."""
    data = csv_bytes(["a"], [row], dialect)
    for separator in (INTERNATIONAL, TURKISH):
        for cell in (cell for line in read_back(data, separator) for cell in line):
            assert not cell.startswith(("=", "+", "@", "＝")), (row, cell)
            assert not re.match(r"[-−](?!\d)|[-−][-−\d.,;\s]+[^-−\d.,;\s\"]", cell), (row, cell)


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=2, max_size=2)))
@pytest.mark.parametrize("dialect", [INTERNATIONAL, TURKISH])
def test_texts_come_back_whatever_they_hold(dialect: Dialect, rows: list[list[str]]) -> None:
    back = read_back(csv_bytes(["a", "b"], rows, dialect), dialect)
    assert [[restored(cell) for cell in row] for row in back[1:]] == rows


def test_the_file_begins_with_the_byte_order_mark() -> None:
    assert csv_bytes(["SKU"], []) == b"\xef\xbb\xbf" + b'"SKU"\r\n'


def test_numbers_are_written_as_the_dialect_does() -> None:
    row = [Decimal("-1299.90"), -5, 1.5, True, None, "Şapka;mavi", datetime(2026, 11, 20, 9, 30, tzinfo=UTC)]
    assert read_back(csv_bytes(list("abcdefg"), [row], TURKISH), TURKISH)[1] == [
        "-1299,90",
        "-5",
        "1,5",
        "1",
        "",
        "Şapka;mavi",
        "2026-11-20 09:30:00+00:00",
    ]
    assert read_back(csv_bytes(list("abcdefg"), [row], INTERNATIONAL), INTERNATIONAL)[1][:3] == [
        "-1299.90",
        "-5",
        "1.5",
    ]


def test_very_small_and_large_amounts_are_not_written_with_an_exponent() -> None:
    rows = [[Decimal("1E+3"), Decimal("0.0000001")]]
    assert read_back(csv_bytes(["a", "b"], rows), INTERNATIONAL)[1] == ["1000", "0.0000001"]


def test_an_endless_number_does_not_fill_the_file() -> None:
    assert len(csv_bytes(["a"], [[Decimal("1E+999999")], [Decimal("1E-999999")]])) < 100


def test_the_other_separator_splits_nothing() -> None:
    data = csv_bytes(["a", "b"], [["x", "y;=cmd(),z"]], INTERNATIONAL)
    assert read_back(data, TURKISH)[1] == ['x,"y', "'=cmd(),z\""]
    assert [restored(cell) for cell in read_back(data, INTERNATIONAL)[1]] == ["x", "y;=cmd(),z"]
