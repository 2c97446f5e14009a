"""How a log filter becomes SQL: FTS5 on SQLite, ordinary indexes and a GIN index on PostgreSQL.

On SQLite one full-text index knows the words of a row and its facets (level, connection, run …), so that any
combination is an intersection of sorted lists, found newest first; b-tree indexes are good at one column of a
combination only.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, cast, column, literal, literal_column, select, table
from sqlalchemy.dialects.postgresql import TSQUERY

from storage.clock import to_micros
from storage.tables.logs import FACET_MARK, FACETS, LONGEST_WORD, logs

_search = table("logs_search", column("rowid"), column("logs_search"))
_WORDS: ColumnElement[Any] = literal_column("logs.words")
"""Only PostgreSQL has this column: see `tables.logs`."""
_TOKEN = re.compile(r"[^\W]|[-#]")
"""What the index's tokenizer keeps: letters, digits, and - _ #."""


@dataclass(frozen=True)
class LogFilter:
    """Which rows; what is None or empty does not restrict."""

    #: any of these: success, error, warning, info
    levels: tuple[str, ...] = ()
    connection_id: str | None = None
    link_id: str | None = None
    flow_id: str | None = None
    entity: str | None = None
    run_id: str | None = None
    record: str | None = None
    sku: str | None = None
    #: first moment wanted, aware
    since: datetime | None = None
    #: first moment no longer wanted, aware
    until: datetime | None = None
    #: words that must all occur in the sentence, the record or the SKU; the last may be a beginning
    text: str = ""


def matching_ids(wanted: LogFilter, dialect: str) -> Select[int] | None:
    """A SELECT of the ids in the column "id", without order or limit; None if nothing can match."""
    return _on_sqlite(wanted) if dialect == "sqlite" else _on_postgresql(wanted)


def _on_sqlite(wanted: LogFilter) -> Select[int] | None:
    query = fts_query(wanted)
    if query is None:
        return None
    exact = [logs.c[name] == value for name, value in _exact(wanted)]
    if not query:
        return select(logs.c.id).where(*_in_time(logs.c.id, wanted))
    row: ColumnElement[int] = _search.c.rowid
    found = select(row.label("id")).where(_search.c.logs_search.op("MATCH")(query), *_in_time(row, wanted))
    return found.join_from(_search, logs, logs.c.id == row).where(*exact) if exact else found


def fts_query(wanted: LogFilter) -> str | None:
    """The FTS5 expression, "" if only time restricts, None if nothing can match."""
    words = _clean(wanted.text).replace(FACET_MARK, " ").split()
    terms = [word for word in words if _TOKEN.search(word)]
    if words and not terms:
        return None
    parts = [_quoted(term) for term in terms[:-1]] + [_quoted(term) + " *" for term in terms[-1:]]
    parts += [_quoted(value) for _, value in _exact(wanted) if _TOKEN.search(value)]
    parts += [_facet(name, value) for name in FACETS if name != "level" and (value := getattr(wanted, name))]
    if wanted.levels:
        parts.append("(" + " OR ".join(_facet("level", level) for level in wanted.levels) + ")")
    return " AND ".join(parts)


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"'


def _facet(name: str, value: str) -> str:
    """Our own ids: letters, digits, - and _. The index folds case, so ids must not differ by case alone."""
    return _quoted(f"{FACET_MARK}{FACETS[name]}{_clean(value)}")


def _clean(typed: str) -> str:
    """Without NUL, which would end the query early, and without half surrogates, which are no UTF-8."""
    return typed.replace("\0", " ").encode("utf-8", "replace").decode()


def _exact(wanted: LogFilter) -> list[tuple[str, str]]:
    """Record and SKU: the index narrows them down to a phrase, the row itself decides."""
    pairs = (("record", wanted.record), ("sku", wanted.sku))
    return [(name, _clean(value)) for name, value in pairs if value]


def _in_time(row_id: ColumnElement[int], wanted: LogFilter) -> list[ColumnElement[bool]]:
    """Ids are times, so a span of time is a span of ids."""
    conditions = []
    if wanted.since:
        conditions.append(row_id >= to_micros(wanted.since))
    if wanted.until:
        conditions.append(row_id < to_micros(wanted.until))
    return conditions


def _on_postgresql(wanted: LogFilter) -> Select[int] | None:
    conditions: list[ColumnElement[bool]] = _in_time(logs.c.id, wanted)
    names = [name for name in FACETS if name != "level"] + ["record", "sku"]
    conditions += [logs.c[name] == _clean(value) for name in names if (value := getattr(wanted, name))]
    if wanted.levels:
        conditions.append(logs.c.level.in_(wanted.levels))
    words = re.findall(r"[\w#-]+", _bare(_clean(wanted.text)))
    if wanted.text.strip() and not words:
        return None
    if words:
        conditions.append(_WORDS.op("@@")(_prefix_query(words)))
    return select(logs.c.id).where(*conditions)


def _bare(typed: str) -> str:
    """Lower case without accents, as the index has it."""
    return re.sub("[\u0300-\u036f]", "", unicodedata.normalize("NFD", typed).lower())


def _prefix_query(words: list[str]) -> ColumnElement[Any]:
    """Words of letters, digits, - _ #: nothing that would need quoting inside the quotes."""
    quoted = [f"'{word[:LONGEST_WORD]}'" for word in words]
    return cast(literal(" & ".join(quoted) + ":*"), TSQUERY)
