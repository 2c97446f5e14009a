"""Errors, named by what happens next.

CounterpartError
├── NeedsOperator      park: a person must act (not authorised, scope missing, mapping incomplete)
│   └── NotAuthorised  … because the platform refuses the credentials
├── Transient          the same call again, later (`retry_after` seconds): throttled, unavailable
├── OutcomeUnknown     the call may have had its effect: look it up by its key, never repeat blindly
├── RecordRefused      this record only: invalid, not found, exists, stale
├── SafetyStop         the whole run, before its first write
│   └── Braked         … with what the brakes found
├── BrokenContract     the platform answered what nobody agreed on: keep the payload
├── Fenced             another worker has taken over: drop everything, store nothing
└── Cancelled          the operator stopped the run

Each carries a sentence for the operator (`message`, translatable) and a detail for us (`detail`, never a
secret).
"""

from __future__ import annotations

from collections.abc import Sequence

from sync.model.run import BrakeHit
from sync.model.text import Message, say


class CounterpartError(Exception):
    """Base of all; `message` is the operator's sentence."""

    def __init__(self, message: Message | str, detail: str = "") -> None:
        self.message = message if isinstance(message, Message) else say(message)
        self.detail = detail
        super().__init__(self.message.english() + (f" [{detail}]" if detail else ""))


class NeedsOperator(CounterpartError):
    """Nothing but a person can make this work."""


class NotAuthorised(NeedsOperator):
    """The platform refuses the credentials (or the address they come from)."""


class Transient(CounterpartError):
    """Worth the same call again after `retry_after` seconds (None: the retry policy decides)."""

    def __init__(self, message: Message | str, detail: str = "", retry_after: float | None = None) -> None:
        super().__init__(message, detail)
        self.retry_after = retry_after


class OutcomeUnknown(CounterpartError):
    """No answer came to a call that may have been carried out."""


class RecordRefused(CounterpartError):
    """The platform refuses this one record; the others go on."""


class SafetyStop(CounterpartError):
    """A brake: nothing has been written."""


class Braked(SafetyStop):
    """The brakes that a run ran into; the operator may confirm them."""

    def __init__(self, hits: Sequence[BrakeHit]) -> None:
        super().__init__(hits[0].message)
        self.hits = tuple(hits)


class BrokenContract(CounterpartError):
    """An answer outside everything agreed on; `payload` keeps the start of it."""

    def __init__(self, message: Message | str, detail: str = "", payload: str = "") -> None:
        super().__init__(message, detail)
        self.payload = payload[:4000]


class Cancelled(CounterpartError):
    """The operator cancelled the run."""


class Fenced(CounterpartError):
    """Another worker has taken the partition over: nothing this one still holds may be stored or sent."""
