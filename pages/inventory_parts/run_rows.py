"""The rows of a stock run: what is or was to be written, location by location, and what was left out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import partial

import streamlit as st

from pages.inventory_parts.changes import STATES, cells, columns, detail, export
from pages.inventory_parts.common import PAGE, counted, place_name, place_names
from pages.parts import _, label_of, number, render, table, text_column
from pages.sync_parts import address
from pages.sync_parts.common import may_act, on_click, pressed, safe, space
from pages.sync_parts.paging import cursor, pages_back, turner
from pages.sync_parts.run_items import phase_name
from sync.managers.views import causes, stock_log
from sync.managers.views.runs import RunLine
from sync.managers.views.stock_log import ChangeFilter, StockRow
from sync.model.run import LIVE, Mode, Run

_FILTERS = ("sku", "phase", "state")
_LOOKS = {"planned": "to_write"}
_OPEN = ("planned", "stale")


def rows(line: RunLine, *, tickable: bool) -> None:
    """Draw the rows of a stock run, and why other items were left out."""
    run = line.run
    left_out(run)
    counts = stock_log.by_state(space(), run.id, fresh=run.finished_at is not None)
    if not counts and run.status in LIVE:  # they may just have come
        counts = stock_log.by_state(space(), run.id, fresh=True)
    if not counts:
        st.caption(_nothing(run))
        return
    counts = _settled(run, counts)
    wanted = _filters(run, counts)
    names = place_names(line.flow.target) if line.flow else {}
    mark = (run.id, wanted.sku, wanted.phase, wanted.states)
    after = cursor("stock_page", mark)
    page = stock_log.in_order(space(), wanted, after or 0, PAGE)
    if not page.rows:
        st.caption(_("No row of this run matches."))
        return
    page = replace(page, rows=tuple(_shown(run, row) for row in page.rows))
    chosen = _table(page.rows, names, f"stock_rows_{hash((mark, after))}", tickable)
    if tickable:
        _tick_line(run, wanted, [page.rows[n].id for n in chosen])
    turner(
        "stock_page",
        page.next_after,
        counted(*_found(wanted, counts), pages_back("stock_page") * PAGE + 1, len(page.rows)),
        back=_("Back"),
        on=_("More"),
        beside=lambda: export(wanted, f"run-{run.id}", "items_csv", dict(names)),
    )
    if len(chosen) == 1:
        detail(page.rows[chosen[0]], place_name(names, page.rows[chosen[0]].place), linked=False)


def _nothing(run: Run) -> str:
    """Why there is no row."""
    if "read" in run.figures:
        return _("Nothing is to be written.")
    if run.status in LIVE:
        return _("The rows stand here once both sides are compared.")
    return _("The run ended before anything was compared.")


def _over(run: Run) -> bool:
    """Will nothing of what it planned be written any more? (A preview is a plan that can be carried out.)"""
    return run.status not in LIVE and run.mode is not Mode.PREVIEW


def _settled(run: Run, counts: dict[str, int]) -> dict[str, int]:
    """The counts by state; what a run that is over had still to write is not written."""
    if not _over(run) or not any(counts.get(state) for state in _OPEN):
        return counts
    left = sum(counts.get(state, 0) for state in (*_OPEN, "dropped"))
    return {state: n for state, n in counts.items() if state not in _OPEN} | {"dropped": left}


def _shown(run: Run, row: StockRow) -> StockRow:
    return replace(row, state="dropped") if row.state in _OPEN and _over(run) else row


def left_out(run: Run) -> None:
    """Items that take no part, by reason, in one line."""
    skipped = run.figures.get("skipped")
    if not isinstance(skipped, Mapping) or not skipped:
        return
    told = [
        f"{safe(causes.label(str(reason)))} {number(int(n))}"
        for reason, n in sorted(skipped.items(), key=lambda item: -int(item[1]))
        if int(n)
    ]
    if told:
        reasons = " · ".join(told)
        st.caption(":material/filter_alt: " + render(_("Left out (rows): {reasons}"), reasons=reasons))


def _found(wanted: ChangeFilter, counts: Mapping[str, int]) -> tuple[int, bool]:
    """How many rows match: by the counts where they say it."""
    if wanted.sku or wanted.phase:
        return stock_log.count(space(), wanted)
    every = counts.values() if not wanted.states else (counts.get(state, 0) for state in wanted.states)
    return sum(every), False


def _filters(run: Run, counts: Mapping[str, int]) -> ChangeFilter:
    phases = stock_log.by_phase(space(), run.id)
    with st.container(key="row_filters"):
        with st.container(horizontal=True, vertical_alignment="bottom"):
            sku = address.text(_("SKU begins with"), "sku", "ABC-1")
            phase = None
            if len(phases) > 1:
                named = {name: f"{phase_name(name)} ({number(n)})" for name, n in phases.items()}
                phase = address.pick(_("What is done"), list(phases), "phase", named)
            address.clear(_FILTERS)
        names = {s: f"{label_of(_LOOKS.get(s, s))} · {number(n)}" for s, n in counts.items()}
        order = [s for s in (_LOOKS_BACK.get(look, look) for look in STATES) if s in counts]
        state = address.pills(_("State"), order, "state", names)
    states = (state, *_OPEN) if state == "dropped" and _over(run) else (state,) if state else ()
    return ChangeFilter(run_id=run.id, sku=sku, phase=phase or "", states=states)


_LOOKS_BACK = {look: state for state, look in _LOOKS.items()}


def _table(shown: Sequence[StockRow], names: Mapping[str, str], key: str, tickable: bool) -> list[int]:
    drawn = columns()
    drawn.pop("cause")
    drawn["why"] = text_column(_("What and why"), width=250)
    ticks = {"chosen": st.column_config.CheckboxColumn(_("Write"), width=62)} if tickable else {}
    return table(
        [cells(row, place_name(names, row.place)) | {"chosen": row.chosen} for row in shown],
        ticks | drawn,
        key=key,
        select="many" if tickable else "one",
        most_shown=14,
    )


def _tick_line(run: Run, wanted: ChangeFilter, chosen: Sequence[int]) -> None:
    verbs, off = space().run_verbs, not may_act()
    with st.container(horizontal=True, vertical_alignment="center", key="ticks"):
        for key, label, icon, value in (
            ("untick", _("Untick"), "check_box_outline_blank", False),
            ("tick", _("Tick"), "check_box", True),
        ):
            st.button(
                label,
                key=key,
                icon=f":material/{icon}:",
                disabled=off or not chosen,
                on_click=on_click(partial(verbs.choose, run.id, list(chosen), value)),
            )
        for key, label, value in (
            ("untick_all", _("Untick all that match"), False),
            ("tick_all", _("Tick all that match"), True),
        ):
            pressed(
                label,
                on_click(partial(verbs.choose_all, run.id, wanted, value)),
                key=key,
                type="tertiary",
                disabled=off,
            )
