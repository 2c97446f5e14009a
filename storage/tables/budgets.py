"""Rate budgets of connections, as all processes of an installation share them."""

from __future__ import annotations

from sqlalchemy import Column, ForeignKey, Table, Text

from storage.tables.base import Json, UtcDateTime, metadata

budgets = Table(
    "budgets",
    metadata,
    Column("connection_id", Text, ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True),
    # Which limit: "points" is what a store told of its bucket, the others are windows of calls.
    Column("name", Text, primary_key=True),
    Column("state", Json, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
