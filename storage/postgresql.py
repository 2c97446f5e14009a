"""PostgreSQL: connections that notice a silent network, keep no lock while frozen, and tell no values."""

from __future__ import annotations

import re
from typing import Any

import psycopg
from psycopg.types.string import StrDumper
from sqlalchemy import URL, Engine, ExceptionContext, create_engine, event

FROZEN_SECONDS = 10
"""A process that is frozen in the midst of a transaction loses its session on PostgreSQL after so long, and
with it the locks that all others would wait for."""
_LIMIT = "SELECT set_config('idle_in_transaction_session_timeout', %s, false)"
_KEEPALIVE = {"keepalives_idle": 10, "keepalives_interval": 5, "keepalives_count": 3}
"""Seconds: a network that went away silently is noticed within half a minute, unless the URL says
otherwise."""
_QUOTED = re.compile(r'".*"', re.DOTALL)


class _PlainText(StrDumper):
    """PostgreSQL's text cannot hold NUL, which exports of other systems do contain: it is stored as the sign
    for an unreadable character."""

    def dump(self, obj: str) -> Any:
        return super().dump(obj.replace("\0", "\N{REPLACEMENT CHARACTER}"))


def postgresql_engine(url: URL) -> Engine:
    alive = {name: value for name, value in _KEEPALIVE.items() if name not in url.query}
    engine = create_engine(
        url, pool_pre_ping=True, pool_size=10, max_overflow=30, connect_args=alive, hide_parameters=True
    )

    @event.listens_for(engine, "connect")
    def _prepare(raw: Any, _record: Any) -> None:
        raw.adapters.register_dumper(str, _PlainText)
        raw.execute(_LIMIT, (f"{FROZEN_SECONDS}s",))
        raw.commit()

    @event.listens_for(engine, "handle_error")
    def _hide(context: ExceptionContext) -> None:
        _hide_values(context)

    return engine


def _hide_values(context: ExceptionContext) -> None:
    """PostgreSQL names what it refused: a key in DETAIL, or the whole row. Tracebacks are kept in the log,
    and a buyer's address has no place there: only the first sentence stays, and of data that cannot be read
    not even what it quotes."""
    original, told = context.original_exception, context.sqlalchemy_exception
    if not isinstance(original, psycopg.Error) or not original.diag.message_primary:
        return
    full, plain = str(original), original.diag.message_primary
    if (original.sqlstate or "").startswith("22"):
        plain = _QUOTED.sub('"…"', plain)
    original.args = (plain,)
    if told is not None:
        told.args = tuple(part.replace(full, plain) if isinstance(part, str) else part for part in told.args)
