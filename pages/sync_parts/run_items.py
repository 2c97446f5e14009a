"""The rows of a run: filters, a page of them, and all about the chosen one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import streamlit as st

from pages.parts import (
    _,
    export_button,
    label_of,
    number,
    plain,
    render,
    status_badge,
    status_cell,
    status_column,
    table,
    text_column,
)
from pages.sync_parts import address
from pages.sync_parts.common import may_act, on_click, pressed, safe, said, shown_value, space
from pages.sync_parts.paging import cursor, pages_back, turner
from sync.managers.views import causes, items, words
from sync.managers.views.items import ItemRow, RowFilter
from sync.model.call import Diff
from sync.model.run import LIVE, OUTCOMES, Mode, Run

PAGE = 100
_OUTCOME_LOOKS = ("to_create", "to_update", *OUTCOMES)
_FILTERS = ("outcome", "cause", "phase", "q")


def rows(run: Run, counts: dict[str, int], *, tickable: bool) -> None:
    """Draw the rows of a run."""
    wanted = _filters(run, counts)
    after = cursor("items_page", (run.id, wanted))
    page = items.page(space(), run, wanted, after or 0, PAGE)
    if not page.rows:
        st.caption(
            _("No record of this run matches.")
            if wanted != RowFilter()
            else _("No record has been compared yet.")
        )
        return
    chosen = table(
        [_cells(run, row, tickable) for row in page.rows],
        _columns(tickable),
        key=f"items_{hash((run.id, wanted, after))}",
        select="many" if tickable else "one",
        most_shown=14,
    )
    if tickable:
        _tick_line(run, wanted, [page.rows[n].id for n in chosen])
    turner(
        "items_page",
        page.next_after,
        _caption(run, wanted, len(page.rows)),
        back=_("Back"),
        on=_("More"),
        beside=lambda: _export(run, wanted),
    )
    if len(chosen) == 1:
        detail(run, page.rows[chosen[0]])


def _filters(run: Run, counts: dict[str, int]) -> RowFilter:
    present = [name for name in OUTCOMES if counts.get(name)]
    names = {name: f"{label_of(outcome_look(run, name))} · {number(counts[name])}" for name in present}
    with st.container(key="row_filters"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            text = address.text(_("Title, SKU or id"), "q", "MD-1042")
            phase = _pick_phase(run)
            cause = _pick_cause(run)
            address.clear(_FILTERS)
        # The pills stand last: the table's toolbar floats over the right end of the line above it.
        outcome = address.pills(_("Outcome"), present, "outcome", names)
    return RowFilter(outcome or "", cause or "", phase or "", text)


def _pick_phase(run: Run) -> str | None:
    found = items.phases(space(), run)
    names = {name: f"{phase_name(name)} ({number(n)})" for name, n in found.items()}
    order = [name for name in words.PHASES if name in found] + [n for n in found if n not in words.PHASES]
    return address.pick(_("What is done"), order, "phase", names) if order else None


def _pick_cause(run: Run) -> str | None:
    found = items.causes(space(), run)
    names = {name: f"{render(causes.label(name))} ({number(n)})" for name, n in found.items()}
    return address.pick(_("Reason"), list(found), "cause", names) if found else None


def phase_name(name: str) -> str:
    """What is done in a phase."""
    return render(words.PHASES[name]) if name in words.PHASES else name


def outcome_look(run: Run, outcome: str) -> str:
    """The state under which an outcome looks as it is: what is only planned says so."""
    planned = run.mode is Mode.PREVIEW or run.status in LIVE
    return {"created": "to_create", "updated": "to_update"}.get(outcome, outcome) if planned else outcome


def _caption(run: Run, wanted: RowFilter, shown_rows: int) -> str:
    found, more = items.count(space(), run, wanted)
    first = pages_back("items_page") * PAGE + 1
    every = _("more than {count}").format(count=number(found)) if more else number(found)
    return render(
        _("{first}–{last} of {all}. Tick a row to see all about it."),
        first=number(first),
        last=number(first + shown_rows - 1),
        all=every,
    )


def _columns(tickable: bool) -> dict[str, Any]:
    ticks = {"chosen": st.column_config.CheckboxColumn(_("Write"), width=62)} if tickable else {}
    return ticks | {
        "outcome": status_column(_("Outcome"), _OUTCOME_LOOKS, width=108),
        "label": text_column(_("Record"), width=260),
        "sku": text_column(_("SKU"), width=100),
        "what": text_column(_("What changes, or why not"), width=430 if tickable else 480),
    }


def _cells(run: Run, row: ItemRow, tickable: bool) -> dict[str, object]:
    cells: dict[str, object] = {
        "outcome": status_cell(outcome_look(run, row.outcome)),
        "label": row.item.label,
        "sku": row.item.sku,
        "what": " · ".join(part for part in (_reason(row), summary(row)) if part),
    }
    return cells | ({"chosen": row.chosen} if tickable else {})


def _reason(row: ItemRow) -> str:
    if row.item.message:
        return said(row.item.message)
    return render(causes.label(row.item.cause)) if row.item.cause else ""


def summary(row: ItemRow) -> str:
    """The first differences in one line: Stock 14 → 3 · Price … +2. What stands as the record's name already
    is left out.
    """
    name = row.item.label
    told = [(label, diff) for label, diff in row.diffs if diff.before is not None or diff.after != name]
    parts = [_short(label, diff, name) for label, diff in told]
    return " · ".join(parts) + (f" · +{number(row.more)}" if row.more else "")


def _short(label: str, diff: Diff, record: str) -> str:
    name = render(words.field(diff.field))
    whose = f"{label} " if label and label != record else ""
    before, after = _brief(diff.before), _brief(diff.after)
    return f"{whose}{name}: {after}" if diff.before is None else f"{whose}{name}: {before} → {after}"


def _brief(value: Any) -> str:
    text = shown_value(value)
    return text if len(text) <= 40 else text[:39] + "…"


def _tick_line(run: Run, wanted: RowFilter, chosen: Sequence[int]) -> None:
    verbs = space().run_verbs
    off = not may_act()
    with st.container(horizontal=True, vertical_alignment="center", key="ticks"):
        st.button(
            _("Untick"),
            key="untick",
            icon=":material/check_box_outline_blank:",
            disabled=off or not chosen,
            on_click=on_click(partial(verbs.choose, run.id, list(chosen), False)),
        )
        st.button(
            _("Tick"),
            key="tick",
            icon=":material/check_box:",
            disabled=off or not chosen,
            on_click=on_click(partial(verbs.choose, run.id, list(chosen), True)),
        )
        pressed(
            _("Untick all that match"),
            on_click(partial(verbs.choose_all, run.id, wanted, False)),
            key="untick_all",
            type="tertiary",
            disabled=off,
        )
        pressed(
            _("Tick all that match"),
            on_click(partial(verbs.choose_all, run.id, wanted, True)),
            key="tick_all",
            type="tertiary",
            disabled=off,
        )


# -- one row -------------------------------------------------------------------------------------------------


def detail(run: Run, row: ItemRow) -> None:
    """All about one record: why, and every field that changes."""
    with st.container(border=True, key="row_detail"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f"**{plain(row.item.label)}** :gray[{plain(row.item.sku)}]", width="stretch")
            status_badge(outcome_look(run, row.outcome))
        st.caption(f"{plain(row.item.source_id)} → {plain(row.item.target_id or '–')}")
        if row.item.message:
            st.info(safe(row.item.message), icon=":material/info:")
        if row.item.cause:
            st.caption(safe(causes.cause(row.item.cause).advice))
        made = items.changes_of(space(), run.id, row.id)
        lines = [
            _change_cells(
                change.change.label,
                change.phase,
                change.state,
                diff,
                said(change.message) if change.message else None,
            )
            for change in made
            for diff in change.change.diffs
        ]
        if lines:
            table(lines, _change_columns(lines, row.item.label), key=f"detail_{row.id}", most_shown=12)


def _change_columns(lines: Sequence[Mapping[str, object]], whose: str) -> dict[str, Any]:
    """Columns that would say the same in every line are left out."""
    several = any(line["record"] != whose for line in lines)
    reasons = any(line["why"] for line in lines)
    return {
        **({"record": text_column(_("Record"), width=150)} if several else {}),
        "field": text_column(_("Field"), width=120),
        "before": text_column(_("Before"), width=170),
        "after": text_column(_("After"), width=220),
        "state": text_column(_("State"), width=100),
        "phase": text_column(_("Step"), width=170),
        **({"why": text_column(_("Reason"), width=250)} if reasons else {}),
    }


def _change_cells(record: str, phase: str, state: str, diff: Diff, message: str | None) -> dict[str, object]:
    return {
        "record": record,
        "field": render(words.field(diff.field)),
        "before": shown_value(diff.before),
        "after": shown_value(diff.after),
        "state": render(words.STATES[state]) if state in words.STATES else state,
        "phase": phase_name(phase),
        "why": message or diff.reason,
    }


# -- export --------------------------------------------------------------------------------------------------

_CSV = (
    "entity",
    "source_id",
    "target_id",
    "title",
    "sku",
    "outcome",
    "cause",
    "reason",
    "record",
    "action",
    "place",
    "field",
    "before",
    "after",
    "state",
    "ticked",
)


def _export(run: Run, wanted: RowFilter) -> None:
    ws = space()

    def made() -> Iterator[tuple[object, ...]]:
        for line in items.export(ws, run, wanted):
            yield _csv_cells(line)

    export_button(f"run-{run.id}", _CSV, made, key="items_csv")


def _csv_cells(line: items.ExportRow) -> tuple[object, ...]:
    item, diff = line.item, line.diff
    return (
        item.entity.value,
        item.source_id,
        item.target_id,
        item.label,
        item.sku,
        line.outcome,
        item.cause,
        said(line.message) if line.message else "",
        line.record,
        line.verb,
        line.place,
        diff.field if diff else "",
        _csv_value(diff.before) if diff else "",
        _csv_value(diff.after) if diff else "",
        line.state,
        line.chosen,
    )


def _csv_value(value: object) -> object:
    return ", ".join(map(str, value)) if isinstance(value, tuple) else value
