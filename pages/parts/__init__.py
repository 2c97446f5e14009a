"""The widgets that all pages share: `from pages.parts import page_header, status_badge, …`."""

from console.access import allows, current_user, reader, require
from console.i18n import N_, N_plural, _, ngettext, render
from pages.parts.confirm import Question, ask
from pages.parts.empty import empty_state
from pages.parts.export import export_button
from pages.parts.filters import clear_filters, pick_many, pick_one, search_box
from pages.parts.header import page_header, section
from pages.parts.live import live
from pages.parts.metrics import Metric, metric_row
from pages.parts.numbers import money, number, share
from pages.parts.progress import Progress, progress_panel
from pages.parts.status import label_of, status_badge, status_cell, status_column
from pages.parts.tables import (
    money_column,
    number_column,
    pager,
    progress_column,
    table,
    text_column,
    time_column,
)
from pages.parts.text import plain, remote
from pages.parts.times import ago, day_format, duration, local, shown
from pages.parts.toasts import say_later
from pages.parts.verbs import attempt

__all__ = [
    "Metric",
    "N_",
    "N_plural",
    "Progress",
    "Question",
    "_",
    "ago",
    "allows",
    "ask",
    "attempt",
    "clear_filters",
    "current_user",
    "day_format",
    "duration",
    "empty_state",
    "export_button",
    "label_of",
    "live",
    "local",
    "metric_row",
    "money",
    "money_column",
    "ngettext",
    "number",
    "number_column",
    "page_header",
    "pager",
    "pick_many",
    "pick_one",
    "plain",
    "progress_column",
    "progress_panel",
    "reader",
    "remote",
    "render",
    "require",
    "say_later",
    "search_box",
    "section",
    "share",
    "shown",
    "status_badge",
    "status_cell",
    "status_column",
    "table",
    "text_column",
    "time_column",
]
