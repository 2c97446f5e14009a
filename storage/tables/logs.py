"""The log, its hourly counts, and on SQLite the full-text index that answers every combination of filters."""

from __future__ import annotations

from sqlalchemy import DDL, BigInteger, CheckConstraint, Column, Integer, Table, Text, event

from storage.tables.base import BigId, Json, UtcDateTime, metadata

logs = Table(
    "logs",
    metadata,
    Column(
        "id",
        BigId,
        primary_key=True,
        autoincrement=False,
        comment="microseconds since 1970, made unique: sorting by id is sorting by time",
    ),
    Column("at", UtcDateTime, nullable=False),
    Column("level", Text, nullable=False),
    Column("connection_id", Text),
    Column("link_id", Text),
    Column("flow_id", Text),
    Column("entity", Text),
    Column("record", Text),
    Column("sku", Text),
    Column("run_id", Text),
    Column("message_id", Text, nullable=False),
    Column("params", Json, nullable=False),
    Column("text", Text, nullable=False, comment="the English sentence, for search"),
    Column("detail", Text),
    CheckConstraint("level IN ('success', 'error', 'warning', 'info')", name="level"),
)

log_hours = Table(
    "log_hours",
    metadata,
    Column("hour", BigInteger, primary_key=True, autoincrement=False, comment="hours since 1970 UTC"),
    Column("level", Text, primary_key=True),
    Column("connection_id", Text, primary_key=True, comment="empty for rows that belong to none"),
    Column("count", Integer, nullable=False),
)

FACETS = {"level": "l", "connection_id": "c", "link_id": "k", "flow_id": "f", "entity": "e", "run_id": "r"}
"""Columns that are also words of the text index, each under its own letter."""
FACET_MARK = "\ue000"
"""A private-use character that begins every facet word: nobody's text or search can contain it by
accident."""


def _words(row: str) -> str:
    """SQL for what the index knows of a row: its sentence, record, SKU and facets."""
    facets = [
        f"coalesce(' ' || char({ord(FACET_MARK)}) || '{letter}' || {row}.{column}, '')"
        for column, letter in FACETS.items()
    ]
    texts = [f"{row}.text", f"coalesce(' ' || {row}.record, '')", f"coalesce(' ' || {row}.sku, '')"]
    return " || ".join(texts + facets)


# No value of a row or a person goes into these texts: S608 sees danger in any built SQL.
_INSERT = f"INSERT INTO logs_search (rowid, words) VALUES (new.id, {_words('new')});"  # noqa: S608
_DELETE = (
    f"INSERT INTO logs_search (logs_search, rowid, words) "  # noqa: S608
    f"VALUES ('delete', old.id, {_words('old')});"
)

SEARCH_ON_SQLITE = (
    f"CREATE VIEW logs_words AS SELECT logs.id AS id, {_words('logs')} AS words FROM logs",  # noqa: S608
    "CREATE VIRTUAL TABLE logs_search USING fts5(words, content='logs_words', content_rowid='id', "
    "columnsize=0, prefix='1 2 3', tokenize=\"unicode61 tokenchars '-_#'\")",
    f"CREATE TRIGGER logs_search_insert AFTER INSERT ON logs BEGIN {_INSERT} END",
    f"CREATE TRIGGER logs_search_delete AFTER DELETE ON logs BEGIN {_DELETE} END",
    f"CREATE TRIGGER logs_search_update AFTER UPDATE ON logs BEGIN {_DELETE} {_INSERT} END",
)

LONGEST_WORD = 100
WORDS_ON_POSTGRESQL = (
    "array_to_tsvector(string_to_array(btrim(regexp_replace(regexp_replace(regexp_replace("
    "lower(replace(normalize(text || ' ' || coalesce(record, '') || ' ' || coalesce(sku, ''), NFD), "
    "'I', 'i')), "
    r"'[\u0300-\u036f]', '', 'g'), '[^[:alnum:]_#-]+', ' ', 'g'), "
    rf"'([^ ]{{{LONGEST_WORD}}})[^ ]+', '\1', 'g')), ' '))"
)
"""The words of a row as FTS5's tokenizer would cut them: letters, digits, - _ #, without accents.
`I` is folded first: a Turkish database would make it ı. PostgreSQL's own parser would see files, hosts and
numbers instead. They are stored: to cut them anew for every row that another filter has found would take half
a second for a run of 20,000 lines."""

SEARCH_ON_POSTGRESQL = (
    *(f"CREATE INDEX ix_logs_{column}_id ON logs ({column}, id)" for column in (*FACETS, "record", "sku")),
    f"ALTER TABLE logs ADD COLUMN words tsvector GENERATED ALWAYS AS ({WORDS_ON_POSTGRESQL}) STORED",
    "CREATE INDEX ix_logs_words ON logs USING gin (words)",
    # A flow's rows are of its own connections only: who does not know walks the whole log for another's.
    "CREATE STATISTICS st_logs_ids (dependencies, mcv) ON connection_id, link_id, flow_id FROM logs",
)

for _dialect, _statements in (("sqlite", SEARCH_ON_SQLITE), ("postgresql", SEARCH_ON_POSTGRESQL)):
    for _statement in _statements:
        _ddl = DDL(_statement.replace("%", "%%"))
        event.listen(logs, "after_create", _ddl.execute_if(dialect=_dialect))
