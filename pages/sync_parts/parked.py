"""Deciding about parked records: one side by side with its candidates, or many at once."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from pages.parts import Question, _, ago, ask, ngettext, plain, render, say_later, shown
from pages.sync_parts.common import act, may_act, may_configure, pressed, safe, said, shown_value, space, who
from storage.attention import Parked
from sync.managers.verbs.attention import AttentionVerbs, Done
from sync.managers.views import attention, causes, words
from sync.managers.views.attention import Dossier
from sync.managers.views.candidates import Candidate

_ICONS = {
    causes.BIND: "link",
    causes.CREATE: "add_circle",
    causes.SKIP: "block",
    causes.UNBIND: "link_off",
    causes.RETRY: "refresh",
    causes.DISMISS: "close",
    "keep": "inventory_2",
    "done": "task_alt",
    "cancel": "cancel",
}
_SURE = {causes.SKIP, causes.UNBIND, "cancel"}


def decide(verb: str, ids: Sequence[int], target_id: str = "") -> None:
    """Carry a decision out and say what became of it."""
    found: list[Done] = []
    run = bool(st.session_state.get("run_now", True))
    act(lambda: found.append(AttentionVerbs(space()).do(verb, ids, who(), target_id=target_id, run=run)))
    tell(found)


def tell(found: Sequence[Done]) -> None:
    """What became of decisions, as a toast."""
    for done in found:
        if done.run_ids:
            say_later(_("Done. A run of these records has begun."))
        elif done.waiting is not None:
            say_later(
                _("Noted. It is carried out by the next run:") + " " + safe(done.waiting),
                ":material/schedule:",
            )
        else:
            say_later(ngettext("{count} item closed.", "{count} items closed.", done.closed))


def case(parked: Parked) -> None:
    """One item: why it waits, both sides, and what can be done."""
    found = attention.dossier(space(), parked)
    with st.container(border=True, key="case"):
        with st.container(horizontal=True, vertical_alignment="center"):
            st.badge(said(found.cause.label), color="orange", icon=":material/inbox:")
            st.caption(_facts_line(found), width="stretch")
        st.markdown(f"**{safe(parked.message)}**")
        with st.container(horizontal=True, vertical_alignment="center"):
            st.caption(safe(found.cause.advice), width="stretch")
            if found.cause.in_settings and may_configure():
                st.page_link("pages/settings.py", label=_("Open the settings"), icon=":material/tune:")
        _sides(found)
        _other(found)
        if parked.closed_at is None:
            _verbs(found)
        else:
            _resolved(found)


def _facts_line(found: Dossier) -> str:
    route = found.flow.route if found.flow else ""
    return plain(
        " · ".join(
            part
            for part in (
                route,
                found.parked.label,
                found.parked.sku,
                _("waits since {when}").format(when=shown(found.parked.opened_at)),
            )
            if part
        )
    )


def _sides(found: Dossier) -> None:
    names = (found.flow.source.name, found.flow.target.name) if found.flow else (_("Source"), _("Target"))
    can_bind = causes.BIND in found.verbs and found.parked.closed_at is None
    with st.grid(columns=1 + max(1, min(2, len(found.targets))), min_column_width=260, gap="small"):
        _side(found.source, names[0], None)
        for target in found.targets[:12]:
            _side(target, names[1], found.parked.id if can_bind else None)
        if can_bind:
            _other_target(found, names[1])


def _side(one: Candidate, where: str, bind_to: int | None) -> None:
    with st.container(
        border=True,
        height="stretch",
        gap="xsmall",
        key=f"side_{where}_{one.id}".replace("/", "_").replace(":", "_").replace(" ", "_"),
    ):
        st.caption(f"{plain(where)} · {plain(one.id)}")
        if one.title:
            st.markdown(f"**{plain(one.title)}**")
        if one.skus:
            st.markdown(" ".join(f":gray-badge[{plain(sku, 40)}]" for sku in one.skus))
        for name, value in one.facts.items():
            st.markdown(f":gray[{safe(words.field(name))}] {plain(shown_value(value))}")
        if not one.title and not one.facts:
            st.caption(_("Only its number is known. A preview of the flow reads it again."))
        if one.bound_to:
            st.caption(
                ":orange[:material/link:] "
                + render(_("already bound to {record}"), record=plain(one.bound_to))
            )
        elif bind_to is not None:
            st.button(
                _("Bind to this one"),
                key=f"bind_{bind_to}_{one.id}",
                icon=":material/link:",
                type="primary",
                disabled=not may_act(),
                on_click=decide,
                args=(causes.BIND, [bind_to], one.id),
            )


def _other_target(found: Dossier, where: str) -> None:
    with st.container(border=True, height="stretch", gap="xsmall", key="other_target"):
        st.caption(render(_("Another record of {name}"), name=plain(where)))
        target = st.text_input(
            _("Its number or id"), key=f"target_{found.parked.id}", placeholder="8012345678901", max_chars=200
        )
        pressed(
            _("Bind"),
            lambda: decide(causes.BIND, [found.parked.id], (target or "").strip()),
            key=f"bind_other_{found.parked.id}",
            icon=":material/link:",
            disabled=not (target or "").strip() or not may_act(),
        )


def _other(found: Dossier) -> None:
    for name, value in found.facts.items():
        st.caption(f"{safe(words.field(name))}: {plain(value)}")


def _resolved(found: Dossier) -> None:
    by = found.parked.closed_by
    text = _("Closed by itself {when}: the cause has gone.") if by == "sync" else _("Closed by {who} {when}.")
    st.caption(
        ":green[:material/task_alt:] " + render(text, who=plain(by), when=plain(ago(found.parked.closed_at)))
    )
    if found.decided:
        verb, target, decider = found.decided
        label = said(causes.VERBS[verb]) if verb in causes.VERBS else verb
        st.caption(
            render(
                _("Decision kept: {verb} {target} ({who})"),
                verb=label,
                target=plain(target),
                who=plain(decider),
            )
        )


def _verbs(found: Dossier) -> None:
    with st.container(horizontal=True, vertical_alignment="center", key="case_verbs"):
        for verb in (v for v in found.verbs if v != causes.BIND):
            verb_button(verb, [found.parked.id], key=f"{verb}_{found.parked.id}")


def verb_button(verb: str, ids: Sequence[int], *, key: str, label: str = "") -> None:
    """One verb; those that cannot be taken back by the next run ask first."""
    text = label or said(causes.VERBS[verb])
    off = not ids or not may_act()
    if verb not in _SURE:
        st.button(
            text,
            key=key,
            icon=f":material/{_ICONS[verb]}:",
            disabled=off,
            on_click=decide,
            args=(verb, list(ids)),
        )
    elif st.button(text, key=key, icon=f":material/{_ICONS[verb]}:", disabled=off):
        ask(_question(verb, len(ids)), lambda: decide(verb, list(ids)), key=f"sure_{verb}")


def _question(verb: str, count: int) -> Question:
    consequences = {
        causes.SKIP: _("No run touches these records any more until someone decides otherwise."),
        causes.UNBIND: _("Both records stay as they are, but are no longer kept in step."),
        "cancel": _("The order is cancelled in Sentos by the run that follows."),
    }
    return Question(
        title=said(causes.VERBS[verb]) + "?",
        consequence=consequences[verb],
        phrase=str(count),
        verb=said(causes.VERBS[verb]),
        facts=[ngettext("{count} record is concerned.", "{count} records are concerned.", count)],
    )


def batch(chosen: Sequence[Parked]) -> None:
    """Verbs that all of the chosen items allow."""
    common = [
        v
        for v in attention.verbs_for(chosen[0])
        if v != causes.BIND and all(v in attention.verbs_for(p) for p in chosen)
    ]
    with st.container(border=True, horizontal=True, vertical_alignment="center", key="batch"):
        st.markdown("**" + ngettext("{count} chosen", "{count} chosen", len(chosen)) + "**", width="stretch")
        for verb in common:
            verb_button(verb, [p.id for p in chosen], key=f"batch_{verb}")
