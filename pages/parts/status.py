"""States of connections, runs and records: one word, one colour, one symbol each, everywhere the same."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal

import streamlit as st

from console.i18n import N_, _

Color = Literal["green", "red", "orange", "yellow", "blue", "violet", "gray"]


@dataclass(frozen=True)
class Look:
    """How a state looks."""

    label: str
    color: Color
    icon: str


_UNKNOWN = "help"
STATES: dict[str, Look] = {
    "connected": Look(N_("Connected"), "green", "check_circle"),
    "failed": Look(N_("Failed"), "red", "error"),
    "pending": Look(N_("Pending"), "gray", "schedule"),
    "running": Look(N_("Running"), "blue", "progress_activity"),
    "queued": Look(N_("Queued"), "gray", "hourglass_empty"),
    "succeeded": Look(N_("Succeeded"), "green", "check_circle"),
    "partial": Look(N_("Partial"), "orange", "warning"),
    "stopped": Look(N_("Stopped"), "orange", "front_hand"),
    "planned": Look(N_("Plan ready"), "violet", "checklist"),
    "red": Look(N_("With failures"), "red", "error"),
    "cancelling": Look(N_("Stopping"), "orange", "cancel"),
    "cancelled": Look(N_("Cancelled"), "gray", "cancel"),
    "interrupted": Look(N_("Interrupted"), "orange", "power_off"),
    "paused": Look(N_("Paused"), "gray", "pause_circle"),
    "on": Look(N_("On"), "green", "toggle_on"),
    "off": Look(N_("Off"), "gray", "toggle_off"),
    "processing": Look(N_("At work"), "blue", "progress_activity"),
    "completed": Look(N_("Done"), "green", "check_circle"),
    "dismissed": Look(N_("Dismissed"), "gray", "close"),
    "applied": Look(N_("Written"), "green", "check_circle"),
    "sent": Look(N_("Sent"), "blue", "outgoing_mail"),
    "refused": Look(N_("Refused"), "red", "error"),
    "stale": Look(N_("Moved"), "orange", "sync_problem"),
    "unknown": Look(N_("No answer"), "orange", "help"),
    "dropped": Look(N_("Not written"), "gray", "remove"),
    "seen": Look(N_("Seen"), "gray", "visibility"),
    "equal": Look(N_("Equal"), "green", "check_circle"),
    "differs": Look(N_("Differs"), "blue", "difference"),
    "missed": Look(N_("Missed"), "orange", "running_with_errors"),
    "twice": Look(N_("Written twice"), "red", "error"),
    "store": Look(N_("At the store"), "violet", "edit"),
    "to_write": Look(N_("To write"), "blue", "edit"),
    "to_create": Look(N_("To create"), "green", "add_circle"),
    "to_update": Look(N_("To update"), "blue", "edit"),
    "created": Look(N_("Created"), "green", "add_circle"),
    "updated": Look(N_("Updated"), "blue", "edit"),
    "unchanged": Look(N_("Unchanged"), "gray", "remove"),
    "skipped": Look(N_("Skipped"), "gray", "skip_next"),
    "parked": Look(N_("Needs you"), "orange", "inbox"),
    "open": Look(N_("Open"), "orange", "inbox"),
    "resolved": Look(N_("Resolved"), "green", "task_alt"),
    "error": Look(N_("Error"), "red", "error"),
    "warning": Look(N_("Warning"), "orange", "warning"),
    "info": Look(N_("Info"), "blue", "info"),
    "success": Look(N_("Success"), "green", "check_circle"),
}


def look_of(state: str) -> Look:
    """The look of a state; one that nobody described is shown by its name, in gray."""
    return STATES.get(state, Look(state, "gray", _UNKNOWN))


def label_of(state: str) -> str:
    """The state's word in the reader's language."""
    return _(look_of(state).label)


def status_badge(state: str, reason: str = "") -> None:
    """Draw a state; `reason`, in the operator's words, appears on hover."""
    look = look_of(state)
    st.badge(label_of(state), icon=f":material/{look.icon}:", color=look.color, help=reason or None)


def status_column(label: str, states: Iterable[str], **options: Any) -> Any:
    """A table column of coloured states; its cells are made by `status_cell`."""
    chosen = list(states)
    return st.column_config.MultiselectColumn(
        label,
        options=[label_of(state) for state in chosen],
        color=[look_of(state).color for state in chosen],
        **options,
    )


def status_cell(state: str) -> list[str]:
    """What a `status_column` shows for this state."""
    return [label_of(state)]
