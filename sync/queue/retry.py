"""Error → decision: whether and when the same stage is tried again. Pure."""

from __future__ import annotations

from storage.errors import StorageBusy
from storage.queue import connection_lost
from sync.errors import CounterpartError, OutcomeUnknown, Transient

TRIES = 5
_BASE, _LONGEST = 5.0, 300.0


def delay_before_retry(error: BaseException, tries: int, chance: float) -> float | None:
    """Seconds to wait before try number `tries + 1`, or None to give up. `chance` in [0, 1) spreads the
    waits: full jitter between half and all of 5 s × 2^tries, at most 5 minutes; what the platform asks for is
    the least."""
    if tries >= TRIES or not retryable(error):
        return None
    backoff = min(_LONGEST, _BASE * 2**tries) * (0.5 + chance / 2)
    asked = error.retry_after if isinstance(error, Transient) and error.retry_after else 0.0
    return max(backoff, asked)


def retryable(error: BaseException) -> bool:
    """Transient trouble and unknown outcomes (looked up first) are worth a try; all else needs a change by
    someone."""
    return (
        isinstance(error, (Transient, OutcomeUnknown))
        or not isinstance(error, CounterpartError)
        and isinstance(error, OSError)
    )


def storage_away(error: BaseException) -> bool:
    """Is our own database locked or gone for the moment (a restart)? That is no fault of the work: no try is
    counted for it."""
    return isinstance(error, StorageBusy) or connection_lost(error)
