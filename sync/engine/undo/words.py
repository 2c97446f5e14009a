"""What an undo says about the rows of its plan: one sentence a fate, and what it does not take back. Pure."""

from __future__ import annotations

from collections.abc import Mapping

from sync.model.call import Value, Verb
from sync.model.entity import Entity
from sync.model.fields import ALL_FIELDS
from sync.model.text import Message, say

MOVED, OFFERED, CREATED = "undo.moved", "undo.offered", "undo.created"
LISTED, GONE, BACK, MARKS = "undo.listed", "undo.gone", "undo.back", "undo.marks"
"""Causes of an undo plan's rows. `offered` and `created` are written only once somebody has ticked them."""
UNTICKED = (OFFERED, CREATED)

_LONGEST = 120

# What was written and is not taken back, with what helps. What is neither here nor restored gets `_OTHER`.
NOT_UNDONE: Mapping[tuple[Entity, Verb], Message] = {
    (Entity.VARIANT, Verb.CREATE): say(
        "The run added this variant. Counterpart deletes nothing, because it may have been ordered by now: "
        "take it off in the shop by hand."
    ),
    (Entity.MEDIA, Verb.CREATE): say(
        "The run added this picture. Counterpart deletes nothing: take it off in the shop by hand."
    ),
    (Entity.PUBLICATION, Verb.PUBLISH): say(
        "The run published the product in a sales channel. Withdraw it there by hand, or make the product a "
        "draft."
    ),
    (Entity.STOCK, Verb.ACTIVATE): say(
        "The run stocked the item at this location. It stays stocked; its quantity is a row of its own."
    ),
    (Entity.STOCK, Verb.TRACK): say(
        "The run switched on that the shop counts this item. It goes on counting; switch it off in the shop "
        "by hand if that is not wanted."
    ),
    (Entity.ORDER, Verb.CREATE): say(
        "The order was taken over. Orders are never taken back by a run: cancel it by hand where it was "
        "created, if that is right."
    ),
    (Entity.ORDER, Verb.ADVANCE): say(
        "The order's status was moved on. Set it back by hand if that is right; its buyer may have been told."
    ),
    (Entity.FULFILMENT, Verb.CREATE): say(
        "The shipment was reported. Cancel the fulfilment in the shop by hand if that is right; its buyer "
        "may have been told."
    ),
    (Entity.FULFILMENT, Verb.UPDATE): say(
        "The tracking was updated. Correct it in the shop by hand if that is right."
    ),
}
_OTHER = say("Counterpart cannot take this back. Look at it by hand.")

UNKNOWN_BEFORE = say("{field}: what was there before the run is not known, so that nothing can be restored.")
UNSURE = say(
    "Nobody knows yet whether the run wrote this: no answer came. The flow's next run finds it out; undo "
    "this run again after that."
)
NEW_METAFIELD = say("{field}: the run was the first to fill it. Empty it in the shop by hand.")
NOT_STOCKED = say("{field}: the item is not stocked at this location any more.")
ZERO_PRICE = say("{field}: it was 0 before the run, and a price of 0 is never written. Set it by hand.")


def not_undone(entity: Entity, verb: Verb) -> Message:
    """Why something stays as the run left it."""
    return NOT_UNDONE.get((entity, verb), _OTHER)


def moved(field: str, before: Value, wrote: Value, shown: Value) -> Message:
    """Another hand was there since: both values, and that nothing is written. `name` among the parameters is
    the field's own name, for whoever shows it in a table."""
    return say(
        "{field}: the run wrote {wrote}, now it shows {now}; before the run it was {before}. It is left "
        "as it is.",
        **_values(field, before, wrote, shown),
    )


def offered(before: int, wrote: int, shown: int, after: int) -> Message:
    """Stock moved since: the difference that the run made can be taken back from what is there now."""
    return say(
        "Stock: the run wrote {wrote}, now it shows {now}; before the run it was {before}. Ticked, the run's "
        "difference of {delta} is taken back: it will show {after}.",
        name="available",
        wrote=wrote,
        now=shown,
        before=before,
        delta=f"{wrote - before:+d}",
        after=after,
    )


def meanwhile(expected: int, shown: int, wanted: int) -> Message:
    """The target moved between the undo's look and its write."""
    return say(
        "Stock: it showed {wrote} when the undo was planned, now it shows {now}. It is left as it is.",
        name="available",
        wrote=expected,
        now=shown,
        before=wanted,
    )


def gone(target_id: str) -> Message:
    """The record cannot be looked at: it is gone, or nobody knows whether it was ever made."""
    if target_id:
        return say("It is gone in the shop; nothing is restored.")
    return say("It is not known whether it was created. Look it up in the shop by hand.")


def about(sentence: Message, field: str) -> Message:
    """A sentence about one field."""
    return say(sentence.id, field=name_of(field), name=field)


def name_of(field: str) -> str:
    """A field's English name, as the settings call it."""
    if field == "available":
        return "Stock"
    known = ALL_FIELDS.get(field)
    return known.label if known else field.removeprefix("metafield:")


def _values(field: str, before: Value, wrote: Value, shown: Value) -> dict[str, str]:
    shown_as = {"before": before, "wrote": wrote, "now": shown}
    return {
        "field": name_of(field),
        "name": field,
        **{name: _text(value) for name, value in shown_as.items()},
    }


def _text(value: Value) -> str:
    if value is None or value in ("", ()):
        return "–"
    text = ", ".join(value) if isinstance(value, tuple) else " ".join(str(value).split())
    return text if len(text) <= _LONGEST else text[: _LONGEST - 1] + "…"
