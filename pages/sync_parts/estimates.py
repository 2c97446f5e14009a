"""What writing stock will cost, in words: about how long, how many calls and points."""

from __future__ import annotations

from pages.parts import N_plural, _, duration, number, render
from pages.sync_parts.common import said
from sync.managers.views.estimate import Before, Estimate
from sync.model.text import Message


def estimate_words(found: Estimate) -> str:
    """Time, calls and points; and that a standard plan is assumed, where it is."""
    told = render(
        _("About {time} to write: {calls}, {points} points."),
        time=duration(max(1.0, found.seconds)),
        calls=said(Message(N_plural("{count} call", "{count} calls"), {"count": found.calls})),
        points=number(found.points),
    )
    return told if found.told else f"{told} {_assumed()}"


def before_words(found: Before) -> str:
    """The same for a run that is not started yet, after which rows are meant."""
    names = {
        "plan": _("{count} rows to write by the last preview."),
        "differ": _("{count} rows are known to differ."),
        "most": _("At most {count} rows to write: every matched item at every location."),
    }
    rows = render(names[found.by], count=number(found.rows))
    return f"{rows} {estimate_words(found.estimate)}"


def _assumed() -> str:
    return _("The store has not told its budget yet: a standard plan is assumed.")
