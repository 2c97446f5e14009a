"""Who may come in: users, their sessions, and the memory of failed sign-ins."""

from __future__ import annotations

from sqlalchemy import CheckConstraint, Column, ForeignKey, Index, Integer, Table, Text, UniqueConstraint

from storage.tables.base import UtcDateTime, metadata

users = Table(
    "users",
    metadata,
    Column("id", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("name_key", Text, nullable=False, unique=True, comment="the name folded: Ada and ada are one"),
    Column("password_hash", Text, comment="PHC string; null for people who sign in elsewhere"),
    Column("role", Text, nullable=False),
    Column("language", Text),
    Column("timezone", Text),
    Column("issuer", Text, comment="OpenID Connect: who vouches for this person"),
    Column("subject", Text, comment="OpenID Connect: the person's id there"),
    Column("created_at", UtcDateTime, nullable=False),
    CheckConstraint("role IN ('admin', 'operator', 'viewer')", name="role"),
    UniqueConstraint("issuer", "subject"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", Text, primary_key=True, comment="SHA-256 of the token; the token itself is nowhere"),
    Column("user_id", Text, ForeignKey("users.id", ondelete="CASCADE"), nullable=False),
    Column("started_at", UtcDateTime, nullable=False),
    Column("seen_at", UtcDateTime, nullable=False),
    Column("expires_at", UtcDateTime, nullable=False),
    Column("idle_seconds", Integer, nullable=False),
    Index(None, "user_id"),
    Index(None, "expires_at"),
)

sign_in_failures = Table(
    "sign_in_failures",
    metadata,
    Column("kind", Text, primary_key=True),
    Column("key_hash", Text, primary_key=True, comment="hashed: people type passwords into the name field"),
    Column("failures", Integer, nullable=False),
    Column("failed_at", UtcDateTime, nullable=False),
    Column("open_at", UtcDateTime, nullable=False, comment="the next attempt is heard from here on"),
    CheckConstraint("kind IN ('name', 'address')", name="kind"),
    Index(None, "failed_at"),
)
