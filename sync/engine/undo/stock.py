"""One row that a stock run wrote, and what the target shows of it now → what its undo does. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from sync.engine.undo import words
from sync.model.text import Message


class Do(StrEnum):
    """restore: set what was there before · offer: take the run's own difference back, once ticked · moved:
    another hand was there and nothing is left to take back · back: it shows the figure from before already ·
    listed: there is no way back."""

    RESTORE = "restore"
    OFFER = "offer"
    MOVED = "moved"
    BACK = "back"
    LISTED = "listed"


@dataclass(frozen=True, slots=True)
class Verdict:
    """`after` is what the target will show, in pieces; `message` says why for all but restore and back."""

    do: Do
    after: int = 0
    message: Message | None = None


def judge(before: int | None, wrote: int | None, shown: int | None) -> Verdict:
    """`shown` None: the item is not stocked there any more. Never answers a figure below 0."""
    if shown is None:
        return Verdict(Do.LISTED, message=words.about(words.NOT_STOCKED, "available"))
    if before is None or wrote is None:
        return Verdict(Do.LISTED, message=words.about(words.UNKNOWN_BEFORE, "available"))
    if shown in (before, max(0, before)):
        return Verdict(Do.BACK, shown)
    if shown == wrote:
        return Verdict(Do.RESTORE, max(0, before))
    after = max(0, shown + before - wrote)
    if after == shown or (after < shown) is not (before < wrote):
        return Verdict(Do.MOVED, shown, words.moved("available", before, wrote, shown))
    return Verdict(Do.OFFER, after, words.offered(before, wrote, shown, after))


def judge_status(before: str, wrote: str, shown: str) -> Verdict:
    """A product that the run hid. `shown`: its status now, "" if the product is not there any more; `before`
    "": nobody knew it."""
    if not shown:
        return Verdict(Do.LISTED, message=words.gone("product"))
    if not before:
        return Verdict(Do.LISTED, message=words.about(words.UNKNOWN_BEFORE, "status"))
    if shown == before:
        return Verdict(Do.BACK)
    if shown == wrote:
        return Verdict(Do.RESTORE)
    return Verdict(Do.MOVED, message=words.moved("status", before, wrote, shown))
