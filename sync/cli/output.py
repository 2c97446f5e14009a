"""What the command line prints: results on standard output, everything else on standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping, Sequence
from typing import Any

from storage.redact import visible


def say_result(text: str) -> None:
    """A result for people."""
    sys.stdout.write(visible(text) + "\n")
    sys.stdout.flush()


def say_aside(text: str) -> None:
    """Progress, hints and refusals: never mixed with results."""
    sys.stderr.write(visible(text) + "\n")
    sys.stderr.flush()


def result(row: Mapping[str, Any], text: str, as_json: bool) -> None:
    """The verb's one result: one JSON object on one line, or `text`."""
    say_result(_one_line(row) if as_json else text)


def _one_line(row: Mapping[str, Any]) -> str:
    """JSON that no terminal obeys: control signs that JSON leaves as they are stand as \\u…."""
    text = json.dumps(row, ensure_ascii=False, default=str)
    return "".join(c if visible(c) == c else f"\\u{ord(c):04x}" for c in text)


def table(rows: Sequence[Mapping[str, Any]], columns: Mapping[str, str]) -> str:
    """Rows as aligned columns; `columns`: key → heading. The last column is not padded."""
    lines = [tuple(columns.values()), *(tuple(_cell(row.get(key)) for key in columns) for row in rows)]
    widths = [max(len(line[n]) for line in lines) for n in range(len(columns))]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


def _cell(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "on" if value else "off"
    return " ".join(str(value).split())
