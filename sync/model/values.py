"""The smallest values: money, text, time, fingerprints."""

from __future__ import annotations

import hashlib
import json
import unicodedata
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import ROUND_HALF_UP, Decimal


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An amount with its ISO 4217 currency. Two prices are equal only in the same currency."""

    amount: Decimal
    currency: str

    def __post_init__(self) -> None:
        if not isinstance(self.amount, Decimal) or not self.amount.is_finite():
            raise ValueError(f"money must be a finite Decimal, not {self.amount!r}")
        object.__setattr__(self, "amount", self.amount.quantize(Decimal("0.01"), ROUND_HALF_UP))

    def __str__(self) -> str:
        return f"{self.amount} {self.currency}"

    @staticmethod
    def parse(text: str) -> Money:
        """The inverse of `str`. Raises ValueError or decimal.InvalidOperation for anything else."""
        amount, currency = text.split(" ")
        return Money(Decimal(amount), currency)

    def __add__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount + other.amount, self.currency)

    def __sub__(self, other: Money) -> Money:
        self._same(other)
        return Money(self.amount - other.amount, self.currency)

    def times(self, factor: int | Decimal) -> Money:
        return Money(self.amount * factor, self.currency)

    def _same(self, other: Money) -> None:
        if self.currency != other.currency:
            raise ValueError(f"cannot add {other.currency} to {self.currency}")


def text(raw: object) -> str:
    """Trimmed NFC text; None becomes ""."""
    return "" if raw is None else unicodedata.normalize("NFC", str(raw)).strip()


def key_of(raw: object) -> str:
    """How SKUs and handles are compared: trimmed, NFC, case-folded. Titles are never keys (Turkish i/ı)."""
    return text(raw).casefold()


def utc(moment: datetime) -> datetime:
    """The same moment in UTC; a naive time is refused because nobody knows what it means."""
    if moment.tzinfo is None:
        raise ValueError("a time without a zone")
    return moment.astimezone(UTC)


def fingerprint(value: object) -> str:
    """SHA-256 of a value's canonical JSON, shortened to 32 hex digits: the proof that content is the same."""
    raw = json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":"), default=str)
    return hashlib.sha256(raw.encode()).hexdigest()[:32]
