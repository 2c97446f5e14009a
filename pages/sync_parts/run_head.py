"""The upper part of a run's page: what it is, how it goes or went, and what can be done with it."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import streamlit as st

from pages.parts import (
    Question,
    _,
    ask,
    duration,
    ngettext,
    number,
    plain,
    render,
    shown,
    status_badge,
)
from pages.sync_parts.before_run import Start, starting
from pages.sync_parts.common import (
    act,
    may_act,
    on_click,
    open_connection,
    opening_run,
    safe,
    said,
    space,
    starter,
    who,
)
from pages.sync_parts.estimates import estimate_words
from pages.sync_parts.running import live_panel, open_link, spent_words, step_line
from sync.managers.views import estimate, items, runs, stock_log, words
from sync.managers.views.estimate import Estimate
from sync.managers.views.flows import FlowInfo, product_filters
from sync.managers.views.runs import RunLine
from sync.model.entity import Entity
from sync.model.run import BrakeHit, Mode, Run, Status


def facts_line(line: RunLine) -> str:
    """When, by whom, what part of the flow: one line below the title."""
    run = line.run
    facts = [shown(run.created_at), starter(run)]
    if run.finished_at:
        facts.append(duration(line.seconds))
    offered = words.PARTS.get(line.flow.flow.entity, {}) if line.flow else {}
    if run.scope.parts:
        facts.append(", ".join(render(offered[p]) if p in offered else p for p in run.scope.parts))
    facts += [said(part) for part in product_filters(run.scope.filters)]
    if run.scope.tags:
        facts.append(_("only products tagged {tags}").format(tags=", ".join(run.scope.tags)))
    if run.scope.reason:
        facts.append(_("reason: {reason}").format(reason=run.scope.reason))
    alone = [*run.scope.skus, *run.scope.names]
    if run.scope.ids:  # ids say nothing to a person
        alone.append(ngettext("{count} record", "{count} records", len(run.scope.ids)))
    if alone:
        facts.append(
            _("only {records}").format(records=", ".join(alone[:4]) + ("…" if len(alone) > 4 else ""))
        )
    return plain(" · ".join(facts))


def progress(run_id: str) -> None:
    """The live part: steps and panel. Called again and again while the run is under way."""
    found = runs.progress(space(), run_id)
    if found is None:
        return
    step_line(found.steps)
    if found.line.run.status is not Status.BRAKED:
        live_panel(found, link=False)


def result(line: RunLine, counts: dict[str, int]) -> None:
    """The report: seven figures that balance, or the sentence that says they do not."""
    run = line.run
    total = sum(counts.values())
    labels = {
        "created": _("Created"),
        "updated": _("Updated"),
        "unchanged": _("Unchanged"),
        "skipped": _("Skipped"),
        "failed": _("Failed"),
        "parked": _("Needs you"),
    }
    if run.mode is Mode.PREVIEW or run.finished_at is None:
        labels |= {"created": _("To create"), "updated": _("To update")}
    with st.grid(columns=7, min_column_width=104, gap="small", key="result"):
        if run.finished_at:  # one that is stopped has not added up yet what it read and left out
            st.metric(_("Read"), number(run.counts.read), border=True)
        for name, label in labels.items():
            if run.finished_at or counts.get(name):
                st.metric(label, number(counts.get(name, 0)), border=True)
    if run.finished_at is None:
        return
    with st.container(horizontal=True, vertical_alignment="center", gap="small"):
        if run.counts.balanced:
            st.caption(
                ":green[:material/balance:] " + _("The report balances: every record read has one outcome."),
                width="stretch",
            )
        else:
            st.caption(
                ":red[:material/balance:] "
                + render(
                    _("The report does not balance: {read} read, {known} with an outcome. The log says why."),
                    read=number(run.counts.read),
                    known=number(total),
                ),
                width="stretch",
            )
        st.caption(spent_words(run), width="content")
        st.page_link(
            "pages/logs.py",
            label=_("Log of this run"),
            icon=":material/receipt_long:",
            query_params={"run": run.id},
        )


def error_box(line: RunLine) -> None:
    """Why a run failed or was given up; the way to the connection that was refused."""
    run = line.run
    if run.error is not None and run.status in (Status.FAILED, Status.CANCELLED, Status.RED):
        st.error(safe(run.error), icon=":material/error:")
        if line.flow and "failed" in (line.flow.source.status, line.flow.target.status):
            open_connection()


# -- the safety check ----------------------------------------------------------------------------------------


def brake_box(line: RunLine) -> None:
    """Why the run was stopped before its first write, how much is concerned, and the ways on."""
    run = line.run
    if run.status is not Status.BRAKED:
        if run.mode is Mode.PREVIEW:
            for hit in run.brakes:
                st.warning(
                    _("A run of this plan would stop here:") + " " + safe(hit.message),
                    icon=":material/front_hand:",
                )
        return
    with st.container(border=True, key="brake"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.subheader(
                ":orange[:material/front_hand:] " + _("Stopped before the first write"),
                anchor=False,
                width="stretch",
            )
            status_badge(line.state)
        for hit in run.brakes:
            _hit(hit, confirmed=hit.code in run.scope.confirmed)
        st.caption(_look_first(line))
        if runs.is_stock(line) and line.flow is not None:
            estimate_line(estimate.of_run(space(), line.flow.target, run.id))
        _brake_buttons(line)


def _look_first(line: RunLine) -> str:
    """What to do about a run that is stopped; without rows there are only the reasons to look at."""
    if runs.is_stock(line) and not stock_log.by_state(space(), line.run.id, fresh=True):
        return _("If this is right, confirm and the run goes on; if not, end it: nothing has been written.")
    return _(
        "Look at the rows below. If they are right, confirm and the run goes on; if not, end it: nothing has "
        "been written."
    )


def _hit(hit: BrakeHit, *, confirmed: bool) -> None:
    with st.container(horizontal=True, vertical_alignment="center", gap="medium"):
        st.markdown(safe(hit.message), width="stretch")
        if confirmed:
            st.badge(_("Confirmed"), color="green", icon=":material/check:")
        elif hit.limit:
            st.badge(
                render(_("{count} of at most {limit}"), count=number(hit.count), limit=number(hit.limit)),
                color="orange",
            )


def _brake_buttons(line: RunLine) -> None:
    run = line.run
    with st.container(horizontal=True, horizontal_alignment="right"):
        st.button(
            _("End the run"),
            key="abandon",
            icon=":material/close:",
            disabled=not may_act(),
            on_click=on_click(
                partial(space().run_verbs.abandon, run.id, who()),
                _("The run has ended. Nothing was written."),
            ),
        )
        if st.button(
            _("Confirm and go on"),
            key="confirm",
            type="primary",
            icon=":material/front_hand:",
            disabled=not may_act(),
        ):
            ask(_question(run), partial(_confirmed, run), key="brake_question")


def open_hits(run: Run) -> list[BrakeHit]:
    """The brakes that nobody has confirmed yet."""
    return [hit for hit in run.brakes if hit.code not in run.scope.confirmed]


def phrase(run: Run) -> str:
    """What is typed to confirm: the number concerned, or the word for a brake that has none."""
    most = max((hit.count for hit in open_hits(run)), default=0)
    return str(most) if most else _("go on")


def _question(run: Run) -> Question:
    facts = [said(hit.message) for hit in open_hits(run)]
    return Question(
        title=_("Go on past the safety check?"),
        consequence=_(
            "The run writes **everything** it has planned, what is listed here included. An undo puts back "
            "only what nobody has changed since."
        ),
        phrase=phrase(run),
        verb=_("Go on and write"),
        facts=facts,
    )


def _confirmed(run: Run) -> None:
    codes = [hit.code for hit in open_hits(run)]
    act(lambda: space().run_verbs.confirm(run.id, codes, who()), _("Confirmed. The run goes on."))


# -- a kept plan ---------------------------------------------------------------------------------------------


def plan_box(line: RunLine) -> bool:
    """What stands between a kept plan and its being carried out; answers whether its rows can still be
    ticked.
    """
    run, ws = line.run, space()
    if run.status is not Status.PLANNED:
        return False
    if done := runs.applied_by(ws, run):
        with st.container(border=True, horizontal=True, vertical_alignment="center", key="plan"):
            st.markdown(
                ":green[:material/task_alt:] "
                + render(
                    _("Carried out by {who}, {time}."),
                    who=plain(starter(done)),
                    time=plain(shown(done.created_at)),
                ),
                width="stretch",
            )
            open_link(done, _("Open that run"))
        return False
    if reason := runs.void(ws, run):
        st.warning(safe(reason), icon=":material/history:")
        return False
    _apply_box(run, line.flow)
    return True


def estimate_line(found: Estimate | None) -> None:
    """About how long writing takes, by what the store's budget allows."""
    if found is not None:
        st.caption(f":material/hourglass_top: {estimate_words(found)}")


def _applying(run: Run, stock: bool) -> Callable[[], None]:
    """The callback that carries a plan out: a stock plan is a run like any other, and what stands against it
    is said first. An undo is not held up by what is due."""
    if stock and not run.scope.undo_of:
        return starting(Start(run.flow_id, Mode.FULL, plan=run.id))
    return opening_run(
        lambda: space().run_verbs.apply_plan(run.id, who()), _("The plan is being carried out.")
    )


def _apply_box(run: Run, flow: FlowInfo | None) -> None:
    ws, stock = space(), flow is not None and flow.flow.entity is Entity.STOCK
    ticked, every = stock_log.ticked(ws, run.id) if stock else items.ticked(ws, run)
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="plan"):
        with st.container(gap=None, width="stretch"):
            st.markdown(
                "**"
                + ngettext("{count} row ticked", "{count} rows ticked", ticked)
                + "** :gray["
                + render(_("of {all} that would be written"), all=number(every))
                + "]"
            )
            st.caption(
                _(
                    "Nothing is written until you apply the plan. A row is written only if its value is "
                    "still as shown."
                )
            )
            if stock and flow is not None:
                estimate_line(estimate.of_plan(ws, flow.target, run.id))
        st.button(
            _("Apply plan"),
            key="apply",
            type="primary",
            icon=":material/play_arrow:",
            disabled=not (ticked and may_act()),
            on_click=_applying(run, stock),
        )
