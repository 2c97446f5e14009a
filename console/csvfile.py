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

# What begins a formula in one spreadsheet or another, wide and small forms and the proper minus included.
_SIGN = r"[=+\-@＝＋－＠﹦﹢﹣﹫−]"
# What stands at a cell's head unseen: blanks, control signs, marks of direction, joiners, byte-order marks.
_UNSEEN = r"[\s\x00-\x1f\x7f-\x9f\u00ad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]"
_NEGATIVE = r"[-−](?:\d{1,3}(?:[.,\u00a0 ]\d{3})+|\d+)(?:[.,]\d+)?"
_NUMBER = re.compile(_NEGATIVE)
_HEAD = re.compile(rf"'*(?:{_UNSEEN}*{_SIGN}|[\t\r\n])")
# A spreadsheet that is set to the other separator begins a new cell inside a quoted text, at the separator or
# at a line's end: what follows there must not begin with a sign either, unless only numbers follow.
_AFTER_BREAK = rf'(?!{_NEGATIVE}[-−\d.,;\s"]*\Z)(?=\'*{_SIGN})'
_BREAK = re.compile(rf'([,;\t\r\n]"?){_AFTER_BREAK}')
_BREAK_KEPT = re.compile(rf"([,;\t\r\n]\"?)'{_AFTER_BREAK}")


@dataclass(frozen=True)
class Dialect:
    """How a file is written: between cells, and inside decimals."""

    separator: Literal[",", ";"] = ","
    decimal: Literal[".", ","] = "."


_MOST_DIGITS = 60
INTERNATIONAL, TURKISH = Dialect(), Dialect(";", ",")


def csv_bytes(
    header: Sequence[str], rows: Iterable[Sequence[object]], dialect: Dialect = INTERNATIONAL
) -> bytes:
    """The file: UTF-8 with BOM, CRLF, every cell quoted and none a formula, under either separator."""
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
    plain = isinstance(value, Decimal) and value.is_finite() and abs(value.adjusted()) <= _MOST_DIGITS
    return f"{value:f}" if plain else str(value)


def harmless(text: str) -> str:
    """`text` that no spreadsheet takes for a formula: an apostrophe where one could begin, at the head and,
    for a spreadsheet set to the other separator, after a separator or a line's end. Negative numbers stay
    numbers.
    """
    if _NUMBER.fullmatch(text):
        return text
    kept = _BREAK.sub(r"\1'", text)
    return f"'{kept}" if _HEAD.match(text) else kept


def restored(text: str) -> str:
    """The text that `harmless` was given, for files that come back in."""
    bare = _BREAK_KEPT.sub(r"\1", text)
    marked = bare[:1] == "'" and _HEAD.match(bare[1:]) and not _NUMBER.fullmatch(bare[1:])
    return bare[1:] if marked else bare
