"""Taking a run back: the button on its page, and the plan of the undo with what it restores and what it
leaves."""

from __future__ import annotations

from functools import partial
from typing import Any, Literal

import streamlit as st

from pages.parts import _, number, plain, render, section, shown, table, text_column
from pages.sync_parts.common import may_act, opening_run, safe, space, who
from pages.sync_parts.paging import cursor, turner
from pages.sync_parts.running import open_link
from sync.errors import NeedsOperator
from sync.managers.verbs.undo import UndoVerbs
from sync.managers.views import runs, undo, words
from sync.managers.views.runs import RunLine
from sync.managers.views.undo import MovedRow, Summary
from sync.model.run import LIVE, Mode

_PAGE = 50


def button(line: RunLine) -> None:
    """Have the undo of a finished run planned; what was undone already says so instead."""
    run = line.run
    if run.status in LIVE or run.mode is Mode.PREVIEW or line.flow is None:
        return
    if done := undo.undone_by(space(), run):
        with st.container(horizontal=True, vertical_alignment="center", width="content"):
            st.caption(render(_("Undone {when}"), when=plain(shown(done.created_at))))
            open_link(done, _("Open the undo"))
        return
    reason = undo.refused(space(), run.id)
    if reason is None or may_act():
        st.button(
            _("Undo"),
            key="undo",
            icon=":material/undo:",
            disabled=reason is not None or not may_act(),
            help=safe(reason) if reason else _("Makes a plan first. Nothing is written before you apply it."),
            on_click=opening_run(partial(UndoVerbs(space()).propose, run.id, who())),
        )


def title(line: RunLine) -> str:
    """What is undone, as plain text; "" for a run that is no undo."""
    if not line.run.scope.undo_of:
        return ""
    name = render(line.flow.name) if line.flow else "–"
    return render(_("Undo · {flow}"), flow=name)


def head(line: RunLine) -> None:
    """The figures of an undo, and the way back to the run that it takes back."""
    found = undo.summary(space(), line.run)
    with st.container(border=True, key="undo_head"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{_origin(found)}**", width="stretch")
            _to_origin(found)
        with st.grid(columns=6, min_column_width=110, gap="small", key="undo_figures"):
            for label, value, help_text in _figures(found):
                st.metric(label, number(value), help=help_text)
        st.caption(
            _(
                "Values are put back only where nothing has changed since. What somebody changed stays as it "
                "is; orders and shipments are listed, never undone."
            )
        )
        if found.above:
            st.caption(":material/info: " + _above(found.above))


def _above(n: int) -> str:
    """What the next sweep makes of rows that are never left above the source."""
    return render(
        _(
            "{n} of these rows would show more than the source has. The next sweep sets them to the source "
            "again; pause the flow if they are to stay."
        ),
        n=number(n),
    )


def _figures(found: Summary) -> list[tuple[str, int, str]]:
    return [
        (_("To restore"), found.restored, _("Rows that still show what the run wrote.")),
        (_("Ticked"), found.ticked, _("Rows that will be written when you apply the plan.")),
        (
            _("Moved since"),
            found.moved + found.offered,
            _("Changed by another hand since; they stay. All values are below."),
        ),
        (
            _("Of those offered"),
            found.offered,
            _("Stock that moved since: tick a row to take back the run's difference, in pieces."),
        ),
        (_("New products"), found.created, _("Created by the run; ticked, they become drafts.")),
        (_("Not undone"), found.listed, _("Orders, shipments and what cannot be taken back.")),
    ]


def _origin(found: Summary) -> str:
    try:
        line = runs.one(space(), found.undo_of)
    except NeedsOperator:
        return _("The run that this takes back is gone.")
    mode = render(words.MODES[line.run.mode])
    return render(_("Takes back: {mode}, {when}"), mode=mode, when=plain(shown(line.run.created_at)))


def _to_origin(found: Summary) -> None:
    if space().runs.list(limit=1):
        st.page_link(
            "pages/run.py",
            label=_("Open that run"),
            icon=":material/arrow_forward:",
            icon_position="right",
            query_params={"id": found.undo_of},
        )


def left(line: RunLine) -> None:
    """What stays: moved rows with both values, and what is listed only."""
    _moved(line)
    _listed(line)


def _moved(line: RunLine) -> None:
    after = cursor("undo_moved", line.run.id)
    page = undo.moved(space(), line.run, after or 0, _PAGE)
    if not page.rows:
        return
    section(_("Moved since"), _("Before, what the run wrote, and what the target shows now."))
    pieces = runs.is_stock(line)  # their SKU names them, and their field is always the stock
    told = {"label": text_column(_("Record"), width=200), "field": text_column(_("Field"), width=100)}
    side: Literal["left", "right"] = "right" if pieces else "left"
    columns: dict[str, Any] = {
        "sku": text_column(_("SKU"), width=120),
        **({} if pieces else told),
        "before": text_column(_("Before"), width=90 if pieces else 130, alignment=side),
        "wrote": text_column(_("Written"), width=90 if pieces else 130, alignment=side),
        "now": text_column(_("Now"), width=90 if pieces else 130, alignment=side),
        **({"offered": text_column(_("Offered"), width=90, alignment="right")} if pieces else {}),
    }
    table([_moved_cells(row, pieces) for row in page.rows], columns, key=f"moved_{after}", most_shown=8)
    turner(
        "undo_moved",
        page.next_after,
        _("The offered ones can be ticked below.") if pieces else "",
        back=_("Back"),
        on=_("More"),
    )


def _moved_cells(row: MovedRow, pieces: bool) -> dict[str, object]:
    offered = "" if row.offered is None else f"{row.offered:+d}"
    return {
        "sku": row.sku,
        "label": row.label,
        "field": render(row.field),
        **{
            name: number(int(text)) if pieces and text.lstrip("-").isdigit() else text
            for name, text in (("before", row.before), ("wrote", row.wrote), ("now", row.now))
        },
        "offered": offered,
    }


def _listed(line: RunLine) -> None:
    after = cursor("undo_listed", line.run.id)
    page = undo.listed(space(), line.run, after or 0, _PAGE)
    if not page.rows:
        return
    section(_("Not undone"), _("What the run did and what stays; by hand, if at all."))
    columns: dict[str, Any] = {
        "kind": text_column(_("Kind"), width=110),
        "label": text_column(_("Record"), width=260),
        "why": text_column(_("Why"), width=480),
    }
    table(
        [
            {"kind": render(words.entity(row.entity.value)), "label": row.label, "why": render(row.why)}
            for row in page.rows
        ],
        columns,
        key=f"listed_{after}",
        most_shown=8,
    )
    turner("undo_listed", page.next_after, "", back=_("Back"), on=_("More"))
