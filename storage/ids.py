"""Ids of our own rows."""

from __future__ import annotations

import secrets
import time


def new_id() -> str:
    """20 hex digits, the first 11 of them the millisecond: unique, and in the order of creation."""
    return f"{time.time_ns() // 1_000_000:011x}{secrets.token_hex(5)[:9]}"
