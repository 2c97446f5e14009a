"""What Shopify's refusals mean: HTTP statuses and the codes of top-level `errors`, as tables.

Statuses: shopify.dev, "API response status codes". Codes: recorded answers of real stores at 2025-01 …
2026-04. GraphQL answers HTTP 200 for almost every error.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sync.connectors.http import Response
from sync.errors import (
    BrokenContract,
    CounterpartError,
    NeedsOperator,
    NotAuthorised,
    OutcomeUnknown,
    RecordRefused,
    Transient,
)
from sync.model.text import say

WRONG_TOKEN = "Shopify refuses the access token of {shop}. Enter a current token, or client id and secret."
NO_SCOPE = (
    "The Shopify app may not do this: {access}. Grant the access scope in the app's "
    "settings and install it again."
)

# HTTP statuses that say: a person must act. 401 is handled by the client, which renews the token first.
_OPERATOR: dict[int, str] = {
    401: WRONG_TOKEN,
    402: "The shop {shop} is frozen: its Shopify bill is unpaid. Nothing works until the owner settles it.",
    403: (
        "Shopify forbids access to {shop}. Check that the app is still installed and its scopes are granted."
    ),
    404: "There is no shop {shop} at Shopify. Check the shop domain.",
    423: "The shop {shop} is locked by Shopify. Its owner must ask Shopify support.",
    430: "Shopify rejects requests from this address for security reasons. Wait, then ask Shopify support.",
}
_MOVED = "The shop {shop} answers with a redirect. Enter the shop's permanent name.myshopify.com domain."
_BUSY = "Shopify is not available at the moment (status {status})."
_ODD = "Shopify answered something unexpected (status {status})."


class BadInput(RecordRefused):
    """Shopify refuses the variables before executing anything. `paths` lead to the bad entries, if it says
    so."""

    def __init__(self, text: str, code: str, paths: Sequence[tuple[str, ...]] = ()) -> None:
        super().__init__(say("Shopify refuses the data: {reason}", reason=text[:300]), code)
        self.paths = tuple(paths)


class TooDear(BrokenContract):
    """A query costs more than Shopify allows for one: it may go in smaller parts."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One entry of a top-level `errors`."""

    code: str
    message: str
    path: tuple[str, ...] = ()
    extensions: Mapping[str, Any] = field(default_factory=dict)


def of_status(response: Response, shop: str) -> CounterpartError | None:
    """The error that an HTTP status stands for; None for 200."""
    status = response.status
    if 200 <= status < 300:
        return None
    if status in _OPERATOR:
        return NotAuthorised(say(_OPERATOR[status], shop=shop), f"status {status}: {response.start()[:200]}")
    if status in (301, 302, 303, 307, 308):
        return NotAuthorised(say(_MOVED, shop=shop), f"status {status}")
    if status == 429:
        return Transient(say(_BUSY, status=status), "rate limit", response.retry_after() or 1.0)
    if status >= 500:
        kind: type[OutcomeUnknown] | type[Transient] = OutcomeUnknown if response.write else Transient
        return kind(say(_BUSY, status=status), response.start()[:200])
    return BrokenContract(say(_ODD, status=status), f"status {status}", response.start())


def problems(body: Mapping[str, Any]) -> list[Problem]:
    """The top-level `errors`, which are a list, an object or a bare text."""
    raw = body.get("errors")
    if raw is None:
        return []
    if isinstance(raw, Mapping):
        return [Problem("", f"{key}: {value}") for key, value in raw.items()]
    if not isinstance(raw, list):
        return [Problem("", str(raw))]
    return [_problem(entry) for entry in raw]


def _problem(entry: object) -> Problem:
    if not isinstance(entry, Mapping):
        return Problem("", str(entry))
    extensions = entry.get("extensions")
    extensions = extensions if isinstance(extensions, Mapping) else {}
    path = entry.get("path")
    steps = tuple(str(step) for step in path) if isinstance(path, list) else ()
    return Problem(str(extensions.get("code", "")), str(entry.get("message", "")), steps, extensions)


def of_problems(found: Sequence[Problem], write: bool) -> CounterpartError:
    """The error that top-level problems stand for (THROTTLED and partial ACCESS_DENIED never come here)."""
    worst = min(found, key=lambda p: _ORDER.index(p.code) if p.code in _ORDER else len(_ORDER))
    return _CODES.get(worst.code, _unexpected)(worst, write)


def _denied(problem: Problem, write: bool) -> CounterpartError:
    access = str(problem.extensions.get("requiredAccess") or problem.message)
    said = access.replace("`", "").strip(" .")
    return NotAuthorised(say(NO_SCOPE, access=said), "ACCESS_DENIED " + ".".join(problem.path))


def _too_dear(problem: Problem, write: bool) -> CounterpartError:
    return TooDear(say("A query was larger than Shopify allows."), f"MAX_COST_EXCEEDED: {problem.message}")


def _bad_input(problem: Problem, write: bool) -> CounterpartError:
    listed = problem.extensions.get("problems")
    paths = (
        [tuple(str(s) for s in p.get("path") or ()) for p in listed if isinstance(p, Mapping)]
        if isinstance(listed, list)
        else []
    )
    explained = (
        [str(p.get("explanation", "")) for p in listed if isinstance(p, Mapping)]
        if isinstance(listed, list)
        else []
    )
    return BadInput("; ".join([problem.message, *filter(None, explained)])[:400], problem.code, paths)


def _missing(problem: Problem, write: bool) -> CounterpartError:
    return RecordRefused(
        say("Shopify does not know what the change is for: {reason}", reason=problem.message), problem.code
    )


def _server(problem: Problem, write: bool) -> CounterpartError:
    message, detail = (
        say("Shopify failed inside."),
        f"{problem.code} {problem.extensions.get('requestId', '')}",
    )
    return OutcomeUnknown(message, detail) if write else Transient(message, detail)


def _unexpected(problem: Problem, write: bool) -> CounterpartError:
    if "access token" in problem.message or "API key" in problem.message:
        return NotAuthorised(say(WRONG_TOKEN, shop=""), problem.message[:200])
    return BrokenContract(
        say("Shopify does not understand our request."), f"{problem.code}: {problem.message}"[:400]
    )


_CODES: dict[str, Callable[[Problem, bool], CounterpartError]] = {
    "ACCESS_DENIED": _denied,
    "MAX_COST_EXCEEDED": _too_dear,
    "INTERNAL_SERVER_ERROR": _server,
    "TIMEOUT": _server,
    "NOT_FOUND": _missing,
    "RESOURCE_NOT_FOUND": _missing,
    "INVALID_VARIABLE": _bad_input,
    "INVALID_FIELD_ARGUMENTS": _bad_input,
    "MAX_INPUT_SIZE_EXCEEDED": _bad_input,
    "BAD_REQUEST": _unexpected,
}
_ORDER = tuple(_CODES)

# What the token endpoint says when it gives none (client credentials grant).
_GRANT: dict[str, str] = {
    "shop_not_permitted": (
        "This app belongs to another Shopify organisation than {shop}. Create the app in the Dev Dashboard "
        "of the organisation that owns the shop."
    ),
    "app_not_installed": (
        "The app is not installed on {shop}. Install it from the Dev Dashboard, then test again."
    ),
    "application_cannot_be_found": (
        "Shopify does not know the client id. Copy it again from the app's settings."
    ),
    "invalid_client": "Shopify refuses client id or secret. Copy both again from the app's settings.",
}


def of_grant(response: Response, shop: str) -> CounterpartError:
    """Why no token was given."""
    said = response.text.casefold()
    for word, sentence in _GRANT.items():
        if word in said:
            return NotAuthorised(say(sentence, shop=shop), f"{word}, status {response.status}")
    if response.status in (400, 401, 403):
        return NotAuthorised(say(_GRANT["invalid_client"], shop=shop), f"status {response.status}")
    found = of_status(response, shop)
    return found or NeedsOperator(say(_ODD, status=response.status), response.start()[:200])
