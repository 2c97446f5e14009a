"""Operator sentences as they are stored: without a secret, whoever put it there."""

from __future__ import annotations

from typing import Any

from storage.redact import REDACTOR
from sync.model.text import Message


def stored_message(message: Message | None) -> dict[str, Any] | None:
    """The JSON form of a sentence with every known secret masked; None stays None."""
    if message is None:
        return None
    params = {n: REDACTOR(v) if isinstance(v, str) else v for n, v in message.params.items()}
    return Message(REDACTOR(message.id), params).to_json()
