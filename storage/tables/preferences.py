"""Settings of the whole installation, one row a setting."""

from __future__ import annotations

from sqlalchemy import Column, Table, Text

from storage.tables.base import Json, UtcDateTime, metadata

preferences = Table(
    "preferences",
    metadata,
    Column("key", Text, primary_key=True),
    Column("value", Json),
    Column("changed_at", UtcDateTime, nullable=False),
)
