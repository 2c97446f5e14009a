"""Keeping secrets out of everything that people or files may see."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

_SHORTEST = 4
_HIDDEN = "•••"


class Redactor:
    """Replaces known secrets in texts, also as they stand in a URL, in JSON, in a repr and in base64. Safe
    between threads."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._spellings: tuple[str, ...] = ()
        for secret in secrets:
            self.hide(secret)

    def hide(self, secret: str) -> None:
        """From now on `secret` is hidden (texts under four letters would black out everything and are
        left)."""
        if len(secret) < _SHORTEST:
            return
        spelled = {
            secret,
            quote(secret, safe=""),
            quote_plus(secret),
            json.dumps(secret)[1:-1],
            json.dumps(secret, ensure_ascii=False)[1:-1],
            repr(secret)[1:-1],
            base64.b64encode(secret.encode()).decode().rstrip("="),
        }
        with self._lock:
            # The longest first, so that a secret inside another one leaves no rest of it.
            self._spellings = tuple(sorted(spelled | set(self._spellings), key=len, reverse=True))

    def clean(self, text: str) -> str:
        """The text without any secret."""
        for spelling in self._spellings:
            text = text.replace(spelling, _HIDDEN)
        return text

    def __repr__(self) -> str:
        return f"Redactor({len(self._spellings)} spellings)"
