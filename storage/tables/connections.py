"""Connections with their sealed secrets, links, and flows with their settings."""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Integer, Table, Text, UniqueConstraint

from storage.tables.base import Json, UtcDateTime, metadata

connections = Table(
    "connections",
    metadata,
    Column("id", Text, primary_key=True),
    Column("platform", Text, nullable=False),
    Column("name", Text, nullable=False, unique=True),
    Column("settings", Json, nullable=False),
    Column("secrets", Text, nullable=False),
    Column("sandbox", Boolean, nullable=False),
    Column("speed", Float, nullable=False),
    Column("status", Text, nullable=False),
    Column("reason", Json),
    Column("facts", Json, nullable=False),
    Column("identity", Text, nullable=False),
    Column("checked_at", UtcDateTime),
    Column("created_at", UtcDateTime, nullable=False),
)

keeps = Table(
    "keeps",
    metadata,
    Column("connection_id", Text, ForeignKey("connections.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("expires_at", UtcDateTime),
)

links = Table(
    "links",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False, unique=True),
    Column("a", Text, ForeignKey("connections.id"), nullable=False),
    Column("b", Text, ForeignKey("connections.id"), nullable=False),
    Column("locations", Json, nullable=False),
    Column("created_at", UtcDateTime, nullable=False),
    UniqueConstraint("a", "b"),
)

flows = Table(
    "flows",
    metadata,
    Column("id", Text, primary_key=True),
    Column("link_id", Text, ForeignKey("links.id", ondelete="CASCADE"), nullable=False),
    Column("entity", Text, nullable=False),
    Column("direction", Text, nullable=False),
    Column("enabled", Boolean, nullable=False),
    Column("version", Integer, nullable=False),
    Column("settings", Json, nullable=False),
    Column("schedule", Json, nullable=False),
    Column("updated_at", UtcDateTime, nullable=False),
    UniqueConstraint("link_id", "entity"),
)

cursors = Table(
    "cursors",
    metadata,
    Column("flow_id", Text, ForeignKey("flows.id", ondelete="CASCADE"), primary_key=True),
    Column("name", Text, primary_key=True),
    Column("value", Text, nullable=False),
    Column("at", UtcDateTime, nullable=False),
)
