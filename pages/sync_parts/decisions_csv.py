"""Decisions by CSV: the open items out, the same file with a verb in each line back in."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator

import streamlit as st

from console.csvfile import restored
from pages.parts import _, export_button, number, render
from pages.sync_parts.common import act, may_act, safe, said, space, who
from pages.sync_parts.parked import tell
from sync.errors import NeedsOperator
from sync.managers.verbs.attention import AttentionVerbs, BadDecisions, Done
from sync.managers.views import attention
from sync.managers.views.attention import CSV_COLUMNS, Wanted
from sync.model.text import say

MOST_LINES = 20_000
_PROBLEMS = "_decision_problems"


def buttons(wanted: Wanted) -> None:
    """Both ways, side by side."""
    ws = space()

    def made() -> Iterator[tuple[object, ...]]:
        for parked in attention.each(ws, wanted):
            yield attention.csv_row(parked, said(parked.message))

    export_button("needs-you", CSV_COLUMNS, made, key="needs_you_csv")
    with st.popover(
        _("Decide by CSV"), icon=":material/upload_file:", key="decide_csv", disabled=not may_act()
    ):
        st.caption(
            _(
                "Take the exported file, write a verb into the column verb (bind, create, skip, retry, "
                "dismiss …) and for bind the other "
                "side's id into target_id. Lines without a verb are left alone; if one line is wrong, "
                "nothing is done."
            )
        )
        file = st.file_uploader(_("File"), type="csv", key="decisions_file", label_visibility="collapsed")
        if (
            st.button(
                _("Take the decisions"),
                key="take_decisions",
                type="primary",
                icon=":material/check:",
                disabled=file is None,
            )
            and file
        ):
            take(file.getvalue())
            st.rerun()


def take(content: bytes) -> None:
    """Carry out a file's decisions; what is wrong with it is shown above the page."""
    found: list[Done] = []

    def do() -> None:
        try:
            found.append(
                AttentionVerbs(space()).decide(
                    rows_of(content), who(), run=bool(st.session_state.get("run_now", True))
                )
            )
        except BadDecisions as bad:
            st.session_state[_PROBLEMS] = bad.problems
            raise

    act(do)
    tell(found)


def show_problems() -> None:
    """The lines of the last file that could not be taken."""
    if problems := st.session_state.pop(_PROBLEMS, ()):
        st.error(
            "\n".join(
                f"- {render(_('Line {line}:'), line=number(line))} {safe(message)}"
                for line, message in problems
            )
        )


def rows_of(content: bytes) -> list[tuple[int, dict[str, str]]]:
    """(line number, cells by column) of a CSV file with either separator. Raises NeedsOperator for what is
    none.
    """
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise NeedsOperator(say("The file is not UTF-8. Save it as CSV UTF-8.")) from error
    head = text.partition("\n")[0]
    reader = csv.DictReader(
        io.StringIO(text, newline=""), delimiter=";" if head.count(";") > head.count(",") else ","
    )
    names = [name.strip().lower() for name in reader.fieldnames or ()]
    if "verb" not in names or not {"id", "record_id"} & set(names):
        raise NeedsOperator(
            say("The file needs the columns verb, and id or record_id. Export one to see how it looks.")
        )
    reader.fieldnames = names
    return list(_read(reader))


def _read(reader: csv.DictReader[str]) -> Iterator[tuple[int, dict[str, str]]]:
    try:
        for count, row in enumerate(reader):
            if count >= MOST_LINES:
                raise NeedsOperator(say("The file has more than {most} lines. Split it.", most=MOST_LINES))
            yield (
                reader.line_num,
                {
                    name: restored((value or "").strip())
                    for name, value in row.items()
                    if name and isinstance(value, str)
                },
            )
    except csv.Error as error:
        raise NeedsOperator(say("Line {line} is not readable as CSV.", line=reader.line_num)) from error
