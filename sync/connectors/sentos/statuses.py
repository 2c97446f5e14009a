"""Sentos' HTTP status → what happens next. The limits are quoted by public clients: 12 POST and twice the
same GET a minute; 500 comes under load as well and goes away; 401 also means that the caller's address is
not on the panel's list."""

from __future__ import annotations

from sync.connectors.http import Response
from sync.errors import (
    BrokenContract,
    CounterpartError,
    NeedsOperator,
    NotAuthorised,
    OutcomeUnknown,
    Transient,
)
from sync.model.text import Message, say

UNAUTHORISED = say(
    "Sentos refuses the key and secret, or this server's address is not on the list of allowed addresses "
    "in the panel's API settings."
)
FORBIDDEN = say("The Sentos API user has no right to do this. Allow it in the panel's API settings.")
NO_SUCH_PLACE = say("There is no Sentos API at this address. Check the firm name.")
BUSY = say("Sentos is busy.")


class Throttled(Transient):
    """429: too much at a time."""


class Unwell(Transient):
    """5xx: Sentos' other way of saying the same, or a passing illness."""


# How often a request is tried, and how many seconds after each failure. Equal GETs keep 31 s apart in any
# case.
TRIES = 5
WAITS: dict[type[Transient], tuple[float, ...]] = {
    Throttled: (31, 61, 61, 61),
    Unwell: (15, 30, 60, 120),
    Transient: (5, 10, 20, 40),
}


def pause(error: Transient, attempt: int) -> float:
    """Seconds to wait after the failure of try number `attempt` (from 0): what the platform asks for, else
    the table."""
    if error.retry_after is not None:
        return error.retry_after
    return next(waits for kind, waits in WAITS.items() if isinstance(error, kind))[attempt]


Rule = tuple[type[CounterpartError], Message]

# Answers to reads. 404 of a single record is no error and does not come here.
READ: dict[int, Rule] = {
    401: (NotAuthorised, UNAUTHORISED),
    403: (NeedsOperator, FORBIDDEN),
    404: (NeedsOperator, NO_SUCH_PLACE),
    429: (Throttled, BUSY),
    500: (Unwell, BUSY),
    502: (Unwell, BUSY),
    503: (Unwell, BUSY),
    504: (Unwell, BUSY),
}
# Answers to writes: what was refused at the gate has done nothing; a server that failed may have done it
# before.
WRITE: dict[int, Rule] = {
    401: (NotAuthorised, UNAUTHORISED),
    403: (NeedsOperator, FORBIDDEN),
    429: (Throttled, BUSY),
    500: (OutcomeUnknown, BUSY),
    502: (OutcomeUnknown, BUSY),
    503: (OutcomeUnknown, BUSY),
    504: (OutcomeUnknown, BUSY),
}
# Writes that the platform understood and refuses, for a reason that is in the body.
REFUSALS = frozenset({400, 404, 405, 409, 422})


def error_of(response: Response) -> CounterpartError:
    """The error of an answer that is none of 2xx."""
    detail = f"status {response.status}: {response.start()[:300]}"
    rule = (WRITE if response.write else READ).get(response.status)
    if rule is None:
        text = say("Sentos answered with status {status}, which nobody expected.", status=response.status)
        unclear = response.write and response.status >= 500
        return OutcomeUnknown(text, detail) if unclear else BrokenContract(text, detail, response.start())
    kind, message = rule
    if issubclass(kind, Transient):
        return kind(message, detail, response.retry_after())
    return kind(message, detail)
