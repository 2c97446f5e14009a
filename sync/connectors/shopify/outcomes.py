"""What became of a call's members, from the answer: pure functions over payloads and userErrors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sync.connectors.shopify.failures import Problem
from sync.model.call import Call, Outcome, State
from sync.model.text import Message, say

REFUSED = "Shopify refuses it: {reason}"
NOT_SENT = "Not carried out, because another record of the same call was refused."
STALE = "The stock at Shopify moved since it was read."

Payload = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class UserError:
    """One entry of a payload's userErrors; `member` is the index of the concerned member, None if it names
    none. `field` is the path that the answer gives, () if none."""

    code: str
    message: str
    member: int | None
    field: tuple[str, ...] = ()


def user_errors(call: Call, payload: Payload | None) -> list[UserError]:
    """The userErrors of a payload, each with the member that its field path leads to (indices come as text:
    ["input", "quantities", "0", "quantity"])."""
    rows = (payload or {}).get("userErrors") or ()
    return [
        UserError(
            str(row.get("code") or ""),
            str(row.get("message") or ""),
            _member(call, row),
            tuple(map(str, row.get("field") or ())),
        )
        for row in rows
    ]


def _member(call: Call, row: Mapping[str, Any]) -> int | None:
    index = row.get("elementIndex")
    found = index if isinstance(index, int) else index_of(row.get("field") or ())
    return member_at(call, found)


def index_of(path: Sequence[object]) -> int | None:
    """The first number in a field path."""
    return next((int(step) for step in map(str, path) if step.isdigit()), None)


def member_at(call: Call, index: int | None) -> int | None:
    """The member that a row of the call belongs to. The only member is meant by every path."""
    if len(call.change_ids) == 1:
        return 0
    owners = call.arguments.get("rows")
    if index is None or not isinstance(owners, list):
        return index if index is not None and index < len(call.change_ids) else None
    return int(owners[index]) if index < len(owners) else None


def all_applied(call: Call, ids: Sequence[str] = ()) -> list[Outcome]:
    """Every member carried out; `ids` are their new ids in order, if the call made something."""
    known = call.arguments.get("targets")
    targets = [*ids, *(list(known)[len(ids) :] if isinstance(known, list | tuple) else [])]
    return [
        Outcome(change, State.APPLIED, targets[n] if n < len(targets) else "")
        for n, change in enumerate(call.change_ids)
    ]


def all_refused(call: Call, message: Message, named: bool | None = None) -> list[Outcome]:
    """Every member refused together; a single one is named by that."""
    by_name = len(call.change_ids) == 1 if named is None else named
    return [Outcome(change, State.REFUSED, message=message, named=by_name) for change in call.change_ids]


def refused_by_name(
    call: Call, errors: Sequence[UserError], stale: frozenset[str] = frozenset()
) -> list[Outcome]:
    """A call of which nothing was carried out: the named members refused (or stale, by code), the others not
    sent."""
    named = _named(errors)
    if not named:
        reason = errors[0].message if errors else ""
        return all_refused(call, say(REFUSED, reason=reason))
    rest = say(NOT_SENT)
    return [
        _refusal(change, named[n], stale)
        if n in named
        else Outcome(change, State.REFUSED, message=rest, named=False)
        for n, change in enumerate(call.change_ids)
    ]


def partly_applied(
    call: Call,
    errors: Sequence[UserError],
    ids: Sequence[str] = (),
    stale: frozenset[str] = frozenset(),
) -> list[Outcome]:
    """A call that carried out all members but the named ones."""
    return named_or(call, errors, all_applied(call, ids), stale)


def partly_stale(call: Call, errors: Sequence[UserError], stale: frozenset[str]) -> list[Outcome]:
    """A call of which nobody knows whether it carried out what it does not name."""
    rest = [Outcome(change, State.STALE, message=say(STALE)) for change in call.change_ids]
    return named_or(call, errors, rest, stale)


def named_or(
    call: Call, errors: Sequence[UserError], others: Sequence[Outcome], stale: frozenset[str]
) -> list[Outcome]:
    """The named members refused (or stale, by code), the others as given."""
    named = _named(errors)
    return [_refusal(o.change_id, named[n], stale) if n in named else o for n, o in enumerate(others)]


def _refusal(change: str, errors: Sequence[UserError], stale: frozenset[str]) -> Outcome:
    if errors[0].code in stale:
        return Outcome(change, State.STALE, message=say(STALE))
    reason = "; ".join(dict.fromkeys(e.message for e in errors))
    return Outcome(change, State.REFUSED, message=say(REFUSED, reason=reason))


def _named(errors: Sequence[UserError]) -> dict[int, list[UserError]]:
    found: dict[int, list[UserError]] = {}
    for error in errors:
        if error.member is not None:
            found.setdefault(error.member, []).append(error)
    return found


def of_problem(change: str, problem: Problem | None) -> Outcome:
    """One of several writes of a call that came back null: refused with the reason, unknown if Shopify failed
    inside."""
    if problem is None or problem.code in ("INTERNAL_SERVER_ERROR", "TIMEOUT"):
        return Outcome(change, State.UNKNOWN, message=say("Shopify failed inside."))
    return Outcome(change, State.REFUSED, message=say(REFUSED, reason=problem.message))
