"""Looking for a part of a text whatever its capitals, beyond English letters too, alike on both databases.

SQLite folds English letters only, PostgreSQL those of the language it was made for. So each letter becomes
the set of its own forms: a GLOB on SQLite, a regular expression on PostgreSQL, both matched by the database.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, literal, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

from storage.tables.base import begins

_TURKISH_I = "iıIİ"
"""One letter for who searches: people type the capital of one and the small form of the other."""

_ENGLISH = re.compile(r"[0-9A-HJ-Za-hj-z -]+")
"""What LIKE on SQLite compares as we do."""


class _Contains(FunctionElement[bool]):
    """(text, its longest English part, GLOB, regular expression)"""

    inherit_cache = True


@compiles(_Contains, "sqlite")
def _on_sqlite(element: Any, compiler: Any, **how: Any) -> str:
    """A GLOB that begins with a set is tried at every letter: what LIKE can rule out goes first."""
    text, part, glob, _regular = (compiler.process(one, **how) for one in element.clauses)
    return f"({text} LIKE {part} AND {text} GLOB {glob})"


@compiles(_Contains, "postgresql")
def _on_postgresql(element: Any, compiler: Any, **how: Any) -> str:
    text, _part, _glob, regular = (compiler.process(one, **how) for one in element.clauses)
    return f"({text} ~ {regular})"


def contains(column: ColumnElement[str], typed: str) -> ColumnElement[bool]:
    """Does the text hold what was typed? It walks along the rows, as any search for a part does."""
    forms = [_forms(letter) for letter in _clean(typed)]
    part = "%" + max(_ENGLISH.findall(_clean(typed)), key=len, default="") + "%"
    glob = "*" + "".join(_in_glob(form) for form in forms) + "*"
    regular = "".join(_in_regular(form) for form in forms)
    return _Contains(column, literal(part), literal(glob), literal(regular))


def as_written(tx: Connection, column: ColumnElement[str], beginning: str) -> str:
    """The beginning as the column has it: as it was typed, else in capitals or small letters, if that is
    there. By the index of a BYTEWISE column."""

    def query(text: str) -> Select[Any]:
        return select(column).where(begins(column, text)).limit(1)

    tries = dict.fromkeys((beginning, beginning.upper(), beginning.lower()))
    return next((text for text in tries if tx.execute(query(text)).first() is not None), beginning)


def _clean(typed: str) -> str:
    """As it is stored: composed, without NUL and half surrogates, which no database takes."""
    whole = unicodedata.normalize("NFC", typed.replace("\0", " "))
    return whole.encode("utf-8", "replace").decode()


def _forms(letter: str) -> str:
    """The letter and its other cases, those of one sign."""
    if letter in _TURKISH_I:
        return _TURKISH_I
    return "".join(one for one in dict.fromkeys((letter, letter.lower(), letter.upper())) if len(one) == 1)


def _in_glob(form: str) -> str:
    return f"[{form}]" if len(form) > 1 or form in "*?[" else form


def _in_regular(form: str) -> str:
    if len(form) > 1:
        return f"[{form}]"
    return form if form.isalnum() or form.isspace() or ord(form) > 127 else f"\\{form}"
