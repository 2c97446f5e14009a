"""CSV that spreadsheets open as it is meant: with a byte-order mark, and no cell that a spreadsheet would run
as a formula.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠")
_NEGATIVE = re.compile(r"-(\d+|\d{1,3}([.,\u00a0 ]\d{3})+)([.,]\d+)?")


@dataclass(frozen=True)
class Dialect:
    """How a file is written: between cells, and inside decimals."""

    separator: Literal[",", ";"] = ","
    decimal: Literal[".", ","] = "."


INTERNATIONAL, TURKISH = Dialect(), Dialect(";", ",")


def csv_bytes(
    header: Sequence[str], rows: Iterable[Sequence[object]], dialect: Dialect = INTERNATIONAL
) -> bytes:
    """The file: UTF-8 with BOM, CRLF, every cell quoted (so that the other separator inside a text splits
    nothing).
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=dialect.separator, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow([_cell(name, dialect) for name in header])
    writer.writerows([_cell(value, dialect) for value in row] for row in rows)
    return b"\xef\xbb\xbf" + text.getvalue().encode("utf-8", "replace")


def _cell(value: object, dialect: Dialect) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, int | float | Decimal):
        return _written(value).replace(".", dialect.decimal)
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="seconds")
    return harmless(str(value))


def _written(value: int | float | Decimal) -> str:
    return f"{value:f}" if isinstance(value, Decimal) and value.is_finite() else str(value)


def harmless(text: str) -> str:
    """`text` that no spreadsheet takes for a formula: a leading apostrophe where it could; negative numbers
    stay numbers.
    """
    return f"'{text}" if text.startswith(_FORMULA) and not _NEGATIVE.fullmatch(text) else text


def restored(text: str) -> str:
    """The text that `harmless` was given, for files that come back in."""
    return text[1:] if text.startswith("'") and text[1:].startswith(_FORMULA) else text
